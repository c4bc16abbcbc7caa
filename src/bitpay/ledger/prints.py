"""The API's lists of what our contracts printed, read so that nothing is lost where it stops answering half-way."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from bitpay.ledger.source import SourceError, answered
from bitpay.protocol.ids import Contracts
from bitpay.stacks.client import ChainMoved, LogsPage, StacksClient, TransactionState
from bitpay.stacks.client.answers import TransactionBlock
from bitpay.stacks.model import BlockHeader

Item = TypeVar("Item")
T = TypeVar("T")

_AT_ONCE = 4
_PORTION = 100
"""So many transactions of a contract are looked up before what was found is used."""
_OVERLAP = 10
"""So many prints of a page are read again with the next: replicas that differ shift the list between the two."""
_FAR = 100
"""So many prints are read again where that does not do."""

IsKnown = Callable[[str], Awaitable[bool]]
"""Whether a transaction, and with it every older one, need not be listed again."""


class PrintList:
    """The transactions in which one contract printed, newest first, down to the first that is known.

    Each page is asked for from the first print of the page before, where the server gives that one a name: an API
    refuses to skip more than some prints of the newest.
    """

    def __init__(self, client: StacksClient, contract_id: str, is_known: IsKnown) -> None:
        self.found: dict[str, None] = {}
        self._client = client
        self._contract_id = contract_id
        self._is_known = is_known
        self._cursor: str | None = None
        self._offset = 0
        self._before: LogsPage | None = None
        self._ended = False

    async def read(self) -> None:
        """Read to the end, from where an earlier attempt stopped. Raises SourceError."""
        while not self._ended:
            await self._read_page()

    async def _read_page(self) -> None:
        page = await answered(self._page())
        begun = self._cursor is not None or self._offset
        if begun and not (page.logs and page.logs[0].txid in self.found):
            self._go_back()
            raise SourceError("the list of prints got shorter while it was read: replicas differ")
        if self._before is not None and page.logs == self._before.logs:
            raise SourceError("a page of the list of prints is the one before it")
        listed: list[str] = []
        for txid in dict.fromkeys(logged.txid for logged in page.logs):
            if txid not in self.found and await self._is_known(txid):
                self._ended = True
                break
            listed.append(txid)
        self._put(listed)
        self._ended = self._ended or page.last
        self._go_on(page)

    def _put(self, listed: Sequence[str]) -> None:
        """Add what is new at its place: replicas that differ show some late, above others that were found."""
        new: list[str] = []
        for number, txid in enumerate(listed):
            if txid not in self.found:
                new.append(txid)
            elif new:
                found = list(self.found)
                self.found = dict.fromkeys([*found[: found.index(txid)], *new, *found])
                return self._put(listed[number:])
        self.found |= dict.fromkeys(new)
        return None

    async def _page(self) -> LogsPage:
        try:
            return await self._client.contract_logs_page(self._contract_id, offset=self._offset, cursor=self._cursor)
        except ChainMoved:
            self._go_to(None, 0)
            raise

    def _go_on(self, page: LogsPage) -> None:
        step = max(1, len(page.logs) - _OVERLAP)
        self._go_to(page.cursor, step if page.cursor is not None else self._offset + step)
        self._before = page

    def _go_back(self) -> None:
        self._go_to(self._cursor if self._offset else None, max(0, self._offset - _FAR))

    def _go_to(self, cursor: str | None, offset: int) -> None:
        self._cursor, self._offset, self._before = cursor, offset, None


@dataclass(slots=True)
class _Line:
    """One contract's transactions that are not taken yet, newest first; all those up to `reached` are taken."""

    left: list[str]
    reached: int = -1


class Survey:
    """All transactions of ours up to one tip that are not known yet, the oldest first, a portion at a time.

    Interrupted, it goes on where it was.
    """

    def __init__(self, client: StacksClient, contracts: Contracts, tip: BlockHeader, is_known: IsKnown) -> None:
        self.tip = tip
        self._client = client
        self._contracts = contracts
        self._is_known = is_known
        self._states: dict[str, TransactionState] = {}
        self._begin_lists()

    def _begin_lists(self) -> None:
        self._lists = [PrintList(self._client, contract_id, self._is_known) for contract_id in self._contracts.all()]
        self._lines: list[_Line] = []

    async def advance(self, known: Mapping[str, TransactionState]) -> int:
        """Look up more of them and return the height up to which all are found, at most the tip's.

        What `known` has is not looked up. Raises SourceError.
        """
        if not self._lines:
            await self._read_lists()
        lowest = min(line.reached for line in self._lines)
        for line in self._lines:
            if line.reached == lowest < self.tip.height:
                await self._take(line, known)
        return min(line.reached for line in self._lines)

    def hand_over(self, height: int) -> dict[str, TransactionState]:
        """Return, and forget, what was found up to a height."""
        done = {txid: state for txid, state in self._states.items() if block_of(state).height <= height}
        for txid in done:
            del self._states[txid]
        return done

    async def _read_lists(self) -> None:
        for one in self._lists:
            await one.read()
        self._lines = [_Line(list(one.found)) for one in self._lists]
        listed = {txid for line in self._lines for txid in line.left}
        self._states = {txid: state for txid, state in self._states.items() if txid in listed}
        self._lists = []

    async def _take(self, line: _Line, known: Mapping[str, TransactionState]) -> None:
        """Take so many of the oldest that a portion must be looked up."""
        taken: list[str] = []
        states: dict[str, TransactionState] = {}
        missing: list[str] = []
        for txid in reversed(line.left):
            if state := self._states.get(txid) or known.get(txid):
                states[txid] = state
            elif len(missing) < _PORTION:
                missing.append(txid)
            else:
                break
            taken.append(txid)
        await few_at_once(self._look_up, missing)
        self._states |= states
        del line.left[len(line.left) - len(taken) :]
        # The last ones are not all in, and one that changed its block since it was listed tells little.
        reached = min((block_of(self._states[txid]).height - 1 for txid in taken[-_OVERLAP:]), default=-1)
        if not line.left or reached >= self.tip.height:
            line.left, reached = [], self.tip.height
        line.reached = max(line.reached, reached)

    async def _look_up(self, txid: str) -> None:
        state = await answered(self._client.transaction(txid))
        if state is None or state.block is None:
            self._begin_lists()  # it may have left the chain since it was listed
            raise SourceError(f"{txid} is listed as one that printed, and has no block: replicas differ")
        self._states[txid] = state


def block_of(state: TransactionState) -> TransactionBlock:
    """Return the block of a transaction that has one, as all that a survey finds."""
    if state.block is None:
        raise SourceError(f"{state.txid} left its block while it was read")
    return state.block


async def as_far_as_answered(work: Callable[[Item], Awaitable[T]], items: Sequence[Item]) -> list[T]:
    """Return what `work` makes of each, in order; where the API stops answering, of those before, if there are any."""
    made: list[T] = []
    for start in range(0, len(items), _AT_ONCE):
        try:
            made += await few_at_once(work, items[start : start + _AT_ONCE])
        except SourceError:
            if not made:
                raise
            break
    return made


async def few_at_once(work: Callable[[Item], Awaitable[T]], items: Iterable[Item]) -> list[T]:
    """Return what `work` makes of each; when one fails, end the others and raise its error."""
    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(item: Item) -> T:
        async with limit:
            return await work(item)

    tasks = [asyncio.create_task(one(item)) for item in items]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
