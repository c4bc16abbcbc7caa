"""Changes the contracts in every small way, one at a time, and tells in docs/mutants.md which changes tests notice."""

import argparse
import json
import os
import random
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from scripts import mutant_recording
from scripts.clarity_reader import read
from scripts.mutant_report import DOCUMENT, document
from scripts.mutant_trial import ROOT, Bench, Trial
from scripts.mutations import Mutation, mutations
from scripts.survivors import EQUIVALENT

from bitpay.kit.processes import die_with_parent
from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source

FOLDER = ROOT / ".cache" / "mutants"
RECORDING = FOLDER / "recording.json.gz"
MOST_PROCESSES = 2
_POLITE = 19

_bench: list[Bench] = []
"""A worker's own."""


def all_mutations(contracts: Iterable[str]) -> list[Mutation]:
    """Return every mutation of these contracts."""
    return [one for name in contracts for one in mutations(read(name, source(name)))]


def results_path() -> Path:
    """Return the file of results for the contracts as they are now: other contracts, other results."""
    digest = sha256("".join(source(name) for name in NAMES).encode()).hexdigest()[:16]
    return FOLDER / f"results-{digest}.jsonl"


def read_results() -> dict[str, Trial]:
    """Return what earlier runs found out about these contracts; the last word on each change counts."""
    path = results_path()
    lines = path.read_text().splitlines() if path.exists() else []
    return {one["key"]: Trial(**one) for one in map(json.loads, lines)}


def choose(everything: Sequence[Mutation], sample: int | None, seed: int) -> list[Mutation]:
    """Return all, or so many of them drawn with a seed."""
    if sample is None or sample >= len(everything):
        return list(everything)
    drawn = random.Random(seed).sample(list(everything), sample)  # noqa: S311 - a sample, not a secret
    return sorted(drawn, key=lambda one: (one.contract, one.line))


def attempt_all(pending: Sequence[Mutation], processes: int) -> None:
    """Try changes, each result written down at once: an interrupted run goes on where it was."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with (
        ProcessPoolExecutor(processes, get_context("spawn"), _start, (RECORDING,)) as pool,
        results_path().open("a") as file,
        Progress(*columns) as progress,
    ):
        task = progress.add_task("Trying", total=len(pending))
        waiting = [pool.submit(_attempt, one) for one in pending]
        for done in as_completed(waiting):
            file.write(json.dumps(asdict(done.result())) + "\n")
            file.flush()
            progress.advance(task)


def _start(recording: Path) -> None:
    die_with_parent()
    os.nice(_POLITE - os.nice(0))
    _bench.append(Bench(recording))


def _attempt(mutation: Mutation) -> Trial:
    return _bench[0].attempt(mutation)


def main() -> None:
    """Try what is still to try, and report."""
    parser = argparse.ArgumentParser(prog="make mutants MUTANTS=...", description=__doc__)
    parser.add_argument("--sample", type=int, help="try so many only")
    parser.add_argument("--seed", type=int, default=1, help="which ones (default: 1)")
    parser.add_argument("--contract", choices=NAMES, action="append", help="of this contract only")
    parser.add_argument("--processes", type=int, choices=range(1, MOST_PROCESSES + 1), default=MOST_PROCESSES)
    parser.add_argument("--again", action="store_true", help="try survivors again that are not explained")
    parser.add_argument("--report", action="store_true", help="only write the report")
    given = parser.parse_args()
    chosen = choose(all_mutations(given.contract or NAMES), given.sample, given.seed)
    if not given.report:
        mutant_recording.ensure(RECORDING)
        known = read_results()
        again = {key for key, trial in known.items() if trial.status == "survived"} - EQUIVALENT.keys()
        finished = known.keys() - again if given.again else known.keys()
        attempt_all([one for one in chosen if one.key not in finished], given.processes)
    page = document(all_mutations(NAMES), read_results())
    DOCUMENT.write_text(page)
    print(page)


if __name__ == "__main__":
    main()
