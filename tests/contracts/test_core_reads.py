from collections.abc import Callable

import pytest
from tests.contracts.world import Account, World, points, terms

AMOUNTS = (
    "get-vested-amount",
    "get-withdrawable-amount",
    "get-refundable-amount",
    "get-remaining-amount",
    "get-status",
)


def test_no_stream_has_no_answers(world: World) -> None:
    for read in AMOUNTS:
        with world.refused("core", "UNKNOWN_STREAM"):
            getattr(world.core, read)(1)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.get_vested_amount_at(1, 1)
    assert world.core.get_stream(1) is None
    assert world.core.get_schedule(1) is None
    assert world.core.get_holder(1) is None
    assert world.core.get_proposed_sender(1) is None
    assert world.core.get_stream_count() == 0


def test_a_stream_goes_through_its_statuses(world: World, alice: Account, bob: Account) -> None:
    def state(stream: int) -> tuple[str, int, int, int, int]:
        return (
            world.core.get_status(stream),
            world.core.get_vested_amount(stream),
            world.core.get_withdrawable_amount(stream),
            world.core.get_refundable_amount(stream),
            world.core.get_remaining_amount(stream),
        )

    stream = world.open(alice, bob, 1_000, start=world.time + 10)
    assert state(stream) == ("pending", 0, 0, 1_000, 1_000)
    world.pass_seconds(10)
    assert state(stream) == ("streaming", 0, 0, 1_000, 1_000)
    world.pass_seconds(40)
    world.core.withdraw_from_stream(stream, by=bob)
    assert state(stream) == ("streaming", 400, 0, 600, 600)
    world.pass_seconds(59)
    assert state(stream) == ("streaming", 990, 590, 10, 10)
    world.pass_seconds(1)
    assert state(stream) == ("settled", 1_000, 600, 0, 0)
    world.core.withdraw_from_stream(stream, by=bob)
    assert state(stream) == ("depleted", 1_000, 0, 0, 0)


def test_what_had_vested_can_be_asked_of_moments_before_the_last_withdrawal(
    world: World, alice: Account, bob: Account
) -> None:
    stream = world.open(alice, bob, 1_000)
    start = world.time
    world.pass_seconds(50)
    world.core.withdraw_from_stream(stream, by=bob)

    assert [world.core.get_vested_amount_at(stream, start + after) for after in (-1, 0, 10, 60)] == [0, 0, 100, 600]


Opener = Callable[[World, Account, Account], int]


def plain(world: World, alice: Account, bob: Account) -> int:
    return world.open(alice, bob, 999, duration=1_000)


def in_steps(world: World, alice: Account, bob: Account) -> int:
    return world.open(alice, bob, 999, duration=1_000, step=7)


def as_curve(world: World, alice: Account, bob: Account) -> int:
    opened: int = world.core.open_curve_stream(bob, 999, "seconds", None, points((1_000, 999)), terms(), by=alice)
    return opened


def test_a_line_equals_the_curve_of_its_two_points_and_is_never_behind_its_steps(
    world: World, alice: Account, bob: Account
) -> None:
    line, steps, curve = (opener(world, alice, bob) for opener in (plain, in_steps, as_curve))
    start = world.time

    for after in (0, 1, 6, 7, 8, 500, 994, 995, 999, 1_000, 1_001):
        vested = world.core.get_vested_amount_at(line, start + after)
        assert world.core.get_vested_amount_at(curve, start + after) == vested
        assert world.core.get_vested_amount_at(steps, start + after) <= vested


@pytest.mark.parametrize("opener", [plain, in_steps, as_curve])
def test_every_read_stays_far_below_what_a_node_allows(costed: World, opener: Opener) -> None:
    stream = opener(costed, costed.alice, costed.bob)
    costed.pass_seconds(10)

    for read in (*AMOUNTS, "get-stream", "get-schedule", "get-holder"):
        getattr(costed.core, read)(stream)
        assert costed.cost.read_count <= 20, read
