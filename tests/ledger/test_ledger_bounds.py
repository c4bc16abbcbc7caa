"""Books that were begun when how far back blocks can be undone stood in every block."""

from collections.abc import Awaitable, Callable

import pytest
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import clean_replay, follow, state_of

from bitpay.ledger.book import BLOCKS, HEAD, UNFINAL_BURN_BLOCKS, Book
from bitpay.ledger.follower import DEEP
from bitpay.ledger.replay import Replay
from bitpay.store import Collection, Database, Document, migrate
from bitpay.streams.projection import PROJECTION


async def as_it_was(database: Database, *, final_height: int) -> None:
    """Make of these books such as older code left them; blocks up to `final_height` were final when it read them."""
    await database[HEAD].update_one({}, {"$unset": {"highestBurn": "", "imageFloor": ""}})
    for imaged, heights in ((False, {"$lte": final_height}), (True, {"$gt": final_height})):
        await database[BLOCKS].update_many({"height": heights}, {"$set": {"imaged": imaged}})


async def test_older_books_can_be_looked_at_as_they_are(book: Book, database: Database) -> None:
    chain = Chain(1)
    tip = chain.grow(None, 30)
    await follow(book, View(chain, tip))
    await as_it_was(database, final_height=0)
    head = await book.open(CONTRACTS.deployer, 1)
    assert (head.hash, head.highest_burn) == (tip.header.hash, tip.header.burn_height)
    assert await Replay(database, [PROJECTION]).verify() == []


@pytest.mark.parametrize(("pruned", "final_height", "floor"), [(False, 40, 40), (False, 0, 27), (True, 0, 27)])
async def test_older_books_go_on_and_know_what_they_can_undo(
    book: Book, database: Database, *, pruned: bool, final_height: int, floor: int
) -> None:
    chain = Chain(2, burn_every=1)
    old = chain.grow(None, 40, events=1)
    view = View(chain, old)
    follower = await follow(book, view)
    if pruned:
        await book.prune(follower.head)
    await as_it_was(database, final_height=final_height)

    await migrate(database)
    await follower.load()

    assert await book.image_floor() == floor
    assert follower.head.highest_burn == old.header.burn_height
    assert await database[BLOCKS].count_documents({"imaged": {"$exists": True}}) == 0
    new = chain.grow(chain.ancestor(old, 9), 12)
    view.show(new)
    while await follower.step():
        pass
    believed = final_height == 0
    assert [alert["kind"] for alert in await book.alerts.open()] == ([] if believed else [DEEP])
    assert await state_of(database) == await clean_replay(database, chain, new if believed else old)


async def test_what_was_rolled_back_counts_among_the_highest(book: Book, database: Database) -> None:
    chain = Chain(3, burn_every=1)
    tip = chain.grow(None, 40)
    follower = await follow(book, View(chain, tip))
    await book.rollback(follower.head, await book.block_at(32))
    await as_it_was(database, final_height=0)
    await migrate(database)
    assert (await book.head()).highest_burn == tip.header.burn_height
    floor = await book.block_at(await book.image_floor())
    assert floor is not None
    assert floor.burn_height == tip.header.burn_height - UNFINAL_BURN_BLOCKS - 1


async def test_migrating_again_changes_nothing(book: Book, database: Database) -> None:
    chain = Chain(4, burn_every=1)
    await follow(book, View(chain, chain.grow(None, 40)))
    await migrate(database)
    before = await database[HEAD].find_one()
    await database["migrations"].delete_many({})
    await migrate(database)
    assert await database[HEAD].find_one() == before


async def test_who_migrates_late_lowers_no_floor(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(5, burn_every=1)
    await follow(book, View(chain, chain.grow(None, 40)))
    before = await database[HEAD].find_one()
    await as_it_was(database, final_height=0)
    find_one: Callable[..., Awaitable[Document | None]] = type(database[BLOCKS]).find_one

    async def overtaken(self: Collection, *query: object, **options: object) -> Document | None:
        """Another process has migrated and gone on by the time that this one has read what it goes by."""
        found = await find_one(self, *query, **options)
        if self.name == BLOCKS:
            await database[HEAD].replace_one({}, before or {})
        return found

    monkeypatch.setattr(type(database[BLOCKS]), "find_one", overtaken)
    monkeypatch.setattr("bitpay.ledger.book.UNFINAL_BURN_BLOCKS", UNFINAL_BURN_BLOCKS + 5)
    await migrate(database)
    monkeypatch.undo()
    assert await database[HEAD].find_one() == before


async def test_a_new_database_is_migrated_before_it_has_books(database: Database) -> None:
    await migrate(database)
    assert await database[HEAD].count_documents({}) == 0
