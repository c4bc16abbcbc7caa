from typing import Any

import pytest
from tests.contracts.world import FUNDS, Account, World, points, terms

from bitpay.protocol.curves import MAX_SECONDS, MAX_TIME
from bitpay.stacks.clarity import UINT_MAX

MAX_SATS = 2_100_000_000_000_000


def test_a_top_up_extends_the_end_at_the_same_rate(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 10_000)
    end = world.time + 100
    world.pass_seconds(30)

    assert world.core.top_up_stream(stream, 5_000, by=alice) == end + 50

    assert world.told("stream-topped-up") == {
        "stream-id": stream,
        "sender": alice.address,
        "added": 5_000,
        "fee": 5,
        "amount": 15_000,
        "end": end + 50,
    }
    assert world.core.get_vested_amount(stream) == 3_000
    assert world.balance(alice) == FUNDS - 15_015
    assert world.vault.get_account(world.core) == 15_000
    world.pass_seconds(120)
    assert world.core.withdraw_from_stream(stream, by=bob) == 15_000


@pytest.mark.parametrize(
    ("shape", "seconds", "extension"),
    [
        ({}, 30, 10),
        ({"upfront": 500}, 0, 20),
        ({"cliff": 20}, 20, 8),
        ({"cliff": 20, "upfront": 300, "at_cliff": 200}, 50, 16),
        ({"start": 1_900_000_000}, 0, 10),
    ],
)
def test_at_no_moment_has_less_vested_than_before(
    world: World, alice: Account, bob: Account, shape: dict[str, Any], seconds: int, extension: int
) -> None:
    stream = world.open(alice, bob, 1_000, **shape)
    start = world.core.get_schedule(stream)["start"]
    if seconds:
        world.pass_seconds(seconds)
    moments = (*range(start - 1, start + 102, 6), start + 99, start + 100)
    before = [world.core.get_vested_amount_at(stream, at) for at in moments]

    end = world.core.top_up_stream(stream, 103, by=alice)

    assert end == start + 100 + extension
    after = [world.core.get_vested_amount_at(stream, at) for at in moments]
    assert all(now >= then for now, then in zip(after, before, strict=True))
    assert world.core.get_vested_amount_at(stream, end) == 1_103


def test_only_a_plain_running_line_can_be_topped_up(world: World, alice: Account, bob: Account) -> None:
    curve = world.core.open_curve_stream(bob, 1_000, "seconds", None, points((100, 1_000)), terms(), by=alice)
    for reason, stream in [
        ("NO_CONSTANT_RATE", world.open(alice, bob, 1_000, step=2)),
        ("NO_CONSTANT_RATE", curve),
        ("CLIFF_AHEAD", world.open(alice, bob, 1_000, cliff=20)),
        ("NOT_RUNNING", world.open(alice, bob, 1_000, upfront=1_000)),
        ("NOT_RUNNING", world.open(alice, bob, 1_000, start=world.time - 100)),
        ("TOP_UP_TOO_SMALL", world.open(alice, bob, 1_000_000)),
    ]:
        with world.refused("core", reason):
            world.core.top_up_stream(stream, 9_999, by=alice)


def test_where_nothing_flows_there_is_no_rate(world: World, alice: Account, bob: Account) -> None:
    pending = world.open(alice, bob, 1_000, upfront=1_000, start=world.time + 1_000)

    with world.refused("core", "NOTHING_FLOWS"):
        world.core.top_up_stream(pending, 1_000, by=alice)


def test_a_cancelled_stream_cannot_be_topped_up(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.pass_seconds(10)
    world.core.cancel_stream(stream, by=alice)

    with world.refused("core", "NOT_RUNNING"):
        world.core.top_up_stream(stream, 1_000, by=alice)


def test_a_top_up_that_would_not_extend_is_refused(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000_000)

    with world.refused("core", "TOP_UP_TOO_SMALL"):
        world.core.top_up_stream(stream, 9_999, by=alice)
    assert world.core.top_up_stream(stream, 10_000, by=alice) == world.time + 101


def test_only_the_sender_tops_up(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)

    with world.refused("core", "NOT_SENDER"):
        world.core.top_up_stream(stream, 1_000, by=bob)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.top_up_stream(99, 1_000, by=alice)


def test_a_top_up_keeps_the_bounds_of_a_stream(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    long = world.open(alice, bob, 1, clock="blocks", duration=MAX_TIME)
    late = world.open(alice, bob, 100, start=MAX_SECONDS - 100, duration=100)

    for amount in (0, MAX_SATS, MAX_SATS + 1, UINT_MAX):
        with world.refused("core", "AMOUNT_OUT_OF_RANGE"):
            world.core.top_up_stream(stream, amount, by=alice)
    with world.refused("core", "DURATION_OUT_OF_RANGE"):
        world.core.top_up_stream(long, 1, by=alice)
    with world.refused("core", "END_OUT_OF_RANGE"):
        world.core.top_up_stream(late, 1, by=alice)
    with world.refused("sbtc-helper", "PAYER_SHORT"):
        world.core.top_up_stream(stream, FUNDS, by=alice)


def test_a_top_up_is_new_business(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.access.pause(by=world.olga)

    with world.refused("access-control", "PAUSED"):
        world.core.top_up_stream(stream, 1_000, by=alice)
