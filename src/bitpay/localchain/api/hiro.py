"""Hiro's API: `/extended/v1`, `/v2` and `/v3`, as far as wallets, explorers and applications use it."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from bitpay.localchain.api.hiro_blocks import add_blocks, add_burn_blocks
from bitpay.localchain.api.hiro_contracts import add_contracts
from bitpay.localchain.api.hiro_principals import add_balances, add_nonces
from bitpay.localchain.api.hiro_transactions import add_transactions
from bitpay.localchain.api.network import LIQUID_SUPPLY
from bitpay.localchain.api.views import Views
from bitpay.localchain.service import ChainService


def hiro_routes(service: ChainService) -> APIRouter:
    """Return the endpoints of Hiro's API."""
    router = APIRouter(prefix="/extended")
    views = Views(service)
    add_transactions(router, views)
    add_nonces(router, views)
    add_balances(router, service, views)
    add_contracts(router, service, views)
    add_blocks(router, views)
    add_burn_blocks(router, views)
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
