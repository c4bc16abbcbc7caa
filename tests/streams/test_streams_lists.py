import random

import pytest
from tests.streams.folded import ALICE, BOB, CAROL, NOW, cancelled, opened, store, withdrawn

from bitpay.access.clock import Moment
from bitpay.kit.errors import InvalidInput, NotFound, Unavailable
from bitpay.store import Database, Document
from bitpay.streams.repository import FILTERS, StreamFilter, StreamRepository
from bitpay.streams.service import StreamService
from bitpay.streams.state import STATUSES, state_of


def random_stream(stream_id: int, dice: random.Random) -> Document:
    clock, now = dice.choice([("seconds", NOW.time), ("blocks", NOW.height)])
    duration = dice.randint(2, 40)
    start = now + dice.randint(-50, 10)
    upfront = dice.choice([0, 0, 300, 1_000])
    points = [{"after": 1, "total": 1_000}, {"after": duration, "total": 1_000}] if dice.random() < 0.2 else []
    stream = opened(stream_id, clock=clock, start=start, end=start + duration, upfront=upfront, points=points)
    state = state_of(stream, NOW)
    match dice.randint(0, 5):
        case 0 if state.refundable and state.vested:
            return cancelled(stream, state.refundable)
        case 1 if state.refundable and not state.vested:
            return cancelled(stream, state.refundable, depleted=True)
        case 2 if state.vested == 1_000:
            return withdrawn(stream, 1_000, depleted=True)
    return stream


async def test_lists_by_status_agree_with_the_status_of_every_stream(database: Database) -> None:
    dice = random.Random(7)  # noqa: S311 - a seed to repeat
    documents = [random_stream(number, dice) for number in range(1, 301)]
    await store(database, *documents)
    repository = StreamRepository(database)
    for shift in (-30, -3, 0, 1, 2, 35, 100):
        moment = Moment(NOW.height + shift, NOW.time + shift, NOW.hash, NOW.burn_height)
        expected: dict[str, list[int]] = {status: [] for status in STATUSES}
        for document in reversed(documents):
            expected[state_of(document, moment).status].append(document["_id"])
        found = {
            status: [
                row["_id"] for row in await repository.page(StreamFilter(status=status), moment, before=None, limit=400)
            ]
            for status in FILTERS
        }
        assert {status: found[status] for status in STATUSES} == expected
        assert found["completed"] == expected["depleted"]
        still = [*expected["pending"], *expected["streaming"], *expected["settled"]]
        assert found["active"] == sorted(still, reverse=True)


async def test_parties(database: Database, streams: StreamService) -> None:
    sold = {**opened(3, recipient=BOB), "holder": CAROL}
    await store(database, opened(1), opened(2, sender=BOB, recipient=CAROL), sold)

    async def ids(**parties: str) -> list[int]:
        return [stream.stream_id for stream in (await streams.page(StreamFilter(**parties))).items]

    assert await ids() == [3, 2, 1]
    assert await ids(sender=ALICE) == [3, 1]
    assert await ids(recipient=BOB) == [3, 1]
    assert await ids(holder=CAROL) == [3, 2]
    assert await ids(account=CAROL) == [3, 2]
    assert await ids(account=BOB) == [3, 2, 1]
    assert await ids(sender=ALICE, holder=BOB) == [1]
    assert await ids(sender=ALICE, status="cancelled") == []


async def test_pages_follow_each_other_without_gap_or_repeat(database: Database, streams: StreamService) -> None:
    await store(database, *(opened(number) for number in range(1, 26)))
    seen, cursor = [], None
    while True:
        page = await streams.page(StreamFilter(account=ALICE), limit=10, cursor=cursor)
        seen += [stream.stream_id for stream in page.items]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == list(range(25, 0, -1))


@pytest.mark.parametrize("cursor", ["x", "eyJiZWZvcmUiOi0xfQ", "eyJhIjoxfQ", "e30", "=" * 20])
async def test_a_made_up_cursor_is_refused(database: Database, streams: StreamService, cursor: str) -> None:
    await store(database)
    with pytest.raises(InvalidInput):
        await streams.page(StreamFilter(), cursor=cursor)


async def test_words_and_sizes_that_do_not_exist(database: Database, streams: StreamService) -> None:
    await store(database)
    with pytest.raises(InvalidInput):
        await streams.page(StreamFilter(status="running"))
    for limit in (0, -1, 101):
        with pytest.raises(InvalidInput):
            await streams.page(StreamFilter(), limit=limit)
    for stream_id in (0, -1, 5, 1 << 70):
        with pytest.raises(NotFound):
            await streams.get(stream_id)


async def test_before_the_first_block_nothing_is_claimed(streams: StreamService) -> None:
    with pytest.raises(Unavailable):
        await streams.page(StreamFilter())
