"""What an operator does with a ledger: fold it anew, check it, fill it, audit it, take its facts elsewhere."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bson import json_util

from bitpay.endings import STILL_SECONDS, Wait
from bitpay.foundation import POLL_SECONDS, Foundation
from bitpay.kit.errors import InvalidInput, NotFound, Unavailable
from bitpay.ledger.audit import Audited
from bitpay.ledger.book import BLOCKS, EVENTS, Head
from bitpay.ledger.export import canonical_events
from bitpay.ledger.pace import Pace
from bitpay.ledger.projection import Projection
from bitpay.ledger.replay import MAX_DIFFERENCES, Difference, Progress, Replay, order, outdated
from bitpay.ledger.reread import order_reread, ordered_reread, withdraw_reread
from bitpay.registry import PROJECTIONS
from bitpay.stacks.model import BlockHeader
from bitpay.store import Document, end

EXPORTED = (EVENTS, BLOCKS, *(projection.collection for projection in PROJECTIONS))

Tell = Callable[[int, int | None, str], None]
"""Hears how much is done, of how much (None: unknown), and how fast that goes, in words."""

_LOOK_SECONDS = 0.25


def projections_of(names: Sequence[str] | None) -> list[Projection]:
    """Return the projections of these collections, all of them where none is named. Raises NotFound."""
    known = {projection.collection: projection for projection in PROJECTIONS}
    if unknown := [name for name in names or () if name not in known]:
        raise NotFound(f"The ledger folds no {unknown[0]!r}; it folds {', '.join(known)}.")
    return [known[name] for name in names or known]


async def fold_anew(ground: Foundation, chosen: Sequence[Projection]) -> None:
    """Have documents folded anew: by whoever follows the chain, or by ourselves when nobody does.

    Raises Unavailable where whoever does it fails again and again, and Conflict where that is another version.
    """
    await ground.ledger.book.head()  # where there is no ledger, there is nothing to fold
    await ground.open()
    await order(ground.database, chosen)
    wait = Wait(ground)

    async def pending() -> bool:
        if not await outdated(ground.database, chosen):
            return False
        await wait.check_folding(chosen)
        return True

    await _begin_while(pending, ground, wait)


async def reread(ground: Foundation, height: int, tell: Tell) -> Head:
    """Have the blocks from a height on read again, by whoever follows the chain or by ourselves, and return the head.

    Raises Conflict where that block is final, and else as `fill`.
    """
    await ground.ledger.book.head()  # where there is no ledger, there is nothing to read again
    await ground.open()
    await order_reread(ground.database, height)
    wait, began = Wait(ground), time.monotonic()

    async def pending() -> bool:
        if await ordered_reread(ground.database) is None:
            return False
        await wait.check_folding(PROJECTIONS)
        if time.monotonic() - began > STILL_SECONDS:
            raise Unavailable("Another process follows the chain and does not go back: look into its log.")
        return True

    try:
        await _begin_while(pending, ground, wait)
    finally:
        await withdraw_reread(ground.database, height)
    return await fill(ground, tell)


async def _begin_while(pending: Callable[[], Awaitable[bool]], ground: Foundation, wait: Wait) -> None:
    """Begin as whoever follows does, unless somebody else is there to do it, until nothing is pending."""
    ours = asyncio.create_task(ground.ledger.begin())
    try:
        while await pending():
            if ours.done():
                ours.result()
                wait.began_again()
                ours = asyncio.create_task(ground.ledger.begin())
            await asyncio.wait([ours], timeout=_LOOK_SECONDS)
    finally:
        await end([ours])


@dataclass(frozen=True, slots=True)
class Verified:
    """What differs, and the collections that this code has never folded: their documents are of another version."""

    differences: list[Difference]
    outdated: list[str]

    @property
    def cut(self) -> bool:
        """Whether there may be more differences than these."""
        return len(self.differences) >= MAX_DIFFERENCES


async def verify(ground: Foundation, chosen: Sequence[Projection], tell: Tell) -> Verified:
    """Fold all events aside and compare; nothing is changed."""
    total = await ground.database[EVENTS].estimated_document_count()

    def folded(progress: Progress) -> None:
        tell(progress.events, total, "")

    old = [projection.collection for projection in await outdated(ground.database, chosen)]
    return Verified(await Replay(ground.database, chosen, tell=folded).verify(), old)


async def fill(ground: Foundation, tell: Tell) -> Head:
    """Follow until the tip is reached, by ourselves or by whoever follows already, and return the head.

    Raises SourceError where the chain does not answer, and Unavailable where the ledger does not go on.
    """
    await ground.open()
    pace, below, wait = Pace(), ground.settings.start_height - 1, Wait(ground)
    async with _following(ground) as following:
        while True:
            tip, head = await wait.tip(), await ground.ledger.book.head()
            pace.note(head.height, time.monotonic())
            if tip is not None:
                done, total = head.height - below, tip.height - below
                tell(done, total, _speed(pace, total - done))
                if total <= 0 or await _has(ground, tip):
                    return await ground.ledger.book.head()  # it may have moved since
                await wait.check_following(head)
            await asyncio.wait([following], timeout=POLL_SECONDS[ground.settings.network])
            if following.done():
                following.result()


async def audit(ground: Foundation, sample: int | None, tell: Tell) -> Audited:
    """Audit so many documents of each kind (None: all) and the totals, following the chain meanwhile."""
    await ground.ledger.book.head()  # where there is no ledger, there is nothing to audit
    await ground.open()
    async with _following(ground):
        return await ground.auditor.audit(sample, lambda done, collection: tell(done, None, collection))


async def exported(ground: Foundation, name: str, first: int, last: int | None) -> AsyncIterator[str]:
    """Yield events of canonical blocks from height `first` to `last`, or a collection's documents, as lines of JSON."""
    if name not in EXPORTED:
        raise NotFound(f"There is nothing called {name!r} to export; there are {', '.join(EXPORTED)}.")
    if name != EVENTS and (first or last is not None):
        raise InvalidInput("Heights choose events; a collection is exported whole, as it is now.")
    events = name == EVENTS
    async for row in canonical_events(ground.database, first=first, last=last) if events else _documents(ground, name):
        named = {"id": row["_id"], **{key: value for key, value in row.items() if key != "_id"}}
        yield json_util.dumps(named, json_options=json_util.RELAXED_JSON_OPTIONS, ensure_ascii=False)


@asynccontextmanager
async def _following(ground: Foundation) -> AsyncIterator[asyncio.Task[None]]:
    """Follow the chain meanwhile, unless somebody does."""
    following = asyncio.create_task(ground.ledger.run())
    try:
        yield following
    finally:
        await end([following])


async def _has(ground: Foundation, tip: BlockHeader) -> bool:
    """Tell whether the ledger has applied that very block: another one may stand at its height."""
    return await ground.ledger.book.block(tip.hash) is not None


def _speed(pace: Pace, left: int) -> str:
    seconds = pace.seconds_for(max(0, left))
    return "" if seconds is None else f"{pace.rate:.0f} a second, {round(seconds)} s left"


async def _documents(ground: Foundation, name: str) -> AsyncIterator[Document]:
    """Yield a collection as it is at one moment."""
    query, key = ({"canonical": True}, "height") if name == BLOCKS else ({}, "_id")
    async with ground.mongo.start_session(snapshot=True) as session:
        async for row in ground.database[name].find(query, session=session).sort(key, 1):
            yield row
