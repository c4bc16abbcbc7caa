"""Hiro's API: nonces and balances of principals."""

from collections import Counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.admission import CHAINING_LIMIT
from bitpay.localchain.api.activity import stx_waiting
from bitpay.localchain.api.guard import principal_of
from bitpay.localchain.api.paging import cut, page_of
from bitpay.localchain.api.values import decoded
from bitpay.localchain.api.views import Views
from bitpay.localchain.holdings import STX, Flow
from bitpay.localchain.service import ChainService

_TOKENS_LIMIT, _TOKENS_SHOWN = 200, 100
_TOTALS = ("total_sent", "total_received", "total_fees_sent")
_ESTIMATES = ("estimated_balance", "pending_balance_inbound", "pending_balance_outbound")


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
    _add_current(router, service, views)
    _add_former(router, service, views)


def _add_current(router: APIRouter, service: ChainService, views: Views) -> None:
    @router.get("/v3/principals/{principal}/balances/stx")
    async def stx(principal: str) -> JSONResponse:
        who = str(principal_of(principal))
        balance = await service.ask(lambda vm: vm.stx_balance(who))
        inbound, outbound = stx_waiting(views.mempool, who)
        coming = {"inbound": str(inbound), "outbound": str(outbound)}
        mempool = {"estimated_balance": str(balance + inbound - outbound), **coming} if inbound or outbound else None
        return JSONResponse({"balance": str(balance), "available": str(balance), "locked": None, "mempool": mempool})

    @router.get("/v3/principals/{principal}/balances/ft/{asset:path}")
    async def token(principal: str, asset: str) -> JSONResponse:
        who = str(principal_of(principal))
        balance = views.archive.holdings.balances.get((who, asset), 0)
        return JSONResponse({"asset_identifier": asset, "balance": str(balance)})

    @router.get("/v3/principals/{principal}/balances/ft")
    async def tokens(request: Request, principal: str) -> JSONResponse:
        held = views.archive.holdings.tokens(str(principal_of(principal)))
        shown = cut(held, page_of(request, _TOKENS_LIMIT, _TOKENS_SHOWN), lambda _, one: f"{one[1]}:{one[0]}")
        said = [{"asset_identifier": asset, "balance": str(balance)} for asset, balance in shown.items]
        return JSONResponse(shown.cursors(said))

    @router.get("/v3/principals/{principal}/balances/nft")
    async def ids(request: Request, principal: str) -> JSONResponse:
        held = views.archive.holdings.ids(str(principal_of(principal)))
        shown = cut(held, page_of(request, _TOKENS_LIMIT, _TOKENS_SHOWN), lambda _, one: f"0x{one[1].hex()}:{one[0]}")
        said = [{"asset_identifier": asset, "value": decoded(raw)} for asset, raw in shown.items]
        return JSONResponse(shown.cursors(said))


def _add_former(router: APIRouter, service: ChainService, views: Views) -> None:
    @router.get("/v1/address/{principal}/stx")
    async def stx(principal: str) -> JSONResponse:
        return JSONResponse(await _stx_v1(service, views, str(principal_of(principal))))

    @router.get("/v1/address/{principal}/balances")
    async def balances(principal: str) -> JSONResponse:
        who, holdings = str(principal_of(principal)), views.archive.holdings
        counts = Counter(asset for asset, _ in holdings.ids(who))
        moved = {asset: flow for (owner, asset), flow in list(holdings.flows.items()) if owner == who and asset != STX}
        ids = {asset for asset in moved if asset in holdings.owners}
        tokens = {
            asset: {"balance": str(holdings.balances.get((who, asset), 0)), **_totals(flow)}
            for asset, flow in moved.items()
            if asset not in ids
        }
        unique = {asset: {"count": str(counts[asset]), **_totals(moved[asset])} for asset in ids}
        stx = await _stx_v1(service, views, who)
        return JSONResponse({"stx": stx, "fungible_tokens": tokens, "non_fungible_tokens": unique})

    @router.get("/v2/addresses/{principal}/balances/stx")
    async def stx_v2(request: Request, principal: str) -> JSONResponse:
        said = await _stx_v1(service, views, str(principal_of(principal)))
        wants_waiting = request.query_params.get("include_mempool") == "true"
        left_out = set(_TOTALS) if wants_waiting else {*_TOTALS, *_ESTIMATES}
        return JSONResponse({name: value for name, value in said.items() if name not in left_out})

    @router.get("/v2/addresses/{principal}/balances/ft/{asset:path}")
    async def token_v2(principal: str, asset: str) -> JSONResponse:
        return JSONResponse(
            {"balance": str(views.archive.holdings.balances.get((str(principal_of(principal)), asset), 0))}
        )

    @router.get("/v2/addresses/{principal}/balances/ft")
    async def tokens_v2(request: Request, principal: str) -> JSONResponse:
        held = views.archive.holdings.tokens(str(principal_of(principal)))
        shown = cut(held, page_of(request, _TOKENS_LIMIT, _TOKENS_SHOWN), lambda _, one: one[0])
        return JSONResponse(
            shown.offsets([{"token": asset, "balance": str(balance)} for asset, balance in shown.items])
        )


async def _stx_v1(service: ChainService, views: Views, who: str) -> dict[str, Any]:
    balance = await service.ask(lambda vm: vm.stx_balance(who))
    inbound, outbound = stx_waiting(views.mempool, who)
    holdings = views.archive.holdings
    return {
        "balance": str(balance),
        "estimated_balance": str(balance + inbound - outbound),
        "pending_balance_inbound": str(inbound),
        "pending_balance_outbound": str(outbound),
        **_totals(holdings.flows.get((who, STX), Flow())),
        "total_fees_sent": str(holdings.fees.get(who, 0)),
        "total_miner_rewards_received": "0",
        "lock_tx_id": "",
        "locked": "0",
        "lock_height": 0,
        "burnchain_lock_height": 0,
        "burnchain_unlock_height": 0,
    }


def _totals(flow: Flow) -> dict[str, str]:
    return {"total_sent": str(flow.sent), "total_received": str(flow.received)}
