"""A node and the Hiro API (v3 and v2, older endpoints where those are missing) behind one base URL."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any, Literal

from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.client import chain
from bitpay.stacks.client.answers import (
    BlockTimes,
    BurnBlock,
    Fees,
    Gift,
    LoggedEvent,
    LogsPage,
    Nonces,
    StxBalance,
    TransactionState,
)
from bitpay.stacks.client.errors import AnswerInvalid, ApiGone, ApiNotFound, ApiRefused, ChainMoved
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.client.interface import Contract
from bitpay.stacks.client.node import NodeClient
from bitpay.stacks.client.questions import block_name, contract_asked, hash_asked, natural, segment
from bitpay.stacks.errors import AddressInvalid
from bitpay.stacks.model import Block, BlockHeader, Event, TransactionReceipt
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Asset

BLOCKS_PER_PAGE = 30
TRANSACTIONS_PER_PAGE = 50
EVENTS_PER_PAGE = 100
MOST_OFFSET = 300
"""Hiro refuses to skip more blocks than that (`CursorOffsetParam` in its `schemas/v1/params.ts`)."""
_NO_TRANSACTION = "Transaction not found"
AT_ONCE = 4
"""Requests under way at the same time while one block is read."""


class StacksClient(NodeClient):
    """Asks a node and the Hiro API. Every method raises an `ApiError` when it gets no proper answer."""

    async def next_nonce(self, principal: str) -> int:
        """Return the nonce for the account's next transaction, those that wait counted where the server knows them."""
        try:
            return (await self.nonces(principal)).next
        except ApiGone:
            return (await self.account(principal)).nonce

    async def nonces(self, principal: str) -> Nonces:
        """Return an account's confirmed, waiting and missing nonces."""
        parse_principal(principal)
        try:
            answer = await self._http.get(f"/extended/v3/principals/{principal}/nonces")
        except ApiGone:
            return Nonces.read_v1(Fields(await self._http.get(f"/extended/v1/address/{principal}/nonces"), "nonces"))
        return Nonces.read(Fields(answer, "nonces"))

    async def ft_balance(self, principal: str, asset: str) -> int:
        """Return how much of a fungible token ("ADDRESS.contract::asset") an account has, in its smallest unit."""
        parse_principal(principal)
        token = segment(str(Asset.parse(asset)))
        try:
            answer = await self._http.get(f"/extended/v3/principals/{principal}/balances/ft/{token}")
        except ApiGone:
            answer = await self._http.get(f"/extended/v2/addresses/{principal}/balances/ft/{token}")
        return Fields(answer, "balance").number("balance")

    async def stx_balance(self, principal: str) -> StxBalance:
        """Return an account's micro-STX; a plain node tells only how much there is and can be spent."""
        parse_principal(principal)
        try:
            answer = await self._http.get(f"/extended/v3/principals/{principal}/balances/stx")
        except ApiGone:
            account = await self.account(principal)
            return StxBalance(account.balance + account.locked, account.balance)
        return StxBalance.read(Fields(answer, "balance"))

    async def fees(self) -> Fees:
        """Return what waiting transactions pay."""
        return Fees.read(Fields(await self._http.get("/extended/v2/mempool/fees"), "fees"))

    async def transaction(self, txid: str) -> TransactionState | None:
        """Return what became of a transaction, None when nobody has heard of it."""
        name = hash_asked(txid, "a transaction's id")
        try:
            return chain.state(await self._transaction_v3(name))
        except ApiGone:
            return await self._transaction_v1(name)
        except ApiNotFound:
            return None

    async def _transaction_v3(self, txid: str) -> Fields:
        fields = Fields(await self._http.get(f"/extended/v3/transactions/{txid}", include="result"), "transaction")
        fields.asked_hash("tx_id", txid)
        return fields

    async def _transaction_v1(self, txid: str) -> TransactionState | None:
        try:
            fields = Fields(await self._http.get(f"/extended/v1/tx/{txid}"), "transaction")
        except ApiNotFound:
            return None
        fields.asked_hash("tx_id", txid)
        if "block_height" not in fields:
            return chain.state_v1(fields, None)
        return chain.state_v1(fields, (await self._block(str(fields.number("block_height")))).hash)

    async def waiting(self, principal: str) -> AsyncIterator[TransactionState]:
        """Yield the transactions that wait for a block and in which an account takes part, newest first."""
        parse_principal(principal)
        try:
            path = f"/extended/v3/principals/{principal}/mempool/transactions"
            async for fields in self._by_cursor(path, TRANSACTIONS_PER_PAGE):
                yield chain.state(fields)
        except ApiGone:
            path = f"/extended/v1/address/{principal}/mempool"
            async for fields in self._pages(path, "results", TRANSACTIONS_PER_PAGE):
                yield chain.state_v1(fields, None)

    async def transaction_events(self, txid: str) -> AsyncIterator[Event]:
        """Yield a transaction's events in order; raises `ApiNotFound` for one that is in no block."""
        name = hash_asked(txid, "a transaction's id")
        try:
            async for fields in self._by_cursor(f"/extended/v3/transactions/{name}/events", EVENTS_PER_PAGE):
                yield chain.event(fields)
        except ApiGone:
            pages = self._pages("/extended/v1/tx/events", "events", EVENTS_PER_PAGE, tx_id=name)
            found = [chain.event(fields) async for fields in pages]  # v1 has the newest first
            for event in sorted(found, key=lambda event: event.index):
                yield event
        except ApiRefused as error:  # Hiro says so with 400
            if error.status != 400 or _NO_TRANSACTION not in str(error):
                raise
            raise ApiNotFound(str(error), status=error.status) from error

    async def contract_logs(self, contract_id: str, *, offset: int = 0) -> AsyncGenerator[LoggedEvent]:
        """Yield a contract's prints, newest first, each once, from `offset` (Hiro: at most 1000) below the newest.

        What it prints meanwhile is not among them. It shifts the pages of a server that names no cursors: what comes
        again is left out.
        """
        start, seen = natural(offset, "an offset"), set[tuple[str, int]]()
        async for fields in self._pages(_logs_path(contract_id), "results", EVENTS_PER_PAGE, start=start):
            logged = chain.logged(fields)
            place = (logged.txid, logged.log.index)
            if place not in seen:
                seen.add(place)
                yield logged

    async def contract_logs_page(self, contract_id: str, *, offset: int = 0, cursor: str | None = None) -> LogsPage:
        """Return one page of `contract_logs`, from `offset` (Hiro: at most 1000) below the print that a cursor names.

        Without a cursor, from below the newest. Raises `ChainMoved` where the server has no such cursor, or nothing
        there.
        """
        place: dict[str, str | int] = {"offset": natural(offset, "an offset")}
        if cursor is not None:
            place["cursor"] = cursor
        page = Fields(await self._page(_logs_path(contract_id), place, limit=EVENTS_PER_PAGE), "results")
        logs = tuple(chain.logged(fields) for fields in page.objects("results"))
        kept = page.number("limit") if "limit" in page else EVENTS_PER_PAGE
        return LogsPage(logs, page.cursor("cursor"), not logs or len(logs) < kept)

    async def contract(self, contract_id: str) -> Contract | None:
        """Return a contract's source, interface and deployment, None when there is no such contract."""
        contract = contract_asked(contract_id)
        try:
            found = await self._http.get(f"/extended/v1/contract/{contract}")
        except ApiGone:
            raise
        except ApiNotFound:
            return None
        return Contract.read(Fields(found, "contract"))

    async def faucet(self, token: Literal["stx", "sbtc"], address: str) -> Gift:
        """Ask for test money on a network that gives some; raises `AddressInvalid` for addresses of the main network.

        Raises `ApiRefused` where the faucet gives nothing, `ApiRateLimited` where it has just given some.
        """
        if parse_principal(address).network is not Network.TESTNET:
            raise AddressInvalid(f"faucets pay to testnet addresses only: {address}")
        answer = await self._http.change("POST", f"/extended/v1/faucets/{token}", address=address)
        return Gift.read(Fields(answer, "faucet"))

    async def tip(self) -> BlockHeader:
        """Return the newest block's header."""
        return await self.block("latest")

    async def block(self, height_or_hash: int | str) -> BlockHeader:
        """Return a block's header by height, index block hash, or "latest"; raises `ApiNotFound`."""
        return await self._block(block_name(height_or_hash))

    async def _block(self, name: str) -> BlockHeader:
        return chain.block_header(Fields(await self._http.get(f"/extended/v2/blocks/{name}"), "block"))

    async def block_at(self, time: int) -> BlockHeader:
        """Return the newest block of a time (Unix seconds) or before; raises `ApiNotFound` when there is none."""
        return await self._block(f"by-block-time/{natural(time, 'a Unix time')}")

    async def block_times(self) -> BlockTimes:
        """Return how fast blocks have been coming lately."""
        return BlockTimes.read(Fields(await self._http.get("/extended/v2/blocks/average-times"), "times"))

    async def burn_block(self, height_or_hash: int | str) -> BurnBlock:
        """Return a Bitcoin block by height, hash, or "latest"; raises `ApiNotFound`."""
        found = await self._http.get(f"/extended/v2/burn-blocks/{block_name(height_or_hash)}")
        return BurnBlock.read(Fields(found, "block"))

    async def burn_blocks(self, *, offset: int = 0) -> AsyncGenerator[BurnBlock]:
        """Yield the Bitcoin blocks that Stacks blocks are on, newest first, from `offset` below the newest."""
        start = natural(offset, "an offset")
        async for fields in self._pages("/extended/v2/burn-blocks", "results", BLOCKS_PER_PAGE, start=start):
            yield BurnBlock.read(fields)

    async def blocks(self, *, offset: int = 0) -> AsyncGenerator[BlockHeader]:
        """Yield the canonical chain's headers, newest first, from `offset` blocks below the tip.

        Raises `ChainMoved` when the block that it had come to leaves the chain.
        """
        start, newest = natural(offset, "an offset"), None
        if start > MOST_OFFSET:
            found: dict[int, BlockHeader] = {}
            height = (await self.tip()).height - start
            if height < 0 or not await self._find(height, found):
                return
            newest = found[height]
        async for header in self._headers(start, newest):
            yield header

    async def _headers(self, offset: int, newest: BlockHeader | None) -> AsyncGenerator[BlockHeader]:
        """Yield headers, newest first, from an offset; `newest` is the block there, needed beyond `MOST_OFFSET`."""
        cursor = None if newest is None else newest.hash
        pages = self._pages("/extended/v2/blocks", "results", BLOCKS_PER_PAGE, start=offset, cursor=cursor)
        async for fields in pages:
            yield chain.block_header(fields)

    async def headers(self, first: int, last: int) -> list[BlockHeader]:
        """Return the headers from height `first` to `last`, both included, ascending; fewer where the chain ends.

        Raises `ChainMoved` when the chain got shorter than that while it was read.
        """
        tip = await self.tip()
        first, last = max(first, 0), min(last, tip.height)
        found: dict[int, BlockHeader] = {}
        if first <= last:
            offset = tip.height - last
            if offset > MOST_OFFSET and not await self._find(last, found):
                return []
            async with aclosing(self._headers(offset, found.get(last))) as newest_first:
                async for header in newest_first:
                    found[header.height] = header
                    if header.height <= first:
                        break
        # New blocks while the pages were read shift them; what they pushed out is asked for alone.
        for height in range(last, first - 1, -1):
            if height not in found and not await self._find(height, found):
                first = height + 1
                break
        return [found[height] for height in range(first, last + 1)]

    async def _find(self, height: int, found: dict[int, BlockHeader]) -> bool:
        """Add a height's header to those found; False below the chain's first."""
        try:
            found[height] = await self.block(height)
        except ApiGone:
            raise
        except ApiNotFound as error:
            if any(lower < height for lower in found):
                raise ChainMoved(f"block {height} left the chain while it was read") from error
            return False
        return True

    async def block_transactions(self, height_or_hash: int | str) -> AsyncIterator[TransactionReceipt]:
        """Yield a block's transactions in order, with their results and without their events."""
        found = [tx async for tx, _ in self._block_transactions(block_name(height_or_hash))]  # v3 has the newest first
        for tx in sorted(found, key=lambda tx: tx.index):
            yield tx

    async def full_block(self, height_or_hash: int | str) -> Block:
        """Return a block with every transaction's result and events.

        Raises `ChainMoved` when the block left the chain while it was read, `ApiNotFound` without such a block.
        """
        header = await self.block(height_or_hash)
        try:
            transactions = await self._completed(header)
        except ApiGone:
            raise
        except ApiNotFound:
            await self._require(header)
            raise
        await self._require(header)
        return Block(header, transactions)

    async def _completed(self, header: BlockHeader) -> tuple[TransactionReceipt, ...]:
        """Return a block's transactions with their events, in order."""
        limit = asyncio.Semaphore(AT_ONCE)

        async def complete(tx: TransactionReceipt, count: int) -> TransactionReceipt:
            if count == 0:
                return tx
            async with limit:
                events = tuple([event async for event in self.transaction_events(tx.txid)])
            if len(events) != count:
                raise AnswerInvalid(f"{tx.txid}: {len(events)} events are listed of {count}")
            return replace(tx, events=events)

        found = [item async for item in self._block_transactions(header.hash)]
        receipts = await _together([complete(tx, count) for tx, count in found])
        return tuple(sorted(receipts, key=lambda tx: tx.index))

    async def _require(self, header: BlockHeader) -> None:
        """Raise `ChainMoved` unless a block is on the chain."""
        there: dict[int, BlockHeader] = {}
        if not await self._find(header.height, there) or there[header.height].hash != header.hash:
            raise ChainMoved(f"block {header.height} {header.hash} is no longer on the chain")

    async def _block_transactions(self, block: str) -> AsyncIterator[tuple[TransactionReceipt, int]]:
        """Yield a block's transactions and how many events each has."""
        try:
            pages = self._pages(f"/extended/v2/blocks/{block}/transactions", "results", TRANSACTIONS_PER_PAGE)
            async for fields in pages:
                yield chain.receipt(fields), fields.number("event_count")
        except ApiGone:
            summaries = self._by_cursor(f"/extended/v3/blocks/{block}/transactions", TRANSACTIONS_PER_PAGE)
            async for summary in summaries:
                detail = await self._transaction_v3(summary.hash("tx_id"))
                yield chain.receipt_v3(detail), detail.number("event_count")

    async def _by_cursor(self, path: str, limit: int) -> AsyncIterator[Fields]:
        """Yield the items of an endpoint paged by cursor (v3); raises `AnswerInvalid` when its pages do not end."""
        params: dict[str, str | int] = {"limit": limit}
        seen: set[str] = set()
        while True:
            page = Fields(await self._http.get(path, **params), "page")
            items = page.objects("results")
            for item in items:
                yield item
            cursor = page.object("cursor").cursor("next")
            if cursor is None:
                return
            if cursor in seen or not items:
                raise AnswerInvalid(f"{path}: the page after {cursor!r} leads nowhere")
            seen.add(cursor)
            params["cursor"] = cursor

    async def _pages(
        self, path: str, name: str, limit: int, *, start: int = 0, cursor: str | None = None, **params: str
    ) -> AsyncIterator[Fields]:
        """Yield the items of an endpoint paged by offset (v1, v2), until a page is short of the server's limit.

        Where a page tells its own cursor, the next one is asked for by its distance from there: then nothing that
        comes on top shifts it, and no offset grows beyond what servers allow. `cursor` is that of the item at `start`,
        where it is known; a server that knows no cursors is asked for the offset. Raises `AnswerInvalid` when the pages
        do not end, `ChainMoved` when they end before the list's total.
        """
        place: dict[str, str | int] = {"offset": start} if cursor is None else {"offset": 0, "cursor": cursor}
        taken, before, total = start, None, None
        while True:
            page = Fields(await self._page(path, place, limit=limit, **params), name)
            items = page.objects(name)
            if items and "cursor" in place and "cursor" not in page:
                place = {"offset": taken}
                continue
            plain = [item.plain() for item in items]
            if items and plain == before:
                raise AnswerInvalid(f"{path}: the page at {taken} is the one before it")
            for item in items:
                yield item
            taken, before, cursor = taken + len(items), plain, page.cursor("cursor")
            if total is None or cursor is None:  # with cursors, what comes on top counts in later totals only
                total = page.optional_number("total")
            kept = page.number("limit") if "limit" in page else limit
            if not items or len(items) < kept or (total is not None and taken >= total):
                return
            place = {"offset": taken} if cursor is None else {"offset": len(items), "cursor": cursor}

    async def _page(self, path: str, place: Mapping[str, str | int], **params: str | int) -> Any:  # noqa: ANN401 - JSON
        try:
            return await self._http.get(path, **place, **params)
        except ApiNotFound as error:
            if "cursor" not in place or isinstance(error, ApiGone):
                raise
            raise ChainMoved(f"{path}: {place['cursor']} is gone, or has nothing left below it") from error


def _logs_path(contract_id: str) -> str:
    return f"/extended/v2/smart-contracts/{contract_asked(contract_id)}/logs"


async def _together(jobs: Sequence[Coroutine[Any, Any, TransactionReceipt]]) -> list[TransactionReceipt]:
    """Return what all jobs return; when one fails, end the others and raise its error as it is."""
    tasks = [asyncio.create_task(job) for job in jobs]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
