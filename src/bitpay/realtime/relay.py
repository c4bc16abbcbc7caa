"""From the rooms' log to this node's connections: woken by a change stream, with a slow poll as the net."""

import asyncio
import random

import structlog
from pymongo.errors import PyMongoError

from bitpay.realtime.log import RoomLog
from bitpay.realtime.members import Members

_LOG = structlog.get_logger(__name__)
_POLL = 10.0
"""Seconds between two looks at the log that ask the change stream nothing."""
_LONGEST_PAUSE = 5.0


class Relay:
    """Runs until it is cancelled; a database that is away for a while only delays what is said."""

    def __init__(self, log: RoomLog, members: Members) -> None:
        self._log = log
        self._members = members

    async def run(self) -> None:
        """Relay what is said, and check every few seconds that nobody was told less."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow())
            tasks.create_task(self._poll())

    async def _follow(self) -> None:
        failures = 0
        while True:
            try:
                async for said in self._log.follow():
                    failures = 0
                    self._members.deliver(said)
            except PyMongoError as error:
                failures += 1
                _LOG.warning("relay_interrupted", error=repr(error), failures=failures)
            await asyncio.sleep(random.uniform(0.05, min(_LONGEST_PAUSE, 0.1 * 2.0 ** min(failures, 10))))  # noqa: S311 - jitter

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(_POLL)
            try:
                await self._members.check()
            except PyMongoError as error:
                _LOG.warning("relay_check_failed", error=repr(error))
