from typing import Any

import pytest
from tests.contracts.world import FUNDS, Account, World, points, schedule, terms

from bitpay.protocol.curves import MAX_SECONDS, MAX_TIME
from bitpay.stacks.clarity import UINT_MAX

MAX_SATS = 2_100_000_000_000_000


def test_the_simple_call_opens_a_line_in_blocks_that_starts_now(world: World, alice: Account, bob: Account) -> None:
    stream = world.core.create_stream(bob, 100_000, 50, by=alice)

    assert stream == 1
    assert world.core.get_stream(stream) == {
        "sender": alice.address,
        "payer": alice.address,
        "recipient": bob.address,
        "amount": 100_000,
        "withdrawn": 0,
        "refunded": 0,
        "clock": "blocks",
        "start": world.height,
        "end": world.height + 50,
        "cancelable": True,
        "transferable": True,
        "cancelled-at": None,
        "memo": "",
    }
    assert world.core.get_schedule(stream) == {
        "clock": "blocks",
        "start": world.height,
        "duration": 50,
        "cliff": 0,
        "upfront": 0,
        "at-cliff": 0,
        "step": 1,
        "points": [],
    }


def test_opening_tells_all_there_is_to_know(world: World, alice: Account, bob: Account) -> None:
    shape = schedule("seconds", world.time + 7, 1_000, cliff=100, upfront=5, at_cliff=10, step=30)
    about = terms(cancelable=False, transferable=False, memo="salary ü")

    stream = world.core.open_stream(bob, 20_000, shape, about, by=alice)

    assert world.told("stream-created") == {
        "stream-id": stream,
        "sender": alice.address,
        "recipient": bob.address,
        "amount": 20_000,
        "fee": 20,
        "clock": "seconds",
        "start": world.time + 7,
        "end": world.time + 1_007,
        "cliff": 100,
        "upfront": 5,
        "at-cliff": 10,
        "step": 30,
        "points": [],
        "cancelable": False,
        "transferable": False,
        "memo": "salary ü",
    }
    assert world.told("obligation-minted") == {"stream-id": stream, "holder": bob.address, "transferable": False}
    assert world.core.get_stream(stream)["memo"] == "salary ü"
    assert world.core.get_schedule(stream) == {
        "clock": "seconds",
        "start": world.time + 7,
        "duration": 1_000,
        "cliff": 100,
        "upfront": 5,
        "at-cliff": 10,
        "step": 30,
        "points": [],
    }


def test_ids_count_up_without_gaps_and_the_token_goes_to_the_recipient(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    ids = [world.open(alice, bob, 10), world.open(bob, carol, 10), world.open(alice, carol, 10)]

    assert ids == [1, 2, 3]
    assert world.core.get_stream_count() == 3
    assert [world.core.get_holder(one) for one in ids] == [bob.address, carol.address, carol.address]
    assert world.core.get_holder(4) is None


@pytest.mark.parametrize(("amount", "fee"), [(999, 0), (1_000, 1), (1_999, 1), (123_456_789, 123_456)])
def test_the_fee_is_on_top_and_rounds_down(world: World, alice: Account, bob: Account, amount: int, fee: int) -> None:
    world.open(alice, bob, amount)

    assert world.told("stream-created")["fee"] == fee
    assert world.balance(alice) == FUNDS - amount - fee
    assert world.vault.get_account(world.core) == amount
    assert world.vault.get_account(world.treasury) == fee
    assert world.vault.get_vault_balance() == world.vault.get_liabilities() == amount + fee


def test_a_stream_may_have_begun_long_ago_and_even_be_over(world: World, alice: Account, bob: Account) -> None:
    half = world.open(alice, bob, 1_000, start=world.time - 50)
    over = world.open(alice, bob, 1_000, start=0, duration=10)

    assert world.core.get_status(half) == "streaming"
    assert world.core.get_withdrawable_amount(half) == 500
    assert world.core.get_status(over) == "settled"
    assert world.core.withdraw_from_stream(over, by=bob) == 1_000


def test_the_same_two_people_may_have_many_streams(world: World, alice: Account, bob: Account) -> None:
    assert [world.open(alice, bob, 1_000) for _ in range(3)] == [1, 2, 3]


def test_somebody_may_stream_to_himself(world: World, alice: Account) -> None:
    stream = world.open(alice, alice, 1_000)
    world.pass_seconds(10)

    assert world.core.withdraw_from_stream(stream, by=alice) == 100
    assert world.core.cancel_stream(stream, by=alice) == {"refunded": 900, "vested": 100}


def test_the_bounds_themselves_are_allowed(world: World, alice: Account, bob: Account) -> None:
    far = schedule("blocks", MAX_TIME, MAX_TIME, cliff=MAX_TIME - 1, upfront=1, at_cliff=2)
    late = schedule("seconds", MAX_SECONDS - 1, 1)

    assert world.core.open_stream(bob, 3, far, terms(), by=alice) == 1
    assert world.core.open_stream(bob, 3, late, terms(), by=alice) == 2
    assert world.core.quote(MAX_SATS, schedule("blocks", 0, MAX_TIME), MAX_TIME - 1) == MAX_SATS - 1_910


OUT_OF_BOUNDS: list[tuple[str, dict[str, Any]]] = [
    ("AMOUNT_OUT_OF_RANGE", {"amount": 0}),
    ("AMOUNT_OUT_OF_RANGE", {"amount": MAX_SATS + 1}),
    ("AMOUNT_OUT_OF_RANGE", {"amount": UINT_MAX}),
    ("UNKNOWN_CLOCK", {"clock": "second"}),
    ("UNKNOWN_CLOCK", {"clock": ""}),
    ("UNKNOWN_CLOCK", {"clock": "Blocks"}),
    ("START_OUT_OF_RANGE", {"clock": "blocks", "start": MAX_TIME + 1}),
    ("START_OUT_OF_RANGE", {"start": UINT_MAX}),
    ("DURATION_OUT_OF_RANGE", {"duration": 0}),
    ("DURATION_OUT_OF_RANGE", {"clock": "blocks", "duration": MAX_TIME + 1}),
    ("DURATION_OUT_OF_RANGE", {"duration": UINT_MAX}),
    ("END_OUT_OF_RANGE", {"start": MAX_SECONDS, "duration": 1}),
    ("END_OUT_OF_RANGE", {"start": 0, "duration": MAX_SECONDS + 1}),
    ("CLIFF_OUT_OF_RANGE", {"cliff": 100}),
    ("CLIFF_OUT_OF_RANGE", {"cliff": UINT_MAX}),
    ("AT_CLIFF_WITHOUT_CLIFF", {"at_cliff": 1}),
    ("UNLOCKS_OUT_OF_RANGE", {"upfront": 1_001}),
    ("UNLOCKS_OUT_OF_RANGE", {"upfront": UINT_MAX}),
    ("UNLOCKS_OUT_OF_RANGE", {"cliff": 1, "upfront": 500, "at_cliff": 501}),
    ("UNLOCKS_OUT_OF_RANGE", {"cliff": 1, "upfront": 1_000, "at_cliff": UINT_MAX}),
    ("STEP_OUT_OF_RANGE", {"step": 0}),
    ("STEP_OUT_OF_RANGE", {"step": 101}),
    ("STEP_OUT_OF_RANGE", {"cliff": 60, "step": 41}),
    ("STEP_OUT_OF_RANGE", {"step": UINT_MAX}),
]


@pytest.mark.parametrize(("reason", "wrong"), OUT_OF_BOUNDS)
def test_what_is_out_of_bounds_is_neither_opened_nor_quoted(
    world: World, alice: Account, bob: Account, reason: str, wrong: dict[str, Any]
) -> None:
    amount = wrong.get("amount", 1_000)
    shape = schedule(**{key: value for key, value in wrong.items() if key != "amount"})

    with world.refused("core", reason):
        world.core.open_stream(bob, amount, shape, terms(), by=alice)
    with world.refused("core", reason):
        order = {"recipient": bob.address, "amount": amount, "schedule": shape, "terms": terms()}
        world.core.open_streams([order], by=alice)
    with world.refused("core", reason):
        world.core.quote(amount, shape, world.time)


@pytest.mark.parametrize(
    ("reason", "amount", "duration"),
    [
        ("AMOUNT_OUT_OF_RANGE", 0, 10),
        ("AMOUNT_OUT_OF_RANGE", UINT_MAX, 10),
        ("DURATION_OUT_OF_RANGE", 10, 0),
        ("DURATION_OUT_OF_RANGE", 10, UINT_MAX),
    ],
)
def test_the_simple_call_has_the_same_bounds(
    world: World, alice: Account, bob: Account, reason: str, amount: int, duration: int
) -> None:
    with world.refused("core", reason):
        world.core.create_stream(bob, amount, duration, by=alice)


def test_the_vault_cannot_be_paid_by_a_stream(world: World, alice: Account) -> None:
    about = (world.vault, 1_000)

    with world.refused("core", "VAULT_AS_RECIPIENT"):
        world.core.create_stream(*about, 10, by=alice)
    with world.refused("core", "VAULT_AS_RECIPIENT"):
        world.core.open_stream(*about, schedule(), terms(), by=alice)
    with world.refused("core", "VAULT_AS_RECIPIENT"):
        world.core.open_curve_stream(*about, "seconds", None, points((5, 1_000)), terms(), by=alice)


def test_a_payer_who_is_short_opens_nothing(world: World, alice: Account, bob: Account) -> None:
    with world.refused("sbtc-helper", "PAYER_SHORT"):
        world.open(alice, bob, FUNDS)  # the fee is missing
    assert world.open(alice, bob, FUNDS - FUNDS // 1_000) == 1


def test_nothing_is_opened_while_paused(world: World, alice: Account, bob: Account) -> None:
    world.access.pause(by=world.olga)

    with world.refused("access-control", "PAUSED"):
        world.core.create_stream(bob, 1_000, 10, by=alice)
    with world.refused("access-control", "PAUSED"):
        world.open(alice, bob, 1_000)
    with world.refused("access-control", "PAUSED"):
        world.core.open_curve_stream(bob, 1_000, "seconds", None, points((5, 1_000)), terms(), by=alice)
    with world.refused("access-control", "PAUSED"):
        world.core.open_streams([], by=alice)


# Curves


def test_a_curve_vests_along_its_points(world: World, alice: Account, bob: Account) -> None:
    way = points((10, 0), (20, 100), (20, 400), (60, 401), (60, 900), (100, 1_000))
    stream = world.core.open_curve_stream(bob, 1_000, "seconds", world.time + 5, way, terms(), by=alice)
    start = world.time + 5

    vested = {0: 0, 10: 0, 15: 50, 19: 90, 20: 400, 59: 400, 60: 900, 99: 997, 100: 1_000}
    assert {after: world.core.get_vested_amount_at(stream, start + after) for after in vested} == vested
    assert world.core.get_vested_amount_at(stream, start - 1) == 0
    assert world.core.get_schedule(stream)["points"] == way
    assert world.core.get_schedule(stream)["duration"] == 100
    assert world.core.get_status(stream) == "pending"


def test_a_curve_may_begin_with_money_and_have_24_points(world: World, alice: Account, bob: Account) -> None:
    way = points((0, 1_000), *((after, 1_000 + after * 10) for after in range(1, 24)))

    stream = world.core.open_curve_stream(bob, 1_230, "blocks", None, way, terms(memo="curve"), by=alice)

    told = world.told("stream-created")
    assert told["points"] == way
    assert (told["end"], told["step"], told["memo"]) == (world.height + 23, 1, "curve")
    assert world.core.get_withdrawable_amount(stream) == 1_000
    world.pass_blocks(11)
    assert world.core.withdraw_from_stream(stream, by=bob) == 1_110
    assert world.core.cancel_stream(stream, by=alice) == {"refunded": 120, "vested": 1_110}


@pytest.mark.parametrize(
    ("reason", "amount", "way"),
    [
        ("EMPTY_CURVE", 1_000, []),
        ("CURVE_NOT_RISING", 1_000, points((0, 0), (10, 1_000))),
        ("CURVE_NOT_RISING", 1_000, points((5, 500), (5, 500), (10, 1_000))),
        ("CURVE_NOT_RISING", 1_000, points((5, 500), (4, 600), (10, 1_000))),
        ("CURVE_NOT_RISING", 1_000, points((5, 500), (6, 499), (10, 1_000))),
        ("CURVE_NOT_RISING", 1_000, points((UINT_MAX, 500), (10, 1_000))),
        ("CURVE_TOTAL", 1_000, points((10, 999))),
        ("CURVE_TOTAL", 1_000, points((5, 1_000), (10, UINT_MAX))),
        ("DURATION_OUT_OF_RANGE", 1_000, points((0, 1_000))),
        ("DURATION_OUT_OF_RANGE", 1_000, points((5, 1), (UINT_MAX, 1_000))),
        ("AMOUNT_OUT_OF_RANGE", 0, points((10, 0))),
        ("AMOUNT_OUT_OF_RANGE", UINT_MAX, points((10, UINT_MAX))),
    ],
)
def test_a_curve_that_is_none_is_refused(
    world: World, alice: Account, bob: Account, reason: str, amount: int, way: list[dict[str, int]]
) -> None:
    with world.refused("core", reason):
        world.core.open_curve_stream(bob, amount, "seconds", None, way, terms(), by=alice)


def test_a_curve_has_the_clocks_and_starts_of_any_stream(world: World, alice: Account, bob: Account) -> None:
    way = points((10, 1_000))
    with world.refused("core", "UNKNOWN_CLOCK"):
        world.core.open_curve_stream(bob, 1_000, "days", None, way, terms(), by=alice)
    with world.refused("core", "START_OUT_OF_RANGE"):
        world.core.open_curve_stream(bob, 1_000, "seconds", UINT_MAX, way, terms(), by=alice)
    with world.refused("core", "END_OUT_OF_RANGE"):
        world.core.open_curve_stream(bob, 1_000, "seconds", MAX_SECONDS, way, terms(), by=alice)


# Batches


def order(recipient: Account, amount: int, **shape: Any) -> dict[str, Any]:  # noqa: ANN401
    return {"recipient": recipient, "amount": amount, "schedule": schedule(**shape), "terms": terms()}


def test_a_batch_opens_what_single_calls_would(world: World, alice: Account, bob: Account, carol: Account) -> None:
    orders = [order(bob, 1_999, cliff=10, at_cliff=5), order(carol, 2_001, clock="blocks"), order(bob, 7)]

    assert world.core.open_streams(orders, by=alice) == [1, 2, 3]

    in_batch = [dict(event.fields) for event in world.events if event.name == "stream-created"]
    paid = FUNDS - world.balance(alice)
    assert [created["fee"] for created in in_batch] == [1, 2, 0]
    assert paid == 1_999 + 2_001 + 7 + 3
    for one, created in zip(orders, in_batch, strict=True):
        single = world.core.open_stream(one["recipient"], one["amount"], one["schedule"], one["terms"], by=alice)
        assert {**world.told("stream-created"), "stream-id": created["stream-id"]} == created
        assert world.core.get_schedule(single) == world.core.get_schedule(created["stream-id"])
    assert FUNDS - world.balance(alice) == 2 * paid


def test_an_empty_batch_opens_nothing(world: World, alice: Account) -> None:
    assert world.core.open_streams([], by=alice) == []
    assert world.balance(alice) == FUNDS


def test_a_batch_is_all_or_nothing(world: World, alice: Account, bob: Account) -> None:
    with world.refused("core", "DURATION_OUT_OF_RANGE"):
        world.core.open_streams([order(bob, 10), order(bob, 10, duration=0), order(bob, 10)], by=alice)
    with world.refused("core", "VAULT_AS_RECIPIENT"):
        world.core.open_streams([order(bob, 10), {**order(bob, 10), "recipient": world.vault}], by=alice)
    with world.refused("sbtc-helper", "PAYER_SHORT"):
        world.core.open_streams([order(bob, FUNDS // 2), order(bob, FUNDS // 2)], by=alice)
    with world.refused("sbtc-helper", "AMOUNT_OUT_OF_RANGE"):
        world.core.open_streams([order(bob, MAX_SATS), order(bob, MAX_SATS)], by=alice)


# Quotes


@pytest.mark.parametrize(
    ("after", "vested"), [(-1, 0), (0, 50), (19, 50), (20, 150), (29, 150), (30, 256), (99, 893), (100, 1_000)]
)
def test_a_quote_tells_what_a_stream_would_vest(world: World, after: int, vested: int) -> None:
    shape = schedule("seconds", 1_000, 100, cliff=20, upfront=50, at_cliff=100, step=10)

    assert world.core.quote(1_000, shape, 1_000 + after) == vested


def test_a_quote_without_a_start_begins_now(world: World) -> None:
    assert world.core.quote(1_000, schedule("seconds"), world.time + 25) == 250
    assert world.core.quote(1_000, schedule("blocks"), world.height + 25) == 250
    assert world.core.quote(1_000, schedule(), UINT_MAX) == 1_000
