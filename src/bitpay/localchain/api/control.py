"""Powers over the chain, for whoever started it: `/control/...` and the faucets.

Every request needs the header `X-Localchain-Token` with the token of this start; without a token there are no powers.
    GET  /control/status                                  -> {height, hash, time, offset, burnHeight, mempool, ...}
    POST /control/mine    {count?, burn?}                 -> {blocks: [{height, hash, time, transactions}]}
    POST /control/warp    {seconds}                       -> {height, time, offset}
    POST /control/reorg   {depth, order?, drop?, include?, blocks?, seed?} -> {rollback: [...], apply: [...]}
    POST /control/faucet  {token, address, amount?, mine?} -> {txid}; mined at once unless `mine` is false
    GET  /control/hooks                                    -> {hooks: [{uuid, name, format, url, status}]}
    POST /control/misbehave {habits: {drop, duplicate, reorder, truncate, partial, delay, seed}, uuid?}
    POST /extended/v1/faucets/{stx,sbtc}?address=         -> {success, txId, txRaw}
"""

import hmac
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from bitpay.localchain.api.guard import ApiError, hex_of, json_body
from bitpay.localchain.blocks import Block
from bitpay.localchain.clock import MAX_OFFSET
from bitpay.localchain.faucet import SBTC_GIFT, STX_GIFT
from bitpay.localchain.hooks.hooks import Hooks
from bitpay.localchain.hooks.misbehaviour import Misbehaviour
from bitpay.localchain.reorganization import Reorganization
from bitpay.localchain.service import ChainService

T = TypeVar("T", bound="_Body")

HEADER = "x-localchain-token"
MAX_MINED = 10_000


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class MineBody(_Body):
    """How many blocks, and whether each has a new burn block under it."""

    count: int = Field(default=1, ge=1, le=MAX_MINED)
    burn: bool = False


class WarpBody(_Body):
    """How many seconds the clock goes forward."""

    seconds: int = Field(ge=0, le=MAX_OFFSET)


class ReorgBody(_Body):
    """Another history for the latest blocks, see `Reorganization`; `include` are signed transactions in hex."""

    depth: int = Field(ge=1)
    order: Literal["same", "reversed", "shuffled"] = "same"
    drop: list[str] = Field(default_factory=list)
    include: list[str] = Field(default_factory=list)
    blocks: int | None = Field(default=None, ge=1, le=MAX_MINED)
    seed: int = 0


class FaucetBody(_Body):
    """Who gets what: `amount` in uSTX or sats."""

    token: Literal["stx", "sbtc"]
    address: str
    amount: int | None = Field(default=None, ge=1, lt=1 << 63)
    mine: bool = True


class MisbehaveBody(_Body):
    """How deliveries go wrong, for one hook or for all."""

    habits: Misbehaviour = Misbehaviour()
    uuid: str | None = None


def control_routes(service: ChainService, hooks: Hooks, token: str) -> APIRouter:
    """Return the powers, for requests that carry `token`; an empty token opens nothing."""

    def permitted(request: Request) -> None:
        if not token or not hmac.compare_digest(request.headers.get(HEADER, "").encode(), token.encode()):
            raise ApiError(403, "This needs the token of this start of the local chain.")

    router = APIRouter(dependencies=[Depends(permitted)])
    _add_chain(router, service)
    _add_faucets(router, service)
    _add_hooks(router, hooks)
    return router


def _add_chain(router: APIRouter, service: ChainService) -> None:
    @router.get("/control/status")
    async def status() -> JSONResponse:
        return JSONResponse(_status(service))

    @router.post("/control/mine")
    async def mine(request: Request) -> JSONResponse:
        body = await _read(request, MineBody)
        blocks = await service.mine(body.count, burn=body.burn)
        return JSONResponse({"blocks": [_block(block) for block in blocks]})

    @router.post("/control/warp")
    async def warp(request: Request) -> JSONResponse:
        body = await _read(request, WarpBody)
        block = await service.warp(body.seconds)
        return JSONResponse({**_block(block), "offset": service.chain.clock.offset})

    @router.post("/control/reorg")
    async def reorg(request: Request) -> JSONResponse:
        body = await _read(request, ReorgBody)
        include = [hex_of(text, "a transaction to include") for text in body.include]
        plan = Reorganization(body.depth, body.order, set(body.drop), include, body.blocks, body.seed)
        change = await service.reorganize(plan)
        said = {"rollback": [_block(block) for block in change.rollback]}
        return JSONResponse({**said, "apply": [_block(block) for block in change.apply]})


def _add_faucets(router: APIRouter, service: ChainService) -> None:
    @router.post("/control/faucet")
    async def faucet(request: Request) -> JSONResponse:
        body = await _read(request, FaucetBody)
        amount = body.amount or (STX_GIFT if body.token == "stx" else SBTC_GIFT)  # noqa: S105 - a kind of money
        txid, _ = await service.give(body.token, body.address, amount)
        if body.mine and service.chain.mempool.get(txid) is not None:
            await service.mine()
        return JSONResponse({"txid": txid})

    @router.post("/extended/v1/faucets/{token}")
    async def faucet_v1(request: Request, token: Literal["stx", "sbtc"]) -> JSONResponse:
        address = request.query_params.get("address", "")
        txid, raw = await service.give(token, address, STX_GIFT if token == "stx" else SBTC_GIFT)  # noqa: S105
        return JSONResponse({"success": True, "txId": txid, "txRaw": raw.hex()})


def _add_hooks(router: APIRouter, hooks: Hooks) -> None:
    @router.get("/control/hooks")
    async def given() -> JSONResponse:
        return JSONResponse({"hooks": hooks.status()})

    @router.post("/control/misbehave")
    async def misbehave(request: Request) -> JSONResponse:
        body = await _read(request, MisbehaveBody)
        hooks.misbehave(body.habits, body.uuid)
        return JSONResponse({})


async def _read(request: Request, kind: type[T]) -> T:
    document = await json_body(request) if await request.body() else {}
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise ApiError(400, "; ".join(_complaint(one) for one in error.errors())) from error


def _complaint(problem: ErrorDetails) -> str:
    return ": ".join([".".join(map(str, problem["loc"])), problem["msg"]])


def _status(service: ChainService) -> dict[str, Any]:
    chain = service.chain
    tip = chain.archive.tip
    return {
        "height": tip.height,
        "hash": tip.hash,
        "time": tip.time,
        "offset": chain.clock.offset,
        "burnHeight": tip.burn_height,
        "fork": chain.fork,
        "mempool": len(chain.mempool),
        "transactions": chain.archive.transaction_count,
        "vmBytes": chain.machine.vm.memory,
    }


def _block(block: Block) -> dict[str, Any]:
    txids = [mined.txid for mined in block.transactions]
    return {
        "height": block.header.height,
        "hash": block.header.hash,
        "time": block.header.time,
        "transactions": txids,
    }
