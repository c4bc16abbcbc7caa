"""Hiro's API: lists of transactions, of all, of a block, of a principal, and of those that wait; newest first."""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.activity import event_counts, involvement, stx_moved, transfers
from bitpay.localchain.api.filters import (
    Place,
    chosen,
    chosen_waiting,
    heights_asked,
    newest_waiting,
    without_arguments,
)
from bitpay.localchain.api.guard import ApiError, Misfit, principal_of
from bitpay.localchain.api.paging import Cursors, cut, page_of
from bitpay.localchain.api.transactions import NO_MICROBLOCK, summary_v3, waiting_summary_v3
from bitpay.localchain.api.views import Views
from bitpay.localchain.blocks import named_in
from bitpay.localchain.mempool import Pending

_LIMIT = 50
_LAST_OF_BLOCK = (NO_MICROBLOCK, 0x7FFF)


def _place(place: Place) -> tuple[int, int, int]:
    height, index = place
    return -height, -NO_MICROBLOCK, -index


def _read(parts: re.Match[str]) -> tuple[int, int, int]:
    height, microblock, index = (int(number) for number in parts.groups())
    if (microblock, index) == (0, 0):
        microblock, index = _LAST_OF_BLOCK
    return -height, -microblock, -index


_BY_HEIGHT: Cursors[Place] = Cursors(
    re.compile(r"([0-9]{1,12}):([0-9]{1,12}):([0-9]{1,12})"),
    name=lambda place: f"{place[0]}:{NO_MICROBLOCK}:{place[1]}",
    place=_place,
    read=_read,
)
"""A cursor of a height alone, with zeros, begins with the last transaction of that block."""
_BY_RECEIPT: Cursors[Pending] = Cursors(
    re.compile(r"([0-9]{1,12}):(?:0x)?([0-9a-fA-F]{64})"),
    name=lambda one: f"{one.received}:{one.txid}",
    place=lambda one: (-one.received, -int(one.txid, 16)),
    read=lambda parts: (-int(parts[1]), -int(parts[2], 16)),
)


def _by_hash(views: Views) -> Cursors[Place]:
    """Return the cursors of v2, which name a block by its index block hash."""

    def name(place: Place) -> str:
        header = views.archive.header(place[0])
        return f"{header.hash if header else ''}:{NO_MICROBLOCK}:{place[1]}"

    def read(parts: re.Match[str]) -> tuple[int, int, int]:
        height = views.archive.height_of(parts[1].lower())
        if height is None:
            raise ApiError(404, "Invalid cursor: block not found")
        return -height, -int(parts[2]), -int(parts[3])

    return Cursors(re.compile(r"(0x[0-9a-fA-F]{64}):([0-9]{1,12}):([0-9]{1,12})"), name, _place, read)


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
        return JSONResponse(_waiting(request, list(views.mempool)))

    @router.get("/v3/principals/{principal}/mempool/transactions")
    async def waiting_of(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        return JSONResponse(_waiting(request, [one for one in views.mempool if who in named_in(one.tx)]))

    @router.get("/v3/principals/{principal}/transactions")
    async def of_principal(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        shown = cut(views.archive.involving(who)[::-1], page_of(request, _LIMIT), _BY_HEIGHT)
        return JSONResponse(shown.cursors([involvement(views.found(place), who) for place in shown.items]))


def _add_former(router: APIRouter, views: Views) -> None:
    @router.get("/v1/tx")
    @router.get("/v1/tx/")
    async def latest(request: Request) -> JSONResponse:
        return JSONResponse(await _whole(views, request, chosen(views, request)))

    @router.get("/v1/tx/block/{name}")
    @router.get("/v1/tx/block_height/{name}")
    async def of_block(request: Request, name: str) -> JSONResponse:
        return JSONResponse(await _whole(views, request, _of_block(views, name)[::-1]))

    @router.get("/v1/tx/mempool")
    async def waiting(request: Request) -> JSONResponse:
        return JSONResponse(await _waiting_v1(views, request, chosen_waiting(views, request)))


def _add_former_of_principals(router: APIRouter, views: Views) -> None:
    @router.get("/v1/address/{principal}/transactions")
    async def of_principal(request: Request, principal: str) -> JSONResponse:
        return JSONResponse(await _whole(views, request, _involving(views, request, str(principal_of(principal)))))

    @router.get("/v1/address/{principal}/transactions_with_transfers")
    async def with_transfers(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        shown = cut(_involving(views, request, who), page_of(request, _LIMIT))
        said = [await _entry(views, place, who) | transfers(views.found(place).mined, who) for place in shown.items]
        return JSONResponse(shown.offsets(said))

    @router.get("/v2/addresses/{principal}/transactions")
    async def with_counts(request: Request, principal: str) -> JSONResponse:
        who, page = str(principal_of(principal)), page_of(request, _LIMIT)
        try:
            shown = cut(views.archive.involving(who)[::-1], replace(page, cursor=page.cursor or None), _by_hash(views))
        except Misfit as error:
            raise ApiError(404, "Invalid cursor format") from error
        said = []
        for place in shown.items:
            counts = event_counts(views.found(place).mined, who)
            said.append({**await _entry(views, place, who), "events": counts})
        without_arguments(request, [one["tx"] for one in said])
        return JSONResponse(shown.both(said))

    @router.get("/v1/address/{principal}/mempool")
    async def waiting_of(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        found = [one for one in newest_waiting(views) if who in named_in(one.tx)]
        return JSONResponse(await _waiting_v1(views, request, found))


def _involving(views: Views, request: Request, who: str) -> list[Place]:
    """Return where the transactions are that concern a principal, in the blocks that a query asks for (v1)."""
    places, heights = views.archive.involving(who)[::-1], heights_asked(views, request)
    return [place for place in places if place[0] in heights]


def _of_block(views: Views, name: str) -> list[Place]:
    block = views.block(name)
    return [(block.header.height, index) for index in range(len(block.transactions))]


def _summaries(views: Views, request: Request, places: Sequence[Place]) -> dict[str, Any]:
    shown = cut(places, page_of(request, _LIMIT), _BY_HEIGHT)
    return shown.cursors([summary_v3(views.found(place)) for place in shown.items])


async def _whole(views: Views, request: Request, places: Sequence[Place]) -> dict[str, Any]:
    shown = cut(places, page_of(request, _LIMIT))
    said = [await views.mined_before(views.found(place)) for place in shown.items]
    return shown.offsets(without_arguments(request, said))


async def _entry(views: Views, place: Place, who: str) -> dict[str, Any]:
    found = views.found(place)
    sent, received = stx_moved(found.mined, who)
    return {"tx": await views.mined_before(found), "stx_sent": str(sent), "stx_received": str(received)}


def _waiting(request: Request, found: Sequence[Pending]) -> dict[str, Any]:
    shown = cut(sorted(found, key=_BY_RECEIPT.place), page_of(request, _LIMIT), _BY_RECEIPT)
    return shown.cursors([waiting_summary_v3(one) for one in shown.items])


async def _waiting_v1(views: Views, request: Request, found: Sequence[Pending]) -> dict[str, Any]:
    shown = cut(found, page_of(request, _LIMIT))
    said = [await views.waiting_v1(one) for one in shown.items]
    return shown.offsets(without_arguments(request, said))
