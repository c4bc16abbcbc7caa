"""The outbox's relay: at least once, in order, with patience and an end."""

from datetime import datetime

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.read_concern import ReadConcern

from bitpay.store import Database, outbox, transaction
from bitpay.store.outbox import DONE, FAILED, OUTBOX, WITHDRAWN, Row
from bitpay.store.relay import Consumer, Letter, OutboxRelay


class PostBox:
    """A receiver that refuses as often as it is told to."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.refusals = 0

    async def take(self, letter: Letter) -> None:
        if self.refusals:
            self.refusals -= 1
            raise ConnectionError("nobody at home")
        self.letters.append(letter)

    @property
    def ids(self) -> list[str]:
        return [letter.id for letter in self.letters]


def row(number: int, *, kind: str = "email", burn_height: int = 100) -> Row:
    return Row(f"row-{number}", kind, "stream:created", {"n": number}, f"0x{burn_height}", burn_height, f"{number:06}")


async def put(database: Database, *rows: Row) -> None:
    async def work(session: AsyncClientSession) -> None:
        await outbox.add(database, rows, session)

    await transaction(database.client, work)


async def take_back(database: Database, block: str) -> None:
    async def work(session: AsyncClientSession) -> None:
        await outbox.retract(database, [block], session)

    await transaction(database.client, work)


async def burn_height() -> int:
    return 105


@pytest.fixture
def box() -> PostBox:
    return PostBox()


@pytest.fixture
def relay(database: Database) -> OutboxRelay:
    return OutboxRelay(database, [], burn_height)


async def drain(relay: OutboxRelay, consumer: Consumer) -> None:
    await relay.reap()
    while await relay.deliver_next(consumer):
        pass


async def is_withdrawn(database: Database) -> None:
    """Hold that the first row was withdrawn, and will be removed in time."""
    as_written = database.get_collection(OUTBOX, read_concern=ReadConcern("local"))  # the relay waits for no majority
    found = await as_written.find_one({"_id": "row-1"}) or {}
    assert found["state"] == WITHDRAWN
    assert isinstance(found["finishedAt"], datetime)


async def hurry(database: Database) -> None:
    """Let the pauses between attempts be over."""
    await database[OUTBOX].update_many({}, {"$set": {"notBefore": None}})


async def test_rows_arrive_in_order_and_once(database: Database, relay: OutboxRelay, box: PostBox) -> None:
    await put(database, row(2), row(1), row(3), row(4, kind="webhook"))
    consumer = Consumer("email", box.take)

    await drain(relay, consumer)
    await drain(relay, consumer)

    assert box.ids == ["row-1", "row-2", "row-3"]


async def test_money_waits_for_its_block_to_be_deep(database: Database, relay: OutboxRelay, box: PostBox) -> None:
    await put(database, row(1, burn_height=99), row(2, burn_height=100))
    await drain(relay, Consumer("email", box.take, depth=6))
    assert box.ids == ["row-1"]


async def test_a_refused_letter_is_tried_again_later(database: Database, relay: OutboxRelay, box: PostBox) -> None:
    box.refusals = 2
    await put(database, row(1))
    consumer = Consumer("email", box.take)
    for _ in range(3):
        assert await relay.deliver_next(consumer)
        assert not await relay.deliver_next(consumer)
        await hurry(database)
    assert [letter.attempt for letter in box.letters] == [3]


async def test_it_gives_up_and_says_so(
    database: Database, relay: OutboxRelay, box: PostBox, capsys: pytest.CaptureFixture[str]
) -> None:
    box.refusals = 9
    await put(database, row(1))
    for _ in range(2):
        await relay.deliver_next(Consumer("email", box.take, attempts=2))
        await hurry(database)
    assert not await relay.deliver_next(Consumer("email", box.take, attempts=2))
    assert (await database[OUTBOX].find_one() or {})["state"] == FAILED
    assert "outbox_given_up" in capsys.readouterr().err


async def test_what_a_dead_relay_had_leased_is_delivered_with_the_same_id(
    database: Database, relay: OutboxRelay, box: PostBox
) -> None:
    await put(database, row(1))
    dead = OutboxRelay(database, [], burn_height)
    assert await dead._lease(Consumer("email", box.take, seconds=0.0), 105)
    await drain(relay, Consumer("email", box.take))
    assert box.ids == ["row-1"]


async def test_a_row_that_nobody_tried_is_simply_gone(database: Database, relay: OutboxRelay, box: PostBox) -> None:
    await put(database, row(1))
    await take_back(database, "0x100")
    await drain(relay, Consumer("email", box.take))
    assert box.ids == []


async def test_what_was_said_is_unsaid_at_once(database: Database, relay: OutboxRelay, box: PostBox) -> None:
    await put(database, row(1, burn_height=99))
    await drain(relay, Consumer("email", box.take, depth=6))
    await take_back(database, "0x99")
    await drain(relay, Consumer("email", box.take, depth=6))
    assert [(letter.id, letter.retracts) for letter in box.letters] == [("row-1", None), ("row-1:retracted", "row-1")]


async def test_a_block_that_comes_and_goes_twice_is_unsaid_twice(
    database: Database, relay: OutboxRelay, box: PostBox
) -> None:
    for number in (1, 2):
        await put(database, row(number))
        await drain(relay, Consumer("email", box.take))
        await take_back(database, "0x100")
        await drain(relay, Consumer("email", box.take))
    assert box.ids == ["row-1", "row-1:retracted", "row-2", "row-2:retracted"]


async def test_a_half_delivered_letter_is_withdrawn_and_retracted(
    database: Database, relay: OutboxRelay, box: PostBox
) -> None:
    box.refusals = 1
    await put(database, row(1))
    await relay.deliver_next(Consumer("email", box.take))
    await take_back(database, "0x100")
    await hurry(database)
    await drain(relay, Consumer("email", box.take))
    assert box.ids == ["row-1:retracted"]
    await is_withdrawn(database)


@pytest.mark.parametrize("attempts", [1, 20])
async def test_a_letter_that_fails_after_its_block_has_left_is_not_tried_again(
    database: Database, relay: OutboxRelay, box: PostBox, attempts: int
) -> None:
    async def left_meanwhile(_letter: Letter) -> None:
        await take_back(database, "0x100")
        raise ConnectionError("nobody at home")

    await put(database, row(1))
    await relay.deliver_next(Consumer("email", left_meanwhile, attempts=attempts))
    await is_withdrawn(database)
    await hurry(database)
    await drain(relay, Consumer("email", box.take))
    assert box.ids == ["row-1:retracted"]


async def test_what_a_dead_relay_had_leased_is_not_delivered_once_its_block_has_left(
    database: Database, relay: OutboxRelay, box: PostBox
) -> None:
    await put(database, row(1))
    dead = OutboxRelay(database, [], burn_height)
    assert await dead._lease(Consumer("email", box.take, seconds=0.0), 105)
    await take_back(database, "0x100")
    await relay.reap()
    await is_withdrawn(database)
    await hurry(database)
    await drain(relay, Consumer("email", box.take))
    assert box.ids == ["row-1:retracted"]


async def test_a_retraction_waits_for_the_letter_that_is_under_way(
    database: Database, relay: OutboxRelay, box: PostBox
) -> None:
    await put(database, row(1))
    consumer = Consumer("email", box.take)
    under_way = OutboxRelay(database, [], burn_height)
    leased = await under_way._lease(consumer, 105)
    await take_back(database, "0x100")

    assert await relay.deliver_next(consumer)
    assert box.ids == []

    assert leased is not None
    await under_way._finish(leased, DONE)
    await hurry(database)
    await drain(relay, consumer)
    assert box.ids == ["row-1:retracted"]
