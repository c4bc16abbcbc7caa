"""The sender's side: cancelling, giving the right to it up, adding to a stream, handing the side on."""

from tests.contracts.contract_types import Refusal
from tests.contracts.error_constants import constants
from tests.paths.counting import Token
from tests.paths.streams import CREATION_BPS, MILLION, opened, standing, stepped
from tests.paths.town import Town

from bitpay.protocol.calls import core
from bitpay.protocol.calls.terms import Terms
from bitpay.protocol.curves import Curve
from bitpay.protocol.fees import creation_fee
from bitpay.stacks.clarity import uint

NOT_SENDER = Refusal(constants("bitpay-core")["ERR_NOT_SENDER"])
NOT_CANCELABLE = Refusal(constants("bitpay-core")["ERR_NOT_CANCELABLE"])


async def test_cancelling_refunds_what_has_not_vested(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    call = core.cancel_stream(town.contracts, stream_id=stream.number, refundable=700_000)

    await town.fails("mallory", call, "core", "NOT_SENDER")
    done = await town.guarded("alice", call, vault=700_000)
    assert done.answer == {"refunded": 700_000, "vested": 300_000}
    assert done.moved == {"alice": 700_000, "core": -700_000}
    assert done.event("stream-cancelled") == {
        "stream-id": stream.number,
        "sender": town.alice,
        "refunded": 700_000,
        "vested": 300_000,
        "at": done.time,
        "depleted": False,
    }
    left = {"vested": 300_000, "refundable": 0, "remaining": 0, "holder": "bob"}
    assert await standing(town, stream.number) == {**left, "withdrawable": 300_000, "status": "cancelled"}
    await town.fails("alice", call, "core", "NOT_RUNNING")
    await town.wait(10_000)
    withdraw = core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=300_000, owed=300_000)
    done = await town.guarded("bob", withdraw, vault=300_000)
    assert done.moved == {"bob": 300_000, "core": -300_000}
    assert done.event("receipt-minted")["paid"] == 300_000
    assert await standing(town, stream.number) == {**left, "withdrawable": 0, "status": "depleted"}


async def test_the_refund_shown_only_falls(town: Town) -> None:
    stream = await opened(town, "alice", "bob")
    call = core.cancel_stream(
        town.contracts, stream_id=stream.number, refundable=MILLION - stream.curve.vested(town.time)
    )
    await town.wait_until(stream.curve.start + 250)

    assert (await town.does("alice", call)).moved == {"alice": 750_000, "core": -750_000}


async def test_cancelling_what_has_not_begun_depletes_it_without_a_receipt(town: Town) -> None:
    stream = await opened(town, "alice", "bob", start=town.time + 10_000)
    call = core.cancel_stream(town.contracts, stream_id=stream.number, refundable=MILLION)
    done = await town.guarded("alice", call, vault=MILLION)

    assert done.moved == {"alice": MILLION, "core": -MILLION}
    assert done.names == ["stream-cancelled"]
    assert done.tokens == []
    assert (await standing(town, stream.number))["status"] == "depleted"
    assert await town.read(town.contracts.nft, "get-receipt", uint(stream.number)) is None


async def test_cancelling_after_all_was_withdrawn_brings_the_receipt(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    await town.does(
        "bob", core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=300_000, owed=MILLION)
    )
    done = await town.does("alice", core.cancel_stream(town.contracts, stream_id=stream.number, refundable=700_000))

    assert done.names == ["receipt-minted", "stream-cancelled"]
    assert done.tokens == [Token("receipt", stream.number, None, "bob")]


async def test_a_batch_goes_on_where_one_fails(town: Town) -> None:
    one, other = await stepped(town, "alice", "bob"), await stepped(town, "dave", "bob")
    bound = await stepped(town, "alice", "bob", Terms(cancelable=False))
    two = await opened(town, "alice", "carol", start=town.time + 10_000)
    shown = {one.number: 700_000, other.number: 0, bound.number: 0, two.number: MILLION}
    done = await town.guarded("alice", core.cancel_many(town.contracts, shown), vault=1_700_000)

    assert done.answer == [
        {"refunded": 700_000, "vested": 300_000},
        NOT_SENDER,
        NOT_CANCELABLE,
        {"refunded": MILLION, "vested": 0},
    ]
    assert done.moved == {"alice": 1_700_000, "core": -1_700_000}
    assert done.names == ["stream-cancelled"] * 2


async def test_giving_up_the_right_to_cancel(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    call = core.renounce_cancel(town.contracts, stream_id=stream.number)

    await town.fails("mallory", call, "core", "NOT_SENDER")
    done = await town.does("alice", call)
    assert (done.moved, done.names) == ({}, ["stream-renounced"])
    assert (await standing(town, stream.number))["refundable"] == 0
    await town.fails("alice", call, "core", "NOT_CANCELABLE")
    cancel = core.cancel_stream(town.contracts, stream_id=stream.number, refundable=700_000)
    await town.fails("alice", cancel, "core", "NOT_CANCELABLE")


async def test_adding_to_a_stream(town: Town) -> None:
    stream = await opened(town, "alice", "bob")
    fee = creation_fee(500_000, CREATION_BPS)
    call = core.top_up_stream(town.contracts, sender=town.alice, stream_id=stream.number, amount=500_000, fee=fee)
    done = await town.guarded("alice", call, alice=500_500)

    longer = Curve(1_500_000, stream.curve.start, 1_500)
    assert (done.answer, done.moved) == (longer.end, {"alice": -500_500, "core": 500_000, "treasury": 500})
    assert done.event("stream-topped-up") == {
        "stream-id": stream.number,
        "sender": town.alice,
        "added": 500_000,
        "fee": 500,
        "amount": 1_500_000,
        "end": longer.end,
    }
    assert (await standing(town, stream.number))["vested"] == longer.vested(town.time) == stream.curve.vested(town.time)
    stranger = core.top_up_stream(town.contracts, sender=town.bob, stream_id=stream.number, amount=1_000, fee=1)
    await town.fails("bob", stranger, "core", "NOT_SENDER")
    crumb = core.top_up_stream(town.contracts, sender=town.alice, stream_id=stream.number, amount=999, fee=0)
    await town.fails("alice", crumb, "core", "TOP_UP_TOO_SMALL")
    await town.wait_until(longer.end)
    late = core.top_up_stream(town.contracts, sender=town.alice, stream_id=stream.number, amount=1_000, fee=1)
    await town.fails("alice", late, "core", "NOT_RUNNING")
    withdraw = core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=1_500_000, owed=1_500_000)
    assert (await town.does("bob", withdraw)).moved == {"bob": 1_500_000, "core": -1_500_000}


async def test_what_cannot_be_added_to(town: Town) -> None:
    stepping = await stepped(town, "alice", "bob")
    waiting = await opened(town, "alice", "bob", cliff=500)
    unlocking = await opened(town, "alice", "bob", start=town.time + 1_000, upfront=MILLION)
    reasons = ("NO_CONSTANT_RATE", "CLIFF_AHEAD", "NOTHING_FLOWS")
    for stream, reason in zip((stepping, waiting, unlocking), reasons, strict=True):
        call = core.top_up_stream(town.contracts, sender=town.alice, stream_id=stream.number, amount=1_000, fee=1)
        await town.fails("alice", call, "core", reason)


async def test_handing_the_senders_side_on(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    accept = core.accept_sender(town.contracts, stream_id=stream.number)

    await town.fails("dave", accept, "core", "NOT_PROPOSED_SENDER")
    proposed = await town.does(
        "alice", core.propose_sender(town.contracts, stream_id=stream.number, new_sender=town.dave)
    )
    assert (proposed.moved, proposed.names) == ({}, ["sender-proposed"])
    assert await town.read(town.contracts.core, "get-proposed-sender", uint(stream.number)) == town.dave
    await town.fails("mallory", accept, "core", "NOT_PROPOSED_SENDER")
    done = await town.does("dave", accept)
    assert done.moved == {}
    assert done.event("sender-changed") == {
        "stream-id": stream.number,
        "old-sender": town.alice,
        "new-sender": town.dave,
    }
    cancel = core.cancel_stream(town.contracts, stream_id=stream.number, refundable=700_000)
    await town.fails("alice", cancel, "core", "NOT_SENDER")
    assert (await town.guarded("dave", cancel, vault=700_000)).moved == {"dave": 700_000, "core": -700_000}


async def test_a_proposal_of_another_sender_is_withdrawn(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    withdraw = core.propose_sender(town.contracts, stream_id=stream.number, new_sender=None)

    await town.fails("alice", withdraw, "core", "NOTHING_PROPOSED")
    await town.does("alice", core.propose_sender(town.contracts, stream_id=stream.number, new_sender=town.dave))
    await town.does("alice", withdraw)
    await town.fails("dave", core.accept_sender(town.contracts, stream_id=stream.number), "core", "NOT_PROPOSED_SENDER")
