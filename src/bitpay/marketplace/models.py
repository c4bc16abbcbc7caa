"""The documents of `obligations`, `listings` and `offers`: what follows from their events alone.

Stored statuses are active, sold, accepted and cancelled. Whether a listing is live, stale or expired and an offer
expired depends on the time and on the token; `bitpay.marketplace.state` computes it. Prices and fees are sats, rates
basis points (1/10000), times unix seconds.
"""

from typing import TypedDict

from bitpay.ledger.documents import Dated
from bitpay.store import collection

OBLIGATIONS = collection("obligations")
LISTINGS = collection("listings")
OFFERS = collection("offers")


class NewestListing(TypedDict):
    """What a token's document says of the last listing of its stream: those before it never live again."""

    listingId: int
    seller: str
    price: int
    expiresAt: int | None
    moves: int
    status: str


class ObligationDocument(Dated, TypedDict):
    """An obligation NFT: the right to be paid. `_id` and `streamId` are the stream's number.

    `owner` is None once it is burned (`burnedAt`). `moves` counts its transfers. `stands`: its newest listing is
    active and it has not moved since, so the listing is live until it expires. `openOffers` counts active offers,
    expired ones included.
    """

    _id: int
    streamId: int
    owner: str | None
    transferable: bool
    moves: int
    burnedAt: int | None
    listing: NewestListing | None
    stands: bool
    openOffers: int


class ListingDocument(Dated, TypedDict):
    """One listing. `moves` is how often the token had changed hands when it was listed.

    `soldTo`, `soldAt`, `fee` (sats, out of the price) and `settled` (sats paid to the seller for what was earned) are
    None until it is sold.
    """

    _id: int
    listingId: int
    streamId: int
    seller: str
    price: int
    feeBps: int
    expiresAt: int | None
    moves: int
    status: str
    soldTo: str | None
    soldAt: int | None
    fee: int | None
    settled: int | None
    cancelledAt: int | None


class OfferDocument(Dated, TypedDict):
    """One offer: its price lies in the vault while it is active.

    `seller`, `acceptedAt`, `fee` and `settled` are None until a holder accepts, `cancelledAt` and `cancelledBy` until
    it is cancelled.
    """

    _id: int
    offerId: int
    streamId: int
    buyer: str
    price: int
    feeBps: int
    minRemaining: int
    acceptCancelable: bool
    expiresAt: int
    status: str
    seller: str | None
    acceptedAt: int | None
    fee: int | None
    settled: int | None
    cancelledAt: int | None
    cancelledBy: str | None
