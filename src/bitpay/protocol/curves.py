"""The vesting curve: how much of a stream is vested at a moment. Pure integer arithmetic, as the contracts do it.

Times are on the stream's own clock: unix seconds or Stacks block heights. Amounts are sats.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

MAX_TIME = 1 << 40
"""Upper bound of start and of duration."""
MAX_SECONDS = 253_402_300_799
"""Upper bound of start + duration on the seconds clock: the end of the year 9999."""
MAX_POINTS = 24


@dataclass(frozen=True, slots=True)
class Point:
    """At `after` ticks from the start, `total` sats are vested."""

    after: int
    total: int


@dataclass(frozen=True, slots=True)
class Curve:
    """When the money of one stream vests.

    Linear with an optional cliff, an upfront part, a part at the cliff and steps; or, where `points` are given,
    straight lines between them. `amount` and the parts are sats; start, duration, cliff and step are clock ticks.
    """

    amount: int
    start: int
    duration: int
    cliff: int = 0
    upfront: int = 0
    at_cliff: int = 0
    step: int = 1
    points: tuple[Point, ...] = ()

    @property
    def end(self) -> int:
        """The moment from which everything is vested."""
        return self.start + self.duration

    def vested(self, at: int) -> int:
        """Return the sats vested at the moment `at`: from 0 to `amount`, never falling."""
        elapsed = at - self.start
        if elapsed < 0:
            return 0
        if elapsed >= self.duration:
            return self.amount
        return vested_between(self.points, elapsed) if self.points else self._linear(elapsed)

    def reaches(self, sats: int) -> int:
        """Return the first moment, no earlier than the start, at which at least `sats` (<= amount) are vested."""
        return self.start + bisect_left(range(self.duration), sats, key=lambda after: self.vested(self.start + after))

    def _linear(self, elapsed: int) -> int:
        if elapsed < self.cliff:
            return self.upfront
        since_cliff = elapsed - self.cliff
        streamed = self.amount - self.upfront - self.at_cliff
        counted = since_cliff - since_cliff % self.step
        return self.upfront + self.at_cliff + streamed * counted // (self.duration - self.cliff)


def vested_between(points: Sequence[Point], elapsed: int) -> int:
    """Return the sats vested `elapsed` ticks after the start: interpolated between neighbours, rounded down.

    Where several points share an `after`, the last holds from that moment.
    """
    before = Point(0, 0)
    for point in points:
        if elapsed < point.after:
            gained = (point.total - before.total) * (elapsed - before.after)
            return before.total + gained // (point.after - before.after)
        before = point
    return before.total
