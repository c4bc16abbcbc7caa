"""A stacks-node's RPC interface: calling and reading contracts."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.abi import find_function
from bitpay.localchain.api.causes import excess, stopped, uncallable
from bitpay.localchain.api.guard import ApiError, hex_of, json_body, principal_of
from bitpay.localchain.outcomes import Outcome
from bitpay.localchain.service import ChainService
from bitpay.localchain.vm import Vm
from bitpay.stacks import clarity
from bitpay.stacks.errors import StacksError

_BLOCK = re.compile("[0-9a-f]{64}")


def add_contract_state(router: APIRouter, service: ChainService) -> None:
    """Add the endpoints that evaluate and read. Names may have a slash in them: they are the rest of the path."""

    @router.post("/v2/contracts/call-read/{address}/{contract}/{function:path}")
    async def call_read(request: Request, address: str, contract: str, function: str) -> JSONResponse:
        contract_id = _contract_id(address, contract)
        sender, args = _call_body(await json_body(request))
        tip = request.query_params.get("tip", "")
        return JSONResponse(await _read(service, contract_id, function, args, sender, tip))

    @router.post("/v2/map_entry/{address}/{contract}/{name:path}")
    async def map_entry(request: Request, address: str, contract: str, name: str) -> JSONResponse:
        contract_id = _contract_id(address, contract)
        key = _value(await json_body(request), "the key")
        found = await service.ask(lambda vm: vm.map_entry(contract_id, name, key))  # an unknown map has no entries
        return JSONResponse({"data": "0x09" if found is None else "0x" + found.hex()})

    @router.get("/v2/data_var/{address}/{contract}/{name:path}")
    async def data_var(address: str, contract: str, name: str) -> JSONResponse:
        contract_id = _contract_id(address, contract)
        found = await service.ask(lambda vm: vm.data_var(contract_id, name))
        if found is None:
            raise ApiError(404, "Data var not found", plain=True)
        return JSONResponse({"data": "0x" + found.hex()})

    @router.get("/v2/constant_val/{address}/{contract}/{name:path}")
    async def constant(address: str, contract: str, name: str) -> JSONResponse:
        contract_id = _contract_id(address, contract)
        found = await service.ask(lambda vm: vm.constant(contract_id, name))
        if found is None:
            raise ApiError(404, "Constant not found", plain=True)
        return JSONResponse({"data": "0x" + found.hex()})


def add_contract_texts(router: APIRouter, service: ChainService) -> None:
    """Add the endpoints that show interfaces and sources."""

    @router.get("/v2/contracts/interface/{address}/{contract}")
    async def interface(address: str, contract: str) -> JSONResponse:
        contract_id = _contract_id(address, contract)
        found = await service.interface(contract_id)
        if found is None:
            raise ApiError(404, "No contract interface data found", plain=True)
        return JSONResponse(found)

    @router.get("/v2/contracts/source/{address}/{contract}")
    async def source(address: str, contract: str) -> JSONResponse:
        contract_id = _contract_id(address, contract)
        found = await service.ask(lambda vm: vm.source(contract_id))
        if found is None:
            raise ApiError(404, "No contract source data found", plain=True)
        deployed = service.chain.archive.deployment(contract_id)
        return JSONResponse({"source": found, "publish_height": deployed.block.header.height if deployed else 0})


async def _read(
    service: ChainService, contract_id: str, function: str, args: list[clarity.Value], sender: str, tip: str
) -> dict[str, Any]:
    interface = await service.interface(contract_id)
    found = None if interface is None else find_function(interface, function)
    if found is None:
        return _failed(uncallable(interface, contract_id, function))
    could_write = found["access"] == "public"  # telling the cost takes a millisecond: the others are answered faster

    def ask(vm: Vm) -> Outcome:
        _require_tip(service, tip)
        return vm.read(contract_id, function, args, sender, costs=could_write)

    outcome = await service.ask(ask)
    if outcome.result is None:
        return _failed(stopped(outcome.error or ""))
    too_much = excess(outcome.cost)
    return _failed(too_much) if too_much else {"okay": True, "result": "0x" + outcome.result.hex()}


def _failed(cause: str) -> dict[str, Any]:
    return {"okay": False, "cause": cause}


def _require_tip(service: ChainService, tip: str) -> None:
    """Refuse to read after another block than the newest: of those before, the VM's state is gone.

    As at a node, what is no block's hash means the newest.
    """
    if _BLOCK.fullmatch(tip) and service.chain.archive.tip.hash != f"0x{tip}":
        raise ApiError(404, f"Chain tip '{tip}' not found", plain=True)


def _call_body(body: Any) -> tuple[str, list[clarity.Value]]:  # noqa: ANN401 - whatever came as JSON
    if not isinstance(body, dict) or not isinstance(body.get("arguments"), list):
        raise ApiError(400, "Failed to decode body: expected sender and arguments", plain=True)
    sender = principal_of(str(body.get("sender")))
    if sender.is_contract:
        raise ApiError(400, "A contract cannot be the sender of a read here: the VM takes an account.", plain=True)
    return sender.address, [_value(arg, "an argument") for arg in body["arguments"]]


def _value(text: Any, what: str) -> clarity.Value:  # noqa: ANN401 - whatever came as JSON
    raw = hex_of(text, what)
    try:
        return clarity.decode(raw)
    except StacksError as error:
        raise ApiError(400, f"{what} is not a Clarity value: {error}", plain=True) from error


def _contract_id(address: str, contract: str) -> str:
    return str(principal_of(f"{address}.{contract}"))
