"""Hiro's API: transactions and fees."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.events import event_v3
from bitpay.localchain.api.network import fee_levels
from bitpay.localchain.api.paging import cursor_page, page_of
from bitpay.localchain.api.views import Views, txid_of

_EVENTS_LIMIT = 100


def add_transactions(router: APIRouter, views: Views) -> None:
    """Add the endpoints."""

    @router.get("/v1/tx/{txid}")
    async def transaction_v1(txid: str) -> JSONResponse:
        return JSONResponse(await views.transaction_v1(txid_of(txid)))

    @router.get("/v3/transactions/{txid}")
    async def transaction(request: Request, txid: str) -> JSONResponse:
        wanted = {name for value in request.query_params.getlist("include") for name in value.split(",")}
        return JSONResponse(await views.transaction_v3(txid_of(txid), wanted))

    @router.get("/v3/transactions/{txid}/events")
    async def events(request: Request, txid: str) -> JSONResponse:
        page = page_of(request, _EVENTS_LIMIT)
        found = views.archive.transaction(txid_of(txid))
        if found is None:
            await views.transaction_v3(txid_of(txid), set())
        said = [event_v3(index, event) for index, event in enumerate(found.mined.events)] if found else []
        return JSONResponse(cursor_page(said, page))

    @router.get("/v2/mempool/fees")
    async def fees() -> JSONResponse:
        return JSONResponse(fee_levels())
