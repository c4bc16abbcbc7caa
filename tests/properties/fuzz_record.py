"""The record of all fuzzing, kept in docs/fuzz.md: readable for people, and what the next run continues from."""

import json
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from tests.properties.story import Tally

from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source

PATH = Path(__file__).parents[2] / "docs" / "fuzz.md"
_FENCE = "```"


def fingerprint() -> str:
    """Return what tells one version of the seven contracts from another."""
    return sha256("\0".join(source(name) for name in NAMES).encode()).hexdigest()[:16]


@dataclass
class Record:
    """What was tried so far. `steps` and `stories` are by fingerprint of the contracts, `outcomes` of the present."""

    next_seed: int = 1
    steps: dict[str, int] = field(default_factory=dict)
    stories: dict[str, int] = field(default_factory=dict)
    outcomes: Tally = field(default_factory=Counter)
    failed_seeds: list[int] = field(default_factory=list)
    contracts: str = field(default_factory=fingerprint)

    @classmethod
    def load(cls, path: Path = PATH) -> Self:
        """Return the record as it was written down; for other contracts, the outcomes begin anew."""
        record = cls()
        if not path.exists():
            return record
        kept: dict[str, Any] = json.loads(path.read_text().rpartition(f"{_FENCE}json\n")[2].partition(_FENCE)[0])
        record.next_seed = kept["next_seed"]
        record.steps, record.stories = kept["steps"], kept["stories"]
        record.failed_seeds = kept["failed_seeds"]
        if kept["contracts"] == record.contracts:
            record.outcomes = Counter({tuple(key.split(" ")): count for key, count in kept["outcomes"].items()})
        return record

    def add(self, tally: Tally) -> None:
        """Take in one story."""
        self.steps[self.contracts] = self.steps.get(self.contracts, 0) + sum(tally.values())
        self.stories[self.contracts] = self.stories.get(self.contracts, 0) + 1
        self.outcomes.update(tally)

    @property
    def steps_in_all(self) -> int:
        """Steps over all versions of the contracts."""
        return sum(self.steps.values())

    @property
    def steps_now(self) -> int:
        """Steps on the contracts as they are."""
        return self.steps.get(self.contracts, 0)

    def save(self, path: Path = PATH) -> None:
        """Write the record down; it appears whole or not at all."""
        part = path.with_suffix(".part")
        part.write_text(self.text())
        part.replace(path)

    def text(self) -> str:
        """Return the record as Markdown."""
        kept = {
            "contracts": self.contracts,
            "next_seed": self.next_seed,
            "steps": self.steps,
            "stories": self.stories,
            "failed_seeds": self.failed_seeds,
            "outcomes": {" ".join(key): count for key, count in sorted(self.outcomes.items())},
        }
        parts = (_INTRODUCTION, self._totals(), self._outcomes_table(), _MEMORY)
        return "\n".join((*parts, f"{_FENCE}json", json.dumps(kept, indent=1), f"{_FENCE}\n"))

    def _totals(self) -> str:
        failed = ", ".join(map(str, self.failed_seeds)) or "none"
        rows = (
            ("steps on the contracts as they are", f"{self.steps_now:,}"),
            ("stories on the contracts as they are", f"{self.stories.get(self.contracts, 0):,}"),
            ("steps on all versions", f"{self.steps_in_all:,}"),
            ("seeds so far", f"1 to {self.next_seed - 1:,}"),
            ("seeds that showed a difference, in any version", failed),
            ("fingerprint of the contracts", f"`{self.contracts}`"),
        )
        return "\n".join(("| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows), ""))

    def _outcomes_table(self) -> str:
        functions = sorted({(contract, function) for contract, function, _ in self.outcomes})
        rows = [self._outcomes_row(contract, function) for contract, function in functions]
        head = ("## What was called, and how often", "", "| function | succeeded | refused |", "|---|---:|---|")
        return "\n".join((*head, *rows, ""))

    def _outcomes_row(self, contract: str, function: str) -> str:
        mine = {key[2]: count for key, count in self.outcomes.items() if key[:2] == (contract, function)}
        succeeded = mine.pop("ok", 0)
        refused = ", ".join(f"{reason} {count:,}" for reason, count in sorted(mine.items()))
        return f"| `{contract}.{function}` | {succeeded:,} | {refused} |"


_INTRODUCTION = """# Fuzzing: the record

Stories by many accounts are played on the real Clarity VM and on an independent model of the protocol; after every
step answer, events, transfers and state must agree, and [what always holds](contracts.md#what-always-holds) must hold
(`tests/properties`).

- `make fuzz` goes on where this record ends. It can be stopped at any time.
- `.venv/bin/python -m tests.properties.fuzz --seed N` plays story N again and tells, where it differs, the steps that
  are enough.
"""
_MEMORY = """## For the next run
"""
