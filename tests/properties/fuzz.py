"""Plays stories for as long as wanted, several at a time, and keeps the record.

`.venv/bin/python -m tests.properties.fuzz`, or `make fuzz PARTS=property`.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from math import inf
from time import monotonic

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from tests.properties.fuzz_record import Record
from tests.properties.stage import Stage
from tests.properties.story import Failure, Tally, run_story

LENGTH = 100
"""Steps of a story."""
SAVE_SECONDS = 15.0
WANTED_STEPS = 1_000_000

console = Console()
_stages: list[Stage] = []


def main() -> int:
    """Play one story again, or go on until as many steps as wanted are recorded. Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=WANTED_STEPS, help="steps wanted on the present contracts")
    parser.add_argument("--jobs", type=int, default=1, help="stories at a time")
    parser.add_argument("--minutes", type=float, default=inf, help="no story is begun after so long")
    parser.add_argument("--seed", type=int, help="play this one story again")
    asked = parser.parse_args()
    return play_one(asked.seed) if asked.seed is not None else go_on(asked.steps, asked.jobs, asked.minutes)


def play_one(seed: int) -> int:
    """Play one story and tell how it went."""
    tally, failure = _play(seed)
    console.print(failure or f"seed {seed}: {sum(tally.values())} steps, no difference", markup=False, highlight=False)
    return 1 if failure else 0


def go_on(wanted: int, jobs: int, minutes: float = inf) -> int:
    """Play new stories until `wanted` steps are recorded for the present contracts; a difference ends it."""
    record = Record.load()
    saved_at = monotonic()
    end = saved_at + 60 * minutes
    try:
        with _progress(record, wanted) as advance, ProcessPoolExecutor(jobs) as pool:
            for seed, tally, failure in _stories(pool, record, wanted, jobs, end):
                record.add(tally)
                advance()
                if failure:
                    record.failed_seeds.append(seed)
                    console.print(failure, markup=False, highlight=False)
                    return 1
                if monotonic() - saved_at > SAVE_SECONDS:
                    record.save()
                    saved_at = monotonic()
    except KeyboardInterrupt:
        console.print("stopped; the record is kept")
    finally:
        record.save()
    return 0


def _stories(
    pool: ProcessPoolExecutor, record: Record, wanted: int, jobs: int, end: float
) -> Iterator[tuple[int, Tally, str]]:
    """Yield stories as they end. Those that a stop leaves unfinished are played again by the next run."""
    playing: dict[Future[tuple[Tally, str]], int] = {}
    ended: set[int] = set()
    latest = record.next_seed - 1
    while record.steps_now < wanted and monotonic() < end:
        while len(playing) < 2 * jobs:
            latest += 1
            playing[pool.submit(_play, latest)] = latest
        for future in wait(playing, return_when=FIRST_COMPLETED).done:
            seed = playing.pop(future)
            ended.add(seed)
            while record.next_seed in ended:
                ended.remove(record.next_seed)
                record.next_seed += 1
            yield seed, *future.result()
    for future in playing:
        future.cancel()


def _play(seed: int) -> tuple[Tally, str]:
    """Play a story on this process's stage; returns what happened, and the difference if there is one."""
    if not _stages:
        _stages.append(Stage())
    try:
        return run_story(_stages[0], seed, LENGTH), ""
    except Failure as failure:
        return Tally(), str(failure)


@contextmanager
def _progress(record: Record, wanted: int) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("steps"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("steps", total=wanted, completed=record.steps_now)
        yield lambda: progress.update(task, completed=record.steps_now)


if __name__ == "__main__":
    raise SystemExit(main())
