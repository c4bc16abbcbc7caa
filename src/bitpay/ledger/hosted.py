"""Reading the chain politely: over a hosted API only transactions in which our contracts printed are worth a request.

A public block holds a hundred transactions of others, and an API allows some hundred requests a minute. The API's
list of a contract's prints names the few that are ours; where history is final, the blocks between them are not even
looked at.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from bitpay.ledger.book import BLOCKS, EVENTS, floor_of
from bitpay.ledger.candidates import MAX_BLOCKS
from bitpay.ledger.source import SourceError, answered
from bitpay.protocol.ids import Contracts
from bitpay.stacks.client import StacksClient, TransactionState
from bitpay.stacks.model import Block, BlockHeader, Event, TransactionReceipt, TransactionStatus
from bitpay.store import Database

T = TypeVar("T")

_AT_ONCE = 4
_REMEMBERED_BLOCKS = 2_000

IsSettled = Callable[[str], Awaitable[bool]]
"""Whether a transaction's events are in the ledger already, in a block that is final."""


@runtime_checkable
class SparseSource(Protocol):
    """A chain source that can jump over final blocks in which nothing of ours happened."""

    async def final_blocks(self, above: int, final_burn: int) -> Sequence[Block]:
        """Return the next blocks above a height with events of ours, of Bitcoin heights up to `final_burn`, in order.

        As many as one run takes; when there are none, the newest block that is final, without transactions.
        """


class HostedSource:
    """One view of the canonical chain through a hosted API. `is_settled` spares listing what is known already."""

    def __init__(self, client: StacksClient, contracts: Contracts, is_settled: IsSettled) -> None:
        self._client = client
        self._contracts = contracts
        self._is_settled = is_settled
        self._ours: dict[str, TransactionState] = {}
        self._covered: BlockHeader | None = None
        self._lock = asyncio.Lock()

    async def tip(self) -> BlockHeader:
        """Return the newest block."""
        return await answered(self._client.tip())

    async def headers(self, first: int, last: int) -> Sequence[BlockHeader]:
        """Return the headers from height `first` to `last`, ascending; fewer where the chain ends."""
        return await answered(self._client.headers(first, last))

    async def block(self, header: BlockHeader) -> Block:
        """Return the block with the transactions in which our contracts printed."""
        await self._cover(header.height)
        self._forget_below(header.height - _REMEMBERED_BLOCKS)
        return await self._block(header)

    async def final_blocks(self, above: int, final_burn: int) -> Sequence[Block]:
        """Return the next final blocks with events of ours, or the newest final block."""
        await self._cover(above + 1)
        self._forget_below(above)
        places = {
            (state.block.height, state.block.hash)
            for state in self._ours.values()
            if state.block and state.block.height > above and state.block.burn_height <= final_burn
        }
        chosen = sorted(places)[:MAX_BLOCKS]
        headers = [await answered(self._client.block(block_hash)) for _, block_hash in chosen]
        if headers:
            return [await self._block(header) for header in headers]
        newest = await self._newest_final(above, final_burn)
        return [Block(newest, ())] if newest else []

    async def _block(self, header: BlockHeader) -> Block:
        ours = [state for state in self._ours.values() if state.block and state.block.hash == header.hash]
        receipts = await _few_at_once(self._receipt(state) for state in ours)
        return Block(header, tuple(sorted(receipts, key=lambda receipt: receipt.index)))

    async def _receipt(self, state: TransactionState) -> TransactionReceipt:
        events = await answered(_listed(self._client, state.txid))
        if state.block is None:
            raise SourceError(f"{state.txid} left its block while it was read")
        return TransactionReceipt(
            txid=state.txid,
            index=state.block.index,
            status=TransactionStatus(state.status),
            sender=state.sender,
            sponsor=state.sponsor,
            fee=state.fee,
            nonce=state.nonce,
            result=state.result or b"",
            events=events,
        )

    async def _cover(self, height: int) -> None:
        """Know all our transactions up to a height, as one chain has them. Raises SourceError while it moves."""
        async with self._lock:
            await self._forget_other_branch()
            if self._covered is not None and self._covered.height >= height:
                return
            tip = await self.tip()
            fresh = {txid for contract in self._contracts.all() for txid in await self._unknown(contract)}
            states = await _few_at_once(self._state(txid) for txid in sorted(fresh))
            if (await answered(self._client.block(tip.height))).hash != tip.hash:
                raise SourceError("the chain moved while it was read")
            self._ours |= {state.txid: state for state in states if state is not None}
            self._covered = tip

    async def _forget_other_branch(self) -> None:
        covered = self._covered
        if covered is not None and (await answered(self._client.block(covered.height))).hash != covered.hash:
            self._ours.clear()
            self._covered = None

    def _forget_below(self, height: int) -> None:
        """Drop what the ledger has; the listing stops there by itself."""
        self._ours = {txid: state for txid, state in self._ours.items() if state.block and state.block.height > height}

    async def _unknown(self, contract_id: str) -> list[str]:
        """Return the transactions in which a contract printed, newest first, down to one that we know."""
        found: dict[str, None] = {}

        async def listing() -> None:
            async for logged in self._client.contract_logs(contract_id):
                if logged.txid in found:
                    continue
                if logged.txid in self._ours or await self._is_settled(logged.txid):
                    return
                found[logged.txid] = None

        await answered(listing())
        return list(found)

    async def _state(self, txid: str) -> TransactionState | None:
        state = await answered(self._client.transaction(txid))
        return state if state is not None and state.block is not None else None

    async def _newest_final(self, above: int, final_burn: int) -> BlockHeader | None:
        """Find, by halving, the newest block above a height whose Bitcoin block is final."""
        low, high = above, (await self.tip()).height
        found: BlockHeader | None = None
        while low < high:
            middle = (low + high + 1) // 2
            header = await answered(self._client.block(middle))
            if header.burn_height <= final_burn:
                found, low = header, middle
            else:
                high = middle - 1
        return found


def settled_in(database: Database) -> IsSettled:
    """Return the test whether a transaction's events are in final blocks of this database's ledger."""

    async def is_settled(txid: str) -> bool:
        event = await database[EVENTS].find_one({"txid": txid}, {"block": 1})
        if event is None:
            return False
        query = {"_id": event["block"], "canonical": True, "height": {"$lte": await floor_of(database)}}
        return await database[BLOCKS].find_one(query, {"_id": 1}) is not None

    return is_settled


async def _listed(client: StacksClient, txid: str) -> tuple[Event, ...]:
    return tuple([event async for event in client.transaction_events(txid)])


async def _few_at_once(work: Iterable[Awaitable[T]]) -> list[T]:
    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(item: Awaitable[T]) -> T:
        async with limit:
            return await item

    return list(await asyncio.gather(*(one(item) for item in work)))
