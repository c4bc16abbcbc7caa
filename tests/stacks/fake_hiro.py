"""Hiro's API as its sources describe it, for the client's tests: the real one cannot run here.

It serves a small chain from memory, counts what it is asked, and misbehaves on request.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

BLOCKS = "/extended/v2/blocks"
Handler = Callable[[httpx.Request], httpx.Response]


def word(number: int) -> str:
    return f"0x{number:064x}"


_EVENTS_V3 = re.compile("/extended/v3/transactions/[^/]+/events")


@dataclass
class FakeHiro:
    """`routes` answer by path; `troubles` are answered or raised first, in turn."""

    routes: dict[str, Any] = field(default_factory=dict)
    troubles: list[httpx.Response | Exception] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)
    v3: bool = True
    deprecated: bool = True
    cursors: bool = True
    """Whether v2 names cursors of blocks and logs, as Hiro's does since API 9."""

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.troubles:
            trouble = self.troubles.pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            return trouble
        return self.answer(request)

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.startswith("/extended/v3") and not self.v3:
            return httpx.Response(404, json={"message": f"Route GET:{path} not found", "error": "Not Found"})
        if not self.deprecated and (path.endswith("/transactions") and "/v2/" in path):
            return httpx.Response(410, json={"error": "Gone"})
        found = self.routes.get(path)
        if found is None and _EVENTS_V3.fullmatch(path):
            said = {"statusCode": 400, "error": "Bad Request", "message": "Transaction not found"}
            return httpx.Response(400, json=said)
        if found is None:
            return httpx.Response(404, json={"error": "not found"})
        if isinstance(found, list):
            return _answer(request, path, found, cursors=self.cursors)
        return found(request) if callable(found) else httpx.Response(200, json=found)

    @property
    def paths(self) -> list[str]:
        return [request.url.path for request in self.requests]

    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.requests if request.content]


def _answer(request: httpx.Request, path: str, items: list[Any], *, cursors: bool) -> httpx.Response:
    """One page: by cursor in v3, by offset before, in v2 by both."""
    limit = min(int(request.url.params.get("limit", 20)), 2)
    if path.startswith("/extended/v3"):
        return httpx.Response(200, json=_page_v3(items, int(request.url.params.get("cursor", "0")), limit))
    offset, cursor = int(request.url.params.get("offset", 0)), request.url.params.get("cursor")
    named = _cursors(path, items) if cursors else []
    most = 300 if path == BLOCKS else 1_000
    if named and offset > most:
        return httpx.Response(400, json={"error": f"querystring/offset must be <= {most}"})
    start = offset + (named.index(cursor) if cursor in named else 0)
    shown = items[start : start + limit]
    if named and cursor and (cursor not in named or not shown):
        return httpx.Response(404, json={"error": "Cursor not found"})
    name = "events" if path == "/extended/v1/tx/events" else "results"
    said = {"limit": limit, "offset": offset, name: shown} | ({} if name == "events" else {"total": len(items)})
    return httpx.Response(200, json=said | ({"cursor": named[start] if shown else None} if named else {}))


def _cursors(path: str, items: list[Any]) -> list[str]:
    """The names that places have, whatever comes on top: blocks their hash, prints where they are on the chain."""
    if path == BLOCKS:
        return [item["index_block_hash"] for item in items]
    return [str(len(items) - index) for index in range(len(items))] if path.endswith("/logs") else []


def _page_v3(items: list[Any], start: int, limit: int) -> dict[str, Any]:
    end = start + limit
    cursor = {"next": str(end) if end < len(items) else None, "previous": None, "current": str(start)}
    return {"total": len(items), "limit": limit, "cursor": cursor, "results": items[start:end]}


def block(height: int, fork: int = 0) -> dict[str, Any]:
    return {
        "canonical": True,
        "height": height,
        "hash": word(7_000 + height),
        "block_time": 1_700_000_000 + 10 * height,
        "tenure_height": height // 2,
        "index_block_hash": word(1_000 + height + fork),
        "parent_index_block_hash": word(1_000 + height - 1),
        "burn_block_time": 1_700_000_000,
        "burn_block_hash": word(9_000),
        "burn_block_height": 900,
        "tx_count": 1,
    }


def log(number: int) -> dict[str, Any]:
    """A contract's print, as v2 lists them."""
    return {**EVENTS_V1[0], "tx_id": word(number)}


def transaction(number: int, event_count: int, status: str = "success") -> dict[str, Any]:
    """A transaction in the words of v2's blocks."""
    return {
        "tx_id": word(number),
        "tx_index": number,
        "tx_status": status,
        "tx_type": "contract_call",
        "sender_address": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
        "sponsored": False,
        "fee_rate": "300",
        "nonce": number,
        "tx_result": {"hex": "0x0703", "repr": "(ok true)"},
        "event_count": event_count,
        "contract_call": {"contract_id": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.a", "function_name": "go"},
        "block_height": 5,
        "block_time": 1_700_000_050,
        "burn_block_height": 900,
        "vm_error": None,
    }


def transaction_v3(number: int, event_count: int, status: str = "success") -> dict[str, Any]:
    """The same transaction in the words of v3."""
    return {
        "tx_id": word(number),
        "sender": {"address": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM", "nonce": number},
        "sponsor": None,
        "fee_rate": "300",
        "status": status,
        "type": "contract_call",
        "block": {
            "height": 5,
            "hash": word(7_005),
            "index_hash": word(1_005),
            "time": 1_700_000_050,
            "tx_index": number,
        },
        "bitcoin_block": {"height": 900, "time": 1_700_000_000},
        "contract_call": {"contract_id": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.a", "function_name": "go"},
        "event_count": event_count,
        "vm_error": None,
        "result": {"hex": "0x0703", "repr": "(ok true)"},
    }


OWNER = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
VALUE = {"hex": "0x0100000000000000000000000000000001", "repr": "u1"}
EVENTS_V3: list[dict[str, Any]] = [
    {
        "event_index": 0,
        "type": "contract_log",
        "contract_log": {"contract_id": f"{OWNER}.a", "topic": "print", "value": VALUE},
    },
    {
        "event_index": 1,
        "type": "ft_asset",
        "ft_asset": {"type": "mint", "asset_identifier": f"{OWNER}.t::t", "recipient": OWNER, "amount": "5"},
    },
    {
        "event_index": 2,
        "type": "nft_asset",
        "nft_asset": {"type": "burn", "asset_identifier": f"{OWNER}.n::n", "sender": OWNER, "value": VALUE},
    },
    {
        "event_index": 3,
        "type": "stx_asset",
        "stx_asset": {
            "type": "transfer",
            "sender": OWNER,
            "recipient": f"{OWNER}.a",
            "amount": "7",
            "memo": {"hex": "0x6869" + "00" * 32, "repr": "hi"},
        },
    },
    {
        "event_index": 4,
        "type": "stx_lock",
        "stx_lock": {"amount": "9", "unlock_bitcoin_height": 1000, "address": OWNER},
    },
]
EVENTS_V1: list[dict[str, Any]] = [
    {
        "event_index": 0,
        "event_type": "smart_contract_log",
        "tx_id": word(1),
        "contract_log": {"contract_id": f"{OWNER}.a", "topic": "print", "value": VALUE},
    },
    {
        "event_index": 1,
        "event_type": "fungible_token_asset",
        "tx_id": word(1),
        "asset": {
            "asset_event_type": "mint",
            "asset_id": f"{OWNER}.t::t",
            "sender": "",
            "recipient": OWNER,
            "amount": "5",
        },
    },
    {
        "event_index": 2,
        "event_type": "non_fungible_token_asset",
        "tx_id": word(1),
        "asset": {
            "asset_event_type": "burn",
            "asset_id": f"{OWNER}.n::n",
            "sender": OWNER,
            "recipient": "",
            "value": VALUE,
        },
    },
    {
        "event_index": 3,
        "event_type": "stx_asset",
        "tx_id": word(1),
        "asset": {
            "asset_event_type": "transfer",
            "sender": OWNER,
            "recipient": f"{OWNER}.a",
            "amount": "7",
            "memo": "0x6869" + "00" * 32,
        },
    },
    {
        "event_index": 4,
        "event_type": "stx_lock",
        "tx_id": word(1),
        "stx_lock_event": {"locked_amount": "9", "unlock_height": 1000, "locked_address": OWNER},
    },
]
