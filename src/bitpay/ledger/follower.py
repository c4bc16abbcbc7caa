"""The follower: brings the books to where the chain is, one safe step at a time.

A step either applies a run of blocks, or rolls back, or finds that there is nothing (or nothing safe) to do. What to
do is decided when it is done, from the head as it is then; deliveries only make a step cheaper or sooner.
"""

import math
import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

import structlog
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import OperationFailure

from bitpay.ledger.behind import Behind
from bitpay.ledger.book import Book, Head, NoImages, final_up_to
from bitpay.ledger.candidates import MAX_BLOCKS, Candidates
from bitpay.ledger.events import DecodedBlock
from bitpay.ledger.links import Witnessed, headers_down
from bitpay.ledger.portions import Portion
from bitpay.ledger.reader import Reader
from bitpay.ledger.recorded import block_below
from bitpay.ledger.source import ChainSource, SourceError
from bitpay.protocol.ids import Contracts
from bitpay.stacks.model import BlockHeader

MAX_BURN_DEPTH = 10
"""A reorganisation deeper than this many Bitcoin blocks is not believed: the follower stops and a person looks."""
_ROLLBACK_BLOCKS = 200
_LEAP_BLOCKS = 300
"""Only who is further behind than this leaps over final blocks without events of ours."""
_PRUNE_EVERY = 100
_ALERT_EVERY_SECONDS = 60.0
"""An alert whose cause lasts is raised again so often: who closes it hears of it again."""

DEEP = "deep_reorganisation"
BEHIND = "node_knows_less"
OVERLOOKED = "events_overlooked"
LOST = "events_lost"

_log = structlog.get_logger(__name__)


class Follower:
    """Steps the books of one database along one view of the chain."""

    def __init__(self, book: Book, source: ChainSource, contracts: Contracts, start_height: int) -> None:
        self.candidates = Candidates()
        self.head = Head("", start_height - 1, 0, 0, 0)
        self.tip: BlockHeader | None = None
        self._book = book
        self._source = source
        self._reader = Reader(source, contracts, self.candidates)
        self._start_height = start_height
        self.heard_at = 0.0
        """When, by the monotonic clock, the chain last told where it stands."""
        self._witnessed = Witnessed(source)
        self._behind = Behind()
        self._alerted: dict[str, float] = {}
        self._steps = 0
        self._run = Portion(MAX_BLOCKS)
        self._undo = Portion(_ROLLBACK_BLOCKS)

    async def load(self) -> None:
        """Read the head afresh, as after a start or after somebody else moved it."""
        self._reader.drop()
        head = await self._book.head()
        if head.nonce != self.head.nonce:
            self._reader.begin_anew()
        if head.hash != self.head.hash:
            self._behind.go_on()
        self.head = head
        for kind in await self._book.alerts.open_among((DEEP, BEHIND)):
            self._alerted.setdefault(kind, -math.inf)

    def close(self) -> None:
        """End what is under way beside the steps."""
        self._reader.drop()

    async def step(self, session: AsyncClientSession | None = None) -> bool:
        """Take one step and return whether the books changed. Raises HeadMoved, SourceError and database errors."""
        if run := self.candidates.run_after(self.head):
            return await self._apply(run, self.head.highest_burn, session)
        tip = await self._see_tip()
        if await self._look_back(session):
            return True
        if tip.hash == self.head.hash:
            await self._all_is_well()
            return False
        if tip.height > self.head.height:
            following = await self._read(tip, session)
            if following is not None:
                return following
        return await self._leave_branch(tip, session)

    async def _see_tip(self) -> BlockHeader:
        tip = self.tip = await self._source.tip()
        self.heard_at = time.monotonic()
        self._behind.see(tip.height)
        return tip

    async def _read(self, tip: BlockHeader, session: AsyncClientSession | None) -> bool | None:
        """Apply what follows the head up to this tip, or a run of it; None where the node's chain does not follow."""
        known, run = self.head.highest_burn, None
        if tip.height > self.head.height + _LEAP_BLOCKS:
            known = max(known, await self._witnessed.burn_height(tip))
            final = final_up_to(known)
            run = await self._reader.final_after(self.head, final) if self.head.burn_height < final else None
        run = run or await self._reader.after(self.head, tip)
        if run is None:
            return None
        if not run:  # the chain moved while it was read
            await self._node_knows_less(tip)
            return False
        changed = await self._apply(run, known, session)
        self._behind.end()
        await self._over(BEHIND)
        return changed

    async def _apply(self, run: Sequence[DecodedBlock], known_burn: int, session: AsyncClientSession | None) -> bool:
        """Apply the run, or as much as a transaction holds. `known_burn`: the chain is known to have come so far."""
        final_burn = final_up_to(max(known_burn, run[-1].header.burn_height))
        run, later = run[: self._run.size], run[self._run.size :]
        for block in later:
            self.candidates.offer(block)
        try:
            self.head = await self._book.apply(self.head, run, final_burn=final_burn, session=session)
        except OperationFailure as error:
            self._run.shrink(error, len(run))
            return True
        self._run.fits()
        self._behind.go_on()
        self.heard_at = time.monotonic()
        self.candidates.forget(self.head.height)
        self._steps += 1
        if self._steps % _PRUNE_EVERY == 0:
            await self._book.prune(self.head)
        return True

    async def _leave_branch(self, tip: BlockHeader, session: AsyncClientSession | None) -> bool:
        """Go back to where the node's chain and ours meet, if that is safe: the node's does not continue ours."""
        ours = await self._book.block(tip.hash) is not None
        if ours or tip.burn_height < self.head.burn_height or tip.height < self._start_height:
            await self._node_knows_less(tip, ours=ours)
            return False
        found, ancestor = await self._common_ancestor(tip)
        if not found:
            await self._stop_at_deep(tip)
            return False
        if ancestor is not None and ancestor.height == min(tip.height, self.head.height):
            await self._node_knows_less(tip)  # one replica tells of another branch, the next one lists ours
            return False
        _log.warning("rollback", head=self.head.height, to=ancestor.height if ancestor else self._start_height - 1)
        try:
            await self._rollback(ancestor, session)
        except NoImages:
            await self._stop_at_deep(tip)
            return False
        return True

    async def _common_ancestor(self, tip: BlockHeader) -> tuple[bool, BlockHeader | None]:
        """Return (True, the newest block that the node's chain shares with ours; None before our first block).

        (False, None) when they do not meet within MAX_BURN_DEPTH Bitcoin blocks of the highest that we ever had, or
        only in blocks that are final here. Raises SourceError where the node does not tell its whole chain down to
        there: what it leaves out is not known to differ.
        """
        floor = await self._book.image_floor()
        high = min(tip.height, self.head.height)
        async with aclosing(headers_down(self._source, high, self._start_height)) as headers:
            async for header in headers:
                ours = await self._book.block_at(header.height)
                if ours is None or ours.height < floor or self._too_deep(ours):
                    return False, None
                if ours.hash == header.hash:
                    return True, ours
                if header.height == tip.height and header.hash != tip.hash:
                    raise SourceError(f"the API tells two blocks at {tip.height}: replicas differ")
        return floor < self._start_height, None  # every block of ours was looked at, the first one too

    def _too_deep(self, ours: BlockHeader) -> bool:
        """Tell whether going back to this block is not believed, in one step or in several."""
        return self.head.highest_burn - ours.burn_height > MAX_BURN_DEPTH

    async def _rollback(self, ancestor: BlockHeader | None, session: AsyncClientSession | None) -> None:
        """Undo in portions that a transaction holds; each of them is a state that the chain once had."""
        goal = ancestor.height if ancestor else self._start_height - 1
        while (left := self.head.height - goal) > 0:
            count = min(left, self._undo.size)
            target = ancestor if count == left else await self._book.block_at(self.head.height - count)
            try:
                self.head = await self._book.rollback(self.head, target, session=session)
            except OperationFailure as error:
                self._undo.shrink(error, count)
            else:
                self._undo.fits()

    async def _look_back(self, session: AsyncClientSession | None) -> bool:
        """Have blocks read again that were read without all of their events; of what is final, only tell."""
        height = await self._reader.overlooked(self._start_height, self.head.height)
        floor = await self._book.image_floor() if height is not None else 0
        if height is not None and height <= floor:
            await self._tell_lost(height)
            height = await self._reader.overlooked(floor + 1, self.head.height)
        return height is not None and await self._read_again(height, session)

    async def _tell_lost(self, height: int) -> None:
        told = f"Block {height} was read without all of its events, and is final here: begin the ledger anew."
        await self._alert(LOST, told, height=height)

    async def _read_again(self, height: int, session: AsyncClientSession | None) -> bool:
        """Go back to before a block that was read without all of its events, so that it is read again, if we can."""
        try:
            await self.set_back(height, session)
        except NoImages:
            await self._tell_lost(height)
            return False
        told = f"Block {height} was read without all of its events: it is being read again."
        await self._book.alerts.raise_once(OVERLOOKED, told, height=height)
        return True

    async def set_back(self, height: int, session: AsyncClientSession | None = None) -> None:
        """Undo the blocks from a height on; they are read again. Raises HeadMoved, and NoImages where one is final."""
        target = await block_below(self._book.database, height)
        goal = target.height if target else self._start_height - 1
        if goal < await self._book.image_floor():
            raise NoImages("Blocks that are to be undone are final here.", above=goal)
        _log.warning("set_back", head=self.head.height, to=goal)
        self._reader.begin_anew()
        self.candidates.clear()
        await self._rollback(target, session)

    async def _all_is_well(self) -> None:
        self._behind.end()
        await self._over(*(kind for kind in self._alerted if kind != LOST))

    async def _over(self, *kinds: str) -> None:
        """Close the alerts of these kinds, where we raised them or found them open."""
        if raised := self._alerted.keys() & set(kinds):
            await self._book.alerts.close(*raised)
            for kind in raised:
                del self._alerted[kind]

    async def _node_knows_less(self, tip: BlockHeader, *, ours: bool = False) -> None:
        """Alert, but not at once: a node that lags a moment is normal, one that stays behind is not.

        `ours`: its tip is a block of ours, so that it comes after us when it comes on.
        """
        if self._behind.too_long(time.monotonic()):
            told = "The Stacks node knows less than this ledger; nothing is rewound."
            await self._alert(BEHIND, told, **self._both(tip))
        elif ours and self._behind.came_on:
            await self._over(BEHIND)

    async def _stop_at_deep(self, tip: BlockHeader) -> None:
        told = f"The Stacks node tells a history that differs for more than {MAX_BURN_DEPTH} Bitcoin blocks; we stop."
        await self._alert(DEEP, told, **self._both(tip))

    def _both(self, tip: BlockHeader) -> dict[str, Any]:
        ours = {"height": self.head.height, "hash": self.head.hash, "burnHeight": self.head.burn_height}
        node = {"height": tip.height, "hash": tip.hash, "burnHeight": tip.burn_height}
        return {"ours": ours, "node": node}

    async def _alert(self, kind: str, message: str, **details: Any) -> None:  # noqa: ANN401 - any JSON value
        """Raise an alert whose cause lasts, and again from time to time: it may have been closed meanwhile."""
        now = time.monotonic()
        if now - self._alerted.get(kind, -math.inf) >= _ALERT_EVERY_SECONDS:
            await self._book.alerts.raise_once(kind, message, **details)
            self._alerted[kind] = now
