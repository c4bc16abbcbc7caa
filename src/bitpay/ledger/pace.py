"""How fast the ledger catches up: blocks a second, how many are left, and a line in the log every few seconds."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from bitpay.ledger.book import Head
from bitpay.stacks.model import BlockHeader

FAR_BLOCKS = 20
"""Only who is further behind than this catches up; anybody else follows."""
EVERY_SECONDS = 5.0
_WINDOW_SECONDS = 60.0

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Pace:
    """The mean speed over the last minute. Times are seconds of any clock that only rises."""

    _seen: deque[tuple[float, int]] = field(default_factory=deque)

    def note(self, height: int, now: float) -> None:
        """Note where we stand."""
        self._seen.append((now, height))
        while len(self._seen) > 2 and now - self._seen[1][0] > _WINDOW_SECONDS:
            self._seen.popleft()

    @property
    def rate(self) -> float:
        """Blocks a second; 0 before there is anything to compare."""
        if len(self._seen) < 2:
            return 0.0
        (began, low), (now, high) = self._seen[0], self._seen[-1]
        return max(0.0, (high - low) / (now - began)) if now > began else 0.0

    def seconds_for(self, blocks: int) -> float | None:
        """Return how long so many blocks take at this speed, None where nobody can tell."""
        return blocks / self.rate if self.rate else None


class CatchingUp:
    """Tells the log how a ledger that is far behind comes on."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pace: Pace | None = None
        self._told = 0.0

    def note(self, head: Head, tip: BlockHeader | None) -> None:
        """Hear of a commit; `tip` is the newest block that the chain was seen to have."""
        left = tip.height - head.height if tip is not None else 0
        if left <= FAR_BLOCKS:
            if self._pace is not None and left <= 0:
                self._pace = None
                _log.info("caught_up", height=head.height)
            return
        now = self._clock()
        if self._pace is None:
            self._pace, self._told = Pace(), now
        self._pace.note(head.height, now)
        if now - self._told >= EVERY_SECONDS:
            self._told = now
            self._tell(self._pace, head, left)

    def _tell(self, pace: Pace, head: Head, left: int) -> None:
        seconds = pace.seconds_for(left)
        rest = {"blocks_per_second": round(pace.rate, 1), "seconds_left": None if seconds is None else round(seconds)}
        _log.info("catching_up", height=head.height, remaining=left, **rest)
