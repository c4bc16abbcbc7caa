"""Hiro's API: transactions one by one, and fees."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.events import event_v1, event_v3
from bitpay.localchain.api.guard import ApiError, Misfit
from bitpay.localchain.api.network import FEE_RATE, fee_levels
from bitpay.localchain.api.paging import cursor_page, number_of, page_of
from bitpay.localchain.api.views import Views, txid_of

_EVENTS_LIMIT, _EVENTS_SHOWN = 100, 20
_MULTIPLE_LIMIT = 50


def add_transactions(router: APIRouter, views: Views) -> None:
    """Add the endpoints. Those of one transaction come last: their paths would match others'."""
    _add_fees(router)
    _add_several(router, views)
    _add_single(router, views)


def _add_fees(router: APIRouter) -> None:
    @router.get("/v2/mempool/fees")
    async def fees() -> JSONResponse:
        return JSONResponse(fee_levels())

    @router.post("/v1/fee_rate")
    async def fee_rate() -> JSONResponse:
        return JSONResponse({"fee_rate": FEE_RATE})


def _add_several(router: APIRouter, views: Views) -> None:
    @router.get("/v1/tx/multiple")
    async def multiple(request: Request) -> JSONResponse:
        asked = [name for value in request.query_params.getlist("tx_id") for name in value.split(",")]
        if not 0 < len(asked) <= _MULTIPLE_LIMIT:
            raise Misfit(f"querystring/tx_id must have 1 to {_MULTIPLE_LIMIT} transactions")
        events = _events_shown(request)
        return JSONResponse({name: await _looked_up(views, txid_of(name), events) for name in asked})

    @router.get("/v1/tx/events")
    async def events(request: Request) -> JSONResponse:
        page, name = page_of(request, _EVENTS_LIMIT), request.query_params.get("tx_id")
        if name is None:
            raise Misfit("querystring/tx_id is needed: the local chain lists no events by address")
        found = views.archive.transaction(txid_of(name))
        said = [event_v1(index, one, txid_of(name)) for index, one in enumerate(found.mined.events)] if found else []
        shown = said[::-1][page.offset : page.offset + page.limit]
        return JSONResponse({"limit": page.limit, "offset": page.offset, "events": shown})


def _events_shown(request: Request) -> range:
    limit = number_of(request, "event_limit", _EVENTS_SHOWN, least=1, most=_EVENTS_LIMIT)
    start = number_of(request, "event_offset", 0)
    return range(start, start + limit)


async def _looked_up(views: Views, txid: str, events: range) -> dict[str, Any]:
    try:
        return {"found": True, "result": await views.transaction_v1(txid, events)}
    except ApiError:
        return {"found": False, "result": {"tx_id": txid}}


def _add_single(router: APIRouter, views: Views) -> None:
    @router.get("/v1/tx/{txid}")
    async def transaction_v1(request: Request, txid: str) -> JSONResponse:
        return JSONResponse(await views.transaction_v1(txid_of(txid), _events_shown(request)))

    @router.get("/v1/tx/{txid}/raw")
    async def raw(txid: str) -> JSONResponse:
        name = txid_of(txid)
        found, waiting = views.archive.transaction(name), views.mempool.get(name)
        if found is None and waiting is None:
            raise ApiError(404, "could not find raw transaction by ID")
        return JSONResponse({"raw_tx": "0x" + (found.mined.raw if found else waiting.raw if waiting else b"").hex()})

    @router.get("/v3/transactions/{txid}")
    async def transaction(request: Request, txid: str) -> JSONResponse:
        wanted = {name for value in request.query_params.getlist("include") for name in value.split(",")}
        return JSONResponse(views.transaction_v3(txid_of(txid), wanted))

    @router.get("/v3/transactions/{txid}/events")
    async def events(request: Request, txid: str) -> JSONResponse:
        page = page_of(request, _EVENTS_LIMIT)
        found = views.archive.transaction(txid_of(txid))
        if found is None:
            raise ApiError(400, "Transaction not found")  # as Hiro answers, for one that waits too
        said = [event_v3(index, event) for index, event in enumerate(found.mined.events)]
        return JSONResponse(cursor_page(said, page))
