"""A Stacks node with the Hiro API in front, over HTTP: shows a view of the generated chain, and misbehaves."""

import asyncio
import json
import random
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.ledger.ledger_chain import Chain
from tests.ledger.simulator.plan import Rates

from bitpay.stacks.model import Block, BlockHeader, ContractLog, TransactionReceipt

_REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found", 429: "Too Many Requests", 503: "Service Unavailable"}
_MOST_OFFSET = 1_000
"""Hiro refuses to skip more prints than that."""


class Node:
    """Serves one chain. `rates` None: behaves well.

    `behind` blocks are missing from what the replica for an endpoint knows ("logs", "blocks", "transactions"); of
    `short` transactions the last event is not listed, and nothing that `hidden` ones printed; only `quota` more
    requests are answered; prints have no `cursors`.
    """

    def __init__(self, chain: Chain, draw: random.Random) -> None:
        self.rates: Rates | None = None
        self.errors = 0
        self.behind: dict[str, int] = {}
        self.short: set[str] = set()
        self.hidden: set[str] = set()
        self.quota: int | None = None
        self.cursors = True
        self.lagging = 0
        self.looked_up: list[str] = []
        self.requests = 0
        self._chain = chain
        self._draw = draw
        self._path: list[Block] = []
        self._receipts: dict[str, TransactionReceipt] = {}
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def show(self, tip: Block) -> None:
        """Take this block's history for the canonical chain."""
        self._path = self._chain.path(tip)
        for block in self._path:
            self._receipts |= {receipt.txid: receipt for receipt in block.transactions}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                status, body, headers = await self._answer(request.split()[1].decode())
                lines = [f"HTTP/1.1 {status} {_REASONS[status]}", f"content-length: {len(body)}"]
                lines += [f"{name}: {value}" for name, value in headers.items()]
                writer.write("\r\n".join([*lines, "", ""]).encode() + body)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _answer(self, target: str) -> tuple[int, bytes, dict[str, str]]:
        self.requests += 1
        if self.quota is not None:
            if self.quota == 0:
                return 429, b"{}", {"retry-after": "0.001"}
            self.quota -= 1
        lag = 0
        if (rates := self.rates) is not None:
            luck = self._draw.random()
            if luck < rates.api_error:
                self.errors += 1
                return 503, b"{}", {}
            if luck < rates.api_error + rates.rate_limit:
                self.errors += 1
                return 429, b"{}", {"retry-after": "0.05"}
            if luck > 1 - rates.slow:
                await asyncio.sleep(0.02)
            if self._draw.random() < rates.lag:
                self.lagging += 1
                lag = self._draw.randint(1, 3)
        url = urlsplit(target)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        parts = url.path.removeprefix("/extended/").split("/")
        if parts[-1] == "logs" and int(query.get("offset", "0")) > _MOST_OFFSET:
            return 400, b'{"error":"querystring/offset must be <= 1000"}', {}
        found = self._find_behind(parts, query, lag)
        return (404, b'{"error":"cannot find it"}', {}) if found is None else (200, json.dumps(found).encode(), {})

    def _find_behind(self, parts: list[str], query: dict[str, str], lag: int) -> dict[str, Any] | None:
        """Answer as a replica does that lacks the newest blocks."""
        lag = max(lag, self.behind.get("logs" if parts[-1] == "logs" else parts[1], 0))
        whole = self._path
        self._path = whole[: max(1, len(whole) - lag)]
        try:
            return self._find(parts, query)
        finally:
            self._path = whole

    def _find(self, parts: list[str], query: dict[str, str]) -> dict[str, Any] | None:
        match parts:
            case ["v2", "blocks", *rest]:
                return self._find_block(rest, query)
            case ["v2", "smart-contracts", contract_id, "logs"]:
                return self._page_of_logs(contract_id, query)
            case ["v3", "transactions", txid]:
                self.looked_up.append(txid)
                return self._canonical(txid)
            case ["v3", "transactions", txid, "events"] if receipt := self._receipts.get(txid):
                events = [_event(event) for event in _logs(receipt)]
                return {"cursor": {"next": None}, "results": events[:-1] if txid in self.short else events}
        return None

    def _find_block(self, parts: list[str], query: dict[str, str]) -> dict[str, Any] | None:
        if not parts:
            return _page([_header(block.header) for block in reversed(self._path)], query, 30)
        block = self._block(parts[0])
        if block is None or len(parts) == 1:
            return _header(block.header) if block else None
        return _page([_transaction(receipt) for receipt in block.transactions], query, 50)

    def _page_of_logs(self, contract_id: str, query: dict[str, str]) -> dict[str, Any] | None:
        """A page begins at the newest print that is not above the place which its cursor names."""
        listed = self._logs_of(contract_id)
        if not self.cursors:
            return _page([log for _, log in listed], query, 100)
        if cursor := query.get("cursor"):
            listed = [(place, log) for place, log in listed if place <= _place(cursor)]
        page = _page(listed, query, 100)
        shown = page["results"]
        if cursor and not shown:
            return None
        named = ":".join(map(str, shown[0][0])) if shown else None
        return page | {"cursor": named, "results": [log for _, log in shown]}

    def _logs_of(self, contract_id: str) -> list[tuple[list[int], dict[str, Any]]]:
        """Everything that a contract printed and its place on the chain, newest first."""
        return [
            ([block.header.height, 0, receipt.index, log.index], {"tx_id": receipt.txid, **_event(log)})
            for block in reversed(self._path)
            for receipt in reversed(block.transactions)
            for log in reversed(_logs(receipt))
            if log.contract_id == contract_id and receipt.succeeded and receipt.txid not in self.hidden
        ]

    def _canonical(self, txid: str) -> dict[str, Any] | None:
        for block in reversed(self._path):
            for receipt in block.transactions:
                if receipt.txid == txid:
                    return _transaction_v3(block.header, receipt)
        return None

    def _block(self, name: str) -> Block | None:
        if name == "latest":
            return self._path[-1] if self._path else None
        for block in reversed(self._path):
            if name in {block.header.hash, str(block.header.height)}:
                return block
        return None


def _place(cursor: str) -> list[int]:
    return [int(number) for number in cursor.split(":")]


def _page(items: Sequence[Any], query: dict[str, str], most: int) -> dict[str, Any]:
    offset, limit = int(query.get("offset", "0")), min(int(query.get("limit", "20")), most)
    return {"limit": limit, "offset": offset, "total": len(items), "results": items[offset : offset + limit]}


def _header(header: BlockHeader) -> dict[str, Any]:
    return {
        "height": header.height,
        "index_block_hash": header.hash,
        "parent_index_block_hash": header.parent_hash,
        "block_time": header.time,
        "burn_block_height": header.burn_height,
        "burn_block_hash": header.burn_hash,
        "burn_block_time": header.burn_time,
        "tenure_height": header.tenure_height,
        "canonical": True,
    }


def _logs(receipt: TransactionReceipt) -> list[ContractLog]:
    return [event for event in receipt.events if isinstance(event, ContractLog)]


def _transaction(receipt: TransactionReceipt) -> dict[str, Any]:
    return {
        "tx_id": receipt.txid,
        "tx_index": receipt.index,
        "tx_status": receipt.status.value,
        "sender_address": receipt.sender,
        "fee_rate": str(receipt.fee),
        "nonce": receipt.nonce,
        "tx_result": {"hex": "0x03", "repr": "true"},
        "event_count": len(receipt.events),
    }


def _transaction_v3(header: BlockHeader, receipt: TransactionReceipt) -> dict[str, Any]:
    return {
        "tx_id": receipt.txid,
        "sender": {"address": receipt.sender, "nonce": receipt.nonce},
        "fee_rate": str(receipt.fee),
        "status": receipt.status.value,
        "type": "contract_call",
        "block": {
            "height": header.height,
            "hash": header.hash,
            "index_hash": header.hash,
            "time": header.time,
            "tx_index": receipt.index,
        },
        "bitcoin_block": {"height": header.burn_height, "time": header.burn_time},
        "event_count": len(receipt.events),
        "result": {"hex": "0x03", "repr": "true"},
        "vm_error": None,
    }


def _event(log: ContractLog) -> dict[str, Any]:
    return {
        "type": "contract_log",
        "event_index": log.index,
        "contract_log": {
            "contract_id": log.contract_id,
            "topic": log.topic,
            "value": {"hex": "0x" + log.raw.hex(), "repr": "(tuple ...)"},
        },
    }
