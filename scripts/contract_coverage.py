"""Writes docs/coverage.md: which lines and branches of the contracts their tests reach."""

import argparse
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from scripts.clarity_reader import read
from scripts.contract_branches import Branch, Counts, Coverage, coverage
from scripts.unreachable import UNREACHABLE
from tests.contracts.stand_ins import FOUNDATIONS
from tests.contracts.world import account

from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "coverage.md"
KEPT = ROOT / ".cache" / "contract-coverage.json"
"""The counts of the last run."""
IGNORED = ("test_contract_garbage.py", "test_contract_costs.py")
"""Random arguments would hide what no test is about; costs are measured in a world of their own."""
DEPLOYERS: Mapping[str, tuple[str, ...]] = {
    name: ("deployer", "dave") if name in FOUNDATIONS else ("deployer",) for name in NAMES
}
"""Who deploys our sources in the tests: dave's foundations serve stand-ins."""
INTRODUCTION = """\
# What the contracts' tests reach

Written by `make coverage`: the tests in `tests/contracts` alone (without random arguments, without the property tests
and the fuzzer), on the Clarity VM, which tells of every expression whether it was evaluated.

A **line** counts where an expression on it was evaluated. **Branches** are both ways of every `if`, `match` and
`asserts!`, both ways of every `try!` and `unwrap!` after which the function goes on, and of every `and` and `or` each
argument at which it can end.

| contract | lines | reached | branches | taken | cannot be taken | missing |
|---|--:|--:|--:|--:|--:|--:|
"""


def run_tests() -> None:
    """Run the contracts' tests, which write the counts. Ends the program where one fails."""
    KEPT.parent.mkdir(exist_ok=True)
    before = {name: source(name) for name in NAMES}
    ignored = [f"--ignore=tests/contracts/{name}" for name in IGNORED]
    command = [sys.executable, "-m", "pytest", "-q", "-x", "tests/contracts", *ignored]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "BITPAY_CONTRACT_COVERAGE": str(KEPT)}, check=False)
    if done.returncode:
        sys.exit("The tests must pass before coverage means anything.")
    if before != {name: source(name) for name in NAMES}:
        sys.exit("The contracts have changed meanwhile.")


def read_counts() -> dict[str, Counts]:
    """Return the counts of the last run by contract id. Ends the program where the contracts are newer."""
    if any(path.stat().st_mtime > KEPT.stat().st_mtime for path in (ROOT / "contracts").iterdir()):
        sys.exit("The contracts have changed since the last run.")
    written: dict[str, list[tuple[int, int, int]]] = json.loads(KEPT.read_text())
    return {contract: {(line, column): times for line, column, times in rows} for contract, rows in written.items()}


def measure(counts: Mapping[str, Counts]) -> dict[str, Coverage]:
    """Return the coverage of each contract."""
    found = {}
    for name in NAMES:
        total: Counter[tuple[int, int]] = Counter()
        for deployer in DEPLOYERS[name]:
            total.update(counts.get(f"{account(deployer).address}.{name}", {}))
        found[name] = coverage(read(name, source(name)), total)
    return found


def document(measured: Mapping[str, Coverage]) -> str:
    """Return the page."""
    parts = [INTRODUCTION + "\n".join(rows(measured)), "", "## Missing", ""]
    parts += [f"- {one}" for one in missing(measured)] or ["Nothing."]
    parts += ["", "## What cannot be taken, and why", ""]
    parts += [f"- {tell(branch)}: {UNREACHABLE[branch.key]}" for branch in cannot(measured)]
    return "\n".join(parts) + "\n"


def missing(measured: Mapping[str, Coverage]) -> list[str]:
    """Return what should be reached and is not."""
    lines = [f"{name} line {line}" for name, one in measured.items() for line in one.missed_lines]
    branches = [branch for one in measured.values() for branch in one.missed_branches if branch.key not in UNREACHABLE]
    return lines + [tell(branch) for branch in branches]


def cannot(measured: Mapping[str, Coverage]) -> list[Branch]:
    """Return the branches that are known to be out of reach."""
    return [branch for one in measured.values() for branch in one.missed_branches if branch.key in UNREACHABLE]


def rows(measured: Mapping[str, Coverage]) -> Iterator[str]:
    """Yield the table's lines."""
    for name, one in measured.items():
        missed = one.missed_branches
        out_of_reach = sum(branch.key in UNREACHABLE for branch in missed)
        lines = f"{len(one.lines)} | {len(one.lines) - len(one.missed_lines)}"
        taken = f"{len(one.branches)} | {len(one.branches) - len(missed)} | {out_of_reach}"
        yield f"| {name} | {lines} | {taken} | {len(missed) - out_of_reach + len(one.missed_lines)} |"


def tell(branch: Branch) -> str:
    """Return a branch as text."""
    return f"{branch.contract} line {branch.line}, `{branch.function}`: `{branch.form}` {branch.outcome}"


def wrong_claims(measured: Mapping[str, Coverage]) -> list[str]:
    """Return claims that something cannot be taken which was taken, or does not exist."""
    missed = {branch.key for one in measured.values() for branch in one.missed_branches}
    return [" ".join(key) for key in UNREACHABLE if key not in missed]


def main() -> None:
    """Measure, write, and fail where something is missing."""
    parser = argparse.ArgumentParser(prog="make coverage", description=__doc__)
    parser.add_argument("--again", action="store_true", help="write the page again, from the counts of the last run")
    if not parser.parse_args().again:
        run_tests()
    measured = measure(read_counts())
    DOCUMENT.write_text(document(measured))
    print(DOCUMENT.read_text())
    claims = wrong_claims(measured)
    for claim in claims:
        print(f"This is said to be out of reach, and is not, or is gone: {claim}")
    sys.exit(1 if claims or missing(measured) else 0)


if __name__ == "__main__":
    main()
