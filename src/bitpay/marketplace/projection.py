"""Obligation NFTs, listings and offers as folds of events. Pure and total."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bitpay.ledger.documents import changed_by, made_by, raised, shown, told
from bitpay.ledger.projection import Key, LedgerEvent, Message, Projection
from bitpay.marketplace.models import LISTINGS, OBLIGATIONS, OFFERS, NewestListing
from bitpay.marketplace.state import ACCEPTED, ACTIVE, CANCELLED, SOLD
from bitpay.store import Document, storable

VERSION = 1

CONTRACT = "bitpay-marketplace"
TOKEN = "bitpay-obligation-nft"  # noqa: S105 - a contract's name

_ROOM = "marketplace"
_LISTING = "marketplace:listing-updated"
_OFFER = "marketplace:offer"
_SALE = "marketplace:sale"
_SAID = {
    "listing-created": "marketplace:new-listing",
    "listing-updated": _LISTING,
    "listing-cancelled": "marketplace:listing-cancelled",
    "listing-sold": _SALE,
    "offer-made": _OFFER,
    "offer-cancelled": _OFFER,
    "offer-accepted": _SALE,
}

Change = Callable[[Document, LedgerEvent], Document]


def listing_keys(event: LedgerEvent) -> Sequence[Key]:
    """Return the listing's number, if the event is one of a listing's."""
    ours = event.contract == CONTRACT and event.name in _LISTING_STEPS
    return (storable(int(event.fields["listing-id"])),) if ours else ()


def listing_step(document: Document | None, event: LedgerEvent) -> Document | None:
    """Return the listing after the event. What is told about a listing that we never saw made changes nothing."""
    if event.name == "listing-created":
        return _listed(event)
    if document is None:
        return None
    return changed_by(event, document, _LISTING_STEPS[event.name](document, event))


def listing_messages(_: Document | None, after: Document | None, event: LedgerEvent) -> Sequence[Message]:
    """Tell the marketplace, the stream's room, seller and buyer."""
    if after is None:
        return ()
    data = {"listingId": after["listingId"], "streamId": after["streamId"], "listing": shown(after), **told(event)}
    return (Message(_SAID[event.name], data, _rooms(after, after["seller"], after["soldTo"])),)


def offer_keys(event: LedgerEvent) -> Sequence[Key]:
    """Return the offer's number, if the event is one of an offer's."""
    ours = event.contract == CONTRACT and event.name in _OFFER_STEPS
    return (storable(int(event.fields["offer-id"])),) if ours else ()


def offer_step(document: Document | None, event: LedgerEvent) -> Document | None:
    """Return the offer after the event. What is told about an offer that we never saw made changes nothing."""
    if event.name == "offer-made":
        return _offered(event)
    if document is None:
        return None
    return changed_by(event, document, _OFFER_STEPS[event.name](document, event))


def offer_messages(_: Document | None, after: Document | None, event: LedgerEvent) -> Sequence[Message]:
    """Tell the marketplace, the stream's room, the buyer and whoever sold to him."""
    if after is None:
        return ()
    return (Message(_SAID[event.name], _offer_data(after, event), _rooms(after, after["buyer"], after["seller"])),)


def obligation_keys(event: LedgerEvent) -> Sequence[Key]:
    """Return the number of the stream whose token or newest listing or offers the event touches."""
    ours = (event.contract, event.name) in _OBLIGATION_STEPS
    return (storable(int(event.fields["stream-id"])),) if ours else ()


def obligation_step(document: Document | None, event: LedgerEvent) -> Document | None:
    """Return the token after the event. What is told about a token that we never saw minted changes nothing."""
    if (event.contract, event.name) == (TOKEN, "obligation-minted"):
        return _minted(event)
    if document is None:
        return None
    change = _OBLIGATION_STEPS[event.contract, event.name](document, event)
    if not change:
        return document
    after = changed_by(event, document, change)
    return {**after, "stands": _stands(after)}


def obligation_messages(before: Document | None, after: Document | None, event: LedgerEvent) -> Sequence[Message]:
    """Tell what neither the listing nor the offer can know: that the token moved, and who holds it."""
    if before is None or after is None:
        return ()
    if event.name == "obligation-transferred" and before["stands"] and not after["stands"]:
        return (_gone_stale(after, event),)
    if _SAID.get(event.name) == _OFFER and after["owner"] not in {None, event.fields["buyer"]}:
        offer = _offered(event) if event.name == "offer-made" else _withdrawn_offer(event)
        return (Message(_OFFER, _offer_data(offer, event), (f"user:{after['owner']}",)),)
    return ()


def _gone_stale(token: Document, event: LedgerEvent) -> Message:
    """Return the message that a listing can no longer be bought; where the token was sold, the sale follows it."""
    listing = token["listing"]
    data = {"listingId": listing["listingId"], "streamId": token["streamId"], "listing": {**listing, "stands": False}}
    return Message(_LISTING, {**data, **told(event)}, (_ROOM, f"user:{listing['seller']}"))


def _listed(event: LedgerEvent) -> Document:
    fields = event.fields
    return {
        "_id": storable(int(fields["listing-id"])),
        "listingId": fields["listing-id"],
        "streamId": fields["stream-id"],
        "seller": fields["seller"],
        "price": fields["price"],
        "feeBps": fields["fee-bps"],
        "expiresAt": fields["expires-at"],
        "moves": fields["moves"],
        "status": ACTIVE,
        "soldTo": None,
        "soldAt": None,
        "fee": None,
        "settled": None,
        "cancelledAt": None,
        **made_by(event),
    }


def _repriced(_: Document, event: LedgerEvent) -> Document:
    return {"price": event.fields["price"]}


def _cancelled(_: Document, event: LedgerEvent) -> Document:
    return {"status": CANCELLED, "cancelledAt": event.block.time}


def _sold(_: Document, event: LedgerEvent) -> Document:
    fields = event.fields
    sale = {name: fields[name] for name in ("price", "fee", "settled")}
    return {"status": SOLD, "soldTo": fields["buyer"], "soldAt": event.block.time, **sale}


def _offered(event: LedgerEvent) -> Document:
    fields = event.fields
    return {
        "_id": storable(int(fields["offer-id"])),
        "offerId": fields["offer-id"],
        "streamId": fields["stream-id"],
        "buyer": fields["buyer"],
        "price": fields["price"],
        "feeBps": fields["fee-bps"],
        "minRemaining": fields["min-remaining"],
        "acceptCancelable": fields["accept-cancelable"],
        "expiresAt": fields["expires-at"],
        "status": ACTIVE,
        "seller": None,
        "acceptedAt": None,
        "fee": None,
        "settled": None,
        "cancelledAt": None,
        "cancelledBy": None,
        **made_by(event),
    }


def _offer_cancelled(_: Document, event: LedgerEvent) -> Document:
    return {"status": CANCELLED, "cancelledAt": event.block.time, "cancelledBy": event.fields["by"]}


def _accepted(_: Document, event: LedgerEvent) -> Document:
    fields = event.fields
    sale = {name: fields[name] for name in ("seller", "fee", "settled")}
    return {"status": ACCEPTED, "acceptedAt": event.block.time, **sale}


def _withdrawn_offer(event: LedgerEvent) -> Document:
    """Return what the event alone tells of an offer that was cancelled."""
    fields = event.fields
    known = {"offerId": fields["offer-id"], "streamId": fields["stream-id"], "status": CANCELLED}
    return {**known, "buyer": fields["buyer"], "price": fields["price"]}


def _minted(event: LedgerEvent) -> Document:
    fields = event.fields
    return {
        "_id": storable(int(fields["stream-id"])),
        "streamId": fields["stream-id"],
        "owner": fields["holder"],
        "transferable": fields["transferable"],
        "moves": 0,
        "burnedAt": None,
        "listing": None,
        "stands": False,
        "openOffers": 0,
        **made_by(event),
    }


def _moved(_: Document, event: LedgerEvent) -> Document:
    return {"owner": event.fields["to"], "moves": event.fields["moves"]}


def _burned(_: Document, event: LedgerEvent) -> Document:
    return {"owner": None, "burnedAt": event.block.time}


def _newest_listed(_: Document, event: LedgerEvent) -> Document:
    fields = event.fields
    newest: NewestListing = {
        "listingId": fields["listing-id"],
        "seller": fields["seller"],
        "price": fields["price"],
        "expiresAt": fields["expires-at"],
        "moves": fields["moves"],
        "status": ACTIVE,
    }
    return {"listing": newest}


def _newest_changed(change: Mapping[str, Any] | None) -> Change:
    """Return what applies a change (None: the event's price) to the newest listing, if the event is about that one."""

    def step(document: Document, event: LedgerEvent) -> Document:
        newest = document["listing"]
        if newest is None or str(newest["listingId"]) != str(event.fields["listing-id"]):
            return {}
        return {"listing": {**newest, **(change or {"price": event.fields["price"]})}}

    return step


def _offers_counted(by: int) -> Change:
    return lambda document, _: raised(document, {"openOffers": by})


def _stands(token: Document) -> bool:
    newest = token["listing"]
    return bool(newest and newest["status"] == ACTIVE and str(newest["moves"]) == str(token["moves"]))


def _offer_data(offer: Document, event: LedgerEvent) -> Document:
    return {"offerId": offer["offerId"], "streamId": offer["streamId"], "offer": shown(offer), **told(event)}


def _rooms(document: Document, *people: str | None) -> tuple[str, ...]:
    users = sorted({somebody for somebody in people if somebody is not None})
    return (_ROOM, f"stream:{document['streamId']}", *(f"user:{somebody}" for somebody in users))


_LISTING_STEPS: Mapping[str, Change] = {
    "listing-created": lambda document, _: document,
    "listing-updated": _repriced,
    "listing-cancelled": _cancelled,
    "listing-sold": _sold,
}
_OFFER_STEPS: Mapping[str, Change] = {
    "offer-made": lambda document, _: document,
    "offer-cancelled": _offer_cancelled,
    "offer-accepted": _accepted,
}
_OBLIGATION_STEPS: Mapping[tuple[str, str], Change] = {
    (TOKEN, "obligation-minted"): lambda document, _: document,
    (TOKEN, "obligation-transferred"): _moved,
    (TOKEN, "obligation-burned"): _burned,
    (CONTRACT, "listing-created"): _newest_listed,
    (CONTRACT, "listing-updated"): _newest_changed(None),
    (CONTRACT, "listing-cancelled"): _newest_changed({"status": CANCELLED}),
    (CONTRACT, "listing-sold"): _newest_changed({"status": SOLD}),
    (CONTRACT, "offer-made"): _offers_counted(1),
    (CONTRACT, "offer-cancelled"): _offers_counted(-1),
    (CONTRACT, "offer-accepted"): _offers_counted(-1),
}

PROJECTIONS = (
    Projection(OBLIGATIONS, VERSION, obligation_keys, obligation_step, obligation_messages),
    Projection(LISTINGS, VERSION, listing_keys, listing_step, listing_messages),
    Projection(OFFERS, VERSION, offer_keys, offer_step, offer_messages),
)
