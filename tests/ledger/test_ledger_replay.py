"""Documents folded anew: to find what is wrong, and to put it right."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import AutoReconnect, BulkWriteError
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import clean_replay, follow, state_of

from bitpay.ledger.book import Book, Head, HeadMoved
from bitpay.ledger.events import decode_block
from bitpay.ledger.lease import LeaseLost
from bitpay.ledger.projection import LedgerEvent, Message
from bitpay.ledger.replay import Progress, Replay, Stretch, outdated, record_versions
from bitpay.realtime.log import RoomLog
from bitpay.registry import PROJECTIONS
from bitpay.store import Database, Document
from bitpay.streams.projection import PROJECTION


async def left_over(database: Database) -> list[str]:
    return [name for name in await database.list_collection_names() if "__" in name]


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
        await follower.load()
        view.show(chain.grow(tip, 1, events=0))
        await follower.step()
        return done

    monkeypatch.setattr(replay, "_go_on", overtaken)
    with pytest.raises(HeadMoved):
        await replay.replace(Book(database, [PROJECTION], RoomLog(database)))
    assert await state_of(database) == before


async def images_of(database: Database) -> list[Document]:
    rows = database["ledger_images"].find({}, {"_id": 0}).sort([("height", 1), ("collection", 1), ("key", 1)])
    return await rows.to_list()


class Slow(Book):
    """Books of somebody who is stopped for a while, just after having looked at the head."""

    meanwhile: Callable[[], Awaitable[None]] | None = None

    async def head(self) -> Head:
        found, (meanwhile, self.meanwhile) = await super().head(), (self.meanwhile, None)
        if meanwhile is not None:
            await meanwhile()
        return found


async def test_only_what_can_be_undone_gets_its_images_again(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(8, burn_every=2)
    view = View(chain)
    tip = None
    for _ in range(60):  # at the tip, block by block: every block had its images once
        tip = chain.grow(tip)
        view.show(tip)
        follower = await follow(book, view)
    await book.prune(follower.head)
    before, sound = await images_of(database), await state_of(database)
    sizes: list[int] = []
    monkeypatch.setattr("bitpay.ledger.replay._IMAGES_AT_ONCE", 20)
    replay = Replay(database, [PROJECTION])
    write = replay._write

    async def cramped(book: Book, head: Head, rows: list[Document], work: Any) -> Head:  # noqa: ANN401 - as it is there
        if len(rows) > 7:
            raise BulkWriteError({"writeErrors": [{"index": 0, "code": 388, "errmsg": "too much for the cache"}]})
        sizes.append(len(rows))
        return await write(book, head, rows, work)

    monkeypatch.setattr(replay, "_write", cramped)
    await replay.replace(book)

    assert await images_of(database) == before
    assert await state_of(database) == sound
    assert sum(sizes) == 2 * len(before)
    assert max(sizes) <= 7
    assert await left_over(database) == []


async def test_images_of_other_documents_stay(database: Database) -> None:
    book = Book(database, PROJECTIONS, RoomLog(database))
    chain = Chain(9, facts=0.5)
    await follow(book, View(chain, chain.grow(None, 30)))
    before = await images_of(database)
    assert len({image["collection"] for image in before}) > 1
    await Replay(database, [PROJECTION]).replace(book)
    assert await images_of(database) == before


async def test_who_was_overtaken_after_the_last_look_has_it_folded_anew(book: Book, database: Database) -> None:
    chain = Chain(10)
    tip = chain.grow(None, 10)
    view = View(chain, tip)
    follower = await follow(book, view)
    await record_versions(database, [PROJECTION])
    late = Slow(database, [PROJECTION], RoomLog(database))
    new = chain.grow(tip, 3, events=3)

    async def go_on() -> None:
        await follower.load()
        view.show(new)
        while await follower.step():
            pass

    async def check() -> None:
        late.meanwhile = go_on

    with pytest.raises(HeadMoved):
        await Replay(database, [PROJECTION]).replace(late, check)

    assert await outdated(database, [PROJECTION]) == [PROJECTION]
    with pytest.raises(HeadMoved):  # whoever follows hears of it before the next block
        await book.apply(follower.head, [decode_block(chain.grow(new), CONTRACTS)], final_burn=0)
    await Replay(database, [PROJECTION]).replace(book)
    assert await state_of(database) == await clean_replay(database, chain, new)


async def test_what_an_earlier_leader_laid_aside_never_gets_into_place(book: Book, database: Database) -> None:
    chain = Chain(11)
    tip = chain.grow(None, 10)
    view = View(chain, tip)
    follower = await follow(book, view)
    late = Slow(database, [PROJECTION], RoomLog(database))
    new = chain.grow(tip, 3, events=3)

    async def succeed() -> None:
        await Replay(database, [PROJECTION]).replace(book)
        await follower.load()
        view.show(new)
        while await follower.step():
            pass

    async def check() -> None:
        late.meanwhile = succeed

    with pytest.raises(HeadMoved):
        await Replay(database, [PROJECTION]).replace(late, check)
    assert await state_of(database) == await clean_replay(database, chain, new)
    assert await left_over(database) == []


async def test_who_begins_while_another_folds_ends_the_other(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(14)
    tip = chain.grow(None, 40)
    await follow(book, View(chain, tip))
    early, late = Replay(database, [PROJECTION]), Replay(database, [PROJECTION])
    fold_early = early._fold
    monkeypatch.setattr("bitpay.ledger.replay._BLOCKS_AT_ONCE", 10)

    async def interrupted(stretch: Stretch, progress: Progress) -> None:
        monkeypatch.setattr(early, "_fold", fold_early)
        await late.replace(book)
        await fold_early(stretch, progress)

    monkeypatch.setattr(early, "_fold", interrupted)
    with pytest.raises(HeadMoved):
        await early.replace(Book(database, [PROJECTION], RoomLog(database)))
    assert await state_of(database) == await clean_replay(database, chain, tip)
    assert await left_over(database) == []


async def test_an_interrupted_replay_is_done_again(book: Book, database: Database) -> None:
    chain = Chain(12)
    tip = chain.grow(None, 20)
    await follow(book, View(chain, tip))
    await record_versions(database, [PROJECTION])

    async def lost() -> None:
        raise LeaseLost("Somebody else took over.")

    with pytest.raises(LeaseLost):
        await Replay(database, [PROJECTION]).replace(book, lost)

    assert await outdated(database, [PROJECTION]) == [PROJECTION]
    assert await state_of(database) == await clean_replay(database, chain, tip)
    assert await left_over(database) == []


async def test_transactions_of_a_replay_are_of_the_given_session(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever takes over ends that session, and with it what a killed replay has locked."""
    chain = Chain(15)
    await follow(book, View(chain, chain.grow(None, 10)))
    used = set()
    touch = book.touch

    async def noted(head: Head, session: AsyncClientSession) -> Head:
        used.add(session)
        return await touch(head, session)

    monkeypatch.setattr(book, "touch", noted)
    async with database.client.start_session() as session:
        await Replay(database, [PROJECTION]).replace(book, session=session)
    assert used == {session}


async def test_a_replay_that_cannot_begin_leaves_everything(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(13)
    await follow(book, View(chain, chain.grow(None, 20)))
    before, images = await state_of(database), await images_of(database)
    replay = Replay(database, [PROJECTION])

    async def unreachable(_mark: str) -> None:
        raise AutoReconnect("nobody answers")

    monkeypatch.setattr(replay, "_sweep", unreachable)
    with pytest.raises(AutoReconnect):
        await replay.replace(book)
    assert (await state_of(database), await images_of(database)) == (before, images)
    assert images


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
