"""Other contracts on the way: a company's own, which acts for itself, and one that is up to no good."""

from dataclasses import replace

import pytest
from tests.paths.sales import DUE, PRICE, SALE_FEE, acceptance, listed, offered, purchase
from tests.paths.streams import MILLION, opened, standing, stepped
from tests.paths.town import Town

from bitpay.protocol.calls import core, obligation_nft
from bitpay.protocol.calls.call import Call
from bitpay.protocol.calls.conditions import sends
from bitpay.protocol.calls.terms import Terms
from bitpay.stacks.clarity import Value, principal, uint
from bitpay.stacks.post_conditions import Compare, Mode

SURE = Terms(cancelable=False)


@pytest.fixture(scope="module")
async def company(town: Town) -> str:
    """A company's contract, directed by dave."""
    return await town.deploys("dave", "company")


@pytest.fixture(scope="module")
async def trap(town: Town) -> str:
    """A contract of mallory's that others are lured to call."""
    return await town.deploys("mallory", "trap")


def through(contract: str, function: str, call: Call, *args: Value) -> Call:
    """Return the call made through another contract, with the same post-conditions."""
    return replace(call, contract_id=contract, function=function, args=args)


async def test_a_company_takes_the_senders_side(town: Town, company: str) -> None:
    stream = await opened(town, "alice", "bob", start=town.time + 10_000)
    one = uint(stream.number)
    await town.does("alice", core.propose_sender(town.contracts, stream_id=stream.number, new_sender=company))
    await town.does(
        "dave", through(company, "accept-side", core.accept_sender(town.contracts, stream_id=stream.number), one)
    )
    assert (await town.read(town.contracts.core, "get-stream", one))["sender"] == company

    add = core.top_up_stream(town.contracts, sender=town.dave, stream_id=stream.number, amount=500_000, fee=500)
    done = await town.guarded("dave", through(company, "top-up", add, one, uint(500_000)), dave=500_500)
    assert done.moved == {"dave": -500_500, "core": 500_000, "treasury": 500}
    cancel = core.cancel_stream(town.contracts, stream_id=stream.number, refundable=1_500_000)
    await town.fails("alice", cancel, "core", "NOT_SENDER")
    done = await town.guarded("dave", through(company, "cancel", cancel, one), vault=1_500_000)
    assert done.moved == {"company": 1_500_000, "core": -1_500_000}


async def test_a_company_is_paid_and_pays_out_of_its_stream(town: Town, company: str) -> None:
    number = (await stepped(town, "alice", "company", SURE)).number
    pay = core.withdraw_to(town.contracts, stream_id=number, amount=100_000, to=town.erin)
    await town.fails("dave", pay, "core", "NOT_HOLDER")
    args = (uint(number), uint(100_000), principal(town.erin))
    done = await town.guarded("dave", through(company, "pay", pay, *args), vault=100_000)
    assert done.moved == {"erin": 100_000, "core": -100_000}
    hand = core.withdraw_and_transfer(
        town.contracts, stream_id=number, holder=company, to=town.bob, shown=200_000, owed=900_000
    )
    done = await town.guarded(
        "dave", through(company, "hand-on", hand, uint(number), principal(town.bob)), vault=200_000
    )
    assert done.moved == {"company": 200_000, "core": -200_000}
    assert (await standing(town, number))["holder"] == "bob"


async def test_a_company_sells(town: Town, company: str) -> None:
    stream = await stepped(town, "alice", "company", SURE)
    listing = (await town.does("dave", Call(company, "offer-for-sale", (uint(stream.number), uint(PRICE))))).answer
    buy = purchase(town, stream, listing, seller=company)
    done = await town.guarded("carol", buy, carol=PRICE, vault=DUE)
    assert done.moved == {"carol": -PRICE, "company": PRICE - SALE_FEE + DUE, "core": -DUE, "treasury": SALE_FEE}
    back = obligation_nft.transfer(town.contracts, stream_id=stream.number, holder=town.carol, to=company)
    await town.does("carol", back)
    offer = await offered(town, stream)
    accept = through(company, "accept", acceptance(town, stream, offer, holder=company), uint(offer))
    done = await town.guarded("dave", accept, vault=PRICE - SALE_FEE)
    assert done.moved == {"company": PRICE - SALE_FEE, "marketplace": -PRICE, "treasury": SALE_FEE}


async def test_a_trap_spends_nothing_that_was_not_named(town: Town, trap: str) -> None:
    mine = await stepped(town, "alice", "bob", SURE)
    other = await stepped(town, "alice", "carol", SURE)
    gift = (sends(town.contracts, town.bob, Compare.LTE, 500_000),)
    for conditions in ((), gift):
        await town.undoes("bob", Call(trap, "open", (), conditions))
        await town.undoes("bob", Call(trap, "bid", (uint(other.number),), conditions))
        await town.undoes("bob", Call(trap, "take", (uint(mine.number),), conditions))
    assert (await standing(town, mine.number))["holder"] == "bob"


async def test_without_denial_a_trap_spends_what_its_caller_has(town: Town, trap: str) -> None:
    mine = await stepped(town, "alice", "bob", SURE)

    done = await town.does("bob", Call(trap, "open", mode=Mode.ALLOW))
    assert done.moved == {"bob": -1_001_000, "core": MILLION, "treasury": 1_000}
    await town.does("bob", Call(trap, "take", (uint(mine.number),), mode=Mode.ALLOW))
    assert (await standing(town, mine.number))["holder"] == "mallory"


async def test_even_then_it_cannot_act_as_sender_holder_or_seller(town: Town, trap: str) -> None:
    stream = await stepped(town, "bob", "bob")
    depleted = await opened(town, "bob", "bob", start=town.time - 2_000)
    await town.does(
        "bob", core.withdraw_from_stream(town.contracts, stream_id=depleted.number, shown=MILLION, owed=MILLION)
    )
    listing, offer = await listed(town, stream), await offered(town, stream, accept_cancelable=True)
    refusals = {
        "drain": (stream.number, "core", "NOT_HOLDER"),
        "hand-on": (stream.number, "core", "NOT_HOLDER"),
        "cancel": (stream.number, "core", "NOT_SENDER"),
        "renounce": (stream.number, "core", "NOT_SENDER"),
        "top-up": (stream.number, "core", "NOT_SENDER"),
        "propose": (stream.number, "core", "NOT_SENDER"),
        "burn": (depleted.number, "core", "NOT_HOLDER"),
        "offer-cheaply": (stream.number, "marketplace", "NOT_HOLDER"),
        "sell-cheaply": (listing, "marketplace", "NOT_SELLER"),
        "accept": (offer, "core", "NOT_HOLDER"),
    }
    for function, (number, contract, reason) in refusals.items():
        await town.fails("bob", Call(trap, function, (uint(number),), mode=Mode.ALLOW), contract, reason)
