"""Reading the chain politely: over a hosted API only transactions in which our contracts printed are worth a request.

A public block holds a hundred transactions of others, and an API allows some hundred requests a minute. The API's
list of a contract's prints names the few that are ours; where history is final, the blocks between them are not even
looked at.

Such an API is many replicas, and one may lag behind another: its list may lack what is in a block that the other one
tells. So whatever turns up in a list is held against the books, and everything that is not final is listed again with
every Bitcoin block.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from bitpay.ledger.candidates import MAX_BLOCKS
from bitpay.ledger.events import decode_block
from bitpay.ledger.prints import Survey, as_far_as_answered, block_of, few_at_once
from bitpay.ledger.recorded import Place, Recorded
from bitpay.ledger.source import SourceError, answered
from bitpay.protocol.ids import Contracts
from bitpay.stacks.client import ApiGone, ApiNotFound, StacksClient, TransactionState
from bitpay.stacks.client.answers import TransactionBlock
from bitpay.stacks.model import Block, BlockHeader, Event, TransactionReceipt, TransactionStatus

T = TypeVar("T")

_REMEMBERED_BLOCKS = 2_000


@runtime_checkable
class SparseSource(Protocol):
    """A chain source that knows our transactions from lists: it can jump over blocks, and it can overlook some."""

    async def final_blocks(self, above: int, final_burn: int) -> Sequence[Block]:
        """Return the next blocks above a height with events of ours, of Bitcoin heights up to `final_burn`, in order.

        As many as one run takes; where there are none for a while, a final block beyond that, without transactions.
        """

    async def overlooked(self, first: int, last: int) -> int | None:
        """Return the lowest height from `first` to `last` at which the books lack events of ours; None: nowhere.

        The books have applied blocks up to `last`.
        """

    def forget(self) -> None:
        """List everything that is not final again: the books were set back."""


class HostedSource:
    """One view of the canonical chain through a hosted API. `recorded` tells what the books have already."""

    def __init__(self, client: StacksClient, contracts: Contracts, recorded: Recorded) -> None:
        self._client = client
        self._contracts = contracts
        self._recorded = recorded
        self._ours: dict[str, TransactionState] = {}
        self._receipts: dict[tuple[str, str], TransactionReceipt] = {}
        self._unproven: set[str] = set()
        self._survey: Survey | None = None
        self._covered: BlockHeader | None = None
        self._listed_whole_at = -1
        self._lock = asyncio.Lock()

    async def tip(self) -> BlockHeader:
        """Return the newest block."""
        return await answered(self._client.tip())

    async def headers(self, first: int, last: int) -> Sequence[BlockHeader]:
        """Return the headers from height `first` to `last`, ascending; fewer where the chain ends."""
        headers = await answered(self._client.headers(first, last))
        await self._forget_other_branch({header.height: header for header in headers})
        return headers

    async def block(self, header: BlockHeader) -> Block:
        """Return the block with the transactions in which our contracts printed."""
        surveyed = await self._cover(header.height)
        if (surveyed and not await self._is_canonical(header)) or not self._covers(header):
            raise SourceError("the chain moved while it was read")
        self._forget_below(header.height - _REMEMBERED_BLOCKS)
        return await self._whole(header, self._by_block().get(header.hash, []))

    async def final_blocks(self, above: int, final_burn: int) -> Sequence[Block]:
        """Return the next final blocks with events of ours, or a final block before which there are none."""
        await self._forget_other_branch({})
        await self._cover(above + 1, final_burn)
        self._forget_below(above)
        places = [block_of(states[0]) for states in self._by_block().values()]
        chosen = [block for block in places if block.height > above and block.burn_height <= final_burn]
        if not chosen:
            newest = self._covered
            if newest is None or newest.burn_height > final_burn:
                newest = await self._newest_final(above, final_burn)
            return [Block(newest, ())] if newest else []
        return await self._in_order(sorted(chosen, key=lambda block: block.height)[:MAX_BLOCKS])

    async def overlooked(self, first: int, last: int) -> int | None:
        """Return the lowest height at which the books lack events of ours that the API lists by now."""
        placed = {txid: block_of(self._ours[txid]) for txid in self._unproven if txid in self._ours}
        said = [(txid, block) for txid, block in placed.items() if first <= block.height <= last]
        places = await self._recorded.places(said) if said else {}
        self._unproven -= {txid for txid, place in places.items() if place is Place.KEPT}
        for txid, block in sorted(said, key=lambda one: one[1].height):
            if places[txid] not in {Place.BARE, Place.NOWHERE}:
                continue
            if (state := self._ours.get(txid)) is None:
                return None  # its branch is gone, and all was forgotten
            if await self._concerns_us(state):
                return block.height
        if Place.OTHER in places.values():  # a replica told of another branch, or the books are on one
            self.forget()
        return None

    def forget(self) -> None:
        """List everything that is not final again."""
        self._ours.clear()
        self._receipts.clear()
        self._unproven.clear()
        self._survey = self._covered = None
        self._listed_whole_at = -1

    def _by_block(self) -> dict[str, list[TransactionState]]:
        """Return our transactions by the hash of their block, as they are known now."""
        found: dict[str, list[TransactionState]] = {}
        for state in self._ours.values():
            found.setdefault(block_of(state).hash, []).append(state)
        return found

    async def _in_order(self, places: Sequence[TransactionBlock]) -> list[Block]:
        """Return the blocks at these places with our transactions; where the API stops answering, those before."""
        ours = self._by_block()

        async def read(place: TransactionBlock) -> Block:
            header = await self._header(place)
            if header is None:
                raise SourceError("the chain moved while it was read")
            return await self._whole(header, ours[place.hash])

        return await as_far_as_answered(read, places)

    async def _whole(self, header: BlockHeader, ours: Sequence[TransactionState]) -> Block:
        receipts = await few_at_once(self._receipt, ours)
        return Block(header, tuple(sorted(receipts, key=lambda receipt: receipt.index)))

    async def _receipt(self, state: TransactionState) -> TransactionReceipt:
        block = block_of(state)
        known = self._receipts.get((state.txid, block.hash))
        if known is None:
            known = _receipt(state, await answered(_listed(self._client, state)))
            self._receipts[state.txid, block.hash] = known
        return known

    async def _concerns_us(self, state: TransactionState) -> bool:
        """Tell whether there is anything in a transaction that the books should have."""
        header = await self._header(block_of(state))
        if header is None:
            return False
        decoded = decode_block(Block(header, (await self._receipt(state),)), self._contracts)
        if not decoded.events:
            self._unproven.discard(state.txid)
        return bool(decoded.events)

    async def _header(self, block: TransactionBlock) -> BlockHeader | None:
        """Return the header of a transaction's block; None, and all is forgotten, where it left the chain."""
        header = await answered(_if_any(self._client.block(block.hash)))
        if header is None:
            self.forget()
        return header

    async def _cover(self, height: int, final_burn: int | None = None) -> bool:
        """Know all our transactions up to a height, as one chain has them, and return whether any had to be looked for.

        With `final_burn`, only those up to this Bitcoin height are looked for: no reorganisation interrupts that.
        Raises SourceError where the chain moves meanwhile, or the API does not answer; what was found is kept.
        """
        async with self._lock:
            surveyed = False
            while self._covered is None or self._covered.height < height:
                await self._go_on(height, final_burn)
                surveyed = True
            return surveyed

    def _covers(self, header: BlockHeader) -> bool:
        covered = self._covered
        return covered is not None and (covered.height > header.height or covered.hash == header.hash)

    async def _go_on(self, height: int, final_burn: int | None) -> None:
        """Go on with the survey, or begin one; what it has found up to the height or further is known then."""
        survey = self._survey
        if survey is None or not await self._is_canonical(survey.tip):
            survey = self._survey = await self._begin_survey(height, final_burn)
        reached = await survey.advance(self._ours)
        if reached < min(height, survey.tip.height):
            return
        ended = reached == survey.tip.height
        covered = survey.tip if ended else await answered(self._client.block(reached))
        if not await self._is_canonical(survey.tip):
            self._survey = None
            raise SourceError("the chain moved while it was read")
        if self._survey is survey:
            states = survey.hand_over(reached)
            self._ours |= states
            self._unproven |= states.keys()
            self._covered = covered
        if self._survey is survey and ended:
            self._survey = None
            self._listed_whole_at = max(self._listed_whole_at, survey.tip.burn_height)

    async def _begin_survey(self, height: int, final_burn: int | None) -> Survey:
        final = None if final_burn is None else await self._newest_final(height - 1, final_burn)
        tip = final or await self.tip()
        if tip.height < height:
            raise SourceError(f"the API does not tell of block {height} yet: replicas differ")
        whole = tip.burn_height > self._listed_whole_at
        return Survey(self._client, self._contracts, tip, self._recorded.settled if whole else self._is_known)

    async def _is_known(self, txid: str) -> bool:
        return txid in self._ours or await self._recorded.settled(txid)

    async def _is_canonical(self, header: BlockHeader) -> bool:
        return (await answered(self._client.block(header.height))).hash == header.hash

    async def _forget_other_branch(self, headers: dict[int, BlockHeader]) -> None:
        """Forget what was read of a branch that the chain left; `headers` spare a question."""
        covered = self._covered
        if covered is None:
            return
        if known := headers.get(covered.height):
            canonical = known.hash == covered.hash
        else:
            canonical = await self._is_canonical(covered)
        if not canonical and self._covered is covered:
            self.forget()

    def _forget_below(self, height: int) -> None:
        """Drop what the ledger has; the listing stops there by itself."""
        for txid, state in list(self._ours.items()):
            block = block_of(state)
            if block.height <= height and txid not in self._unproven:
                del self._ours[txid]
                self._receipts.pop((txid, block.hash), None)

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


def _receipt(state: TransactionState, events: tuple[Event, ...]) -> TransactionReceipt:
    return TransactionReceipt(
        txid=state.txid,
        index=block_of(state).index,
        status=TransactionStatus(state.status),
        sender=state.sender,
        sponsor=state.sponsor,
        fee=state.fee,
        nonce=state.nonce,
        result=state.result or b"",
        events=events,
    )


async def _if_any(asked: Awaitable[T]) -> T | None:
    """Return what is asked for, None where there is no such thing."""
    try:
        return await asked
    except ApiGone:
        raise
    except ApiNotFound:
        return None


async def _listed(client: StacksClient, state: TransactionState) -> tuple[Event, ...]:
    events = tuple([event async for event in client.transaction_events(state.txid)])
    if state.events is not None and len(events) != state.events:
        raise SourceError(f"{state.txid}: {len(events)} events are listed of {state.events}")
    return events
