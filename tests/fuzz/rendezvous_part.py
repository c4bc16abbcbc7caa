"""Runs @stacks/rendezvous over the contracts, session by session.

`.venv/bin/python -m tests.fuzz.rendezvous_part SEED` plays one session again.
"""

import re
import subprocess
import sys
from collections import Counter
from itertools import product
from pathlib import Path
from time import monotonic
from typing import Final

from rich.console import Console
from tests.fuzz.rendezvous_project import FOLDER, TARGETS, lay_out
from tests.fuzz.rendezvous_record import Counts, Record

from bitpay.localchain import sdk

CACHE: Final = Path(__file__).parents[2] / ".cache" / "fuzz" / "rendezvous"
SESSIONS: Final = tuple(product(TARGETS, ("invariant", "test")))
"""A seed's session is the one at its remainder."""
RUNS: Final = 250
"""Runs of a session. The fewer, the further the clock moves in each."""
SESSION_SECONDS: Final = 1800
LAST_LINES: Final = 60

_HEADING: Final = re.compile(r"─ [+!-] (SUCCESSFUL|IGNORED|PASSED|DISCARDED|FAILED)")
_COUNT: Final = re.compile(r"─ ([a-z0-9-]+): x([0-9]+)")
_HELD: Final = re.compile(r"passed after ([0-9]+) runs")


def run(minutes: float, console: Console) -> bool:
    """Play sessions, none begun after `minutes`; one in which something does not hold ends it and returns False."""
    end = monotonic() + 60 * minutes
    sdk.install(FOLDER)
    while monotonic() < end:
        record = Record.load()
        seed = record.next_seed
        target, kind = SESSIONS[seed % len(SESSIONS)]
        said = play(seed)
        held = _HELD.search(said) is not None
        record.add(target, kind, RUNS if held else 0, counts_of(said))
        record.next_seed += 1
        if not held:
            record.failed_seeds.append(seed)
        record.save()
        console.print(f"seed {seed}: {target} {kind}, {'all held' if held else 'something did not hold'}")
        if not held:
            console.print("\n".join(said.splitlines()[-LAST_LINES:]), markup=False, highlight=False, soft_wrap=True)
            return False
    return True


def play(seed: int) -> str:
    """Play the session of a seed and return what was said."""
    target, kind = SESSIONS[seed % len(SESSIONS)]
    project = CACHE / target
    lay_out(target, project)
    command = [*map(str, (sdk.node(), FOLDER / "run.cjs", project)), target, kind, f"--seed={seed}", f"--runs={RUNS}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SESSION_SECONDS, check=False)
    return done.stdout + done.stderr


def counts_of(said: str) -> Counts:
    """Return how often everything was called or asked, from the statistics at the end."""
    counts: Counts = {}
    heading = ""
    for line in said.partition("EXECUTION STATISTICS")[2].splitlines():
        if found := _HEADING.search(line):
            heading = found[1]
        elif found := _COUNT.search(line):
            counts.setdefault(found[1], Counter())[heading] += int(found[2])
    return counts


if __name__ == "__main__":
    sdk.install(FOLDER)
    text = play(int(sys.argv[1]))
    Console().print(text, markup=False, highlight=False, soft_wrap=True)
    raise SystemExit(0 if _HELD.search(text) else 1)
