"""Withdrawing in every way, handing the right to be paid on, and what is left when nothing is left."""

from tests.contracts.contract_types import Refusal
from tests.contracts.error_constants import constants
from tests.paths.counting import Token
from tests.paths.streams import MILLION, opened, standing, stepped
from tests.paths.town import Town

from bitpay.protocol.calls import core, obligation_nft
from bitpay.protocol.calls.core import Due
from bitpay.protocol.calls.terms import NewStream, Schedule, Terms
from bitpay.stacks.clarity import uint

NOTHING_DUE = Refusal(constants("bitpay-core")["ERR_NOTHING_DUE"])
UNKNOWN_STREAM = Refusal(constants("bitpay-core")["ERR_UNKNOWN_STREAM"])


async def test_anyone_makes_a_stream_pay_its_holder(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    call = core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=300_000, owed=MILLION)
    done = await town.guarded("mallory", call, vault=300_000)

    assert done.answer == 300_000
    assert done.moved == {"bob": 300_000, "core": -300_000}
    assert done.event("stream-withdrawal") == {
        "stream-id": stream.number,
        "holder": town.bob,
        "to": town.bob,
        "amount": 300_000,
        "withdrawn": 300_000,
        "by": town.mallory,
        "depleted": False,
    }
    await town.fails("mallory", call, "core", "NOTHING_DUE")


async def test_parts_add_up_and_the_end_brings_a_receipt(town: Town) -> None:
    stream = await opened(town, "alice", "bob", 777_777)
    withdrawn = 0
    for after in (1, 333, 334, 999):
        await town.wait_until(stream.curve.start + after)
        due = stream.curve.vested(stream.curve.start + after) - withdrawn
        call = core.withdraw_from_stream(
            town.contracts, stream_id=stream.number, shown=due, owed=stream.curve.amount - withdrawn
        )
        assert (await town.does("bob", call)).moved == {"bob": due, "core": -due}
        withdrawn += due
    await town.wait_until(stream.curve.end)
    rest = stream.curve.amount - withdrawn
    last = core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=rest, owed=rest)
    done = await town.guarded("bob", last, vault=rest)

    assert done.names == ["receipt-minted", "stream-withdrawal"]
    assert done.tokens == [Token("receipt", stream.number, None, "bob")]
    assert await town.read(town.contracts.nft, "get-receipt", uint(stream.number)) == {
        "payer": town.alice,
        "paid": 777_777,
        "start": stream.curve.start,
        "end": stream.curve.end,
    }
    assert await standing(town, stream.number) == {
        "vested": 777_777,
        "withdrawable": 0,
        "refundable": 0,
        "remaining": 0,
        "status": "depleted",
        "holder": "bob",
    }


async def test_a_depleted_streams_obligation_is_burned(town: Town) -> None:
    stream = await opened(town, "alice", "bob", start=town.time - 1_000)
    call = core.burn_obligation(town.contracts, stream_id=stream.number, holder=town.bob)

    await town.fails("bob", call, "core", "NOT_DEPLETED")
    await town.does(
        "bob", core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=MILLION, owed=MILLION)
    )
    await town.fails("carol", call, "core", "NOT_HOLDER")
    done = await town.guarded("bob", call)
    assert done.moved == {}
    assert done.names == ["obligation-burned"]
    assert done.tokens == [Token("obligation", stream.number, "bob", None)]
    assert (await standing(town, stream.number))["holder"] is None
    assert await town.read(town.contracts.nft, "get-owner", uint(stream.number)) == town.bob
    again = core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=0, owed=MILLION)
    await town.fails("bob", again, "core", "NOTHING_DUE")


async def test_the_holder_pays_somebody_out_of_it(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    part = core.withdraw_to(town.contracts, stream_id=stream.number, amount=12_345, to=town.carol)

    await town.fails("mallory", part, "core", "NOT_HOLDER")
    done = await town.guarded("bob", part, vault=12_345)
    assert (done.answer, done.moved) == (12_345, {"carol": 12_345, "core": -12_345})
    told = done.event("stream-withdrawal")
    assert (told["holder"], told["to"], told["amount"], told["by"]) == (town.bob, town.carol, 12_345, town.bob)
    more = core.withdraw_to(town.contracts, stream_id=stream.number, amount=287_656, to=town.carol)
    await town.fails("bob", more, "core", "MORE_THAN_DUE")
    home = core.withdraw_to(town.contracts, stream_id=stream.number, amount=1, to=town.contracts.vault)
    await town.fails("bob", home, "sbtc-helper", "VAULT_AS_RECIPIENT")
    rest = core.withdraw_to(town.contracts, stream_id=stream.number, amount=Due(287_655, 287_655), to=town.dave)
    assert (await town.guarded("bob", rest, vault=287_655)).moved == {"dave": 287_655, "core": -287_655}


async def test_taking_what_is_due_and_handing_the_rest_on(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    call = core.withdraw_and_transfer(
        town.contracts, stream_id=stream.number, holder=town.bob, to=town.carol, shown=300_000, owed=300_000
    )
    done = await town.guarded("bob", call, vault=300_000)

    assert (done.answer, done.moved) == (300_000, {"bob": 300_000, "core": -300_000})
    assert done.names == ["stream-withdrawal", "obligation-transferred"]
    assert done.event("obligation-transferred") == {
        "stream-id": stream.number,
        "from": town.bob,
        "to": town.carol,
        "moves": 1,
    }
    assert done.tokens == [Token("obligation", stream.number, "bob", "carol")]
    await town.fails("bob", call, "core", "NOT_HOLDER")
    onwards = core.withdraw_and_transfer(
        town.contracts, stream_id=stream.number, holder=town.carol, to=town.dave, shown=0, owed=700_000
    )
    assert (await town.does("carol", onwards)).moved == {}
    await town.wait_until(stream.curve.end)
    all_ = core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=700_000, owed=700_000)
    done = await town.does("alice", all_)
    assert done.moved == {"dave": 700_000, "core": -700_000}
    assert done.event("receipt-minted")["holder"] == town.dave


async def test_handing_the_obligation_on_with_all_that_is_due(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    call = obligation_nft.transfer(town.contracts, stream_id=stream.number, holder=town.bob, to=town.carol)

    await town.fails("mallory", call, "obligation-nft", "NOT_OWN_CALL")
    done = await town.guarded("bob", call)
    assert done.moved == {}
    assert done.tokens == [Token("obligation", stream.number, "bob", "carol")]
    withdraw = core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=300_000, owed=MILLION)
    assert (await town.does("bob", withdraw)).moved == {"carol": 300_000, "core": -300_000}
    bound = await stepped(town, "alice", "bob", Terms(transferable=False))
    call = obligation_nft.transfer(town.contracts, stream_id=bound.number, holder=town.bob, to=town.carol)
    await town.fails("bob", call, "obligation-nft", "NOT_TRANSFERABLE")


async def test_a_batch_goes_on_where_one_fails(town: Town) -> None:
    one, two = await stepped(town, "alice", "bob"), await stepped(town, "alice", "carol")
    later = await opened(town, "alice", "bob", start=town.time + 10_000)
    unknown = later.number + 1_000
    dues = {
        one.number: Due(300_000, 300_000),
        unknown: Due(0, 0),
        later.number: Due(0, 0),
        two.number: Due(300_000, 300_000),
    }
    done = await town.guarded("mallory", core.withdraw_many(town.contracts, dues), vault=600_000)

    assert done.answer == [300_000, UNKNOWN_STREAM, NOTHING_DUE, 300_000]
    assert done.moved == {"bob": 300_000, "carol": 300_000, "core": -600_000}
    assert done.names == ["stream-withdrawal"] * 2
    nothing = core.withdraw_many(town.contracts, {later.number: Due(0, MILLION)})
    done = await town.does("mallory", nothing)
    assert (done.answer, done.moved) == ([NOTHING_DUE], {})


async def test_a_batch_that_was_forestalled_is_undone_and_made_anew(town: Town) -> None:
    one, two = await stepped(town, "alice", "bob"), await stepped(town, "alice", "bob")
    both = {one.number: Due(300_000, MILLION), two.number: Due(300_000, MILLION)}
    first = core.withdraw_from_stream(town.contracts, stream_id=one.number, shown=0, owed=MILLION)

    assert (await town.does("mallory", first)).moved == {"bob": 300_000, "core": -300_000}
    await town.undoes("bob", core.withdraw_many(town.contracts, both))
    both[one.number] = Due(0, 700_000)
    done = await town.does("bob", core.withdraw_many(town.contracts, both))
    assert done.moved == {"bob": 300_000, "core": -300_000}


async def test_fifty_at_once(town: Town) -> None:
    settled = Schedule("seconds", 0, 1_000)
    amounts = list(range(500, 550))
    orders = [NewStream(town.erin, amount, settled, Terms()) for amount in amounts]
    numbers = (
        await town.does("alice", core.open_streams(town.contracts, sender=town.alice, orders=orders, fee=0))
    ).answer
    dues = {number: Due(amount, amount) for number, amount in zip(numbers, amounts, strict=True)}
    done = await town.does("erin", core.withdraw_many(town.contracts, dues))

    assert done.answer == amounts
    assert done.moved == {"erin": sum(amounts), "core": -sum(amounts)}
    assert done.names == ["receipt-minted", "stream-withdrawal"] * 50
    assert done.tokens == [Token("receipt", number, None, "erin") for number in numbers]
