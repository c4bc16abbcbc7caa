"""Sales of what is not yet vested: bitpay-marketplace."""

from collections.abc import Iterable
from dataclasses import replace

from tests.properties.model import core, curve, obligation, vault
from tests.properties.model.state import (
    MARKETPLACE,
    MAX_SATS,
    MAX_UNIX_TIME,
    Call,
    Listing,
    Offer,
    State,
    Stream,
    refuse,
)

CONTRACT = "bitpay-marketplace"
MIN_PRICE = 1_000


def sale_fee(price: int, fee_bps: int) -> int:
    """Return the sats of `price` that go to the treasury, rounded up."""
    return -(-price * fee_bps // 10_000)


def list_stream(state: State, call: Call, stream_id: int, price: int, expires_at: int | None) -> tuple[int, State]:
    """Offer a stream for sale; the token stays with its holder."""
    refuse(_wrong_with_listing(state, call, stream_id, price, expires_at))
    moves = state.streams[stream_id].moves
    listing_id = len(state.listings) + 1
    listing = Listing(stream_id, call.caller, price, state.marketplace_bps, expires_at, moves)
    newest = {**state.newest_listing, stream_id: listing_id}
    told = replace(_with_listing(state, listing_id, listing), newest_listing=newest).telling(
        CONTRACT,
        "listing-created",
        listing_id=listing_id,
        stream_id=stream_id,
        seller=call.caller,
        price=price,
        fee_bps=listing.fee_bps,
        expires_at=expires_at,
        moves=moves,
    )
    return listing_id, told


def _wrong_with_listing(state: State, call: Call, stream_id: int, price: int, expires_at: int | None) -> Iterable[str]:
    yield from state.closed()
    yield from _wrong_price(price)
    if expires_at is not None:
        yield from _wrong_expiry(call, expires_at)
    yield from _unsellable(state, call, stream_id)
    stream = state.streams.get(stream_id)
    if stream is not None and stream.holder != call.caller:
        yield "NOT_HOLDER"
    if live_listing(state, stream_id, call.time) is not None:
        yield "ALREADY_LISTED"


def update_listing(state: State, call: Call, listing_id: int, price: int) -> tuple[bool, State]:
    """Change the price of a live listing."""
    reasons = [*state.closed(), *_wrong_price(price), *_not_seller(state, call, listing_id)]
    refuse([*reasons, *_not_live(state, call, listing_id)])
    listing = replace(state.listings[listing_id], price=price)
    told = {"listing_id": listing_id, "stream_id": listing.stream_id, "seller": call.caller, "price": price}
    return True, _with_listing(state, listing_id, listing).telling(CONTRACT, "listing-updated", **told)


def cancel_listing(state: State, call: Call, listing_id: int) -> tuple[bool, State]:
    """Close a listing: its seller's."""
    reasons = list(_not_seller(state, call, listing_id))
    if listing_id in state.listings and state.listings[listing_id].status != "active":
        reasons.append("LISTING_CLOSED")
    refuse(reasons)
    listing = replace(state.listings[listing_id], status="cancelled")
    told = {"listing_id": listing_id, "stream_id": listing.stream_id, "seller": call.caller}
    return True, _with_listing(state, listing_id, listing).telling(CONTRACT, "listing-cancelled", **told)


def purchase_stream(
    state: State, call: Call, listing_id: int, max_price: int, min_remaining: int, accept_cancelable: bool
) -> tuple[int, State]:
    """Buy at the listed price."""
    refuse(_wrong_with_purchase(state, call, listing_id, max_price, min_remaining, accept_cancelable))
    listing = state.listings[listing_id]
    fee = sale_fee(listing.price, listing.fee_bps)
    settled, state = _settle(state, call, listing.stream_id)
    paid = vault.sale(state, call.payer, listing.seller, listing.price, fee)
    moved = obligation.hand_over(paid, listing.stream_id, call.payer)
    told = _with_listing(moved, listing_id, replace(listing, status="sold")).telling(
        CONTRACT,
        "listing-sold",
        listing_id=listing_id,
        stream_id=listing.stream_id,
        seller=listing.seller,
        buyer=call.payer,
        price=listing.price,
        fee=fee,
        settled=settled,
    )
    return listing.stream_id, told


def _wrong_with_purchase(
    state: State, call: Call, listing_id: int, max_price: int, min_remaining: int, accept_cancelable: bool
) -> Iterable[str]:
    yield from state.closed()
    listing = state.listings.get(listing_id)
    if listing is None:
        yield "UNKNOWN_LISTING"
        return
    yield from _not_live(state, call, listing_id)
    if call.payer == listing.seller:
        yield "OWN_TRADE"
    if listing.price > max_price:
        yield "PRICE_ABOVE_MAX"
    stream = state.streams[listing.stream_id]
    if stream.holder != listing.seller:
        yield "NOT_HOLDER"
    yield from _unsellable(state, call, listing.stream_id)
    yield from _unwanted(call, stream, min_remaining, accept_cancelable)
    if min_remaining > MAX_SATS:
        yield "MIN_REMAINING_OUT_OF_RANGE"
    yield from vault.cannot_pay(state, call.payer, listing.price)


def make_offer(
    state: State,
    call: Call,
    stream_id: int,
    price: int,
    min_remaining: int,
    accept_cancelable: bool,
    expires_at: int,
) -> tuple[int, State]:
    """Put a price into escrow for a stream, whoever holds it when it is accepted."""
    refuse(_wrong_with_offer(state, call, stream_id, price, min_remaining, expires_at))
    offer_id = len(state.offers) + 1
    offer = Offer(stream_id, call.payer, price, state.marketplace_bps, min_remaining, accept_cancelable, expires_at)
    escrowed = vault.deposit(state, MARKETPLACE, call.payer, price, 0)
    told = _with_offer(escrowed, offer_id, offer).telling(
        CONTRACT,
        "offer-made",
        offer_id=offer_id,
        stream_id=stream_id,
        buyer=call.payer,
        price=price,
        fee_bps=offer.fee_bps,
        min_remaining=min_remaining,
        accept_cancelable=accept_cancelable,
        expires_at=expires_at,
    )
    return offer_id, told


def _wrong_with_offer(
    state: State, call: Call, stream_id: int, price: int, min_remaining: int, expires_at: int
) -> Iterable[str]:
    yield from state.closed()
    yield from _wrong_price(price)
    yield from _wrong_expiry(call, expires_at)
    yield from _unsellable(state, call, stream_id)
    yield from vault.cannot_pay(state, call.payer, price)
    if min_remaining > MAX_SATS:
        yield "MIN_REMAINING_OUT_OF_RANGE"
    stream = state.streams.get(stream_id)
    if stream is not None and stream.holder == call.payer:
        yield "OWN_TRADE"


def cancel_offer(state: State, call: Call, offer_id: int) -> tuple[bool, State]:
    """Repay the maker: his at any time, anyone's from expiry on."""
    refuse(_wrong_with_taking_back(state, call, offer_id))
    offer = state.offers[offer_id]
    repaid = vault.payout(state, MARKETPLACE, offer.price, offer.maker)
    told = _with_offer(repaid, offer_id, replace(offer, status="cancelled")).telling(
        CONTRACT,
        "offer-cancelled",
        offer_id=offer_id,
        stream_id=offer.stream_id,
        buyer=offer.maker,
        price=offer.price,
        by=call.caller,
    )
    return True, told


def _wrong_with_taking_back(state: State, call: Call, offer_id: int) -> Iterable[str]:
    yield from _not_open(state, offer_id)
    offer = state.offers.get(offer_id)
    if offer is not None and call.caller != offer.maker and call.time < offer.expires_at:
        yield "NOT_BUYER"


def accept_offer(state: State, call: Call, offer_id: int) -> tuple[bool, State]:
    """Sell to whoever made the offer: the holder's."""
    refuse(_wrong_with_acceptance(state, call, offer_id))
    offer = state.offers[offer_id]
    fee = sale_fee(offer.price, offer.fee_bps)
    settled, state = _settle(state, call, offer.stream_id)
    paid = vault.escrowed_sale(state, call.caller, offer.price, fee)
    moved = obligation.hand_over(paid, offer.stream_id, offer.maker)
    told = _with_offer(moved, offer_id, replace(offer, status="accepted")).telling(
        CONTRACT,
        "offer-accepted",
        offer_id=offer_id,
        stream_id=offer.stream_id,
        seller=call.caller,
        buyer=offer.maker,
        price=offer.price,
        fee=fee,
        settled=settled,
    )
    return True, told


def _wrong_with_acceptance(state: State, call: Call, offer_id: int) -> Iterable[str]:
    yield from state.closed()
    yield from _not_open(state, offer_id)
    offer = state.offers.get(offer_id)
    if offer is None:
        return
    if call.time >= offer.expires_at:
        yield "OFFER_EXPIRED"
    if call.caller == offer.maker:
        yield "OWN_TRADE"
    stream = state.streams[offer.stream_id]
    if stream.holder != call.caller:
        yield "NOT_HOLDER"
    yield from _unsellable(state, call, offer.stream_id)
    yield from _unwanted(call, stream, offer.min_remaining, offer.accept_cancelable)


def is_live(state: State, listing_id: int, time: int) -> bool:
    """Tell whether the stream can be bought at this listing now, whatever is left of the stream."""
    listing = state.listings[listing_id]
    return (
        listing.status == "active"
        and (listing.expires_at is None or time < listing.expires_at)
        and state.newest_listing[listing.stream_id] == listing_id
        and state.streams[listing.stream_id].moves == listing.moves
    )


def live_listing(state: State, stream_id: int, time: int) -> int | None:
    """Return the listing at which the stream is for sale now."""
    newest = state.newest_listing.get(stream_id)
    return newest if newest is not None and is_live(state, newest, time) else None


def _unsellable(state: State, call: Call, stream_id: int) -> Iterable[str]:
    stream = state.streams.get(stream_id)
    if stream is None:
        yield "UNKNOWN_STREAM"
        return
    if not stream.transferable:
        yield "NOT_TRANSFERABLE"
    if stream.holder is None:
        yield "NOTHING_DUE"
    if curve.remaining(stream, call.now(stream.clock)) == 0:
        yield "NOTHING_TO_SELL"


def _unwanted(call: Call, stream: Stream, min_remaining: int, accept_cancelable: bool) -> Iterable[str]:
    now = call.now(stream.clock)
    if curve.remaining(stream, now) < min_remaining:
        yield "TOO_LITTLE_REMAINS"
    if not accept_cancelable and stream.cancelable:
        yield "CANCELABLE"


def _settle(state: State, call: Call, stream_id: int) -> tuple[int, State]:
    """Pay the seller what the stream has earned him; the marketplace asks for it."""
    stream = state.streams[stream_id]
    due = curve.withdrawable(stream, call.now(stream.clock))
    by_marketplace = replace(call, caller=MARKETPLACE)
    return due, core.draw(state, by_marketplace, stream_id, due, str(stream.holder)) if due else state


def _not_open(state: State, offer_id: int) -> Iterable[str]:
    offer = state.offers.get(offer_id)
    if offer is None:
        yield "UNKNOWN_OFFER"
    elif offer.status != "active":
        yield "OFFER_CLOSED"


def _wrong_price(price: int) -> Iterable[str]:
    if not MIN_PRICE <= price <= MAX_SATS:
        yield "PRICE_OUT_OF_RANGE"


def _wrong_expiry(call: Call, expires_at: int) -> Iterable[str]:
    if not call.time < expires_at <= MAX_UNIX_TIME:
        yield "EXPIRY_OUT_OF_RANGE"


def _not_seller(state: State, call: Call, listing_id: int) -> Iterable[str]:
    listing = state.listings.get(listing_id)
    if listing is None:
        yield "UNKNOWN_LISTING"
    elif call.caller != listing.seller:
        yield "NOT_SELLER"


def _not_live(state: State, call: Call, listing_id: int) -> Iterable[str]:
    if listing_id in state.listings and not is_live(state, listing_id, call.time):
        yield "LISTING_NOT_LIVE"


def _with_listing(state: State, listing_id: int, listing: Listing) -> State:
    return replace(state, listings={**state.listings, listing_id: listing})


def _with_offer(state: State, offer_id: int, offer: Offer) -> State:
    return replace(state, offers={**state.offers, offer_id: offer})
