"""One seed: a world grows, everything goes wrong as planned, and in the end the ledger must be right."""

import asyncio
import json
import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from multiprocessing.context import ForkServerProcess
from typing import Any

import httpx
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError
from tests.chainhook.chainhook_payloads import chainhook1, chainhooks2, node
from tests.ledger.ledger_chain import Chain
from tests.ledger.ledger_states import clean_replay, state_of
from tests.ledger.simulator import child
from tests.ledger.simulator.node import Node
from tests.ledger.simulator.plan import Plan
from tests.ledger.simulator.proxy import Fault, Proxy
from tests.ledger.simulator.sink import Sink

from bitpay.kit.processes import free_port
from bitpay.ledger.alerts import ALERTS
from bitpay.ledger.book import HEAD, floor_of
from bitpay.ledger.follower import DEEP
from bitpay.realtime.log import LOG, ROOMS
from bitpay.stacks.model import Block
from bitpay.store import Client, Database, create_indexes, end, open_database
from bitpay.store.outbox import LEASED, OUTBOX, WAITING
from bitpay.store.server import MongoServer

PATIENCE = 30.0
"""Seconds that a ledger without further faults may need to come to rest."""
_LONGEST_PAUSE = 0.2
"""Seconds that the world waits for a ledger's commit before it goes on."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.ledger.simulator.child"])

_COMMANDS = (
    *("find", "getMore", "aggregate", "insert", "update", "delete", "findAndModify"),
    *("commitTransaction", "abortTransaction", "killSessions", "hello"),
)
_FAULTS: tuple[dict[str, Any], ...] = (
    {"errorCode": 11600},
    {"errorCode": 91},
    {"errorCode": 112, "errorLabels": ["TransientTransactionError"]},
    {"closeConnection": True},
)


class Wrong(AssertionError):
    """The ledger ended in something else than the truth."""


@dataclass(slots=True)
class Report:
    """What happened in one run."""

    seed: int
    seconds: float = 0.0
    blocks: int = 0
    events: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    wrong: str = ""

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__} | {"counts": dict(self.counts)}


class Run:
    """Plays one plan on one mongod, in a database of its own."""

    def __init__(self, plan: Plan, server: MongoServer, client: Client) -> None:
        self.plan = plan
        self.report = Report(plan.seed)
        self._draw = random.Random(f"run {plan.seed}")  # noqa: S311 - a seed that replays is the point
        self._luck = random.Random(f"luck {plan.seed}")  # noqa: S311 - for draws whose order the machine decides
        self._client = client
        self._database: Database = open_database(client, f"simulated_{plan.seed}")
        self._chain = Chain(plan.seed, events_per_block=plan.events_per_block, burn_every=plan.burn_every, facts=0.5)
        self._tip: Block = self._chain.grow(None, plan.history)
        self._node = Node(self._chain, random.Random(f"node {plan.seed}"))  # noqa: S311 - the same
        self._proxy = Proxy(server.port, random.Random(f"proxy {plan.seed}"), self._kill_any)  # noqa: S311 - the same
        self._sink = Sink(random.Random(f"sink {plan.seed}"))  # noqa: S311 - the same
        self._ports = [free_port() for _ in range(plan.followers)]
        self._ledgers: dict[int, ForkServerProcess] = {}
        self._posts: set[asyncio.Task[None]] = set()

    async def play(self) -> Report:
        """Return what happened; `wrong` tells how the ledger was wrong, empty when it was right."""
        started = time.monotonic()
        await self._begin()
        try:
            async with httpx.AsyncClient(timeout=2.0) as http:
                for _ in range(self.plan.steps):
                    await self._step(http)
                    await self._let_it_work(self._draw.random())
                await self._calm()
                await end([*self._posts])
            await self._verify()
            if self.plan.two_waves:
                await self._two_waves()
        except Wrong as error:
            self.report.wrong = str(error)
        finally:
            await self._end()
        self._count(started)
        return self.report

    async def _begin(self) -> None:
        await self._client.drop_database(self._database.name)
        await create_indexes(self._database)
        for part in (self._node, self._proxy, self._sink):
            await part.start()
        self._node.show(self._tip)
        self._node.rates = self.plan.rates
        self._proxy.rate = self.plan.rates.commit_fault
        for port in self._ports:
            self._start(port)
        for port in self._ports:
            await self._ready(port)

    async def _end(self) -> None:
        for process in self._ledgers.values():
            process.kill()
            process.join()
        await end([*self._posts])
        for part in (self._node, self._proxy, self._sink):
            await part.stop()
        if not self.report.wrong:
            await self._client.drop_database(self._database.name)

    async def _let_it_work(self, how_much: float) -> None:
        """Go on at once, or after the ledgers' next commit: the world is sometimes faster than they are."""
        await asyncio.sleep(0.01 * how_much)
        if how_much < 0.7:
            seen = self._proxy.commits
            with suppress(TimeoutError):
                async with asyncio.timeout(_LONGEST_PAUSE):
                    while self._proxy.commits == seen:
                        await asyncio.sleep(0.002)

    async def _ready(self, port: int) -> None:
        for _ in range(500):
            with suppress(ConnectionError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)

    def _start(self, port: int) -> None:
        orders = child.Orders(
            mongo=f"mongodb://127.0.0.1:{self._proxy.port}/?directConnection=true",
            database=self._database.name,
            node=self._node.url,
            sink=self._sink.url,
            port=port,
            racing=self.plan.racing,
        )
        process = _CONTEXT.Process(target=child.main, args=(orders,), daemon=True)
        process.start()
        self._ledgers[port] = process

    def _kill_any(self) -> None:
        port = self._luck.choice(self._ports)
        process = self._ledgers[port]
        if process.is_alive():
            self.report.counts["kill -9"] += 1
            process.kill()

    def _revive(self) -> None:
        """Start again what was killed."""
        for port, process in self._ledgers.items():
            if not process.is_alive():
                process.join()
                self._start(port)

    async def _step(self, http: httpx.AsyncClient) -> None:
        rates = self.plan.rates
        self._revive()
        luck = self._draw.random
        self._grow(http)
        if luck() < rates.kill:
            self._kill_any()
        if luck() < rates.command_error:
            await self._fail_a_command()
        if luck() < rates.step_down:
            await self._step_down()

    def _grow(self, http: httpx.AsyncClient) -> None:
        rates, draw = self.plan.rates, self._draw
        parent: Block | None = self._tip
        left: list[Block] = []
        if draw.random() < rates.deep_fork:
            parent, left = self._fork(draw.randint(10, 40))
        elif draw.random() < rates.fork:
            parent, left = self._fork(draw.randint(1, 6))
        old, self._tip = self._tip, self._chain.grow(parent, len(left) + draw.randint(0, 2) or 1)
        self._node.show(self._tip)
        known = {block.header.hash for block in self._chain.path(old)}
        fresh = [block for block in self._chain.path(self._tip) if block.header.hash not in known]
        for block in fresh[-5:]:
            self._deliver(http, block, left)

    def _fork(self, depth: int) -> tuple[Block | None, list[Block]]:
        path = self._chain.path(self._tip)
        depth = min(depth, len(path) - 1, 9 * self.plan.burn_every)
        self.report.counts["reorganisation"] += bool(depth)
        return (path[-depth - 1], path[-depth:]) if depth else (self._tip, [])

    def _deliver(self, http: httpx.AsyncClient, block: Block, left: list[Block]) -> None:
        rates, draw = self.plan.rates, self._draw
        if draw.random() < rates.drop:
            self.report.counts["delivery dropped"] += 1
            return
        if draw.random() < rates.partial:
            self.report.counts["delivery partial"] += 1
            kept = tuple(receipt for receipt in block.transactions if draw.random() < 0.5)
            path, body = "/api/webhooks/chainhook/streams", chainhook1([replace(block, transactions=kept)], left)
        elif draw.random() < 0.5:
            path, body = "/new_block", node(block)
        else:
            path, body = "/api/webhooks/chainhook/streams", chainhooks2([block], left)
        content = json.dumps(body).encode()
        if draw.random() < rates.truncate:
            self.report.counts["delivery truncated"] += 1
            content = content[: draw.randrange(len(content))]
        for _ in range(1 + (draw.random() < rates.duplicate)):
            task = asyncio.create_task(self._post(http, path, content, draw.choice([0, 0, 0.01, 0.1])))
            self._posts.add(task)
            task.add_done_callback(self._posts.discard)

    async def _post(self, http: httpx.AsyncClient, path: str, content: bytes, delay: float) -> None:
        await asyncio.sleep(delay)
        port = self._luck.choice(self._ports)
        with suppress(httpx.HTTPError):
            headers = {"authorization": f"Bearer {child.SECRET}"}
            answer = await http.post(f"http://127.0.0.1:{port}{path}", content=content, headers=headers)
            self.report.counts[f"delivery answered {answer.status_code}"] += 1

    async def _fail_a_command(self) -> None:
        command = self._draw.choice(_COMMANDS)
        fault = dict(self._draw.choice(_FAULTS))
        if command == "commitTransaction" and self._draw.random() < 0.5:
            fault = {"writeConcernError": {"code": 91, "errmsg": "shutting down", "errorLabels": []}}
        self.report.counts[f"fault on {command}"] += 1
        data = {"failCommands": [command], "appName": "bitpay", **fault}
        await self._client.admin.command({"configureFailPoint": "failCommand", "mode": {"times": 1}, "data": data})

    async def _step_down(self) -> None:
        self.report.counts["step-down"] += 1
        with suppress(PyMongoError):
            await self._client.admin.command("replSetStepDown", 1, force=True)

    async def _calm(self) -> None:
        """No more faults: within PATIENCE the ledger must come to rest at the tip."""
        self._node.rates = None
        self._proxy.rate = 0.0
        self._sink.refusal = 0.0
        await self._client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not await self._at_rest():
                    self._revive()
                    await asyncio.sleep(0.02)
                return
        head = await self._database[HEAD].find_one() or {}
        outbox = await self._database[OUTBOX].count_documents({"state": {"$in": [WAITING, LEASED]}})
        raise Wrong(f"not at rest: head {head.get('height')} of {self._tip.header.height}, {outbox} letters left")

    async def _two_waves(self) -> None:
        """The ledger must stop short of the second wave, with the documents of its own head, and go on afterwards."""
        every, wave = self.plan.burn_every, 9 * self.plan.burn_every
        while len(self._chain.path(self._tip)) <= 2 * wave:
            await self._grow_calmly(every)
        path = self._chain.path(self._tip)
        self.report.counts["two waves"] += 1
        self._node.show(self._chain.grow(path[-wave - 1], wave))
        await self._wait("the first wave is not seen", self._has_left)
        self._node.show(self._chain.grow(path[-2 * wave - 1], 2 * wave + every))
        await self._wait("two waves raise no alert", self._is_stopped)
        head = await self._database[HEAD].find_one() or {}
        await self._verify_documents(self._chain.blocks[head["hash"]])
        await self._grow_calmly(every)
        await self._verify()
        await self._wait("the alert about two waves stays open", self._goes_on)

    async def _grow_calmly(self, count: int) -> None:
        self._tip = self._chain.grow(self._tip, count)
        self._node.show(self._tip)
        await self._calm()

    async def _has_left(self) -> bool:
        return (await self._database[HEAD].find_one() or {}).get("hash") != self._tip.header.hash

    async def _is_stopped(self) -> bool:
        return await self._database[ALERTS].find_one({"_id": DEEP, "open": True}) is not None

    async def _goes_on(self) -> bool:
        return not await self._is_stopped()

    async def _wait(self, otherwise: str, ready: Callable[[], Awaitable[bool]]) -> None:
        """Wait with PATIENCE until it is so."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while not await ready():
                    self._revive()
                    await asyncio.sleep(0.002)
                return
        raise Wrong(otherwise)

    async def _at_rest(self) -> bool:
        with suppress(PyMongoError):
            head = await self._database[HEAD].find_one() or {}
            waiting = await self._database[OUTBOX].find_one({"state": {"$in": [WAITING, LEASED]}})
            return head.get("hash") == self._tip.header.hash and waiting is None
        return False

    async def _verify(self) -> None:
        truth = await self._verify_documents(self._tip)
        self._same("the customer believes", self._sink.believed(), truth["told"])
        await self._verify_rooms(truth["said"])

    async def _verify_documents(self, tip: Block) -> dict[str, list[dict[str, Any]]]:
        """Hold what the ledger has against a clean replay up to this block, and return what that gives."""
        truth = await clean_replay(self._database, self._chain, tip, child.POSTED)
        found = await state_of(self._database)
        for name in found:
            if found[name] != truth[name]:
                raise Wrong(f"{name} differ from a clean replay")
        return truth

    async def _verify_rooms(self, truth: list[dict[str, Any]]) -> None:
        counters = {row["_id"]: row["offset"] async for row in self._database[ROOMS].find({"offset": {"$gt": 0}})}
        rows = await self._database[LOG].find().sort([("room", 1), ("offset", 1)]).to_list()
        for room, top in counters.items():
            offsets = [row["offset"] for row in rows if row["room"] == room]
            if offsets != list(range(1, top + 1)):
                raise Wrong(f"the log of {room} has holes or repeats")
        if await floor_of(self._database) > 0:
            return  # some of it was final already when it was read, and so not told message by message
        said = Counter(_key(row) for row in rows if not row.get("retracted"))
        said -= Counter(_key(row) for row in rows if row.get("retracted"))
        if said != Counter(_key(row) for row in truth):
            raise Wrong("rooms were told something else than the truth")

    @staticmethod
    def _same(what: str, found: list[dict[str, Any]], truth: list[dict[str, Any]]) -> None:
        ours, theirs = (Counter(json.dumps(item, sort_keys=True) for item in items) for items in (found, truth))
        if ours != theirs:
            missing, extra = (theirs - ours).total(), (ours - theirs).total()
            raise Wrong(f"{what} something else than the truth: {missing} missing, {extra} too many")

    def _count(self, started: float) -> None:
        path = self._chain.path(self._tip)
        self.report.seconds = round(time.monotonic() - started, 2)
        self.report.blocks = len(path)
        self.report.events = sum(len(receipt.events) for block in path for receipt in block.transactions)
        for fault in (Fault.CUT_BEFORE, Fault.CUT_AFTER, Fault.KILL_BEFORE, Fault.KILL_AFTER):
            self.report.counts[f"commit {fault.value}"] += self._proxy.counts[fault]
        self.report.counts["chain API errors"] += self._node.errors
        self.report.counts["letters repeated"] += self._sink.repeats


def _key(row: dict[str, Any]) -> str:
    return json.dumps([row["room"], row["event"], row["data"]], sort_keys=True)


def warm_up() -> None:
    """Import once, for all ledgers' processes to come, what they run: it takes longer than a run of many a seed."""
    process = _CONTEXT.Process(target=int)
    process.start()
    process.join()


def observer(server: MongoServer) -> Client:
    """Return a client that the fail points leave alone."""
    return AsyncMongoClient(server.url, w="majority", journal=True, appname="simulator", heartbeatFrequencyMS=500)
