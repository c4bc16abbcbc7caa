"""Hiro's API: nonces and balances of principals."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.activity import stx_waiting
from bitpay.localchain.api.guard import ApiError, Misfit, account_of, principal_of
from bitpay.localchain.api.paging import Cursors, cut, number_of, page_of
from bitpay.localchain.api.values import decoded
from bitpay.localchain.api.views import Views
from bitpay.localchain.blocks import accounts_of
from bitpay.localchain.holdings import STX, Flow
from bitpay.localchain.service import ChainService

_TOKENS_LIMIT, _TOKENS_SHOWN = 200, 100
_ASSET = re.compile(r"[0-9A-HJKMNP-TV-Z]{28,41}\.[a-zA-Z][a-zA-Z0-9_-]{0,39}::[a-zA-Z][a-zA-Z0-9_!?+<>=/*-]{0,127}")
_AMOUNTS: Cursors[tuple[str, int]] = Cursors(
    re.compile(r"([0-9]{1,40}):(.+)"),
    name=lambda held: f"{held[1]}:{held[0]}",
    place=lambda held: (-held[1], held[0]),
    read=lambda parts: (-int(parts[1]), parts[2]),
)
_IDS: Cursors[tuple[str, bytes]] = Cursors(
    re.compile(r"0x((?:[0-9a-fA-F]{2})*):(.+)"),
    name=lambda held: f"0x{held[1].hex()}:{held[0]}",
    place=lambda held: held,
    read=lambda parts: (parts[2], bytes.fromhex(parts[1])),
)
_TOTALS = ("total_sent", "total_received", "total_fees_sent")
_ESTIMATES = ("estimated_balance", "pending_balance_inbound", "pending_balance_outbound")


@dataclass(frozen=True, slots=True)
class _Nonces:
    """What is known of an account's nonces.

    `newest` is the highest that waits. `waiting` and `missing` are those between it and the last confirmed: none
    before the account's first transaction is confirmed.
    """

    confirmed: int | None
    newest: int | None
    waiting: list[int]
    missing: list[int]

    @property
    def following(self) -> int:
        return max((nonce + 1 for nonce in (self.confirmed, self.newest) if nonce is not None), default=0)


def _nonces(views: Views, account: str) -> _Nonces:
    used, waiting = views.archive.nonces.get(account, 0), views.mempool.nonces(account)
    newest = waiting[-1] if waiting else None
    if not used:
        return _Nonces(None, newest, [], [])
    between = range(used, newest or 0)
    missing = [nonce for nonce in reversed(between) if nonce not in waiting]
    return _Nonces(used - 1, newest, [nonce for nonce in waiting if nonce in between], missing)


def add_nonces(router: APIRouter, views: Views) -> None:
    """Add the endpoints."""

    @router.get("/v3/principals/{principal}/nonces")
    async def nonces(principal: str) -> JSONResponse:
        known = _nonces(views, account_of(principal))
        mempool = {"last_nonce": known.newest, "pending_nonces": known.waiting, "missing_nonces": known.missing}
        last = known.confirmed
        return JSONResponse({"next_nonce": known.following, "last_confirmed_nonce": last, "mempool": mempool})

    @router.get("/v1/address/{principal}/nonces")
    async def nonces_v1(request: Request, principal: str) -> JSONResponse:
        who, height = str(principal_of(principal)), _height_asked(views, request)
        known = _nonces(views, who) if height is None else _nonces_at(views, who, height)
        return JSONResponse(
            {
                "last_mempool_tx_nonce": known.newest,
                "last_executed_tx_nonce": known.confirmed,
                "possible_next_nonce": known.following,
                "detected_missing_nonces": known.missing,
                "detected_mempool_nonces": known.waiting,
            }
        )


def _nonces_at(views: Views, account: str, height: int) -> _Nonces:
    places = [place for place in views.archive.involving(account) if place[0] <= height]
    used = sum(account in accounts_of(views.found(place).mined) for place in places)
    return _Nonces(used - 1 if used else None, None, [], [])


def _height_asked(views: Views, request: Request) -> int | None:
    """Return the height of the block that a query names, None where it names none. Raises ApiError."""
    height, named = number_of(request, "block_height", 0, 1), request.query_params.get("block_hash")
    if height and named:
        raise ApiError(400, "Multiple block query parameters specified")
    if named:
        if not named.startswith("0x"):
            raise ApiError(400, "Query parameter 'block_hash' is not a valid block hash hex string")
        found = views.height_of_hash(named)
    else:
        found = height if height and views.archive.header(height) else None
    if found is None and (height or named):
        name: dict[str, int | str] = {"hash": named} if named else {"height": height}
        raise ApiError(404, f"No block found for {json.dumps(name, separators=(',', ':'))}")
    return found


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
        if not _ASSET.fullmatch(asset):
            raise Misfit(f'params/asset_identifier must match pattern "^{_ASSET.pattern}$"')
        balance = views.archive.holdings.balances.get((who, asset), 0)
        return JSONResponse({"asset_identifier": asset, "balance": str(balance)})

    @router.get("/v3/principals/{principal}/balances/ft")
    async def tokens(request: Request, principal: str) -> JSONResponse:
        held = views.archive.holdings.tokens(str(principal_of(principal)))
        shown = cut(held, page_of(request, _TOKENS_LIMIT, _TOKENS_SHOWN), _AMOUNTS)
        said = [{"asset_identifier": asset, "balance": str(balance)} for asset, balance in shown.items]
        return JSONResponse(shown.cursors(said))

    @router.get("/v3/principals/{principal}/balances/nft")
    async def ids(request: Request, principal: str) -> JSONResponse:
        held = views.archive.holdings.ids(str(principal_of(principal)))
        shown = cut(held, page_of(request, _TOKENS_LIMIT, _TOKENS_SHOWN), _IDS)
        said = [{"asset_identifier": asset, "value": decoded(raw)} for asset, raw in shown.items]
        return JSONResponse(shown.cursors(said))


def _add_former(router: APIRouter, service: ChainService, views: Views) -> None:
    @router.get("/v1/address/{principal}/stx")
    async def stx(request: Request, principal: str) -> JSONResponse:
        _only_of_now(request)
        return JSONResponse(await _stx_v1(service, views, str(principal_of(principal))))

    @router.get("/v1/address/{principal}/balances")
    async def balances(request: Request, principal: str) -> JSONResponse:
        _only_of_now(request)
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
        by_name = sorted(held, key=lambda one: one[0].lower())
        shown = cut(by_name, page_of(request, _TOKENS_LIMIT, _TOKENS_SHOWN))
        return JSONResponse(
            shown.offsets([{"token": asset, "balance": str(balance)} for asset, balance in shown.items])
        )


def _only_of_now(request: Request) -> None:
    if request.query_params.get("until_block"):
        raise ApiError(400, "The local chain knows balances after the newest block alone, none for until_block.")


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
