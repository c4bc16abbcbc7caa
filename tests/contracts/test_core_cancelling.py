import pytest
from tests.contracts.world import FUNDS, Account, Refusal, World

from bitpay.stacks.clarity import UINT_MAX

FEE_OF_1000 = 1


def test_cancelling_refunds_the_sender_and_what_was_earned_waits(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.pass_seconds(30)

    assert world.core.cancel_stream(stream, by=alice) == {"refunded": 700, "vested": 300}

    assert world.told("stream-cancelled") == {
        "stream-id": stream,
        "sender": alice.address,
        "refunded": 700,
        "vested": 300,
        "at": world.time,
        "depleted": False,
    }
    assert world.balance(alice) == FUNDS - 300 - FEE_OF_1000
    assert world.balance(bob) == FUNDS
    assert world.core.get_status(stream) == "cancelled"
    assert world.core.get_stream(stream)["cancelled-at"] == world.time
    assert world.core.get_stream(stream)["cancelable"] is False
    assert world.core.get_refundable_amount(stream) == 0
    assert world.core.get_remaining_amount(stream) == 0
    world.pass_seconds(10_000)
    assert world.core.get_vested_amount(stream) == 300
    assert world.core.get_vested_amount_at(stream, 0) == 300
    assert world.core.get_vested_amount_at(stream, UINT_MAX) == 300
    assert world.core.withdraw_from_stream(stream, by=bob) == 300
    assert world.core.get_status(stream) == "depleted"
    assert world.receipts.get_receipt(stream)["paid"] == 300


def test_cancelling_before_the_start_refunds_everything_and_leaves_no_receipt(
    world: World, alice: Account, bob: Account
) -> None:
    stream = world.open(alice, bob, 1_000, start=world.time + 10)

    assert world.core.cancel_stream(stream, by=alice) == {"refunded": 1_000, "vested": 0}
    assert world.told("stream-cancelled")["depleted"]
    assert world.core.get_status(stream) == "depleted"
    assert world.receipts.get_receipt(stream) is None
    assert world.core.get_withdrawable_amount(stream) == 0
    with world.refused("core", "NOTHING_DUE"):
        world.core.withdraw_from_stream(stream, by=bob)
    world.core.burn_obligation(stream, by=bob)


def test_cancelling_when_all_that_vested_is_paid_depletes_with_a_receipt(
    world: World, alice: Account, bob: Account
) -> None:
    stream = world.open(alice, bob, 1_000)
    start = world.time
    world.pass_seconds(30)
    world.core.withdraw_from_stream(stream, by=bob)

    assert world.core.cancel_stream(stream, by=alice) == {"refunded": 700, "vested": 300}
    assert world.told("receipt-minted") == {
        "stream-id": stream,
        "holder": bob.address,
        "payer": alice.address,
        "paid": 300,
        "start": start,
        "end": start + 100,
    }
    assert world.core.get_status(stream) == "depleted"


@pytest.mark.parametrize(
    ("shape", "vested"),
    [
        ({"cliff": 50, "upfront": 10, "at_cliff": 40}, 10),
        ({"cliff": 30, "upfront": 10, "at_cliff": 40}, 50),
        ({"cliff": 20, "upfront": 10, "at_cliff": 40}, 168),
        ({"step": 25}, 250),
        ({"step": 31}, 0),
    ],
)
def test_a_shaped_stream_is_split_where_its_shape_says(
    world: World, alice: Account, bob: Account, shape: dict[str, int], vested: int
) -> None:
    stream = world.core.open_stream(
        bob,
        1_000,
        {
            "clock": "seconds",
            "start": None,
            "duration": 100,
            "cliff": shape.get("cliff", 0),
            "upfront": shape.get("upfront", 0),
            "at-cliff": shape.get("at_cliff", 0),
            "step": shape.get("step", 1),
        },
        {"cancelable": True, "transferable": True, "memo": ""},
        by=alice,
    )
    world.pass_seconds(30)

    assert world.core.cancel_stream(stream, by=alice) == {"refunded": 1_000 - vested, "vested": vested}


def test_only_the_sender_cancels(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)

    for other in (bob, world.deployer, world.ann, world.olga, world.mallory):
        with world.refused("core", "NOT_SENDER"):
            world.core.cancel_stream(stream, by=other)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.cancel_stream(stream + 1, by=alice)


def test_a_stream_is_cancelled_once(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.pass_seconds(30)
    world.core.cancel_stream(stream, by=alice)

    with world.refused("core", "NOT_RUNNING"):
        world.core.cancel_stream(stream, by=alice)


def test_what_has_vested_in_full_cannot_be_cancelled(world: World, alice: Account, bob: Account) -> None:
    settled = world.open(alice, bob, 1_000, start=world.time - 100)
    unlocked = world.open(alice, bob, 1_000, upfront=1_000)

    for stream in (settled, unlocked):
        assert world.core.get_status(stream) == "settled"
        with world.refused("core", "NOT_RUNNING"):
            world.core.cancel_stream(stream, by=alice)
    world.core.withdraw_from_stream(settled, by=bob)
    with world.refused("core", "NOT_RUNNING"):
        world.core.cancel_stream(settled, by=alice)


def test_pausing_does_not_hold_up_a_cancellation(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    world.access.pause(by=world.ann)

    assert world.core.cancel_stream(stream, by=alice) == {"refunded": 1_000, "vested": 0}


# Renouncing


def test_renouncing_is_for_good(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)
    assert world.core.get_refundable_amount(stream) == 1_000

    assert world.core.renounce_cancel(stream, by=alice) is True

    assert world.told("stream-renounced") == {"stream-id": stream, "sender": alice.address}
    assert world.core.get_stream(stream)["cancelable"] is False
    assert world.core.get_refundable_amount(stream) == 0
    assert world.core.get_remaining_amount(stream) == 1_000
    for again in (world.core.cancel_stream, world.core.renounce_cancel):
        with world.refused("core", "NOT_CANCELABLE"):
            again(stream, by=alice)


def test_a_stream_may_be_uncancelable_from_birth(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000, cancelable=False)

    with world.refused("core", "NOT_CANCELABLE"):
        world.core.cancel_stream(stream, by=alice)


def test_only_the_sender_of_a_running_stream_renounces(world: World, alice: Account, bob: Account) -> None:
    running = world.open(alice, bob, 1_000)
    settled = world.open(alice, bob, 1_000, start=world.time - 100)

    with world.refused("core", "NOT_SENDER"):
        world.core.renounce_cancel(running, by=bob)
    with world.refused("core", "NOT_RUNNING"):
        world.core.renounce_cancel(settled, by=alice)
    with world.refused("core", "UNKNOWN_STREAM"):
        world.core.renounce_cancel(99, by=alice)


# Batches


def test_many_cancellations_fail_and_succeed_one_by_one(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    mine = world.open(alice, bob, 1_000)
    anothers = world.open(carol, bob, 1_000)
    fixed = world.open(alice, bob, 1_000, cancelable=False)
    world.pass_seconds(10)

    done = world.core.cancel_many([mine, anothers, fixed, 99, mine], by=alice)

    assert done == [{"refunded": 900, "vested": 100}, Refusal(501), Refusal(521), Refusal(500), Refusal(520)]
    assert [world.core.get_status(one) for one in (mine, anothers, fixed)] == ["cancelled", "streaming", "streaming"]
    assert world.core.cancel_many([], by=alice) == []
