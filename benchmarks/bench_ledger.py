"""The ledger's speed on this machine, with journaled writes, beside a bare bulk insert of the same documents.

    .venv/bin/python benchmarks/bench_ledger.py [--full]

Backfill: the real follower reads generated blocks (ten events each) from memory, decodes Clarity bytes, folds and
commits. Tip: a node's block is delivered ten times a second to a ledger that runs; the clock stops when a reader of
the database can see it. Undo: a thousand blocks with ten thousand events leave the chain. `--full` adds a million
events (is memory flat?) and a million streams (is speed?), which takes some minutes.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

import structlog
from tests.chainhook.chainhook_payloads import node
from tests.ledger.ledger_chain import CONTRACTS, PEOPLE, Chain, View, created, receipt, withdrawn

from bitpay.chainhook.deliveries import NODE_TOPIC, Deliveries
from bitpay.ledger.book import UNFINAL_BURN_BLOCKS, Book, Head
from bitpay.ledger.events import decode_block
from bitpay.ledger.follower import Follower
from bitpay.ledger.ledger import Ledger
from bitpay.realtime.log import RoomLog
from bitpay.stacks.model import Block, BlockHeader
from bitpay.store import Client, Database, connect, create_indexes, end, open_database
from bitpay.store.server import MongoServer
from bitpay.streams.projection import PROJECTION

EVENTS_PER_BLOCK = 10
FINAL = 10_000
"""Bitcoin blocks between the history that is read and the tip that the node tells of: all of it is final."""


class Deep(View):
    """A node whose tip is far above the blocks that are measured."""

    async def tip(self) -> BlockHeader:
        tip = await super().tip()
        return BlockHeader(
            tip.height + 1, "0x" + "ff" * 32, tip.hash, tip.time, tip.burn_height + FINAL, tip.burn_hash, 0, 0
        )


class Bench:
    """Prints a line per measurement."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._numbers = count()

    async def fresh(self) -> Database:
        database = open_database(self._client, f"bench_{next(self._numbers)}")
        await create_indexes(database)
        return database

    def say(self, what: str, value: str, goal: str = "") -> None:
        print(f"{what:<58}{value:>22}   {goal}", flush=True)


async def bare_insert(bench: Bench, chain: Chain, tip: Block) -> None:
    database = await bench.fresh()
    await backfill(database, chain, tip)
    documents = await database["events"].find().to_list()
    bare = database["bare"]
    started = time.perf_counter()
    for start in range(0, len(documents), 1_000):
        await bare.insert_many(documents[start : start + 1_000])
    rate = len(documents) / (time.perf_counter() - started)
    bench.say("bare bulk insert of the same events, nothing else", f"{rate:,.0f} events/s")


async def backfill(database: Database, chain: Chain, tip: Block) -> float:
    """Return the seconds that the real follower needs from nothing to the tip."""
    book = Book(database, [PROJECTION], RoomLog(database))
    await book.open(CONTRACTS.deployer, 1)
    follower = Follower(book, Deep(chain, tip), CONTRACTS, 1)
    await follower.load()
    started = time.perf_counter()
    while follower.head.hash != tip.header.hash:
        await follower.step()
    follower.close()
    return time.perf_counter() - started


async def measure_backfill(bench: Bench) -> None:
    chain = Chain(1, burn_every=60)
    tip = chain.grow(None, 3_000, events=EVENTS_PER_BLOCK)
    events = 3_000 * EVENTS_PER_BLOCK
    await bare_insert(bench, chain, tip)
    rates = [events / await backfill(await bench.fresh(), chain, tip) for _ in range(3)]
    bench.say("backfill: decoded, folded and committed", f"{max(rates):,.0f} events/s", "goal 6,000")


async def measure_tip(bench: Bench) -> None:
    database = await bench.fresh()
    chain = Chain(2, burn_every=60)
    tip = chain.grow(None, 5, events=EVENTS_PER_BLOCK)
    view = View(chain, tip)
    deliveries = Deliveries(database, CONTRACTS)
    ledger = Ledger(
        database, view, CONTRACTS, [PROJECTION], RoomLog(database), start_height=1, deliveries=deliveries, poll=3600
    )
    arrived: dict[str, float] = {}

    def committed(head: Head) -> None:
        arrived[head.hash] = time.perf_counter()

    ledger.on_commit(committed)
    running = asyncio.create_task(ledger.run())
    while tip.header.hash not in arrived:
        await asyncio.sleep(0.01)
    latencies = []
    for _ in range(300):
        tip = chain.grow(tip, 1, events=EVENTS_PER_BLOCK)
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
    database = await bench.fresh()
    chain = Chain(3, burn_every=200)
    fork = chain.grow(None, 10, events=EVENTS_PER_BLOCK)
    old = chain.grow(fork, 1_000, events=EVENTS_PER_BLOCK)
    view = View(chain, old)
    book = Book(database, [PROJECTION], RoomLog(database))
    await book.open(CONTRACTS.deployer, 1)
    follower = Follower(book, view, CONTRACTS, 1)
    await follower.load()
    started = time.perf_counter()
    while await follower.step():
        pass
    written = time.perf_counter() - started
    bench.say("the same with before-images and messages to rooms", f"{10_000 / written:,.0f} events/s")
    view.show(chain.grow(fork, 1_001, events=0))
    started = time.perf_counter()
    await follower.step()
    undone = time.perf_counter() - started
    bench.say("1,000 blocks with 10,000 events undone", f"{undone:.2f} s", "goal 3 s")


def long_history(blocks: int) -> Iterator[Block]:
    """Blocks of withdrawals from a thousand streams, made as they are needed."""
    parent, total = "0x" + "00" * 32, 0
    for height in range(1, blocks + 1):
        name = f"0x{height:064x}"
        header = BlockHeader(height, name, parent, 1_700_000_000 + height, height // 60, name, 0, height // 60)
        logs = []
        for number in range(EVENTS_PER_BLOCK):
            total += 1
            stream = total % 1_000 + 1
            if total <= 1_000:
                people = {"sender": PEOPLE[0], "recipient": PEOPLE[1]}
                logs.append(created(number, stream, **people, amount=10**12, start=1, end=9))
            else:
                logs.append(withdrawn(number, stream, holder=PEOPLE[1], amount=1, total=total))
        yield Block(header, (receipt(name, 0, logs),))
        parent = name


async def measure_memory(bench: Bench) -> None:
    database = await bench.fresh()
    book = Book(database, [PROJECTION], RoomLog(database))
    head: Head = await book.open(CONTRACTS.deployer, 1)
    grown: list[int] = []
    run = []
    started = time.perf_counter()
    for block in long_history(1_000_000 // EVENTS_PER_BLOCK):
        run.append(decode_block(block, CONTRACTS))
        if len(run) == 64:
            head = await book.apply(head, run, final_burn=block.header.burn_height + UNFINAL_BURN_BLOCKS)
            run = []
        if block.header.height % 10_000 == 0:
            grown.append(resident_mib())
    rate = 1_000_000 / (time.perf_counter() - started)
    bench.say("1,000,000 events", f"{rate:,.0f} events/s")
    bench.say("memory after each 100,000 of them", f"{grown[0]} .. {grown[-1]} MiB", "flat")


async def measure_size(bench: Bench, streams: int) -> float:
    database = await bench.fresh()
    chain = Chain(4, burn_every=60)
    tip = chain.grow(None, 1_000, events=EVENTS_PER_BLOCK)
    await fill(database, chain, tip, streams)
    rate = 1_000 * EVENTS_PER_BLOCK / await backfill(database, chain, tip)
    bench.say(f"backfill beside {streams:,} other streams", f"{rate:,.0f} events/s")
    return rate


async def fill(database: Database, chain: Chain, tip: Block, streams: int) -> None:
    event = decode_block(chain.path(tip)[0], CONTRACTS).events[0]
    sample = PROJECTION.step(None, event) or {}
    for start in range(0, streams, 5_000):
        rows = [sample | {"_id": 10**9 + number, "streamId": number} for number in range(start, start + 5_000)]
        await database["streams"].insert_many(rows[: streams - start], ordered=False)


def resident_mib() -> int:
    fields = Path("/proc/self/statm").read_text().split()
    return int(fields[1]) * 4 // 1024


async def run(url: str, *, full: bool) -> None:
    async with connect(url) as client:
        bench = Bench(client)
        await measure_backfill(bench)
        await measure_tip(bench)
        await measure_undo(bench)
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
