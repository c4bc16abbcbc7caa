"""Plays the comparison with @stacks/transactions for more seeds, and keeps the record."""

import os
import subprocess
import sys
from time import monotonic

from rich.console import Console
from tests.fuzz.record import Record

TESTS = "tests/stacks/test_stacks_reference.py"
LAST_LINES = 60


def run(minutes: float, rounds: int, console: Console) -> bool:
    """Play the seeds that once showed a difference and `rounds` new ones, none begun after `minutes`.

    Returns whether none showed a difference.
    """
    end = monotonic() + 60 * minutes
    record = Record.load()
    seeds = [*record.reference_failed, *range(record.reference_seed, record.reference_seed + rounds)]
    kept = True
    for seed in seeds:
        if monotonic() > end:
            break
        kept = _play(seed, console) and kept
    return kept


def _play(seed: int, console: Console) -> bool:
    env = {**os.environ, "BITPAY_REFERENCE_SEED": str(seed)}
    command = [sys.executable, "-m", "pytest", "-q", TESTS]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    kept = done.returncode == 0
    record = Record.load()
    console.print(f"seed {seed}: {'no difference' if kept else 'a difference'}")
    failed = set(record.reference_failed)
    record.reference_failed = sorted(failed - {seed} if kept else failed | {seed})
    if not kept:
        console.print("\n".join(done.stdout.splitlines()[-LAST_LINES:]), markup=False, highlight=False, soft_wrap=True)
    if seed == record.reference_seed:
        record.reference_seed += 1
        record.reference_rounds += 1
    record.save()
    return kept
