"""The chain's time: the last block that our ledger holds. Pages and answers never use the computer's own clock."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from bitpay.kit.errors import Unavailable
from bitpay.ledger.book import BLOCKS, HEAD
from bitpay.realtime.log import LOG
from bitpay.store import Database, Document

_LOG = structlog.get_logger(__name__)
_POLL_MS = 5_000
"""The change stream wakes us; this is how often we look without it."""
_LONGEST_PAUSE = 5.0
_MAX_NAMED = 500
"""Ids and addresses that one announcement names; beyond it clients are told to look for themselves."""
_MAX_BLOCKS = 200
"""Blocks of one change of which it is asked whom they touched."""


@dataclass(frozen=True, slots=True)
class Moment:
    """The head of our ledger: `time` in unix seconds, `height` in Stacks blocks. Both rise together."""

    height: int
    time: int
    hash: str
    burn_height: int

    def later(self, *, seconds: int, blocks: int) -> "Moment":
        """Return a moment after this one, for what will be signed now and run in a later block."""
        return replace(self, time=self.time + seconds, height=self.height + blocks)


@dataclass(frozen=True, slots=True)
class Change:
    """The ledger's head moved, forward or back: which streams and addresses it touched. `whole` says: all named."""

    now: Moment
    streams: tuple[int, ...]
    accounts: tuple[str, ...]
    whole: bool

    def announcement(self) -> dict[str, Any]:
        """Return what sockets are told."""
        return {
            "height": self.now.height,
            "time": self.now.time,
            "hash": self.now.hash,
            "streams": list(self.streams),
            "accounts": list(self.accounts),
            "whole": self.whole,
        }


class ChainClock:
    """Reads the ledger's head, and tells listeners when it moves."""

    def __init__(self, database: Database) -> None:
        self._heads = database[HEAD]
        self._blocks = database[BLOCKS]
        self._log = database[LOG]
        self._listeners: list[Callable[[Change], None]] = []

    def on_change(self, listener: Callable[[Change], None]) -> None:
        """Call `listener` after every commit of the ledger, wherever it runs. It must not block."""
        self._listeners.append(listener)

    async def now(self) -> Moment:
        """Return the present moment. Raises Unavailable before the first block."""
        moment = _moment(await self._heads.find_one({}))
        if moment is None:
            raise Unavailable("BitPay has not read the chain yet; try again in a moment.")
        return moment

    async def run(self) -> None:
        """Watch the head until cancelled."""
        failures = 0
        seen = None
        while True:
            try:
                async with await self._heads.watch(max_await_time_ms=_POLL_MS) as stream:
                    while stream.alive:
                        seen = await self._look(seen)
                        failures = 0
                        await stream.try_next()
            except PyMongoError as error:
                failures += 1
                _LOG.warning("clock_interrupted", error=repr(error), failures=failures)
            await asyncio.sleep(random.uniform(0.05, min(_LONGEST_PAUSE, 0.1 * 2.0 ** min(failures, 10))))  # noqa: S311 - jitter

    async def _look(self, seen: Moment | None) -> Moment | None:
        now = _moment(await self._heads.find_one({}))
        if now is not None and seen is not None and now.hash != seen.hash:
            change = await self._change(seen, now)
            for listener in self._listeners:
                listener(change)
        return now or seen

    async def _change(self, seen: Moment, now: Moment) -> Change:
        lowest = min(seen.height, now.height)
        touched = {"canonical": {"$in": [True, False]}, "height": {"$gt": lowest}}  # both, as the index has them
        hashes = [row["_id"] async for row in self._blocks.find(touched, {"_id": 1}).limit(_MAX_BLOCKS)]
        rooms = self._log.find({"block": {"$in": hashes}}, {"room": 1}).limit(_MAX_NAMED)
        names = {row["room"] async for row in rooms}
        streams = sorted(int(name.removeprefix("stream:")) for name in names if name.startswith("stream:"))
        accounts = sorted(name.removeprefix("user:") for name in names if name.startswith("user:"))
        return Change(now, tuple(streams), tuple(accounts), whole=len(names) < _MAX_NAMED and len(hashes) < _MAX_BLOCKS)


def _moment(row: Document | None) -> Moment | None:
    if row is None or not row["hash"]:
        return None
    return Moment(row["height"], row["time"], row["hash"], row["burnHeight"])
