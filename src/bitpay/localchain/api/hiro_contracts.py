"""Hiro's API: contracts and what they printed."""

import json
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.events import contract_log
from bitpay.localchain.api.guard import ApiError, principal_of
from bitpay.localchain.api.paging import Page, page_of
from bitpay.localchain.api.views import Views
from bitpay.localchain.service import ChainService
from bitpay.stacks.transactions import SmartContract

_LOGS_LIMIT = 100


def add_contracts(router: APIRouter, service: ChainService, views: Views) -> None:
    """Add the endpoints."""

    @router.get("/v1/contract/{contract_id}")
    async def contract(contract_id: str) -> JSONResponse:
        name = str(principal_of(contract_id))
        source = await service.ask(lambda vm: vm.source(name)) if "." in name else None
        if source is None:
            raise ApiError(404, f"cannot find contract by ID {name}")
        deployed = views.archive.deployment(name)
        payload = deployed.mined.tx.payload if deployed else None
        return JSONResponse(
            {
                "tx_id": deployed.mined.txid if deployed else "0x" + "00" * 32,
                "canonical": True,
                "contract_id": name,
                "block_height": deployed.block.header.height if deployed else views.archive.first.height,
                "clarity_version": payload.clarity_version if isinstance(payload, SmartContract) else None,
                "source_code": source,
                "abi": json.dumps(await service.interface(name)),
            }
        )

    @router.get("/v2/smart-contracts/{contract_id}/logs")
    async def logs(request: Request, contract_id: str) -> JSONResponse:
        name, page = str(principal_of(contract_id)), page_of(request, _LOGS_LIMIT)
        return JSONResponse(_logs(views, name, page))


def _logs(views: Views, contract_id: str, page: Page) -> dict[str, Any]:
    places = list(reversed(views.archive.logs(contract_id)))
    start = page.offset
    if page.cursor is not None:
        known = {_log_cursor(place): number for number, place in enumerate(places)}
        if page.cursor not in known:
            raise ApiError(404, "Cursor not found")
        start += known[page.cursor]
    end = start + page.limit
    results = []
    for height, index, number in places[start:end]:
        mined = views.archive.block(height).transactions[index]
        said = {"event_index": number, "event_type": "smart_contract_log", "tx_id": mined.txid}
        results.append({**said, "contract_log": contract_log(mined.events[number])})
    return {
        "limit": page.limit,
        "offset": page.offset,
        "total": len(places),
        "next_cursor": _log_cursor(places[end]) if end < len(places) else None,
        "prev_cursor": _log_cursor(places[max(0, start - page.limit)]) if 0 < start <= len(places) else None,
        "cursor": _log_cursor(places[start]) if start < len(places) else None,
        "results": results,
    }


def _log_cursor(place: tuple[int, int, int]) -> str:
    height, index, number = place
    return f"{height}:2147483647:{index}:{number}"
