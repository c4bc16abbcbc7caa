"""Hiro's API: lists of transactions, of all, of a block, of a principal, and of those that wait; newest first."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.activity import event_counts, involvement, stx_moved, transfers
from bitpay.localchain.api.guard import principal_of
from bitpay.localchain.api.paging import cut, page_of
from bitpay.localchain.api.transactions import NO_MICROBLOCK, summary_v3, waiting_summary_v3
from bitpay.localchain.api.views import Views
from bitpay.localchain.blocks import parties_of
from bitpay.localchain.mempool import Pending

_LIMIT = 50
Place = tuple[int, int]


def add_lists(router: APIRouter, views: Views) -> None:
    """Add the endpoints. They must come before those of single transactions, whose paths would match."""
    _add_current(router, views)
    _add_former(router, views)
    _add_former_of_principals(router, views)


def _add_current(router: APIRouter, views: Views) -> None:
    @router.get("/v3/transactions")
    async def latest(request: Request) -> JSONResponse:
        return JSONResponse(_summaries(views, request, list(views.archive.latest())))

    @router.get("/v3/blocks/{name}/transactions")
    async def of_block(request: Request, name: str) -> JSONResponse:
        return JSONResponse(_summaries(views, request, _of_block(views, name)[::-1]))

    @router.get("/v3/mempool/transactions")
    async def waiting(request: Request) -> JSONResponse:
        return JSONResponse(_waiting(request, _newest(views)))

    @router.get("/v3/principals/{principal}/mempool/transactions")
    async def waiting_of(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        return JSONResponse(_waiting(request, [one for one in _newest(views) if who in parties_of(one.tx)]))

    @router.get("/v3/principals/{principal}/transactions")
    async def of_principal(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        shown = cut(views.archive.involving(who)[::-1], page_of(request, _LIMIT), _cursor)
        return JSONResponse(shown.cursors([involvement(views.found(place), who) for place in shown.items]))


def _add_former(router: APIRouter, views: Views) -> None:
    @router.get("/v1/tx")
    @router.get("/v1/tx/")
    async def latest(request: Request) -> JSONResponse:
        return JSONResponse(await _whole(views, request, list(views.archive.latest())))

    @router.get("/v1/tx/block/{name}")
    @router.get("/v1/tx/block_height/{name}")
    async def of_block(request: Request, name: str) -> JSONResponse:
        return JSONResponse(await _whole(views, request, _of_block(views, name)[::-1]))

    @router.get("/v1/tx/mempool")
    async def waiting(request: Request) -> JSONResponse:
        asked, found = request.query_params, _newest(views)
        if "sender_address" in asked:
            found = [one for one in found if one.tx.origin_address == asked["sender_address"]]
        for name in ("recipient_address", "address"):
            if name in asked:
                found = [one for one in found if asked[name] in parties_of(one.tx)]
        return JSONResponse(await _waiting_v1(views, request, found))


def _add_former_of_principals(router: APIRouter, views: Views) -> None:
    @router.get("/v1/address/{principal}/transactions")
    async def of_principal(request: Request, principal: str) -> JSONResponse:
        return JSONResponse(await _whole(views, request, views.archive.involving(str(principal_of(principal)))[::-1]))

    @router.get("/v1/address/{principal}/transactions_with_transfers")
    async def with_transfers(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        shown = cut(views.archive.involving(who)[::-1], page_of(request, _LIMIT), _cursor)
        said = [await _entry(views, place, who) | transfers(views.found(place).mined, who) for place in shown.items]
        return JSONResponse(shown.offsets(said))

    @router.get("/v2/addresses/{principal}/transactions")
    async def with_counts(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        shown = cut(views.archive.involving(who)[::-1], page_of(request, _LIMIT), _cursor)
        said = []
        for place in shown.items:
            counts = event_counts(views.found(place).mined, who)
            said.append({**await _entry(views, place, who), "events": counts})
        return JSONResponse(shown.both(said))

    @router.get("/v1/address/{principal}/mempool")
    async def waiting_of(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        found = [one for one in _newest(views) if who in parties_of(one.tx)]
        return JSONResponse(await _waiting_v1(views, request, found))


def _of_block(views: Views, name: str) -> list[Place]:
    block = views.block(name)
    return [(block.header.height, index) for index in range(len(block.transactions))]


def _newest(views: Views) -> list[Pending]:
    found = list(views.mempool)
    found.reverse()
    return sorted(found, key=lambda one: -one.received)


def _summaries(views: Views, request: Request, places: Sequence[Place]) -> dict[str, Any]:
    shown = cut(places, page_of(request, _LIMIT), _cursor)
    return shown.cursors([summary_v3(views.found(place)) for place in shown.items])


async def _whole(views: Views, request: Request, places: Sequence[Place]) -> dict[str, Any]:
    shown = cut(places, page_of(request, _LIMIT), _cursor)
    return shown.offsets([await views.mined_before(views.found(place)) for place in shown.items])


async def _entry(views: Views, place: Place, who: str) -> dict[str, Any]:
    found = views.found(place)
    sent, received = stx_moved(found.mined, who)
    return {"tx": await views.mined_before(found), "stx_sent": str(sent), "stx_received": str(received)}


def _waiting(request: Request, found: Sequence[Pending]) -> dict[str, Any]:
    shown = cut(found, page_of(request, _LIMIT), lambda _, one: f"{one.received}:{one.txid}")
    return shown.cursors([waiting_summary_v3(one) for one in shown.items])


async def _waiting_v1(views: Views, request: Request, found: Sequence[Pending]) -> dict[str, Any]:
    shown = cut(found, page_of(request, _LIMIT), lambda _, one: one.txid)
    return shown.offsets([await views.waiting_v1(one) for one in shown.items])


def _cursor(_: int, place: Place) -> str:
    height, index = place
    return f"{height}:{NO_MICROBLOCK}:{index}"
