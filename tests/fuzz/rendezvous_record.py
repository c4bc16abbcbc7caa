"""The record of @stacks/rendezvous, kept in docs/rendezvous.md: for people, and to continue from."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self, TypeAlias

from tests.fuzz.record import remembered, write_page
from tests.fuzz.rendezvous_project import TARGETS, clarity_tests
from tests.properties.fuzz_record import fingerprint

PATH = Path(__file__).parents[2] / "docs" / "rendezvous.md"

Counts: TypeAlias = dict[str, Counter[str]]
"""A function, an invariant or a property -> what became of it ("SUCCESSFUL", "PASSED", ...) -> how often."""


def version() -> str:
    """Return what tells one version of the contracts and of these tests from another."""
    return sha256("\0".join((fingerprint(), *map(clarity_tests, TARGETS))).encode()).hexdigest()[:16]


@dataclass
class Record:
    """What was tried on the contracts and with the tests as they are. `runs` are by contract and kind."""

    next_seed: int = 0
    failed_seeds: list[int] = field(default_factory=list)
    version: str = field(default_factory=version)
    runs: dict[str, int] = field(default_factory=dict)
    counts: dict[str, Counts] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path = PATH) -> Self:
        """Return the record as it was written down; for another version, only the seeds go on."""
        kept = remembered(path)
        record = cls()
        if not kept:
            return record
        record.next_seed, record.failed_seeds = kept["next_seed"], kept["failed_seeds"]
        if kept["version"] == record.version:
            record.runs = kept["runs"]
            record.counts = {
                target: {name: Counter(count) for name, count in counts.items()}
                for target, counts in kept["counts"].items()
            }
        return record

    def add(self, target: str, kind: str, runs: int, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Take in one session."""
        name = f"{target} {kind}"
        self.runs[name] = self.runs.get(name, 0) + runs
        for function, count in counts.items():
            self.counts.setdefault(target, {}).setdefault(function, Counter()).update(count)

    def save(self, path: Path = PATH) -> None:
        """Write the record down."""
        parts = [self._part(target) for target in sorted(self.counts)]
        counts = {target: {name: dict(count) for name, count in of.items()} for target, of in self.counts.items()}
        memory = {**asdict(replace(self, counts={})), "counts": counts}  # asdict does not know Counter
        write_page(path, "\n".join((_INTRODUCTION, self._totals(), *parts)), memory)

    def _totals(self) -> str:
        failed = ", ".join(map(str, self.failed_seeds)) or "none"
        rows = [self._total_row(target) for target in sorted(self.counts)]
        end = f"Seeds so far: {self.next_seed}; seeds that showed something: {failed}. version `{self.version}`.\n"
        return "\n".join((*_HEAD, *rows, "", end))

    def _total_row(self, target: str) -> str:
        calls = _sums(self.counts[target], prefixes=(), but=("invariant-", "test-"))
        sensible = _sums(self.counts[target], prefixes=("any-",))
        checks = _sums(self.counts[target], prefixes=("invariant-",))["PASSED"]
        tests = _sums(self.counts[target], prefixes=("test-",))["PASSED"]
        runs = sum(self.runs.get(f"{target} {kind}", 0) for kind in ("invariant", "test"))
        cells = (f"{runs:,}", f"{calls.total():,}", _share(calls), _share(sensible), f"{checks:,}", f"{tests:,}")
        return f"| {target} | {' | '.join(cells)} |"

    def _part(self, target: str) -> str:
        rows = [_row(name, count) for name, count in sorted(self.counts[target].items()) if count.total()]
        return "\n".join(
            (f"## {target}", "", "| | held or succeeded | refused or left out |", "|---|---:|---:|", *rows, "")
        )


def _row(name: str, count: Mapping[str, int]) -> str:
    good = count.get("SUCCESSFUL", 0) + count.get("PASSED", 0)
    return f"| `{name}` | {good:,} | {count.get('IGNORED', 0) + count.get('DISCARDED', 0):,} |"


def _sums(counts: Counts, prefixes: tuple[str, ...], but: tuple[str, ...] = ()) -> Counter[str]:
    summed: Counter[str] = Counter()
    for name, count in counts.items():
        if name.startswith(prefixes or "") and not (but and name.startswith(but)):
            summed.update(count)
    return summed


def _share(calls: Mapping[str, Any]) -> str:
    succeeded, refused = calls["SUCCESSFUL"], calls["IGNORED"]
    return f"{100 * succeeded / max(1, succeeded + refused):.0f} %"


_INTRODUCTION = """# The contracts under @stacks/rendezvous: the record

[Rendezvous](https://github.com/stacks-network/rendezvous) calls public functions with random arguments, by anyone, as
time passes, and asks invariants that are written in Clarity (`tests/fuzz/rendezvous`) whether they still hold; their
numbers are those of [what always holds](contracts.md#what-always-holds).
Besides the contract's own functions it calls `any-*`, which turn random numbers into calls that could make sense.

- `make fuzz PARTS=rendezvous` goes on where this record ends.
- `.venv/bin/python -m tests.fuzz.rendezvous_part SEED` plays one session again.
"""
_HEAD = (
    "| contract | runs | calls | succeeded | of `any-*` | invariants held | properties held |",
    "|---|---:|---:|---:|---:|---:|---:|",
)
