"""Documents folded anew: to find what is wrong, and to put it right."""

import asyncio
from dataclasses import replace

import pytest
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import clean_replay, follow, state_of

from bitpay.ledger.book import Book, HeadMoved
from bitpay.ledger.projection import LedgerEvent, Message
from bitpay.ledger.replay import Progress, Replay, outdated
from bitpay.realtime.log import RoomLog
from bitpay.store import Database, Document
from bitpay.streams.projection import PROJECTION


async def left_over(database: Database) -> list[str]:
    return [name for name in await database.list_collection_names() if "__replay_" in name]


async def test_a_sound_ledger_has_no_differences(book: Book, database: Database) -> None:
    chain = Chain(1)
    old = chain.grow(None, 300)
    view = View(chain, old)
    follower = await follow(book, view)
    view.show(chain.grow(chain.ancestor(old, 9), 12))
    while await follower.step():
        pass
    assert await Replay(database, [PROJECTION]).verify() == []
    assert await left_over(database) == []


async def test_what_was_tampered_with_is_shown_from_both_sides(book: Book, database: Database) -> None:
    chain = Chain(2)
    await follow(book, View(chain, chain.grow(None, 30)))
    sound = await database["streams"].find_one({"_id": 2})
    await database["streams"].update_one({"_id": 1}, {"$set": {"withdrawnAmount": 7}})
    await database["streams"].delete_one({"_id": 2})
    await database["streams"].insert_one({"_id": 999})

    missing, changed, invented = sorted(
        await Replay(database, [PROJECTION]).verify(), key=lambda one: (one.found is not None, one.key)
    )

    assert (missing.key, missing.found, missing.folded) == (2, None, sound)
    assert (changed.key, changed.fields) == (1, ["withdrawnAmount"])
    assert (invented.key, invented.folded) == (999, None)


async def test_verifying_does_not_mind_that_the_ledger_goes_on(book: Book, database: Database) -> None:
    chain = Chain(3)
    tip = chain.grow(None, 250)
    view = View(chain, tip)
    follower = await follow(book, view)

    async def go_on() -> None:
        at = tip
        for number in range(8):
            at = chain.grow(chain.ancestor(at, number % 3), 4)
            view.show(at)
            while await follower.step():
                pass

    differences, _ = await asyncio.gather(Replay(database, [PROJECTION]).verify(), go_on())
    assert differences == []


async def test_a_replay_puts_documents_and_images_right(book: Book, database: Database) -> None:
    chain = Chain(4)
    old = chain.grow(None, 40)
    view = View(chain, old)
    follower = await follow(book, view)
    before = await state_of(database)
    indexes = await database["streams"].index_information()
    await database["streams"].delete_many({})
    await database["ledger_images"].delete_many({})
    epoch = (await RoomLog(database).position("stream:1")).epoch

    await Replay(database, [PROJECTION]).replace(book)

    assert await state_of(database) == before
    assert await database["streams"].index_information() == indexes
    assert (await RoomLog(database).position("stream:1")).epoch != epoch
    await follower.load()
    new = chain.grow(chain.ancestor(old, 10), 15)
    view.show(new)
    while await follower.step():
        pass
    assert await state_of(database) == await clean_replay(database, chain, new)


async def test_a_new_version_of_a_projection_is_noticed_and_folded(book: Book, database: Database) -> None:
    chain = Chain(5)
    await follow(book, View(chain, chain.grow(None, 20)))

    def step(document: Document | None, event: LedgerEvent) -> Document | None:
        after = PROJECTION.step(document, event)
        return after and {**after, "isLarge": after["amount"] > 10**9}

    newer = replace(PROJECTION, version=2, step=step)
    assert await outdated(database, [newer]) == [newer]

    await Replay(database, [newer]).replace(book)

    assert await outdated(database, [newer]) == []
    assert await database["streams"].count_documents({"isLarge": {"$exists": False}}) == 0


async def test_replacing_under_a_writer_is_refused(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(6)
    tip = chain.grow(None, 10)
    view = View(chain, tip)
    follower = await follow(book, view)
    before = await state_of(database)
    replay = Replay(database, [PROJECTION])
    go_on = replay._go_on

    async def overtaken(progress: Progress) -> Progress:
        done = await go_on(progress)
        view.show(chain.grow(tip, 1, events=0))
        await follower.step()
        return done

    monkeypatch.setattr(replay, "_go_on", overtaken)
    with pytest.raises(HeadMoved):
        await replay.replace(Book(database, [PROJECTION], RoomLog(database)))
    assert await state_of(database) == before


async def test_books_begun_after_a_restore_do_not_tell_again_what_left_the_house(database: Database) -> None:
    def mailed(_before: Document | None, _after: Document | None, event: LedgerEvent) -> list[Message]:
        return [Message("stream:updated", {"height": event.block.height}, kinds=("mail",))]

    book = Book(database, [replace(PROJECTION, messages=mailed, leaves_house=True)], RoomLog(database))
    chain = Chain(7)
    tip = chain.grow(None, 30, events=1)
    await book.open(CONTRACTS.deployer, 1)
    await book.be_quiet_until(chain.path(tip)[14].header.burn_height)
    await follow(book, View(chain, tip))
    told = {row["data"]["height"] async for row in database["outbox"].find()}
    quiet = [block for block in chain.path(tip) if block.header.burn_height <= chain.path(tip)[14].header.burn_height]
    assert told
    assert min(told) > quiet[-1].header.height
    assert await database["streams"].count_documents({}) > 0
