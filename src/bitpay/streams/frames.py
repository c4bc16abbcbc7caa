"""What the frame around every page shows: the chain's time as it runs on between two blocks."""

import time
from collections.abc import Sequence

from bitpay.access.clock import ChainClock, Change, Moment
from bitpay.http.templates import Frame, KnownAccount

_LONGEST_RUN = 60
"""Seconds that the shown time runs on without a block; a chain that stands still shows a time that stands still."""


class ChainFrames:
    """The FrameSource of the pages. `accounts` and `dev_token` exist in development only."""

    def __init__(
        self, clock: ChainClock, network: str, accounts: Sequence[KnownAccount] = (), dev_token: str = ""
    ) -> None:
        self._clock = clock
        self._network = network
        self._accounts = tuple(accounts)
        self._dev_token = dev_token
        self._seen: tuple[str, float] = ("", 0.0)
        clock.on_change(self._hear)

    async def frame(self) -> Frame:
        """Return the frame of this moment. Raises Unavailable before the first block."""
        now = await self._clock.now()
        return Frame(
            network=self._network,
            now=self._running(now),
            height=now.height,
            block_time=now.time,
            accounts=self._accounts,
            dev_token=self._dev_token,
        )

    def _hear(self, change: Change) -> None:
        self._seen = (change.now.hash, time.monotonic())

    def _running(self, now: Moment) -> int:
        if self._seen[0] != now.hash:
            self._seen = (now.hash, time.monotonic())
        return now.time + min(_LONGEST_RUN, int(time.monotonic() - self._seen[1]))
