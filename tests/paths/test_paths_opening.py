"""Opening streams, one and many: what is paid, written, told and read afterwards."""

from dataclasses import replace

from tests.paths.counting import Token
from tests.paths.streams import CREATION_BPS, MILLION, opened, standing
from tests.paths.town import Town

from bitpay.protocol.calls import core
from bitpay.protocol.calls.terms import NewStream, Schedule, Terms
from bitpay.protocol.curves import Curve, Point
from bitpay.protocol.fees import creation_fee
from bitpay.stacks.clarity import uint

LINE = Schedule("seconds", None, 1_000)


async def test_the_simple_call(town: Town) -> None:
    call = core.create_stream(town.contracts, sender=town.alice, recipient=town.bob, amount=9_999, fee=9, duration=100)
    done = await town.guarded("alice", call, alice=10_008)

    assert done.moved == {"alice": -10_008, "core": 9_999, "treasury": 9}
    assert done.names == ["obligation-minted", "stream-created"]
    assert done.event("stream-created") == {
        "stream-id": done.answer,
        "sender": town.alice,
        "recipient": town.bob,
        "amount": 9_999,
        "fee": 9,
        "clock": "blocks",
        "start": done.height,
        "end": done.height + 100,
        "cliff": 0,
        "upfront": 0,
        "at-cliff": 0,
        "step": 1,
        "points": [],
        "cancelable": True,
        "transferable": True,
        "memo": "",
    }
    assert done.tokens == [Token("obligation", done.answer, None, "bob")]
    await town.blocks(10)
    assert await standing(town, done.answer) == {
        "vested": 999,
        "withdrawable": 999,
        "refundable": 9_000,
        "remaining": 9_000,
        "status": "streaming",
        "holder": "bob",
    }


async def test_a_stream_with_everything(town: Town) -> None:
    schedule = Schedule("seconds", town.time - 450, 1_000, cliff=400, upfront=10_000, at_cliff=90_000, step=30)
    call = core.open_stream(
        town.contracts,
        sender=town.alice,
        recipient=town.bob,
        amount=MILLION,
        fee=1_000,
        schedule=schedule,
        terms=Terms(cancelable=False, transferable=False, memo="März ₿"),
    )
    done = await town.guarded("alice", call, alice=1_001_000)

    assert done.moved == {"alice": -1_001_000, "core": 1_000_000, "treasury": 1_000}
    number = uint(done.answer)
    about = await town.read(town.contracts.core, "get-stream", number)
    assert about == {
        "payer": town.alice,
        "sender": town.alice,
        "recipient": town.bob,
        "amount": MILLION,
        "withdrawn": 0,
        "refunded": 0,
        "clock": "seconds",
        "start": schedule.start,
        "end": done.event("stream-created")["end"],
        "cancelable": False,
        "transferable": False,
        "cancelled-at": None,
        "memo": "März ₿",
    }
    when = await town.read(town.contracts.core, "get-schedule", number)
    assert when == {
        "clock": "seconds",
        "start": schedule.start,
        "duration": 1_000,
        "cliff": 400,
        "upfront": 10_000,
        "at-cliff": 90_000,
        "step": 30,
        "points": [],
    }
    curve = Curve(MILLION, about["start"], 1_000, 400, 10_000, 90_000, 30)
    expected = curve.vested(town.time)
    assert expected == 10_000 + 90_000 + 900_000 * 30 // 600
    assert await standing(town, done.answer) == {
        "vested": expected,
        "withdrawable": expected,
        "refundable": 0,
        "remaining": MILLION - expected,
        "status": "streaming",
        "holder": "bob",
    }
    quoted = await town.read(town.contracts.core, "quote", uint(MILLION), schedule.value(), uint(town.time + 100))
    assert quoted == curve.vested(town.time + 100)


async def test_a_stream_that_begins_later(town: Town) -> None:
    stream = await opened(town, "alice", "bob", start=town.time + 500)

    assert await standing(town, stream.number) == {
        "vested": 0,
        "withdrawable": 0,
        "refundable": MILLION,
        "remaining": MILLION,
        "status": "pending",
        "holder": "bob",
    }
    early = core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=0, owed=MILLION)
    await town.fails("bob", early, "core", "NOTHING_DUE")
    await town.wait_until(stream.curve.start + 1)
    assert (await town.does("bob", early)).moved == {"bob": 1_000, "core": -1_000}


async def test_any_curve(town: Town) -> None:
    points = [Point(100, 0), Point(100, 50_000), Point(300, 50_000), Point(1_000, 300_007)]
    call = core.open_curve_stream(
        town.contracts,
        sender=town.alice,
        recipient=town.bob,
        amount=300_007,
        fee=300,
        clock="seconds",
        start=None,
        points=points,
        terms=Terms(),
    )
    done = await town.guarded("alice", call, alice=300_307)

    assert done.moved == {"alice": -300_307, "core": 300_007, "treasury": 300}
    told = done.event("stream-created")
    assert told["points"] == [{"after": point.after, "total": point.total} for point in points]
    curve = Curve(300_007, told["start"], 1_000, points=tuple(points))
    assert told["end"] == curve.end
    withdraw = core.withdraw_from_stream(town.contracts, stream_id=done.answer, shown=0, owed=300_007)
    withdrawn = 0
    for after in (99, 100, 250, 301, 777, 1_000):
        await town.wait_until(curve.start + after)
        due = curve.vested(curve.start + after) - withdrawn
        if due:
            assert (await town.does("carol", withdraw)).moved == {"bob": due, "core": -due}
        else:
            await town.fails("carol", withdraw, "core", "NOTHING_DUE")
        withdrawn += due
    assert withdrawn == 300_007


async def test_many_at_once_are_paid_once(town: Town) -> None:
    orders = [
        NewStream(town.bob, 9_999, LINE, Terms()),
        NewStream(town.carol, 19_999, replace(LINE, upfront=5_000), Terms(memo="second")),
        NewStream(town.bob, 1, replace(LINE, clock="blocks"), Terms(cancelable=False)),
    ]
    call = core.open_streams(town.contracts, sender=town.alice, orders=orders, fee=9 + 19 + 0)
    done = await town.guarded("alice", call, alice=30_027)

    first = done.answer[0]
    assert done.answer == [first, first + 1, first + 2]
    assert done.moved == {"alice": -30_027, "core": 29_999, "treasury": 28}
    assert done.names == ["obligation-minted", "stream-created"] * 3
    assert [(token.number, token.recipient) for token in done.tokens] == [
        (first, "bob"),
        (first + 1, "carol"),
        (first + 2, "bob"),
    ]
    assert (await standing(town, first + 1))["vested"] == 5_000


async def test_one_bad_order_opens_none(town: Town) -> None:
    orders = [NewStream(town.bob, 10_000, LINE, Terms()), NewStream(town.bob, 10_000, replace(LINE, step=0), Terms())]
    call = core.open_streams(town.contracts, sender=town.alice, orders=orders, fee=20)

    await town.fails("alice", call, "core", "STEP_OUT_OF_RANGE")
    nothing = core.open_streams(town.contracts, sender=town.alice, orders=[], fee=0)
    assert (await town.does("alice", nothing)).moved == {}


async def test_fifty_at_once(town: Town) -> None:
    amounts = range(100_000, 150_000, 1_000)
    orders = [NewStream(town.dave, amount, LINE, Terms()) for amount in amounts]
    fee = sum(creation_fee(amount, CREATION_BPS) for amount in amounts)
    done = await town.does("alice", core.open_streams(town.contracts, sender=town.alice, orders=orders, fee=fee))

    assert len(done.answer) == 50
    assert done.moved == {"alice": -sum(amounts) - fee, "core": sum(amounts), "treasury": fee}
    assert [token.number for token in done.tokens] == done.answer


async def test_what_is_not_paid_for_is_not_opened(town: Town) -> None:
    poor = town.facts.purses["erin"]
    call = core.create_stream(
        town.contracts,
        sender=town.erin,
        recipient=town.bob,
        amount=poor,
        fee=creation_fee(poor, CREATION_BPS),
        duration=9,
    )
    await town.fails("erin", call, "sbtc-helper", "PAYER_SHORT")
    to_vault = replace(
        call,
        args=core.create_stream(
            town.contracts, sender=town.erin, recipient=town.contracts.vault, amount=1_000, fee=1, duration=9
        ).args,
    )
    await town.fails("erin", to_vault, "core", "VAULT_AS_RECIPIENT")
