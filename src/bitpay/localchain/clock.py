"""The chain's clock: the wall clock and how far it was warped ahead of it."""

import time
from collections.abc import Callable

MAX_OFFSET = 100 * 365 * 86_400
"""Seconds that a clock may be ahead of the wall clock."""


class ChainClock:
    """Tells block times in Unix seconds. `wall` is a function so that a test can hold the time."""

    def __init__(self, offset: int = 0, wall: Callable[[], float] = time.time) -> None:
        self.offset = offset
        """Seconds ahead of the wall clock."""
        self._wall = wall

    def now(self) -> int:
        """Return the present second on the chain."""
        return int(self._wall()) + self.offset

    def next_block(self, parent_time: int) -> int:
        """Return the time of a block mined now: at least one second after its parent."""
        return max(parent_time + 1, self.now())

    def lead(self, parent_time: int) -> int:
        """Return how many seconds ahead of the clock a block mined now would be."""
        return max(0, parent_time + 1 - self.now())
