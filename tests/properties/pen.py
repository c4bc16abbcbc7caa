"""What a scene is written with: a seeded random source, the model's state, and the people."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from tests.properties.cast import PEOPLE, PRINCIPALS
from tests.properties.model import State, Stream
from tests.properties.model.state import MAX_SATS, MAX_TICKS, MAX_UNIX_TIME
from tests.properties.stage import Step, Via

T = TypeVar("T")

UINT_MAX = (1 << 128) - 1
EDGES = (
    *(0, 1, 2, 999, 1_000, MAX_SATS - 1, MAX_SATS, MAX_SATS + 1, MAX_TICKS, MAX_TICKS + 1, MAX_UNIX_TIME),
    *(MAX_UNIX_TIME + 1, 1 << 64, 1 << 127, UINT_MAX - 1, UINT_MAX),
)
"""Numbers at which arithmetic and bounds break, if they break."""
CROWD = tuple(name for name in PRINCIPALS if name != "sbtc")


class NoSubjectError(Exception):
    """There is nothing yet that this scene could be about."""


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes steps that fit the present state, mostly."""

    random: Random
    state: State
    time: int
    height: int

    def chance(self, percent: float) -> bool:
        """Return True so often."""
        return self.random.random() * 100 < percent

    def pick(self, items: Sequence[T]) -> T:
        """Return any of `items`."""
        return self.random.choice(items)

    def weighted(self, weights: Mapping[T, float]) -> T:
        """Return a key, as often as its weight says."""
        return self.random.choices(list(weights), list(weights.values()))[0]

    def number(self, low: int, high: int) -> int:
        """Return a number from `low` to `high`, small ones as often as large ones."""
        if low >= high:
            return low
        bits = self.random.randint(0, (high - low).bit_length())
        return min(high, low + self.random.getrandbits(bits) if bits else low)

    def edge(self) -> int:
        """Return a number that is likely to be wrong, or to be just right."""
        moments = (self.time - 1, self.time, self.time + 1, self.height, self.height + 1)
        return self.pick((*EDGES, *moments))

    def mostly(self, right: int, percent: float = 5) -> int:
        """Return `right`, or so often an edge."""
        return self.edge() if self.chance(percent) else right

    def amount(self) -> int:
        """Return an amount of sats."""
        ranges = {(1, 30): 3, (1, 10_000): 3, (1, 1_000_000_000): 4, (1, MAX_SATS): 0.3}
        return self.mostly(self.number(*self.weighted(ranges)), 3)

    def now(self, clock: str) -> int:
        """Return the present moment of a clock."""
        return self.time if clock == "seconds" else self.height

    def person(self) -> str:
        """Return somebody who can sign."""
        return self.pick(PEOPLE)

    def somebody(self) -> str:
        """Return any principal, mostly a person."""
        return self.person() if self.chance(80) else self.pick(CROWD)

    def stream_id(self, fits: Callable[[Stream], bool] = lambda _stream: True) -> int:
        """Return a stream's id, mostly of one that fits; sometimes of none."""
        return self.key(self.state.streams, fits)

    def key(self, mapping: Mapping[int, T], fits: Callable[[T], bool]) -> int:
        """Return a key, mostly of a value that fits; sometimes of none. Raises NoSubjectError, mostly, if none fits."""
        if self.chance(2):
            return self.pick((0, len(mapping) + 1, UINT_MAX))
        fitting = [key for key, value in mapping.items() if fits(value)]
        if fitting and self.chance(90):
            return self.pick(fitting)
        if not mapping or (not fitting and self.chance(85)):
            raise NoSubjectError
        return self.pick(list(mapping))

    def step(self, right: str | None, contract: str, function: str, *args: Any) -> Step:  # noqa: ANN401 - arguments
        """Write a call by `right` (None: by anyone), mostly; sometimes by or through somebody else."""
        who, via = self._speaker(right)
        return Step(who, contract, function, args, via)

    def _speaker(self, right: str | None) -> tuple[str, Via]:
        if right == "router" and self.chance(85):
            return self.person(), "own" if self.chance(85) else "router"
        who = right if right in PEOPLE and self.chance(90) else self.person()
        via: Via = "" if self.chance(92) else self.pick(("router", "own"))
        return who, via

    def some(self, items: Iterable[T], limit: int) -> list[T]:
        """Return up to `limit` of `items`, perhaps the same one again."""
        pool = list(items)
        return [self.pick(pool) for _ in range(self.random.randint(0, limit))] if pool else []
