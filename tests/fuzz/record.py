"""The record of decoders and of the reference, kept in docs/fuzz-decoders.md: for people, and to continue from."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

PATH = Path(__file__).parents[2] / "docs" / "fuzz-decoders.md"
FENCE = "```"


def remembered(path: Path) -> dict[str, Any]:
    """Return the JSON at the end of a page that a program wrote; {} where there is no page."""
    if not path.exists():
        return {}
    kept: dict[str, Any] = json.loads(path.read_text().rpartition(f"{FENCE}json\n")[2].partition(FENCE)[0])
    return kept


def write_page(path: Path, text: str, memory: dict[str, Any]) -> None:
    """Write a page with its memory at the end; it appears whole or not at all."""
    end = "\n".join(("## For the next run", "", f"{FENCE}json", json.dumps(memory, indent=1), f"{FENCE}\n"))
    part = path.with_suffix(".part")
    part.write_text(f"{text}\n{end}")
    part.replace(path)


@dataclass
class Tried:
    """What one decoder was given so far: inputs, those accepted, seconds, and the size of its corpus."""

    inputs: int = 0
    accepted: int = 0
    seconds: int = 0
    corpus: int = 0


@dataclass
class Record:
    """All so far. `found` are the inputs (hex) that raised what no decoder should raise, until that is `mended`."""

    next_seed: int = 1
    decoders: dict[str, Tried] = field(default_factory=dict)
    found: list[dict[str, str]] = field(default_factory=list)
    mended: list[dict[str, str]] = field(default_factory=list)
    reference_seed: int = 1
    reference_rounds: int = 0
    reference_failed: list[int] = field(default_factory=list)

    @classmethod
    def load(cls, path: Path = PATH) -> Self:
        """Return the record as it was written down."""
        kept = remembered(path)
        decoders = {name: Tried(**tried) for name, tried in kept.pop("decoders", {}).items()}
        return cls(**kept, decoders=decoders)

    def save(self, path: Path = PATH) -> None:
        """Write the record down."""
        write_page(path, "\n".join((_INTRODUCTION, *self._decoder_rows(), *self._reference_rows())), asdict(self))

    def _decoder_rows(self) -> list[str]:
        rows = [
            f"| {name} | {tried.inputs:,} | {tried.accepted:,} | {tried.seconds:,} | {tried.corpus:,} |"
            for name, tried in sorted(self.decoders.items())
        ]
        total = f"| all | {sum(tried.inputs for tried in self.decoders.values()):,} | | | |"
        return [
            *(*_DECODERS_HEAD, *rows, total, ""),
            *("Found, and not yet mended:", "", *_found_rows(self.found), ""),
            *("Found and mended:", "", *_found_rows(self.mended), ""),
        ]

    def _reference_rows(self) -> list[str]:
        failed = ", ".join(map(str, self.reference_failed)) or "none"
        rounds = self.reference_rounds
        return [
            *_REFERENCE_HEAD,
            f"| {rounds:,} | {rounds * 20_000:,} | {rounds * 2_000:,} | {rounds * 2_000:,} | {failed} |",
            "",
        ]


def _found_rows(found: list[dict[str, str]]) -> list[str]:
    return [f"- {one['decoder']}: {one['error']}" for one in found] or ["None."]


_INTRODUCTION = """# Fuzzing decoders: the record

Everything that reads bytes or text from outside is given what no test names (`tests/fuzz`). It owes a value that
writes the same bytes back, or an error of its own kind. `make fuzz PARTS="decoders reference"` goes on from here.
"""
_DECODERS_HEAD = (
    "## Decoders, by atheris",
    "",
    "Inputs are made by libFuzzer, guided by what each reaches in `src/bitpay`; JSON also by changing its members.",
    "",
    "| decoder | inputs | accepted | seconds | corpus |",
    "|---|---:|---:|---:|---:|",
)
_REFERENCE_HEAD = (
    "## Beside @stacks/transactions",
    "",
    "Each round compares, byte for byte both ways, new random material, and as much of it spoilt.",
    "`BITPAY_REFERENCE_SEED=N make test T=tests/stacks/test_stacks_reference.py` plays round N again.",
    "",
    "| rounds | values | transactions | messages | seeds that showed a difference |",
    "|---:|---:|---:|---:|---|",
)
