"""Offers: the price waits in the vault until its maker takes it back or a holder takes it."""

from tests.paths.counting import Token
from tests.paths.sales import DUE, PRICE, SALE_FEE, acceptance, offer, offered
from tests.paths.streams import opened, standing, stepped
from tests.paths.town import Town

from bitpay.protocol.calls import core, marketplace, obligation_nft
from bitpay.protocol.calls.terms import Terms
from bitpay.stacks.clarity import uint

SURE = Terms(cancelable=False)


async def test_an_offer_accepted(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    expires_at = town.time + 86_400
    made = await town.guarded("carol", offer(town, stream, expires_at=expires_at), carol=PRICE)
    number = made.answer
    assert made.moved == {"carol": -PRICE, "marketplace": PRICE}
    assert made.event("offer-made") == {
        "offer-id": number,
        "stream-id": stream.number,
        "buyer": town.carol,
        "price": PRICE,
        "fee-bps": 25,
        "min-remaining": 700_000,
        "accept-cancelable": False,
        "expires-at": expires_at,
    }

    await town.fails("mallory", acceptance(town, stream, number, holder=town.mallory), "core", "NOT_HOLDER")
    paid = PRICE - SALE_FEE + DUE
    done = await town.guarded("bob", acceptance(town, stream, number), vault=paid)
    assert done.answer is True
    assert done.moved == {"bob": paid, "core": -DUE, "marketplace": -PRICE, "treasury": SALE_FEE}
    assert done.names == ["stream-withdrawal", "obligation-transferred", "offer-accepted"]
    assert done.event("offer-accepted") == {
        "offer-id": number,
        "stream-id": stream.number,
        "seller": town.bob,
        "buyer": town.carol,
        "price": PRICE,
        "fee": SALE_FEE,
        "settled": DUE,
    }
    assert done.tokens == [Token("obligation", stream.number, "bob", "carol")]
    assert (await town.read(town.contracts.marketplace, "get-offer", uint(number)))["status"] == "accepted"
    assert (await standing(town, stream.number))["holder"] == "carol"
    again = marketplace.cancel_offer(town.contracts, offer_id=number, price=PRICE)
    await town.fails("carol", again, "marketplace", "OFFER_CLOSED")


async def test_an_offer_taken_back(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    number = await offered(town, stream)
    call = marketplace.cancel_offer(town.contracts, offer_id=number, price=PRICE)

    await town.fails("mallory", call, "marketplace", "NOT_BUYER")
    done = await town.guarded("carol", call, vault=PRICE)
    assert done.moved == {"carol": PRICE, "marketplace": -PRICE}
    assert done.event("offer-cancelled") == {
        "offer-id": number,
        "stream-id": stream.number,
        "buyer": town.carol,
        "price": PRICE,
        "by": town.carol,
    }
    await town.fails("carol", call, "marketplace", "OFFER_CLOSED")
    await town.fails("bob", acceptance(town, stream, number), "marketplace", "OFFER_CLOSED")


async def test_an_expired_offer_is_repaid_by_anyone(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    expires_at = town.time + 100
    number = await offered(town, stream, expires_at=expires_at)
    call = marketplace.cancel_offer(town.contracts, offer_id=number, price=PRICE)

    await town.wait_until(expires_at - 1)
    await town.fails("mallory", call, "marketplace", "NOT_BUYER")
    await town.fails("bob", acceptance(town, stream, number), "marketplace", "OFFER_EXPIRED")
    done = await town.guarded("mallory", call, vault=PRICE)
    assert done.moved == {"carol": PRICE, "marketplace": -PRICE}
    assert done.event("offer-cancelled")["by"] == town.mallory


async def test_an_offer_for_more_than_remains(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    number = await offered(town, stream, min_remaining=700_001)

    await town.fails("bob", acceptance(town, stream, number), "marketplace", "TOO_LITTLE_REMAINS")
    fair = await offered(town, stream)
    await town.wait_until(stream.curve.start + 4_000)
    await town.fails("bob", acceptance(town, stream, fair), "marketplace", "TOO_LITTLE_REMAINS")


async def test_an_offer_without_risk_of_being_cancelled(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    careful, bold = await offered(town, stream), await offered(town, stream, accept_cancelable=True)

    await town.fails("bob", acceptance(town, stream, careful), "marketplace", "CANCELABLE")
    await town.does("alice", core.renounce_cancel(town.contracts, stream_id=stream.number))
    done = await town.does("bob", acceptance(town, stream, careful))
    assert done.moved["bob"] == PRICE - SALE_FEE + DUE
    back = marketplace.cancel_offer(town.contracts, offer_id=bold, price=PRICE)
    assert (await town.does("carol", back)).moved == {"carol": PRICE, "marketplace": -PRICE}


async def test_an_offer_is_to_whoever_holds_the_stream(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    number = await offered(town, stream)
    away = obligation_nft.transfer(town.contracts, stream_id=stream.number, holder=town.bob, to=town.dave)

    await town.does("bob", away)
    await town.fails("bob", acceptance(town, stream, number), "core", "NOT_HOLDER")
    done = await town.does("dave", acceptance(town, stream, number, holder=town.dave))
    assert done.moved == {
        "dave": PRICE - SALE_FEE + DUE,
        "core": -DUE,
        "marketplace": -PRICE,
        "treasury": SALE_FEE,
    }


async def test_an_offer_that_became_its_makers_own(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    number = await offered(town, stream)
    gift = obligation_nft.transfer(town.contracts, stream_id=stream.number, holder=town.bob, to=town.carol)

    await town.does("bob", gift)
    own = acceptance(town, stream, number, holder=town.carol)
    await town.fails("carol", own, "marketplace", "OWN_TRADE")
    await town.fails("carol", offer(town, stream), "marketplace", "OWN_TRADE")
    back = marketplace.cancel_offer(town.contracts, offer_id=number, price=PRICE)
    assert (await town.does("carol", back)).moved == {"carol": PRICE, "marketplace": -PRICE}


async def test_after_a_reorganisation_a_poorer_offer_has_the_number_and_is_not_accepted(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    seen = await offered(town, stream)
    poorer = offer(town, stream, buyer=town.mallory, price=1_000, min_remaining=1)
    assert (await town.does("mallory", poorer)).answer == seen + 1
    await town.swaps_last_two()
    assert town.facts.written["offers"][seen - 1]["buyer"] == town.mallory

    await town.undoes("bob", acceptance(town, stream, seen))
    assert (await standing(town, stream.number))["holder"] == "bob"
    done = await town.does("bob", acceptance(town, stream, seen + 1))
    assert done.moved["bob"] == PRICE - SALE_FEE + DUE


async def test_an_offer_for_another_stream_is_not_accepted(town: Town) -> None:
    mine, other = await stepped(town, "alice", "bob", SURE), await stepped(town, "alice", "bob", SURE)
    elsewhere = await offered(town, other)

    await town.undoes("bob", acceptance(town, mine, elsewhere))
    assert (await standing(town, other.number))["holder"] == "bob"


async def test_what_cannot_be_offered_for(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    bound = await stepped(town, "alice", "bob", Terms(transferable=False))
    settled = await opened(town, "alice", "bob", start=town.time - 2_000)
    bad = {
        "PRICE_OUT_OF_RANGE": offer(town, stream, price=999),
        "MIN_REMAINING_OUT_OF_RANGE": offer(town, stream, min_remaining=2_100_000_000_000_001),
        "EXPIRY_OUT_OF_RANGE": offer(town, stream, expires_at=town.time),
        "NOT_TRANSFERABLE": offer(town, bound),
        "NOTHING_TO_SELL": offer(town, settled),
    }
    for reason, call in bad.items():
        await town.fails("carol", call, "marketplace", reason)
