"""Many seeds, shared out over processes."""

import asyncio
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import structlog
from tests.ledger.simulator.plan import plan_for
from tests.ledger.simulator.run import Run, observer, warm_up

from bitpay.store.server import MongoServer


def play_all(seeds: range, processes: int) -> Iterator[dict[str, Any]]:
    """Yield a report for each seed as it comes; each process has a mongod of its own."""
    shares = [list(seeds)[number::processes] for number in range(processes)]
    portions = [share[start : start + 5] for share in shares for start in range(0, len(share), 5)]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(play, portion) for portion in portions]):
            yield from done.result()


def play(seeds: list[int]) -> list[dict[str, Any]]:
    """Play some seeds, one after the other, on one mongod."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # absurd values are alerts by design
    warm_up()
    folder = tempfile.TemporaryDirectory(prefix="bitpay-simulator-")
    with folder as path, MongoServer(Path(path), for_tests=True) as server:
        return asyncio.run(_play(server, seeds))


async def _play(server: MongoServer, seeds: list[int]) -> list[dict[str, Any]]:
    async with observer(server) as client:
        # Racing followers have no lease, so nobody ends a dead one's transaction before the server does.
        await client.admin.command({"setParameter": 1, "transactionLifetimeLimitSeconds": 1})
        return [(await Run(plan_for(seed), server, client).play()).to_json() for seed in seeds]


def summed(reports: list[dict[str, Any]]) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    for report in reports:
        counts.update(report["counts"])
    return {
        "seeds": len(reports),
        "wrong": sorted(report["seed"] for report in reports if report["wrong"]),
        "longest": max((report["seconds"] for report in reports), default=0),
        "blocks": sum(report["blocks"] for report in reports),
        "events": sum(report["events"] for report in reports),
        **dict(sorted(counts.items())),
    }
