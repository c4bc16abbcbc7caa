"""Runs every benchmark and writes docs/benchmarks.md: what this machine measured, and what it is."""

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "benchmarks.md"
BENCHMARKS = sorted((ROOT / "benchmarks").glob("bench_*.py"))
INTRODUCTION = """\
# How fast it is

Written by `make bench FULL=1 REPORT=1`, everything in one run on one machine with nothing else to do; `make bench` runs
the shorter part. What is compared is measured side by side, in turn. Figures of other machines differ; ratios less.
"""


def run(benchmark: Path, *, full: bool) -> str:
    """Run a benchmark, show what it prints as it comes, and return it. Ends the program where it fails."""
    command = [sys.executable, str(benchmark), *(["--full"] if full else [])]
    print(f"\n{benchmark.name}")
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
    if process.returncode:
        sys.exit(f"{benchmark.name} ended with {process.returncode}")
    return "".join(lines)


def machine() -> Iterator[str]:
    """Yield what this machine is, a line each."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if "model name" in line
    ]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)
    yield f"- {os.cpu_count()} cores, {models[0] if models else platform.machine()}, {memory:.0f} GiB of memory"
    yield f"- {platform.system()} {platform.release()}, Python {platform.python_version()}"
    yield f"- load before: {os.getloadavg()[0]:.1f}; {datetime.now(UTC):%Y-%m-%d}"


def main() -> None:
    """Run them all; with --report, write the page."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--full", action="store_true", help="also what takes many minutes")
    parser.add_argument("--report", action="store_true", help=f"write {DOCUMENT.name}")
    given = parser.parse_args()
    about = list(machine())
    parts = [INTRODUCTION, *about, ""]
    for benchmark in BENCHMARKS:
        parts += [
            f"## {benchmark.stem.removeprefix('bench_')}",
            "",
            "```",
            run(benchmark, full=given.full).rstrip(),
            "```",
            "",
        ]
    if given.report:
        DOCUMENT.write_text("\n".join(parts))


if __name__ == "__main__":
    main()
