"""Hiro's API: contracts and what they printed."""

import json
import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.events import event_v1
from bitpay.localchain.api.guard import ApiError, Misfit, principal_of
from bitpay.localchain.api.paging import Cursors, Page, cut, page_of, wide_page_of
from bitpay.localchain.api.transactions import NO_MICROBLOCK
from bitpay.localchain.api.views import Views
from bitpay.localchain.service import ChainService
from bitpay.stacks.transactions import SmartContract

_LOGS_LIMIT, _EVENTS_LIMIT, _STATUS_LIMIT = 100, 50, 50
_LOG_CURSORS: Cursors[tuple[int, int, int]] = Cursors(
    re.compile(r"([0-9]{1,12}):([0-9]{1,12}):([0-9]{1,12}):([0-9]{1,12})"),
    name=lambda place: f"{place[0]}:{NO_MICROBLOCK}:{place[1]}:{place[2]}",
    place=lambda place: (-place[0], -NO_MICROBLOCK, -place[1], -place[2]),
    read=lambda parts: tuple(-int(number) for number in parts.groups()),
)


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
        name, page = str(principal_of(contract_id)), wide_page_of(request, _LOGS_LIMIT)
        return JSONResponse(_logs(views, name, page))

    @router.get("/v1/contract/{contract_id}/events")
    async def events(request: Request, contract_id: str) -> JSONResponse:
        said = _logs(views, str(principal_of(contract_id)), page_of(request, _EVENTS_LIMIT))
        return JSONResponse({name: said[name] for name in ("limit", "offset", "results")})

    @router.get("/v2/smart-contracts/status")
    async def statuses(request: Request) -> JSONResponse:
        asked = [name for value in request.query_params.getlist("contract_id") for name in value.split(",")]
        if not 0 < len(asked) <= _STATUS_LIMIT:
            raise Misfit(f"querystring/contract_id must have 1 to {_STATUS_LIMIT} contracts")
        return JSONResponse({name: _status(views, str(principal_of(name))) for name in asked})


def _status(views: Views, contract_id: str) -> dict[str, Any]:
    deployed = views.archive.last_deployment(contract_id)
    if deployed is not None:
        height, mined = deployed.block.header.height, deployed.mined
        said = {"status": mined.status.value, "tx_id": mined.txid, "contract_id": contract_id, "block_height": height}
        return {"found": True, "result": said}
    for waiting in views.mempool:
        contract = waiting.tx.payload
        if isinstance(contract, SmartContract) and f"{waiting.tx.origin_address}.{contract.name}" == contract_id:
            said = {"status": "pending", "tx_id": waiting.txid, "contract_id": contract_id}
            return {"found": True, "result": said}
    return {"found": False}


def _logs(views: Views, contract_id: str, page: Page) -> dict[str, Any]:
    shown = cut(list(reversed(views.archive.logs(contract_id))), page, _LOG_CURSORS)
    if page.cursor is not None and shown.current is None:
        raise ApiError(404, "Cursor not found")
    results = []
    for height, index, number in shown.items:
        mined = views.archive.block(height).transactions[index]
        results.append(event_v1(number, mined.events[number], mined.txid))
    return shown.both(results)
