"""Which lines and branches contracts have, and which of them were taken, from counts of evaluated expressions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from scripts.clarity_reader import Contract, Form, Function, parts, squeeze

Counts = Mapping[tuple[int, int], int]
"""(line, column) -> how often the expression that begins there was evaluated."""
_SHOWN = 100
_EXITS = {"try!", "unwrap!"}


@dataclass(frozen=True, slots=True)
class Branch:
    """One way on from a form. `outcome` says which: "then", "refuses", "ends at 2", ..."""

    contract: str
    function: str
    line: int
    form: str
    outcome: str
    times: int

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What names it while lines move."""
        return self.contract, self.function, self.form, self.outcome


@dataclass(frozen=True, slots=True)
class Coverage:
    """Lines with how often something on them was evaluated, and branches."""

    lines: Mapping[int, int]
    branches: tuple[Branch, ...]

    @property
    def missed_lines(self) -> list[int]:
        """Lines never reached."""
        return [line for line, times in self.lines.items() if not times]

    @property
    def missed_branches(self) -> list[Branch]:
        """Branches never taken."""
        return [branch for branch in self.branches if branch.times <= 0]


def coverage(contract: Contract, counts: Counts) -> Coverage:
    """Return what of a contract's functions was evaluated."""
    lines: dict[int, int] = {}
    branches: list[Branch] = []
    for function in contract.functions.values():
        for step in (one for body in function.body for one in _steps(body, None)):
            line = step.form.place[0]
            lines[line] = max(lines.get(line, 0), counts.get(step.form.place, 0))
            branches += _branches(contract, function, step, counts)
    return Coverage(dict(sorted(lines.items())), tuple(branches))


@dataclass(frozen=True, slots=True)
class _Step:
    """A form, and where it stands among the parts of the form around it."""

    form: Form
    around: "_Step | None"
    number: int = 0

    def went_on(self, counts: Counts) -> int | None:
        """Return how often evaluation went on after this form, None where that cannot be told."""
        if self.around is None:
            return None
        around, head = self.around.form, self.around.form.head
        siblings = parts(around)
        if head in {"if", "match"}:
            return sum(counts.get(arm.place, 0) for arm in siblings[1:]) if self.number == 0 else None
        if head in {"and", "or", "asserts!"}:
            return None
        if self.number + 1 < len(siblings):
            return counts.get(siblings[self.number + 1].place, 0)
        return None if head in _EXITS else self.around.went_on(counts)


def _steps(form: Form, around: _Step | None, number: int = 0) -> Iterator[_Step]:
    here = _Step(form, around, number)
    yield here
    for index, part in enumerate(parts(form)):
        yield from _steps(part, here, index)


def _branches(contract: Contract, function: Function, step: _Step, counts: Counts) -> Iterator[Branch]:
    shown = squeeze(step.form.text)
    shown = shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "..."
    for outcome, times in _outcomes(step, counts):
        yield Branch(contract.name, function.name, step.form.place[0], shown, outcome, times)


def _outcomes(step: _Step, counts: Counts) -> Iterator[tuple[str, int]]:
    head, given = step.form.head, step.form.arguments
    times = counts.get(step.form.place, 0)
    if head == "if":
        yield "then", counts.get(given[1].place, 0)
        yield "else", counts.get(given[2].place, 0)
    elif head == "match":
        yield "some or ok", counts.get(given[2].place, 0)
        yield "none or err", counts.get(given[-1].place, 0)
    elif head == "asserts!":
        refused = counts.get(given[1].place, 0)
        yield "passes", times - refused
        yield "refuses", refused
    elif head in _EXITS:
        went_on = step.went_on(counts)
        if went_on is not None:
            yield "passes", went_on
            yield "refuses", times - went_on
    elif head in {"and", "or"}:
        reached = [counts.get(one.place, 0) for one in given]
        ends = pairwise(reached)
        yield from ((f"ends at {number}", here - on) for number, (here, on) in enumerate(ends, 1))
        yield f"reaches {len(given)}", reached[-1]
