"""What calls cost: within budget, and the same for the first stream as for the last.

Reads are what is scarce on mainnet (30,000 in a tenure of about ten minutes); runtime is plentiful. Measured with the
contracts as they are deployed, comments and all.
"""

import os
from collections.abc import Callable
from typing import Any

import pytest
from tests.contracts.world import Account, World, points, schedule, terms

from bitpay.localchain.vm import Cost

STREAMS = int(os.environ.get("BITPAY_COST_STREAMS", "150"))
"""How many streams exist when costs are compared with those of the first; a multiple of 50."""

SHAPE: dict[str, Any] = {"cliff": 5, "upfront": 5, "at_cliff": 5, "step": 5}
WAY = points(*((after * 1_000, after * 1_000_000) for after in range(1, 25)))
WAY_AMOUNT = 24_000_000


def create(world: World) -> None:
    world.core.create_stream(world.bob, 100_000_000, 100, by=world.alice)


def open_plain(world: World) -> None:
    world.open(world.alice, world.bob, 100_000_000, memo="salary")


def open_shaped(world: World) -> None:
    world.open(world.alice, world.bob, 100_000_000, memo="salary", **SHAPE)


def open_curve(world: World) -> None:
    world.core.open_curve_stream(world.bob, WAY_AMOUNT, "seconds", None, WAY, terms(memo="salary"), by=world.alice)


def running(world: World) -> int:
    """A plain stream of which a part has vested."""
    stream: int = world.core.create_stream(world.bob, 100_000_000, 1_000, by=world.alice)
    world.pass_blocks(5)
    return stream


def withdraw(world: World) -> None:
    world.core.withdraw_from_stream(running(world), by=world.bob)


def withdraw_last(world: World) -> None:
    stream = world.open(world.alice, world.bob, 100_000_000)
    world.pass_seconds(100)
    world.core.withdraw_from_stream(stream, by=world.bob)


def cancel(world: World) -> None:
    world.core.cancel_stream(running(world), by=world.alice)


def listing(world: World) -> int:
    listed: int = world.marketplace.list_stream(running(world), 50_000, world.time + 1_000, by=world.bob)
    return listed


def purchase(world: World) -> None:
    world.marketplace.purchase_stream(listing(world), 50_000, 1, True, by=world.carol)


def accept(world: World) -> None:
    offer = world.marketplace.make_offer(running(world), 50_000, 1, True, world.time + 1_000, by=world.carol)
    world.marketplace.accept_offer(offer, by=world.bob)


CALLS: list[tuple[Callable[[World], object], int, int]] = [
    (create, 32, 140_000),
    (open_plain, 36, 180_000),
    (open_shaped, 36, 180_000),
    (open_curve, 36, 420_000),
    (withdraw, 24, 120_000),
    (withdraw_last, 30, 150_000),
    (cancel, 20, 110_000),
    (listing, 32, 150_000),
    (purchase, 62, 330_000),
    (accept, 54, 280_000),
]


@pytest.mark.parametrize(("call", "reads", "runtime"), CALLS)
def test_a_call_keeps_to_its_budget(world: World, call: Callable[[World], object], reads: int, runtime: int) -> None:
    call(world)

    assert world.cost.read_count <= reads
    assert world.cost.runtime <= runtime


def batch(world: World, recipient: Account, size: int = 50) -> list[int]:
    order = {"recipient": recipient, "amount": 1_000_000, "schedule": schedule(**SHAPE), "terms": terms(memo="x" * 64)}
    opened: list[int] = world.core.open_streams([order] * size, by=world.alice)
    return opened


def test_batches_of_fifty_keep_to_their_budgets(world: World) -> None:
    streams = batch(world, world.bob)
    assert world.cost.read_count <= 1_400
    world.pass_seconds(50)
    world.core.withdraw_many(streams, by=world.bob)
    assert world.cost.read_count <= 2_500
    world.core.cancel_many(streams, by=world.alice)  # each depletes and leaves a receipt
    assert world.cost.read_count <= 2_500
    again = batch(world, world.bob)
    world.pass_seconds(100)
    world.core.withdraw_many(again, by=world.bob)
    assert world.cost.read_count <= 2_500


def test_what_a_call_costs_does_not_depend_on_how_much_there_is(world: World) -> None:
    def measured() -> dict[str, Cost]:
        costs = {}
        for call, _, _ in CALLS:
            call(world)
            costs[call.__name__] = world.cost
        return costs

    measured()
    few = measured()
    for _ in range(STREAMS // 50):
        batch(world, world.bob)
    many = measured()

    for name, cost in few.items():
        assert many[name].read_count == cost.read_count, name
        assert many[name].write_count == cost.write_count, name
        assert many[name].runtime == pytest.approx(cost.runtime, rel=0.001), name
