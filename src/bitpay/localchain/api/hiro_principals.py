"""Hiro's API: nonces and balances of principals."""

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.admission import CHAINING_LIMIT
from bitpay.localchain.api.guard import principal_of
from bitpay.localchain.api.paging import cursor_page, page_of
from bitpay.localchain.api.views import Views
from bitpay.localchain.service import ChainService

_TOKENS_LIMIT = 100


def add_nonces(router: APIRouter, views: Views) -> None:
    """Add the endpoints."""

    @router.get("/v3/principals/{principal}/nonces")
    async def nonces(principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        last, waiting = _confirmed(views, who), views.mempool.nonces(who)
        first = 0 if last is None else last + 1
        expected = range(first, waiting[-1] + 1 if waiting else first)
        mempool = {
            "last_nonce": waiting[-1] if waiting else None,
            "pending_nonces": waiting,
            "missing_nonces": [nonce for nonce in expected if nonce not in waiting],
        }
        following = max(first, waiting[-1] + 1 if waiting else 0)
        return JSONResponse({"next_nonce": following, "last_confirmed_nonce": last, "mempool": mempool})

    @router.get("/v1/address/{principal}/nonces")
    async def nonces_v1(principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        last, waiting = _confirmed(views, who), views.mempool.nonces(who)
        first = 0 if last is None else last + 1
        following = max(first, waiting[-1] + 1 if waiting else 0)
        return JSONResponse(
            {
                "last_mempool_tx_nonce": waiting[-1] if waiting else None,
                "last_executed_tx_nonce": last,
                "possible_next_nonce": following,
                "detected_missing_nonces": [nonce for nonce in range(first, following) if nonce not in waiting],
                "detected_mempool_nonces": waiting[:CHAINING_LIMIT],
            }
        )


def _confirmed(views: Views, principal: str) -> int | None:
    following = views.archive.nonces.get(principal, 0)
    return following - 1 if following else None


def add_balances(router: APIRouter, service: ChainService, views: Views) -> None:
    """Add the endpoints."""

    @router.get("/v3/principals/{principal}/balances/stx")
    async def stx(principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        balance = str(await service.ask(lambda vm: vm.stx_balance(who)))
        return JSONResponse({"balance": balance, "available": balance, "locked": None, "mempool": None})

    @router.get("/v3/principals/{principal}/balances/ft/{asset:path}")
    async def token(principal: str, asset: str) -> JSONResponse:
        who = str(principal_of(principal))
        balance = views.archive.balances.get((who, asset), 0)
        return JSONResponse({"asset_identifier": asset, "balance": str(balance)})

    @router.get("/v3/principals/{principal}/balances/ft")
    async def tokens(request: Request, principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        held = {asset: n for (owner, asset), n in list(views.archive.balances.items()) if owner == who and n}
        ordered = sorted(held.items(), key=lambda one: (-one[1], one[0]))
        said = [{"asset_identifier": asset, "balance": str(balance)} for asset, balance in ordered]
        return JSONResponse(cursor_page(said, page_of(request, _TOKENS_LIMIT)))
