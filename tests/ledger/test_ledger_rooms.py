"""What rooms and outbox are told, and what is taken back."""

from dataclasses import replace
from typing import Any

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from tests.ledger.ledger_chain import Chain, View
from tests.ledger.ledger_states import follow

from bitpay.ledger.book import Book
from bitpay.ledger.projection import LedgerEvent, Message
from bitpay.realtime.log import MAX_MISSED, RoomLog
from bitpay.store import Database, Document, transaction
from bitpay.store.outbox import DONE, OUTBOX
from bitpay.streams.projection import PROJECTION


async def say(log: RoomLog, database: Database, *entries: Document) -> None:
    async def work(session: AsyncClientSession) -> None:
        await log.append(entries, session)

    await transaction(database.client, work)


def entry(room: str, number: int, block: str = "0x01") -> Document:
    return {"room": room, "event": "stream:updated", "data": {"number": number}, "block": block}


@pytest.fixture
def log(database: Database) -> RoomLog:
    return RoomLog(database)


async def test_who_missed_something_gets_all_of_it_in_order(log: RoomLog, database: Database) -> None:
    await say(log, database, entry("stream:1", 1))
    before = await log.position("stream:1")
    await say(log, database, *(entry(room, number) for number in range(2, 6) for room in ("stream:1", "user:x")))

    missed = await log.since("stream:1", before.epoch, before.offset)

    assert missed is not None
    assert [said.data["number"] for said in missed] == [2, 3, 4, 5]
    assert [said.offset for said in missed] == [2, 3, 4, 5]
    assert missed[0].payload() == {
        "number": 2,
        "room": "stream:1",
        "epoch": before.epoch,
        "offset": 2,
        "retracted": False,
    }


async def test_who_missed_nothing_gets_nothing(log: RoomLog) -> None:
    position = await log.position("treasury")
    assert await log.since("treasury", position.epoch, position.offset) == []


@pytest.mark.parametrize("stale", [{"epoch": "other"}, {"offset": 99}, {"offset": -1}])
async def test_a_position_that_cannot_be_means_reload(log: RoomLog, database: Database, stale: dict[str, Any]) -> None:
    await say(log, database, entry("marketplace", 1))
    position = replace(await log.position("marketplace"), **stale)
    assert await log.since("marketplace", position.epoch, position.offset) is None


async def test_a_part_is_never_given(log: RoomLog, database: Database) -> None:
    start = await log.position("stream:1")
    await say(log, database, *(entry("stream:1", number) for number in range(5)))
    await database["room_log"].delete_one({"room": "stream:1", "offset": 2})
    assert await log.since("stream:1", start.epoch, 0) is None
    assert len(await log.since("stream:1", start.epoch, 2) or []) == 3
    await say(log, database, *(entry("stream:1", number) for number in range(MAX_MISSED)))
    assert await log.since("stream:1", start.epoch, 2) is None


async def test_a_new_epoch_makes_everybody_reload(log: RoomLog, database: Database) -> None:
    start = await log.position("stream:1")
    await transaction(database.client, log.begin_epoch)
    assert await log.since("stream:1", start.epoch, 0) is None
    assert (await log.position("stream:1")).epoch != start.epoch


async def test_the_ledger_tells_the_stream_and_both_its_parties(book: Book, database: Database) -> None:
    chain = Chain(1)
    await follow(book, View(chain, chain.grow(None, 1, events=1)))
    stream = await database["streams"].find_one() or {}

    rows = await database["room_log"].find().to_list()

    assert {row["room"] for row in rows} == {"stream:1", f"user:{stream['sender']}", f"user:{stream['holder']}"}
    assert {row["event"] for row in rows} == {"stream:created"}
    assert rows[0]["data"]["stream"] == {key: value for key, value in stream.items() if key != "_id"}


async def test_a_rollback_takes_back_what_was_said_newest_first(book: Book, log: RoomLog, database: Database) -> None:
    chain = Chain(2)
    fork = chain.grow(None, 1, events=1)
    old = chain.grow(fork, 3, events=2)
    view = View(chain, old)
    follower = await follow(book, view)
    position = await log.position("stream:1")
    said_before = await log.since("stream:1", position.epoch, 1) or []

    view.show(chain.grow(fork, 4, events=0))
    await follower.step()

    taken_back = await log.since("stream:1", position.epoch, position.offset)
    assert taken_back is not None
    assert all(said.retracted for said in taken_back)
    assert [said.data for said in taken_back] == [said.data for said in reversed(said_before)]


async def test_final_blocks_are_not_told_one_by_one_but_everybody_reloads(
    book: Book, log: RoomLog, database: Database
) -> None:
    chain = Chain(3, burn_every=1)
    start = await log.position("stream:1")
    await follow(book, View(chain, chain.grow(None, 40, events=1)))
    assert await log.since("stream:1", start.epoch, 0) is None
    burn = [row["burnHeight"] async for row in database["blocks"].find().sort("height", -1)]
    told = await database["room_log"].distinct("block")
    assert len(told) == len([height for height in burn if height >= burn[0] - 12])


def mailed(before: Document | None, after: Document | None, event: LedgerEvent) -> list[Message]:
    messages = PROJECTION.messages(before, after, event)
    return [replace(message, kinds=("email",)) for message in messages]


async def test_nothing_unsaid_silently_and_nothing_said_needlessly(database: Database) -> None:
    book = Book(database, [replace(PROJECTION, messages=mailed, leaves_house=True)], RoomLog(database))
    chain = Chain(4)
    fork = chain.grow(None, 1, events=2)
    old = chain.grow(fork, 1, events=2)
    view = View(chain, old)
    follower = await follow(book, view)
    rows = await database[OUTBOX].find({"block": old.header.hash}).sort("order", 1).to_list()
    await database[OUTBOX].update_one({"_id": rows[0]["_id"]}, {"$set": {"state": DONE, "attempts": 1}})

    view.show(chain.grow(fork, 2, events=0))
    while await follower.step():
        pass

    left = {row["_id"]: row async for row in database[OUTBOX].find({"block": old.header.hash})}
    assert left.keys() == {rows[0]["_id"], f"{rows[0]['_id']}:retracted"}
    assert await database[OUTBOX].count_documents({"block": fork.header.hash}) == len(rows)

    view.show(chain.grow(old, 2, events=0))  # and the block comes back
    while await follower.step():
        pass
    again = {row["_id"] async for row in database[OUTBOX].find({"block": old.header.hash})}
    assert len(again) == len(left) + len(rows)
