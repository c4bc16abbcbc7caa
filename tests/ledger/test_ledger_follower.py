"""The follower against a generated chain: whatever happens on the way, the documents are those of a clean replay."""

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import clean_replay, follow, state_of

from bitpay.ledger.book import UNFINAL_BURN_BLOCKS, Book, HeadMoved, NoImages, OtherLedger
from bitpay.ledger.events import decode_block
from bitpay.ledger.follower import BEHIND, DEEP, Follower
from bitpay.ledger.source import SourceError
from bitpay.realtime.log import RoomLog
from bitpay.stacks.model import Block, BlockHeader
from bitpay.store import Database, Document
from bitpay.streams.projection import PROJECTION


async def test_documents_say_what_is_true_on_the_chain(book: Book, database: Database) -> None:
    chain = Chain(1)
    tip = chain.grow(None, 60)

    await follow(book, View(chain, tip))

    streams = {row["streamId"]: row async for row in database["streams"].find()}
    assert streams.keys() == chain.truth(tip).keys()
    for number, stream in chain.truth(tip).items():
        found = streams[number]
        assert (found["sender"], found["holder"]) == (stream.sender, stream.holder)
        assert (found["amount"], found["withdrawnAmount"]) == (stream.amount, stream.withdrawn)
        assert (found["cancelled"], found["moves"]) == (stream.cancelled, stream.moves)


async def test_block_by_block_and_in_one_pass_give_the_same(book: Book, database: Database) -> None:
    chain = Chain(2)
    view = View(chain)
    tip: Block | None = None
    follower = None
    for _ in range(20):
        tip = chain.grow(tip)
        view.show(tip)
        follower = follower or await follow(book, view)
        while await follower.step():
            pass
    assert tip is not None
    assert await state_of(database) == await clean_replay(database, chain, tip)


@pytest.mark.parametrize(("depth", "length"), [(1, 1), (1, 3), (5, 4), (20, 25), (29, 40)])
async def test_a_reorganisation_ends_in_the_documents_of_the_new_chain(
    book: Book, database: Database, depth: int, length: int
) -> None:
    chain = Chain(depth)
    old = chain.grow(None, 40)
    view = View(chain, old)
    follower = await follow(book, view)

    new = chain.grow(chain.ancestor(old, depth), length)
    view.show(new)
    while await follower.step():
        pass

    assert follower.head.hash == new.header.hash
    assert await state_of(database) == await clean_replay(database, chain, new)


async def test_there_and_back_again(book: Book, database: Database) -> None:
    chain = Chain(3)
    fork = chain.grow(None, 10)
    a, b = chain.grow(fork, 6), chain.grow(fork, 7)
    view = View(chain, a)
    follower = await follow(book, view)
    for tip in (b, a, b, chain.grow(a, 5)):
        view.show(tip)
        while follower.head.hash != tip.header.hash:
            assert await follower.step()
        assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_a_reorganisation_of_the_whole_young_chain(book: Book, database: Database) -> None:
    chain = Chain(5)
    view = View(chain, chain.grow(None, 8))
    follower = await follow(book, view)
    other = chain.grow(None, 9)
    view.show(other)
    while await follower.step():
        pass
    assert await state_of(database) == await clean_replay(database, chain, other)


async def test_hundreds_of_blocks_are_undone(book: Book, database: Database) -> None:
    chain = Chain(6, events_per_block=2, burn_every=100)
    old = chain.grow(None, 700)
    view = View(chain, old)
    follower = await follow(book, view)
    new = chain.grow(chain.ancestor(old, 600), 601)
    view.show(new)
    while await follower.step():
        pass
    assert await state_of(database) == await clean_replay(database, chain, new)


async def state_is_kept(database: Database, before: dict[str, list[Document]]) -> bool:
    return await state_of(database) == before


async def test_deeper_than_ten_bitcoin_blocks_is_not_believed(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(7, burn_every=1)
    old = chain.grow(None, 40)
    view = View(chain, old)
    follower = await follow(book, view)
    before = await state_of(database)

    view.show(chain.grow(chain.ancestor(old, 11), 30))

    assert not await follower.step()
    assert await state_is_kept(database, before)
    assert [alert["kind"] for alert in await book.alerts.open()] == [DEEP]

    await book.alerts.close(DEEP)  # by a person, though the cause is still there
    assert not await follower.step()
    assert await book.alerts.open() == [], "not at every step"
    monkeypatch.setattr("bitpay.ledger.follower._ALERT_EVERY_SECONDS", 0)
    assert not await follower.step()
    assert [alert["kind"] for alert in await book.alerts.open()] == [DEEP]

    view.show(chain.grow(old, 1))  # the node came to its senses
    while await follower.step():
        pass
    assert await book.alerts.open() == []


async def test_two_waves_that_are_too_deep_together_are_not_believed(book: Book, database: Database) -> None:
    chain = Chain(16, burn_every=2)
    old = chain.grow(None, 100, events=2)
    view = View(chain)
    for block in chain.path(old):  # at the tip, block by block: every block had its images once
        view.show(block)
        follower = await follow(book, view)
    await book.prune(follower.head)

    first = chain.grow(chain.ancestor(old, 18), 18, events=2)
    view.show(first)
    assert await follower.step()
    assert follower.head.burn_height < old.header.burn_height
    before = await state_of(database)

    # before the new branch is read, the node finds a longer one that forks as deep again below
    view.show(chain.grow(chain.ancestor(first, 36), 40, events=2))
    assert not await follower.step()
    assert await state_is_kept(database, before)
    assert [alert["kind"] for alert in await book.alerts.open()] == [DEEP]

    tip = chain.grow(old, 3)
    view.show(tip)
    while await follower.step():
        pass
    assert await book.alerts.open() == []
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_final_blocks_are_not_undone_whoever_asks(book: Book, database: Database) -> None:
    chain = Chain(17, burn_every=1)
    tip = chain.grow(chain.grow(chain.grow(None, 26, events=1), 1, events=0), 13)
    follower = await follow(book, View(chain, tip))
    below = await book.block_at(26)
    await book.prune(follower.head)
    floor = await book.image_floor()
    before = await state_of(database)

    assert floor == 27
    with pytest.raises(NoImages):
        await book.rollback(follower.head, below)
    assert await state_is_kept(database, before)
    assert await book.head() == follower.head

    undone = await book.rollback(follower.head, await book.block_at(floor))
    assert (undone.height, undone.highest_burn) == (floor, tip.header.burn_height)
    ancestor = chain.ancestor(tip, tip.header.height - floor)
    assert ancestor is not None
    assert await state_of(database) == await clean_replay(database, chain, ancestor)


async def test_who_has_lost_the_head_forgets_nothing(book: Book, database: Database) -> None:
    chain = Chain(18, burn_every=1)
    view = View(chain, chain.grow(None, 40))
    stale = (await follow(book, view)).head
    view.show(chain.grow(view._path[-1], 1))
    await follow(book, view)
    images, floor = await database["ledger_images"].count_documents({}), await book.image_floor()
    await book.prune(stale)
    assert (await database["ledger_images"].count_documents({}), await book.image_floor()) == (images, floor)


async def test_ten_bitcoin_blocks_are_believed(book: Book) -> None:
    chain = Chain(8, burn_every=1)
    old = chain.grow(None, 40)
    view = View(chain, old)
    follower = await follow(book, view)
    new = chain.grow(chain.ancestor(old, 10), 30)
    view.show(new)
    while await follower.step():
        pass
    assert follower.head.hash == new.header.hash


@pytest.mark.parametrize("lag", [1, 5, 39])
async def test_a_node_that_knows_less_makes_us_wait_not_rewind(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch, lag: int
) -> None:
    monkeypatch.setattr("bitpay.ledger.behind.STILL_SECONDS", 0)
    chain = Chain(9)
    tip = chain.grow(None, 40)
    view = View(chain, tip)
    follower = await follow(book, view)
    before = await state_of(database)

    behind = chain.ancestor(tip, lag)
    assert behind is not None
    view.show(behind)

    assert not await follower.step()
    assert await state_is_kept(database, before)
    assert [alert["kind"] for alert in await book.alerts.open()] == [BEHIND]


async def test_an_api_that_is_always_behind_our_own_node_is_nothing_to_tell(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(16)
    tip = chain.grow(None, 5)
    view = View(chain, tip)
    follower = await follow(book, view)
    now = 0.0
    monkeypatch.setattr("bitpay.ledger.follower.time", SimpleNamespace(monotonic=lambda: now))
    for _ in range(3):
        view.show(tip)
        tip = chain.grow(tip, 1)
        follower.candidates.offer(decode_block(tip, CONTRACTS))
        now += 50.0
        assert await follower.step()
        assert not await follower.step()
    assert await book.alerts.open() == []

    now += 70.0
    assert not await follower.step()
    assert [alert["kind"] for alert in await book.alerts.open()] == [BEHIND], "now it stands still"
    view.show(tip)
    tip = chain.grow(tip, 1)
    follower.candidates.offer(decode_block(tip, CONTRACTS))
    assert await follower.step()
    assert not await follower.step()
    assert await book.alerts.open() == [], "it came on"


async def test_another_node_with_fewer_bitcoin_blocks_changes_nothing(book: Book, database: Database) -> None:
    chain = Chain(10, burn_every=2)
    tip = chain.grow(None, 40)
    view = View(chain, tip)
    follower = await follow(book, view)
    before = await state_of(database)
    view.show(chain.grow(chain.ancestor(tip, 12), 4))
    assert not await follower.step()
    assert await state_is_kept(database, before)


async def test_a_node_that_comes_on_along_another_branch_is_told_of(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(20, burn_every=3)
    fork = chain.grow(None, 30, events=1)
    tip = chain.grow(fork, 30, events=1)
    view = View(chain, tip)
    follower = await follow(book, view)
    now = 0.0
    monkeypatch.setattr("bitpay.ledger.follower.time", SimpleNamespace(monotonic=lambda: now))
    chain.burn_every = 1000  # no new Bitcoin block over there
    other = chain.grow(fork, 40, events=1)
    told = []
    for _ in range(12):
        other = chain.grow(other, 1, events=0)
        view.show(other)
        now += 30.0
        assert not await follower.step()
        told.append(bool(await book.alerts.find(BEHIND)))
    assert told == [False] * 10 + [True] * 2

    view.show(chain.grow(other, 1, events=0))
    again = Follower(book, view, CONTRACTS, 1)  # after a restart
    await again.load()
    assert not await again.step()
    assert await book.alerts.find(BEHIND), "still nothing to follow"

    chain.burn_every = 3
    view.show(chain.grow(tip, 1))
    assert await again.step()
    assert not await book.alerts.find(BEHIND)


async def test_a_restart_beside_a_node_that_stands_behind_us_closes_nothing(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitpay.ledger.behind.STILL_SECONDS", 0)
    chain = Chain(21)
    tip = chain.grow(None, 20)
    view = View(chain, tip)
    follower = await follow(book, view)
    view.show(chain.path(tip)[14])
    assert not await follower.step()
    monkeypatch.setattr("bitpay.ledger.behind.STILL_SECONDS", 60)

    again = Follower(book, view, CONTRACTS, 1)
    await again.load()
    assert not await again.step()
    assert await book.alerts.find(BEHIND)

    view.show(chain.path(tip)[15])
    assert not await again.step()
    assert not await book.alerts.find(BEHIND), "it comes after us"


class Replicas(View):
    """A view whose lists come from a node that lags so many blocks, and whose newest block may be another's."""

    lag = 0
    newest: BlockHeader | None = None

    async def tip(self) -> BlockHeader:
        return self.newest or await super().tip()

    async def headers(self, first: int, last: int) -> Sequence[BlockHeader]:
        top = self._path[-1].header.height - self.lag
        return [header for header in await super().headers(first, last) if header.height <= top]


@pytest.mark.parametrize("lag", [1, 30, 1000])
@pytest.mark.parametrize("burn_every", [1, 20])
async def test_what_a_lagging_replica_does_not_list_is_not_undone(
    book: Book, database: Database, lag: int, burn_every: int
) -> None:
    chain = Chain(22, burn_every=burn_every)
    tip: Block | None = None
    view, follower = Replicas(chain, chain.grow(None)), None
    for _ in range(40):  # at the tip, block by block: every one of them could be undone
        tip = chain.grow(tip, 1, events=1)
        view.show(tip)
        follower = follower or await follow(book, view)
        while await follower.step():
            pass
    assert tip is not None
    assert follower is not None
    before = follower.head

    new = chain.grow(chain.ancestor(tip, 1), 1, events=1)
    view.show(new)
    view.lag = lag
    with pytest.raises(SourceError, match="replicas differ"):
        await follower.step()
    assert follower.head == before

    view.lag = 0
    assert await follower.step()
    assert follower.head.height == 39, "the one block that was replaced"
    while await follower.step():
        pass
    assert await state_of(database) == await clean_replay(database, chain, new)


async def test_a_list_that_mixes_branches_undoes_nothing(book: Book) -> None:
    chain = Chain(23, burn_every=20)
    base = chain.grow(None, 100)
    ours, theirs = chain.grow(base, 50), chain.grow(base, 50)
    view = Replicas(chain, ours)
    follower = await follow(book, view)
    view.show(theirs)
    view._path = [*chain.path(ours)[:120], *chain.path(theirs)[120:]]
    with pytest.raises(SourceError, match="moved at 120"):
        await follower.step()
    assert follower.head.height == 150


@pytest.mark.parametrize(("length", "alert"), [(5, BEHIND), (11, DEEP), (40, DEEP)])
async def test_a_whole_chain_is_not_undone_where_that_is_too_deep(
    book: Book, monkeypatch: pytest.MonkeyPatch, length: int, alert: str
) -> None:
    monkeypatch.setattr("bitpay.ledger.behind.STILL_SECONDS", 0)
    chain = Chain(24, burn_every=1)
    view, follower = View(chain), None
    for block in chain.path(chain.grow(None, 30))[10:]:
        view.show(block)
        follower = follower or await follow(book, view, start=11)
        while await follower.step():
            pass
    assert follower is not None
    assert await book.image_floor() == 10
    chain.burn_start = 200
    view.show(chain.grow(None, length))  # 5: it has not even come to where ours begins
    assert not await follower.step()
    assert follower.head.height == 30
    assert [told["kind"] for told in await book.alerts.open()] == [alert]


async def test_before_the_first_block_there_is_nothing_to_do(book: Book) -> None:
    chain = Chain(28)
    tip = chain.grow(None, 10)
    view = View(chain, tip)
    await book.open(CONTRACTS.deployer, 12)
    follower = Follower(book, view, CONTRACTS, 12)
    await follower.load()
    assert not await follower.step()
    tip = chain.grow(tip, 2)
    view.show(tip)
    assert await follower.step()
    assert follower.head.hash == tip.header.hash


@pytest.mark.parametrize("lower", [0, 10])
async def test_replicas_of_two_branches_do_not_keep_us_busy(
    book: Book, monkeypatch: pytest.MonkeyPatch, lower: int
) -> None:
    chain = Chain(25, burn_every=100)
    tip = chain.grow(None, 50)
    view = Replicas(chain, tip)
    follower = await follow(book, view)
    head = await book.head()
    view.newest = chain.grow(chain.ancestor(tip, lower + 1), 1).header
    assert not await follower.step()
    assert await book.head() == head

    monkeypatch.setattr("bitpay.ledger.behind.STILL_SECONDS", 0)
    assert not await follower.step()
    assert await book.alerts.find(BEHIND), "one that lasts is told of"


async def test_one_false_tip_makes_nothing_final(book: Book, database: Database) -> None:
    chain = Chain(26, burn_every=20)
    tip = chain.grow(None, 30, events=1)
    view = Replicas(chain, tip)
    follower = await follow(book, view)
    delivered, read = chain.grow(tip, 1, events=1), chain.grow(tip, 2, events=1)
    view.newest = replace(delivered.header, hash="0x" + "ab" * 32, burn_height=900_000)
    assert not await follower.step()
    follower.candidates.offer(decode_block(delivered, CONTRACTS))
    assert await follower.step()
    assert follower.head.hash == delivered.header.hash
    assert await book.image_floor() == 0

    view.show(read)
    view.newest = None
    while await follower.step():  # the delivered block was replaced
        pass
    view.show(chain.grow(read, 3, events=1))
    view.newest = replace(view._path[-1].header, burn_height=900_000)
    assert await follower.step()
    assert await book.image_floor() == 0
    tip = chain.grow(read, 4, events=1)
    view.show(tip)
    view.newest = None
    while await follower.step():
        pass
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_far_behind_a_tip_counts_with_the_blocks_below_it(book: Book, database: Database) -> None:
    chain = Chain(27, burn_every=20)
    tip = chain.grow(None, 600, events=1)
    view = Replicas(chain, tip)
    await book.open(CONTRACTS.deployer, 1)
    follower = Follower(book, view, CONTRACTS, 1)
    await follower.load()
    for false in (
        replace(tip.header, hash="0x" + "ab" * 32, burn_height=900_000),
        chain.grow(tip, 900, events=0).header,
    ):
        view.newest = false
        with pytest.raises(SourceError, match="replicas differ"):
            await follower.step()
        assert follower.head.empty

    view.newest = None
    assert await follower.step()
    assert follower.head.height == 64
    assert await book.image_floor() == 64
    assert await database["ledger_images"].count_documents({}) == 0, "no image of what is final"
    while await follower.step():
        pass
    assert await book.image_floor() < 600 - 20 * UNFINAL_BURN_BLOCKS
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_two_followers_race_and_every_block_is_applied_once(book: Book, database: Database) -> None:
    chain = Chain(11)
    tip = chain.grow(None, 30)
    first = await follow(book, View(chain, chain.path(tip)[9]))
    other = await follow(Book(database, [PROJECTION], RoomLog(database)), View(chain, chain.path(tip)[9]))
    for follower in (first, other):
        follower._source = follower._reader._source = View(chain, tip)

    assert await first.step()
    with pytest.raises(HeadMoved):
        await other.step()
    await other.load()
    while await other.step():
        pass

    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_an_error_of_the_chains_api_changes_nothing(book: Book, database: Database) -> None:
    chain = Chain(12)
    view = View(chain, chain.grow(None, 5))
    follower = await follow(book, view)
    before = await state_of(database)
    tip = chain.grow(chain.path(view._path[-1])[-1], 5)
    view.show(tip)
    view.failures = [SourceError("503"), SourceError("429", retry_after=1)]
    for _ in range(2):
        with pytest.raises(SourceError):
            await follower.step()
    assert await state_is_kept(database, before)
    while await follower.step():
        pass
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_it_starts_at_the_height_of_the_deployment(book: Book, database: Database) -> None:
    chain = Chain(13)
    tip = chain.grow(None, 30)
    view = View(chain, tip)
    follower = await follow(book, view, start=11)
    assert follower.head.hash == tip.header.hash
    assert await database["blocks"].count_documents({}) == 20


async def test_a_database_of_another_deployment_is_refused(book: Book) -> None:
    await book.open(CONTRACTS.deployer, 1)
    with pytest.raises(OtherLedger):
        await book.open(CONTRACTS.deployer, 2)


async def test_blocks_that_do_not_link_are_refused(book: Book) -> None:
    chain = Chain(14)
    tip = chain.grow(None, 5)
    head = await book.open(CONTRACTS.deployer, 1)
    run = [decode_block(block, CONTRACTS) for block in chain.path(tip)]
    with pytest.raises(ValueError, match="does not follow"):
        await book.apply(head, [run[0], run[2]], final_burn=0)


async def test_old_images_and_empty_final_blocks_are_forgotten(book: Book, database: Database) -> None:
    chain = Chain(15, burn_every=1)
    tip = chain.grow(None, 60)
    follower = await follow(book, View(chain, tip))
    before = await state_of(database)

    await book.prune(follower.head)

    final = follower.head.burn_height - UNFINAL_BURN_BLOCKS
    newest = max(block.header.height for block in chain.path(tip) if block.header.burn_height < final)
    assert await book.image_floor() == newest
    assert await database["ledger_images"].count_documents({"height": {"$lte": newest}}) == 0
    assert await database["ledger_images"].count_documents({}) > 0
    empty = {"burnHeight": {"$lt": final}, "events": 0, "height": {"$ne": newest}}
    assert await database["blocks"].count_documents(empty) == 0
    assert await state_is_kept(database, before)
