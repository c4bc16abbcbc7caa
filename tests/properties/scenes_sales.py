"""Scenes of the marketplace."""

from tests.properties.cast import TRADERS
from tests.properties.model import Stream, curve, marketplace
from tests.properties.model.state import Listing, Offer
from tests.properties.pen import Pen
from tests.properties.stage import Step


def list_stream(pen: Pen, chosen: int | None = None) -> Step:
    """The holder offers his stream for sale."""
    stream_id = chosen or pen.stream_id(lambda stream: _sellable(pen, stream))
    stream = pen.state.streams.get(stream_id)
    expires_at = None if pen.chance(40) else _expiry(pen)
    return pen.step(stream.holder if stream else None, "marketplace", "list-stream", stream_id, _price(pen), expires_at)


def update_listing(pen: Pen, chosen: int | None = None) -> Step:
    """The seller changes his price."""
    listing_id = chosen or _listing(pen)
    return pen.step(_seller(pen, listing_id), "marketplace", "update-listing", listing_id, _price(pen))


def cancel_listing(pen: Pen) -> Step:
    """The seller closes his listing."""
    listing_id = _listing(pen)
    return pen.step(_seller(pen, listing_id), "marketplace", "cancel-listing", listing_id)


def purchase(pen: Pen, chosen: int | None = None) -> Step:
    """Somebody buys at the listed price."""
    listing_id = chosen or _listing(pen)
    listing = pen.state.listings.get(listing_id)
    price = listing.price if listing else 1_000
    max_price = pen.mostly(price if pen.chance(90) else price - 1, 4)
    least = _least(pen, listing.stream_id if listing else 0)
    args = (listing_id, max_price, least, pen.chance(80))
    return pen.step(_buyer(pen), "marketplace", "purchase-stream", *args)


def make_offer(pen: Pen) -> Step:
    """Somebody puts a price into escrow."""
    stream_id = pen.stream_id(lambda stream: _sellable(pen, stream))
    args = (stream_id, _price(pen), _least(pen, stream_id), pen.chance(80), _expiry(pen))
    return pen.step(_buyer(pen), "marketplace", "make-offer", *args)


def cancel_offer(pen: Pen, chosen: int | None = None) -> Step:
    """The maker, or after expiry anyone, ends an offer."""
    offer_id = chosen or pen.key(pen.state.offers, lambda offer: offer.status == "active")
    offer = pen.state.offers.get(offer_id)
    return pen.step(offer.maker if offer and pen.chance(70) else None, "marketplace", "cancel-offer", offer_id)


def accept_offer(pen: Pen, chosen: int | None = None) -> Step:
    """The holder takes an offer."""
    offer_id = chosen or pen.key(pen.state.offers, lambda offer: _acceptable(pen, offer))
    offer = pen.state.offers.get(offer_id)
    holder = pen.state.streams[offer.stream_id].holder if offer else None
    return pen.step(holder, "marketplace", "accept-offer", offer_id)


def _listing(pen: Pen) -> int:
    return pen.key(pen.state.listings, lambda listing: _for_sale(pen, listing))


def _for_sale(pen: Pen, listing: Listing) -> bool:
    live = marketplace.live_listing(pen.state, listing.stream_id, pen.time)
    return pen.state.listings.get(live or 0) is listing and _sellable(pen, pen.state.streams[listing.stream_id])


def _seller(pen: Pen, listing_id: int) -> str | None:
    listing = pen.state.listings.get(listing_id)
    return listing.seller if listing else None


def _buyer(pen: Pen) -> str | None:
    return pen.pick((*TRADERS, *TRADERS, "router", None))


def _price(pen: Pen) -> int:
    return pen.mostly(pen.number(1_000, 2_000_000))


def _expiry(pen: Pen) -> int:
    return pen.mostly(pen.time + pen.number(1, 500_000))


def _least(pen: Pen, stream_id: int) -> int:
    stream = pen.state.streams.get(stream_id)
    left = curve.remaining(stream, pen.now(stream.clock)) if stream else 0
    return pen.mostly(pen.weighted({0: 5, pen.number(0, left): 3, left: 1, left + 1: 0.5}), 4)


def _sellable(pen: Pen, stream: Stream) -> bool:
    return stream.transferable and curve.remaining(stream, pen.now(stream.clock)) > 0


def _acceptable(pen: Pen, offer: Offer) -> bool:
    stream = pen.state.streams[offer.stream_id]
    return offer.status == "active" and pen.time < offer.expires_at and _sellable(pen, stream)
