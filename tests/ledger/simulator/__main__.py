"""Run seeds: `.venv/bin/python -m tests.ledger.simulator --seeds 500 --processes 2 --report docs/simulator.json`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tests.ledger.simulator.many import play_all, summed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=25, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--report", type=Path, help="where to write what happened")
    options = parser.parse_args()
    reports = []
    for report in play_all(range(options.first, options.first + options.seeds), options.processes):
        reports.append(report)
        told = report["wrong"] or "right"
        sys.stdout.write(f"seed {report['seed']:>5} {report['seconds']:>6.2f} s {report['blocks']:>4} blocks  {told}\n")
        sys.stdout.flush()
    summary = summed(reports)
    sys.stdout.write(json.dumps(summary, indent=2) + "\n")
    if options.report:
        options.report.write_text(_written(summary, reports))
    sys.exit(1 if summary["wrong"] else 0)


def _written(summary: dict[str, Any], reports: list[dict[str, Any]]) -> str:
    """Return the report as JSON, a line for each seed."""
    runs = ",\n".join(json.dumps(report) for report in reports)
    return f'{{"summary": {json.dumps(summary, indent=1)},\n"runs": [\n{runs}\n]}}\n'


if __name__ == "__main__":
    main()
