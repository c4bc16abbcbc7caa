"""The ledger's speed on this machine, with journaled writes, beside a bare bulk insert of the same documents.

    .venv/bin/python benchmarks/bench_ledger.py [--full]

Backfill: the real follower reads generated blocks (ten events each) from memory, decodes Clarity bytes, folds and
commits. Tip: a node's block is delivered ten times a second to a ledger that runs; the clock stops when a reader of
the database can see it. Undo: a thousand blocks with ten thousand events leave the chain. Takeover: a follower in a
process of its own is killed (-9) inside a transaction; the clock runs from the kill to the next commit of another one
that was waiting. `--full` adds a million events (is memory flat?) and a million streams (is speed?), which takes some
minutes.
"""

import argparse
import asyncio
import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import structlog
from tests.chainhook.chainhook_payloads import node
from tests.ledger.ledger_chain import CONTRACTS, PEOPLE, Chain, View, created, receipt, withdrawn

from bitpay.chainhook.deliveries import NODE_TOPIC, Deliveries
from bitpay.kit.processes import resident_bytes
from bitpay.ledger.book import UNFINAL_BURN_BLOCKS, Book, Head
from bitpay.ledger.events import decode_block
from bitpay.ledger.follower import Follower
from bitpay.ledger.ledger import Ledger
from bitpay.realtime.log import RoomLog
from bitpay.registry import PROJECTIONS
from bitpay.stacks.model import Block, BlockHeader
from bitpay.store import Client, Database, connect, create_indexes, end, open_database
from bitpay.store.server import MongoServer
from bitpay.streams.projection import PROJECTION as STREAMS

ROOT = Path(__file__).parent.parent
EVENTS_PER_BLOCK = 10
TAKEOVERS = 7
FINAL = 10_000
"""Bitcoin blocks between the history that is read and the tip that the node tells of: all of it is final."""
ABOVE = 400
"""Blocks up to that tip: near the tip the ledger does not take the node's word for what is final."""


class Straight:
    """A node with one history and no forks. `deep`: its tip is far above, so that all of it is final."""

    def __init__(self, blocks: Sequence[Block], *, deep: bool) -> None:
        self.blocks = list(blocks)
        self._above = list(islice(empty_above(blocks[-1].header), ABOVE)) if deep else []

    async def tip(self) -> BlockHeader:
        return self._above[-1] if self._above else self.blocks[-1].header

    async def headers(self, first: int, last: int) -> Sequence[BlockHeader]:
        known = len(self.blocks)
        told = [block.header for block in self.blocks[first - 1 : last]]
        return [*told, *self._above[max(0, first - 1 - known) : max(0, last - known)]]

    async def block(self, header: BlockHeader) -> Block:
        return self.blocks[header.height - 1] if header.height <= len(self.blocks) else Block(header, ())


def empty_above(last: BlockHeader) -> Iterator[BlockHeader]:
    """Yield the headers that follow, FINAL Bitcoin blocks later."""
    above = replace(last, burn_height=last.burn_height + FINAL)
    while True:
        height = above.height + 1
        above = replace(above, height=height, hash=f"0x{height:064x}", parent_hash=above.hash)
        yield above


class Bench:
    """Prints a line per measurement."""

    def __init__(self, client: Client, url: str) -> None:
        self.url = url
        self._client = client
        self._numbers = count()

    async def fresh(self) -> Database:
        database = open_database(self._client, f"bench_{next(self._numbers)}")
        await create_indexes(database)
        return database

    def say(self, what: str, value: str, goal: str = "") -> None:
        print(f"{what:<58}{value:>22}   {goal}", flush=True)


def history(blocks: int, *, events: int = EVENTS_PER_BLOCK, parent: BlockHeader | None = None) -> Iterator[Block]:
    """Yield blocks, made as they are needed: of ten events four open a stream, the others withdraw from one."""
    opened, branch = 0, parent.hash[2:10] if parent else "0" * 8
    below = parent.height if parent else 0
    parent_hash = parent.hash if parent else f"0x{0:064x}"
    for height in range(below + 1, below + blocks + 1):
        digest = hashlib.sha256(f"{branch} {height}".encode()).hexdigest()
        burn = 100 + height // 100
        header = BlockHeader(height, f"0x{digest}", parent_hash, 10**9 + height, burn, f"0x{burn:064x}", 10**9, burn)
        logs = []
        for number in range(events):
            if number % 10 < 4:
                opened += 1
                logs.append(
                    created(number, opened, sender=PEOPLE[0], recipient=PEOPLE[1], amount=10**12, start=1, end=9)
                )
            else:
                stream = (height * 7919 + number * 104729) % opened + 1
                logs.append(withdrawn(number, stream, holder=PEOPLE[1], amount=1, total=height))
        yield Block(header, (receipt(f"0x{digest[::-1]}", 0, logs),))
        parent_hash = header.hash


async def backfill(database: Database, blocks: Sequence[Block]) -> float:
    """Return the seconds that the real follower needs from nothing to the tip."""
    book = Book(database, PROJECTIONS, RoomLog(database))
    await book.open(CONTRACTS.deployer, 1)
    follower = Follower(book, Straight(blocks, deep=True), CONTRACTS, 1)
    await follower.load()
    started = time.perf_counter()
    while follower.head.height < len(blocks):
        await follower.step()
    follower.close()
    return time.perf_counter() - started


async def measure_backfill(bench: Bench) -> None:
    blocks = list(history(3_000))
    events = len(blocks) * EVENTS_PER_BLOCK
    rates = []
    for turn in range(3):
        database = await bench.fresh()
        rates.append(events / await backfill(database, blocks))
        if turn == 0:
            await bare_insert(bench, database)
    bench.say("backfill: decoded, folded and committed", f"{max(rates):,.0f} events/s", "goal 6,000")


async def bare_insert(bench: Bench, database: Database) -> None:
    documents = await database["events"].find().to_list()
    bare = (await bench.fresh())["bare"]
    started = time.perf_counter()
    for start in range(0, len(documents), 1_000):
        await bare.insert_many(documents[start : start + 1_000])
    rate = len(documents) / (time.perf_counter() - started)
    bench.say("bare bulk insert of the same events, nothing else", f"{rate:,.0f} events/s")


async def measure_tip(bench: Bench) -> None:
    database = await bench.fresh()
    blocks = history(400)
    known = list(islice(blocks, 5))
    deliveries = Deliveries(database, CONTRACTS)
    ledger = Ledger(
        database,
        Straight(known, deep=False),
        CONTRACTS,
        PROJECTIONS,
        RoomLog(database),
        start_height=1,
        deliveries=deliveries,
        poll=3600,
    )
    arrived: dict[str, float] = {}

    def committed(head: Head) -> None:
        arrived[head.hash] = time.perf_counter()

    ledger.on_commit(committed)
    running = asyncio.create_task(ledger.run())
    while known[-1].header.hash not in arrived:
        await asyncio.sleep(0.01)
    latencies = []
    for tip in islice(blocks, 300):
        body = json.dumps(node(tip)).encode()
        started = time.perf_counter()
        await deliveries.receive(NODE_TOPIC, body)
        ledger.wake()
        while tip.header.hash not in arrived:
            await asyncio.sleep(0.0005)
        latencies.append(1000 * (arrived[tip.header.hash] - started))
        await asyncio.sleep(max(0.0, 0.1 - (time.perf_counter() - started)))
    await end([running])
    p50, p99 = statistics.median(latencies), statistics.quantiles(latencies, n=100)[98]
    bench.say("tip: delivered to committed, ten blocks a second, p50", f"{p50:.1f} ms", "goal 20 ms")
    bench.say("tip: the same, p99", f"{p99:.1f} ms", "goal 100 ms")


async def measure_undo(bench: Bench) -> None:
    blocks = list(history(1_010))
    chain = Straight(blocks, deep=False)
    database = await bench.fresh()
    book = Book(database, PROJECTIONS, RoomLog(database))
    await book.open(CONTRACTS.deployer, 1)
    follower = Follower(book, chain, CONTRACTS, 1)
    await follower.load()
    started = time.perf_counter()
    while await follower.step():
        pass
    written = time.perf_counter() - started
    bench.say("the same with before-images and messages to rooms", f"{10_100 / written:,.0f} events/s")
    chain.blocks = blocks[:10] + list(history(1_001, events=0, parent=blocks[9].header))
    started = time.perf_counter()
    await follower.step()
    undone = time.perf_counter() - started
    bench.say("1,000 blocks with 10,000 events undone", f"{undone:.2f} s", "goal 3 s")


async def measure_takeover(bench: Bench) -> None:
    seconds = [await take_over(await bench.fresh(), bench.url, seed) for seed in range(TAKEOVERS)]
    bench.say("kill -9 inside a transaction to the next commit, worst", f"{max(seconds):.2f} s", "goal 2 s")
    bench.say(f"the same, median of {TAKEOVERS}", f"{statistics.median(seconds):.2f} s")


async def take_over(database: Database, url: str, seed: int) -> float:
    """Return the seconds from the death of a follower, inside a transaction, to its successor's first commit."""
    arguments = ("-m", "tests.ledger.ledger_child", url, database.name, str(seed))
    child = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    while b"inside" not in await child.stdout.readline():
        pass
    chain = Chain(seed)
    view = View(chain, chain.grow(None, 100, events=3))
    ledger = Ledger(database, view, CONTRACTS, [STREAMS], RoomLog(database), start_height=1)
    committed = asyncio.Event()
    ledger.on_commit(lambda _: committed.set())
    waiting = asyncio.create_task(ledger.run())
    await asyncio.sleep(1.0)  # it waits for the lease, as a second process of BitPay does
    child.kill()
    started = time.perf_counter()
    await committed.wait()
    took = time.perf_counter() - started
    await child.wait()
    await end([waiting])
    return took


async def measure_memory(bench: Bench) -> None:
    database = await bench.fresh()
    book = Book(database, PROJECTIONS, RoomLog(database))
    head: Head = await book.open(CONTRACTS.deployer, 1)
    grown: list[int] = []
    run = []
    started = time.perf_counter()
    for block in history(1_000_000 // EVENTS_PER_BLOCK):
        run.append(decode_block(block, CONTRACTS))
        if len(run) == 64:
            head = await book.apply(head, run, final_burn=block.header.burn_height + UNFINAL_BURN_BLOCKS)
            run = []
        if block.header.height % 10_000 == 0:
            grown.append(resident_bytes(os.getpid()) >> 20)
    rate = 1_000_000 / (time.perf_counter() - started)
    bench.say("1,000,000 events", f"{rate:,.0f} events/s")
    bench.say("memory after each 100,000 of them", f"{grown[0]} .. {grown[-1]} MiB", "flat")


async def measure_size(bench: Bench, streams: int) -> float:
    database = await bench.fresh()
    blocks = list(history(1_000))
    await fill(database, blocks[0], streams)
    rate = 1_000 * EVENTS_PER_BLOCK / await backfill(database, blocks)
    bench.say(f"backfill beside {streams:,} other streams", f"{rate:,.0f} events/s")
    return rate


async def fill(database: Database, block: Block, streams: int) -> None:
    event = decode_block(block, CONTRACTS).events[0]
    sample = STREAMS.step(None, event) or {}
    for start in range(0, streams, 5_000):
        rows = [sample | {"_id": 10**9 + number, "streamId": number} for number in range(start, start + 5_000)]
        await database["streams"].insert_many(rows[: streams - start], ordered=False)


async def run(url: str, *, full: bool) -> None:
    async with connect(url) as client:
        bench = Bench(client, url)
        await measure_backfill(bench)
        await measure_tip(bench)
        await measure_undo(bench)
        await measure_takeover(bench)
        if full:
            await measure_memory(bench)
            few, many = await measure_size(bench, 1_000), await measure_size(bench, 1_000_000)
            bench.say("speed at 1,000,000 streams against 1,000", f"{100 * many / few - 100:+.0f} %", "goal -25 %")


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="also a million events and a million streams")
    options = parser.parse_args(arguments)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    with tempfile.TemporaryDirectory(prefix="bitpay-bench-") as folder, MongoServer(Path(folder)) as server:
        asyncio.run(run(server.url, full=options.full))


if __name__ == "__main__":
    main()
