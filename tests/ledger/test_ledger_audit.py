"""The real contracts, the real ledger, and an audit that finds nothing, or exactly what is wrong."""

import asyncio
from collections.abc import Iterator, Sequence

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from tests.ledger.ledger_story import Story, Told, ToldNode

from bitpay.ledger.audit import Auditor, Check, Finding, Question
from bitpay.ledger.book import Book
from bitpay.ledger.follower import Follower
from bitpay.localchain import sdk
from bitpay.localchain.vm import Vm
from bitpay.realtime.log import RoomLog
from bitpay.store import Database, end
from bitpay.streams.audit import stream_check
from bitpay.streams.models import RECEIPTS, STREAMS
from bitpay.streams.projection import PROJECTION

SEEDS = range(4)


@pytest.fixture(scope="module")
def vm() -> Iterator[Vm]:
    sdk.install()
    with Vm.start() as vm:
        yield vm


@pytest.fixture(scope="module")
def beginning(vm: Vm) -> tuple[Told, int]:
    world = Told.begin(vm)
    world.finalize()
    return world, vm.snapshot()


@pytest.fixture
def told(beginning: tuple[Told, int]) -> Told:
    world, snapshot = beginning
    world.vm.restore(snapshot)
    world.blocks.clear()
    world.close_block()
    return world


async def caught_up(database: Database, told: Told) -> Book:
    book = Book(database, [PROJECTION], RoomLog(database))
    await book.open(told.ids.deployer, 1)
    follower = Follower(book, ToldNode(told), told.ids, 1)
    await follower.load()
    while await follower.step():
        pass
    assert await book.alerts.open() == []
    return book


def auditor(book: Book, told: Told) -> Auditor:
    return Auditor(book, ToldNode(told), [stream_check(told.ids)])


async def findings(book: Book, told: Told) -> list[Finding]:
    audited = await auditor(book, told).audit()
    assert audited.failures == {}
    return audited.findings


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_any_story_the_contracts_answer_what_the_documents_say(
    database: Database, told: Told, seed: int
) -> None:
    story = Story(told, seed)
    for _ in range(120):
        story.happen()
    told.close_block()

    book = await caught_up(database, told)

    assert await database["streams"].count_documents({}) > 5
    assert await findings(book, told) == []


async def test_a_difference_is_told_with_both_sides_and_the_events_between(database: Database, told: Told) -> None:
    told.open(told.alice, told.bob, 1_000)
    told.close_block()
    told.core.withdraw_from_stream(1, by=told.bob)
    told.close_block()
    book = await caught_up(database, told)
    await database["streams"].update_one({"_id": 1}, {"$set": {"withdrawnAmount": 1}})

    stream, total = await findings(book, told)

    assert (stream.question.subject, stream.question.function) == ("stream 1", "get-stream")
    assert (stream.question.expected["withdrawn"], stream.answer["withdrawn"]) == (1, 100)
    assert [event["name"] for event in stream.events] == [
        "obligation-minted",
        "stream-created",
        "stream-withdrawal",
    ]
    assert (total.question.expected, total.answer) == (999, 900)
    assert {alert["kind"] for alert in await book.alerts.open()} == {"audit_difference"}

    await database["streams"].update_one({"_id": 1}, {"$set": {"withdrawnAmount": 100}})
    assert await findings(book, told) == []
    assert await book.alerts.open() == [], "what is right again needs nobody's attention"


async def test_both_sides_belong_to_the_same_block_or_nothing_is_compared(
    database: Database, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitpay.ledger.audit._PAUSE_SECONDS", 0)
    told.open(told.alice, told.bob, 1_000)
    told.close_block()
    book = await caught_up(database, told)
    told.core.withdraw_from_stream(1, by=told.bob)
    told.close_block()  # the node is ahead of the ledger now

    audited = await auditor(book, told).audit()
    assert (audited.findings, audited.agrees) == ([], False)
    assert "NeverStill" in audited.failures[STREAMS]
    assert await book.alerts.open() == []


async def test_a_sample_audits_some_documents_and_the_totals(database: Database, told: Told) -> None:
    for _ in range(3):
        told.open(told.alice, told.bob, 1_000)
    told.close_block()
    book = await caught_up(database, told)
    await database[STREAMS].update_many({}, {"$set": {"memo": "another"}})
    audited = await auditor(book, told).audit(1)
    assert audited.documents == {STREAMS: 1}
    assert [finding.question.function for finding in audited.findings] == ["get-stream"]


async def test_a_check_that_fails_does_not_end_the_others_and_calls_somebody_when_it_goes_on(
    database: Database, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    told.open(told.alice, told.bob, 1_000)
    told.close_block()
    book = await caught_up(database, told)
    await database[STREAMS].update_one({"_id": 1}, {"$set": {"memo": "another"}})
    unanswerable = Question("nothing", told.ids.core, "no-such-function", (), 0)

    async def totals(_database: Database, _session: AsyncClientSession) -> Sequence[Question]:
        return (unanswerable,)

    failing = Check(RECEIPTS, None, totals)
    auditor = Auditor(book, ToldNode(told), [failing, stream_check(told.ids)])

    audited = await auditor.audit()
    assert list(audited.failures) == [RECEIPTS]
    assert audited.documents == {STREAMS: 1}, "only what is asked of each document counts as looked at"
    assert [finding.question.subject for finding in audited.findings] == ["stream 1"]
    assert {alert["_id"] for alert in await book.alerts.open()} == {"audit_difference:stream 1:get-stream"}

    running = asyncio.create_task(auditor.run(0))
    async with asyncio.timeout(20):
        while not await book.alerts.open_among([failing.alert]):
            await asyncio.sleep(0.01)
        monkeypatch.setattr(auditor, "checks", (Check(RECEIPTS, None), *auditor.checks[1:]))
        while await book.alerts.open_among([failing.alert]):
            await asyncio.sleep(0.01)
    await end([running])
