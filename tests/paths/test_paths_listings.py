"""Selling by listing: the seller is settled, the price goes over, the right to be paid goes with it."""

from tests.paths.counting import Token
from tests.paths.sales import DUE, OWED, PRICE, SALE_FEE, listed, purchase
from tests.paths.streams import MILLION, opened, standing, stepped
from tests.paths.town import Town

from bitpay.protocol.calls import core, marketplace, obligation_nft
from bitpay.protocol.calls.terms import Terms
from bitpay.stacks.clarity import uint

SURE = Terms(cancelable=False)


async def test_a_sale(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    call = marketplace.list_stream(town.contracts, stream_id=stream.number, price=PRICE, expires_at=None)
    made = await town.does("bob", call)
    listing = made.answer
    assert made.moved == {}
    assert made.event("listing-created") == {
        "listing-id": listing,
        "stream-id": stream.number,
        "seller": town.bob,
        "price": PRICE,
        "fee-bps": 25,
        "expires-at": None,
        "moves": 0,
    }
    assert await town.read(town.contracts.marketplace, "get-live-listing", uint(stream.number)) == listing

    sold = await town.guarded("carol", purchase(town, stream, listing, owed=DUE), carol=PRICE, vault=DUE)
    assert sold.answer == stream.number
    assert sold.moved == {"carol": -PRICE, "bob": PRICE - SALE_FEE + DUE, "core": -DUE, "treasury": SALE_FEE}
    assert sold.names == ["stream-withdrawal", "obligation-transferred", "listing-sold"]
    assert sold.event("listing-sold") == {
        "listing-id": listing,
        "stream-id": stream.number,
        "seller": town.bob,
        "buyer": town.carol,
        "price": PRICE,
        "fee": SALE_FEE,
        "settled": DUE,
    }
    assert sold.tokens == [Token("obligation", stream.number, "bob", "carol")]
    assert (await town.read(town.contracts.marketplace, "get-listing", uint(listing)))["status"] == "sold"
    assert await town.read(town.contracts.marketplace, "get-live-listing", uint(stream.number)) is None
    assert await standing(town, stream.number) == {
        "vested": DUE,
        "withdrawable": 0,
        "refundable": 0,
        "remaining": OWED - DUE,
        "status": "streaming",
        "holder": "carol",
    }
    await town.fails("dave", purchase(town, stream, listing, buyer=town.dave), "marketplace", "LISTING_NOT_LIVE")
    await town.wait_until(stream.curve.end)
    rest = core.withdraw_from_stream(town.contracts, stream_id=stream.number, shown=700_000, owed=700_000)
    assert (await town.does("carol", rest)).moved == {"carol": 700_000, "core": -700_000}


async def test_a_sale_before_anything_has_vested_settles_nothing(town: Town) -> None:
    stream = await opened(town, "alice", "bob", terms=SURE, start=town.time + 10_000)
    listing = await listed(town, stream, 1_001)
    sold = await town.guarded("carol", purchase(town, stream, listing, max_price=1_001), carol=1_001)

    assert sold.moved == {"carol": -1_001, "bob": 998, "treasury": 3}
    assert sold.names == ["obligation-transferred", "listing-sold"]


async def test_a_raised_price_is_not_paid_unseen(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    listing = await listed(town, stream)
    raise_it = marketplace.update_listing(town.contracts, listing_id=listing, price=PRICE + 1)

    await town.fails("mallory", raise_it, "marketplace", "NOT_SELLER")
    raised = await town.does("bob", raise_it)
    assert raised.moved == {}
    assert raised.event("listing-updated")["price"] == PRICE + 1
    await town.fails("carol", purchase(town, stream, listing), "marketplace", "PRICE_ABOVE_MAX")
    sold = await town.does("carol", purchase(town, stream, listing, max_price=PRICE + 1))
    assert sold.moved == {"carol": -PRICE - 1, "bob": PRICE - SALE_FEE + DUE, "core": -DUE, "treasury": SALE_FEE + 1}


async def test_a_listing_taken_back(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    listing = await listed(town, stream)
    call = marketplace.cancel_listing(town.contracts, listing_id=listing)

    again = marketplace.list_stream(town.contracts, stream_id=stream.number, price=PRICE, expires_at=None)
    await town.fails("bob", again, "marketplace", "ALREADY_LISTED")
    await town.fails("mallory", call, "marketplace", "NOT_SELLER")
    done = await town.does("bob", call)
    assert (done.moved, done.names) == ({}, ["listing-cancelled"])
    await town.fails("bob", call, "marketplace", "LISTING_CLOSED")
    await town.fails("carol", purchase(town, stream, listing), "marketplace", "LISTING_NOT_LIVE")
    assert (await town.does("bob", again)).answer == listing + 1


async def test_a_listing_that_expired(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    listing = await listed(town, stream, expires_at=town.time + 100)
    await town.wait_until(town.facts.written["listings"][listing - 1]["expires-at"])

    await town.fails("carol", purchase(town, stream, listing), "marketplace", "LISTING_NOT_LIVE")
    update = marketplace.update_listing(town.contracts, listing_id=listing, price=PRICE)
    await town.fails("bob", update, "marketplace", "LISTING_NOT_LIVE")
    assert await town.read(town.contracts.marketplace, "get-live-listing", uint(stream.number)) is None
    past = marketplace.list_stream(town.contracts, stream_id=stream.number, price=PRICE, expires_at=town.time)
    await town.fails("bob", past, "marketplace", "EXPIRY_OUT_OF_RANGE")
    newer = await listed(town, stream)
    sold = await town.does("carol", purchase(town, stream, newer))
    assert sold.moved["carol"] == -PRICE


async def test_a_listing_dies_when_the_token_moves_and_never_lives_again(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    listing = await listed(town, stream)
    away = obligation_nft.transfer(town.contracts, stream_id=stream.number, holder=town.bob, to=town.dave)
    back = obligation_nft.transfer(town.contracts, stream_id=stream.number, holder=town.dave, to=town.bob)

    await town.does("bob", away)
    await town.fails("carol", purchase(town, stream, listing), "marketplace", "LISTING_NOT_LIVE")
    await town.does("dave", back)
    await town.fails("carol", purchase(town, stream, listing), "marketplace", "LISTING_NOT_LIVE")
    newer = await listed(town, stream)
    await town.fails("carol", purchase(town, stream, listing), "marketplace", "LISTING_NOT_LIVE")
    assert (await town.does("carol", purchase(town, stream, newer))).moved["carol"] == -PRICE


async def test_what_the_sender_can_take_back_is_bought_only_knowingly(town: Town) -> None:
    stream = await stepped(town, "alice", "bob")
    listing = await listed(town, stream)

    await town.fails("carol", purchase(town, stream, listing), "marketplace", "CANCELABLE")
    knowingly = purchase(town, stream, listing, accept_cancelable=True)
    assert (await town.does("carol", knowingly)).moved["carol"] == -PRICE
    cancel = core.cancel_stream(town.contracts, stream_id=stream.number, refundable=700_000)
    assert (await town.does("alice", cancel)).moved == {"alice": 700_000, "core": -700_000}


async def test_a_sale_in_which_too_little_remains(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    listing = await listed(town, stream)

    greedy = purchase(town, stream, listing, min_remaining=700_001)
    await town.fails("carol", greedy, "marketplace", "TOO_LITTLE_REMAINS")
    await town.wait_until(stream.curve.end)
    late = purchase(town, stream, listing, min_remaining=0)
    await town.fails("carol", late, "marketplace", "NOTHING_TO_SELL")


async def test_what_cannot_be_listed_or_bought(town: Town) -> None:
    stream = await stepped(town, "alice", "bob", SURE)
    bound = await stepped(town, "alice", "bob", Terms(transferable=False))
    settled = await opened(town, "alice", "bob", start=town.time - 2_000)
    refused = {(stream.number, "carol"): "NOT_HOLDER"}
    refused |= {(bound.number, "bob"): "NOT_TRANSFERABLE", (settled.number, "bob"): "NOTHING_TO_SELL"}
    for (number, who), reason in refused.items():
        call = marketplace.list_stream(town.contracts, stream_id=number, price=PRICE, expires_at=None)
        await town.fails(who, call, "marketplace", reason)
    listing = await listed(town, stream)
    await town.fails("bob", purchase(town, stream, listing, buyer=town.bob), "marketplace", "OWN_TRADE")


async def test_after_a_reorganisation_another_streams_listing_has_the_number_and_is_not_bought(town: Town) -> None:
    seen, other = await stepped(town, "alice", "bob", SURE), await stepped(town, "alice", "dave", SURE)
    listing = await listed(town, seen)
    call = marketplace.list_stream(town.contracts, stream_id=other.number, price=PRICE, expires_at=None)
    assert (await town.does("dave", call)).answer == listing + 1
    await town.swaps_last_two()
    assert town.facts.written["listings"][listing - 1]["stream-id"] == other.number

    await town.undoes("carol", purchase(town, seen, listing))
    assert (await standing(town, other.number))["holder"] == "dave"
    sold = await town.does("carol", purchase(town, seen, listing + 1))
    assert sold.tokens == [Token("obligation", seen.number, "bob", "carol")]


async def test_a_buyer_without_the_money(town: Town) -> None:
    stream = await opened(town, "alice", "bob", 5 * MILLION, SURE, duration=10_000)
    listing = await listed(town, stream, town.facts.purses["carol"] + 1)
    call = purchase(town, stream, listing, max_price=10**12, owed=5 * MILLION)

    await town.fails("carol", call, "sbtc-helper", "PAYER_SHORT")
