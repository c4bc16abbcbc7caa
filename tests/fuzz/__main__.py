"""Looks for what no test names, part by part: `.venv/bin/python -m tests.fuzz`, or `make fuzz`."""

import argparse
import os
import subprocess
import sys
from collections.abc import Callable, Mapping

from rich.console import Console
from tests.fuzz import decoder_part, reference_part, rendezvous_part

STEPS = 1_000_000
MINUTES = 10.0
ROUNDS = 10
"""Rounds of the comparison with @stacks/transactions; `make test` plays one."""

console = Console()


def main() -> int:
    """Run the parts that are asked for, all where none is. Returns 1 where any found something."""
    asked = _arguments()
    parts: Mapping[str, Callable[[], bool]] = {
        "decoders": lambda: decoder_part.run(asked.minutes, console),
        "reference": lambda: reference_part.run(asked.minutes, asked.rounds, console),
        "rendezvous": lambda: rendezvous_part.run(asked.minutes, console),
        "property": lambda: _property(asked.steps, asked.minutes),
    }
    unknown = set(asked.parts) - set(parts)
    if unknown:
        console.print(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
        return 2
    kept = {}
    try:
        for name in asked.parts or parts:
            console.rule(name)
            kept[name] = _attempt(parts[name])
    except KeyboardInterrupt:
        console.print("stopped; the records are kept")
    console.rule()
    for name, good in kept.items():
        console.print(f"{name}: {'nothing found' if good else '[bold red]something found, see above[/]'}")
    return 0 if all(kept.values()) else 1


def _attempt(part: Callable[[], bool]) -> bool:
    """Run one part; where it breaks, the others still have their turn."""
    try:
        return part()
    except Exception:  # noqa: BLE001 - told, and counted as found
        console.print_exception()
        return False


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help="decoders, reference, rendezvous, property; all by default"
    )
    parser.add_argument("--minutes", type=float, default=MINUTES, help="for each part, at most")
    parser.add_argument("--steps", type=int, default=STEPS, help="steps of stories wanted on the present contracts")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of the comparison with the reference")
    return parser.parse_args()


def _property(steps: int, minutes: float) -> bool:
    jobs = max(1, (os.cpu_count() or 2) // 2)
    command = [sys.executable, "-m", "tests.properties.fuzz"]
    limits = [f"--steps={steps}", f"--minutes={minutes}", f"--jobs={jobs}"]
    return subprocess.run([*command, *limits], check=False).returncode == 0


if __name__ == "__main__":
    raise SystemExit(main())
