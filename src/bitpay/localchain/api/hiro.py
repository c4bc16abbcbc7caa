"""Hiro's API: `/extended/v1`, `/v2` and `/v3`, as far as wallets, explorers and applications use it."""

from typing import Literal

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse

from bitpay.localchain.api.hiro_blocks import add_blocks, add_burn_blocks, add_former_blocks
from bitpay.localchain.api.hiro_contracts import add_contracts
from bitpay.localchain.api.hiro_lists import add_lists
from bitpay.localchain.api.hiro_principals import add_balances, add_nonces
from bitpay.localchain.api.hiro_search import add_search
from bitpay.localchain.api.hiro_transactions import add_transactions
from bitpay.localchain.api.network import LIQUID_SUPPLY, TARGET_BLOCK_TIMES
from bitpay.localchain.api.views import Views
from bitpay.localchain.service import ChainService


def hiro_routes(service: ChainService) -> APIRouter:
    """Return the endpoints of Hiro's API."""
    router = APIRouter(prefix="/extended")
    views = Views(service)
    add_lists(router, views)
    add_transactions(router, views)
    add_nonces(router, views)
    add_balances(router, service, views)
    add_contracts(router, service, views)
    add_blocks(router, views)
    add_burn_blocks(router, views)
    add_former_blocks(router, views)
    add_search(router, views)
    _add_status(router, views)
    return router


def _add_status(router: APIRouter, views: Views) -> None:
    @router.get("")
    @router.get("/")
    @router.get("/v1/status")
    async def status() -> JSONResponse:
        tip = views.archive.block(views.archive.tip.height)
        chain_tip = {
            "block_height": tip.header.height,
            "block_hash": tip.block_hash,
            "index_block_hash": tip.header.hash,
            "burn_block_height": tip.header.burn_height,
        }
        return JSONResponse({"server_version": "local chain", "status": "ready", "chain_tip": chain_tip})

    @router.get("/v1/stx_supply")
    async def supply() -> JSONResponse:
        stx = f"{LIQUID_SUPPLY / 1e6:.6f}"
        facts = {"unlocked_percent": "100.00", "total_stx": stx, "total_stx_year_2050": stx, "unlocked_stx": stx}
        return JSONResponse({**facts, "block_height": views.archive.tip.height})

    @router.get("/v1/stx_supply/total/plain")
    @router.get("/v1/stx_supply/circulating/plain")
    async def plain() -> PlainTextResponse:
        return PlainTextResponse(f"{LIQUID_SUPPLY / 1e6:.6f}")

    @router.get("/v3/tokens/stx/supply")
    async def micro_supply() -> JSONResponse:
        return JSONResponse({"total": str(LIQUID_SUPPLY), "projected_total_2050": str(LIQUID_SUPPLY)})

    @router.get("/v1/info/network_block_times")
    async def block_times() -> JSONResponse:
        return JSONResponse({name: {"target_block_time": seconds} for name, seconds in TARGET_BLOCK_TIMES.items()})

    @router.get("/v1/info/network_block_time/{network}")
    async def block_time(network: Literal["testnet", "mainnet"]) -> JSONResponse:
        return JSONResponse({"target_block_time": TARGET_BLOCK_TIMES[network]})
