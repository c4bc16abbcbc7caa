"""Every query uses an index: the database's own profiler tells of each that reads a whole collection.

A new method of a repository needs arguments here; what may scan is named here, with the reason.
"""

import importlib
import inspect
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.chainhook.chainhook_payloads import chainhooks2
from tests.ledger.ledger_chain import CONTRACTS, PEOPLE, Chain, View
from tests.ledger.ledger_states import follow
from tests.streams.folded import NOW

from bitpay.access.clock import ChainClock
from bitpay.accounts.challenges import Challenge
from bitpay.accounts.models import Session
from bitpay.chainhook.deliveries import DELIVERIES, Deliveries
from bitpay.ledger.book import Book
from bitpay.ledger.replay import Replay
from bitpay.realtime.log import RoomLog
from bitpay.registry import PROJECTIONS, checks
from bitpay.standing import by_state
from bitpay.store import Database, outbox, transaction
from bitpay.store.outbox import OUTBOX, Row
from bitpay.streams.repository import FILTERS, StreamFilter
from bitpay.transactions.models import Outcome, Status

SRC = Path(__file__).parents[2] / "src" / "bitpay"
THEN = datetime(2026, 1, 1, tzinfo=UTC)
SESSION = Session("session", PEOPLE[0], THEN, THEN + timedelta(days=1))
TRANSACTION = {"_id": "0x01", "status": Status.PENDING, "sent": False, "looks": 0, "nextLookAt": THEN}

Calls = Mapping[str, list[tuple[Any, ...]]]
"""Method -> the arguments with which it is called."""

CALLS: Mapping[str, Calls] = {
    "AccountRepository": {
        "add_challenge": [(Challenge(PEOPLE[0], "https://bitpay.example", 1, "nonce", THEN, THEN),)],
        "take_challenge": [("nonce",)],
        "ensure_user": [(PEOPLE[0], THEN)],
        "add_session": [(SESSION,)],
        "session": [("session", THEN)],
        "delete_session": [("session",)],
    },
    "TransactionRepository": {
        "add": [(TRANSACTION,)],
        "get": [("0x01",)],
        "remove": [("0x02",)],
        "mark_sent": [("0x01",)],
        "mark_refused": [("0x01", THEN)],
        "take_due": [(THEN,)],
        "expedite": [(THEN,)],
        "postpone": [(TRANSACTION, THEN)],
        "settle": [("0x01", Outcome(Status.SUCCESS), THEN)],
        "next_due": [()],
    },
    "StreamRepository": {
        "get": [(1,)],
        "page": [
            (StreamFilter(**party, status=status), NOW)
            for status in (None, *FILTERS)
            for party in ({}, *({role: PEOPLE[0]} for role in ("account", "sender", "recipient", "holder")))
        ],
    },
}
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "TransactionRepository.settle": {"final": False},
    "StreamRepository.page": {"before": 9, "limit": 20},
}

_PROFILE_BYTES = 64 << 20
SMALL = {"ledger_head", "ledger_projections", "leases"}
"""Collections of one document, or of one per projection."""


@dataclass
class Scans:
    """What read whole collections."""

    found: list[str] = field(default_factory=list)


@asynccontextmanager
async def profiled(database: Database) -> AsyncIterator[Scans]:
    """Collect every operation in between that read a whole collection."""
    scans = Scans()
    await database.create_collection("system.profile", capped=True, size=_PROFILE_BYTES)
    await database.command("profile", 2)
    try:
        yield scans
    finally:
        await database.command("profile", 0)
        async for row in database["system.profile"].find({"planSummary": {"$regex": "COLLSCAN"}}):
            _, _, name = row["ns"].partition(".")
            if name not in SMALL:
                scans.found.append(f"{row['op']} {name}: {row['command']}")


def repositories() -> list[type]:
    """Return every repository of the house."""
    names = [".".join(path.relative_to(SRC.parent).with_suffix("").parts) for path in SRC.rglob("repository.py")]
    modules = [importlib.import_module(name) for name in sorted(names)]
    return [
        one
        for module in modules
        for _, one in inspect.getmembers(module, inspect.isclass)
        if one.__module__ == module.__name__ and one.__name__.endswith("Repository")
    ]


@pytest.fixture
async def lived_in(database: Database) -> Database:
    """A database that has seen some blocks."""
    chain = Chain(1, facts=0.5)
    await follow(Book(database, PROJECTIONS, RoomLog(database)), View(chain, chain.grow(None, 20)))
    return database


async def test_a_query_without_an_index_is_noticed(lived_in: Database) -> None:
    async with profiled(lived_in) as scans:
        await lived_in["streams"].find_one({"memo": "nowhere"})
    assert len(scans.found) == 1


@pytest.mark.parametrize("repository", repositories(), ids=lambda one: one.__name__)
async def test_no_query_of_a_repository_reads_a_whole_collection(lived_in: Database, repository: type) -> None:
    queries = {name for name, one in inspect.getmembers(repository, inspect.iscoroutinefunction) if name[0] != "_"}
    calls = CALLS.get(repository.__name__, {})
    assert queries == calls.keys(), f"name arguments for the queries of {repository.__name__}"
    held = repository(lived_in)
    async with profiled(lived_in) as scans:
        for name, arguments in calls.items():
            for one in arguments:
                await getattr(held, name)(*one, **OPTIONS.get(f"{repository.__name__}.{name}", {}))
    assert scans.found == []


async def test_the_ledger_never_reads_a_whole_collection(database: Database) -> None:
    chain = Chain(2, facts=0.5, burn_every=10)
    old = chain.grow(None, 60)
    view = View(chain, old)
    book = Book(database, PROJECTIONS, RoomLog(database))
    async with profiled(database) as scans:
        follower = await follow(book, view)
        view.show(chain.grow(chain.ancestor(old, 15), 20))
        while await follower.step():
            pass
        await book.prune(follower.head)
        assert await Replay(database, PROJECTIONS).verify() == []
        await book.alerts.open()
        rooms = RoomLog(database)
        assert await rooms.since("marketplace", (await rooms.position("marketplace")).epoch, 0)
    assert scans.found == []


async def test_the_clock_finds_what_a_new_head_touched_by_an_index(lived_in: Database) -> None:
    clock = ChainClock(lived_in)
    now = await clock.now()
    async with profiled(lived_in) as scans:
        change = await clock._change(replace(now, height=now.height - 5), now)
    assert change.streams
    assert scans.found == []


async def test_what_waits_is_counted_without_reading_it(lived_in: Database) -> None:
    deliveries = Deliveries(lived_in, CONTRACTS)
    for _ in range(3):
        await deliveries.receive("streams", json.dumps(chainhooks2([])).encode())
    rows = [Row(f"row {number}", "mail", "event", {}, "0x", 1, f"{number}") for number in range(3)]
    await transaction(lived_in.client, lambda session: outbox.add(lived_in, rows, session))
    async with profiled(lived_in) as scans:
        assert await by_state(lived_in, DELIVERIES, ["state"]) == [{"state": "new", "count": 3}]
        assert await by_state(lived_in, OUTBOX, ["kind", "state"]) == [{"kind": "mail", "state": "waiting", "count": 3}]
    counted = await lived_in["system.profile"].find({"command.aggregate": {"$in": [DELIVERIES, OUTBOX]}}).to_list()
    assert [row["docsExamined"] for row in counted] == [0, 0]
    assert scans.found == []


async def test_no_delivery_is_looked_for_in_all_of_them(lived_in: Database) -> None:
    deliveries = Deliveries(lived_in, CONTRACTS)
    body = json.dumps(chainhooks2([])).encode()
    async with profiled(lived_in) as scans:
        for _ in range(2):
            await deliveries.receive_from_node(b"no block")
            await deliveries.receive("streams", body)
        await deliveries.reopen()
        taken = [delivery.id async for delivery in deliveries.take()]
        await deliveries.settle(taken[0], "applied")
        await deliveries.reject(taken[1], ValueError("no block"))
        await deliveries.body(taken[0])
    assert scans.found == []


async def test_what_is_asked_about_one_document_finds_its_events_by_an_index(lived_in: Database) -> None:
    async with profiled(lived_in) as scans:
        for check in checks(CONTRACTS):
            async for document in lived_in[check.collection].find().sort("_id", 1).limit(20):
                for question in check.questions(document) if check.questions else ():
                    await lived_in["events"].find(question.events).sort([("height", -1)]).limit(50).to_list()
    assert scans.found == []
