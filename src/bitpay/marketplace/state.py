"""How a listing and an offer stand at a moment: pure, from documents and the chain's time."""

from collections.abc import Mapping
from typing import Any

ACTIVE = "active"
STALE = "stale"
EXPIRED = "expired"
SOLD = "sold"
ACCEPTED = "accepted"
CANCELLED = "cancelled"
LISTING_STATUSES = (ACTIVE, STALE, EXPIRED, SOLD, CANCELLED)
OFFER_STATUSES = (ACTIVE, EXPIRED, ACCEPTED, CANCELLED)


def listing_status(listing: Mapping[str, Any], obligation: Mapping[str, Any] | None, now: int) -> str:
    """Return the listing's status at `now` (unix seconds), given its stream's token; `active` is live.

    It is stale once the token has moved or another listing of it was made, and never lives again.
    """
    if listing["status"] != ACTIVE:
        return str(listing["status"])
    newest = obligation["listing"] if obligation else None
    if not obligation or not newest or newest["listingId"] != listing["listingId"] or not obligation["stands"]:
        return STALE
    return EXPIRED if _is_over(listing["expiresAt"], now) else ACTIVE


def live_listing(obligation: Mapping[str, Any], now: int) -> int | None:
    """Return the listing at which the token can be bought at `now` (unix seconds)."""
    if not obligation["stands"] or _is_over(obligation["listing"]["expiresAt"], now):
        return None
    return int(obligation["listing"]["listingId"])


def offer_status(offer: Mapping[str, Any], now: int) -> str:
    """Return the offer's status at `now` (unix seconds)."""
    is_expired = offer["status"] == ACTIVE and _is_over(offer["expiresAt"], now)
    return EXPIRED if is_expired else str(offer["status"])


def _is_over(expires_at: int | None, now: int) -> bool:
    return expires_at is not None and now >= int(expires_at)
