"""The API's lists of what our contracts printed, read so that nothing is lost where it stops answering half-way."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from bitpay.ledger.source import SourceError, answered
from bitpay.protocol.ids import Contracts
from bitpay.stacks.client import ChainMoved, LogsPage, StacksClient, TransactionState
from bitpay.stacks.model import BlockHeader

Item = TypeVar("Item")
T = TypeVar("T")

_AT_ONCE = 4
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
        for logged in page.logs:
            if logged.txid in self.found:
                continue
            if await self._is_known(logged.txid):
                self._ended = True
                return
            self.found[logged.txid] = None
        self._ended = page.last
        self._go_on(page)

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


class Survey:
    """All transactions of ours up to one tip that are not known yet. Interrupted, it goes on where it was."""

    def __init__(self, client: StacksClient, contracts: Contracts, tip: BlockHeader, is_known: IsKnown) -> None:
        self.tip = tip
        self.states: dict[str, TransactionState] = {}
        self._client = client
        self._contracts = contracts
        self._is_known = is_known
        self._begin_lists()

    def _begin_lists(self) -> None:
        self._lists = [PrintList(self._client, contract_id, self._is_known) for contract_id in self._contracts.all()]

    async def finish(self, known: Mapping[str, TransactionState]) -> None:
        """Find all of them; what `known` has is not looked up. Raises SourceError."""
        for one in self._lists:
            await one.read()
        listed = {txid for one in self._lists for txid in one.found}
        found = {**known, **self.states}
        self.states = {txid: found[txid] for txid in listed & found.keys()}
        await few_at_once(self._look_up, sorted(listed - self.states.keys()))

    async def _look_up(self, txid: str) -> None:
        state = await answered(self._client.transaction(txid))
        if state is None or state.block is None:
            self._begin_lists()  # it may have left the chain since it was listed
            raise SourceError(f"{txid} is listed as one that printed, and has no block: replicas differ")
        self.states[txid] = state


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
