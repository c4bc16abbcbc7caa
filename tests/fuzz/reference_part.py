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
    """Play new seeds, as many as `rounds`, none begun after `minutes`. Returns whether none showed a difference."""
    end = monotonic() + 60 * minutes
    kept = True
    for _ in range(rounds):
        if monotonic() > end:
            break
        kept = _play(console) and kept
    return kept


def _play(console: Console) -> bool:
    seed = Record.load().reference_seed
    env = {**os.environ, "BITPAY_REFERENCE_SEED": str(seed)}
    command = [sys.executable, "-m", "pytest", "-q", TESTS]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    kept = done.returncode == 0
    record = Record.load()
    console.print(f"seed {seed}: {'no difference' if kept else 'a difference'}")
    if not kept:
        console.print("\n".join(done.stdout.splitlines()[-LAST_LINES:]), markup=False, highlight=False)
        record.reference_failed.append(seed)
    record.reference_seed = seed + 1
    record.reference_rounds += 1
    record.save()
    return kept
