"""Listings and offers as the tests of the paths make them."""

from typing import Any

from tests.paths.streams import Opened
from tests.paths.town import Town

from bitpay.protocol.calls import marketplace
from bitpay.protocol.calls.call import Call

PRICE = 500_000
SALE_FEE = 1_250
DUE = 300_000
"""What of a `stepped` stream has vested when it is sold."""
OWED = 1_000_000


async def listed(town: Town, stream: Opened, price: int = PRICE, expires_at: int | None = None) -> int:
    """Let bob list a stream; return the listing's number."""
    call = marketplace.list_stream(town.contracts, stream_id=stream.number, price=price, expires_at=expires_at)
    number: int = (await town.does("bob", call)).answer
    return number


def purchase(
    town: Town,
    stream: Opened,
    listing: int,
    **changes: Any,  # noqa: ANN401 - the arguments of the call
) -> Call:
    """Return carol's purchase from bob at the listed price, at least 700,000 still to vest."""
    asked = {
        "buyer": town.carol,
        "seller": town.bob,
        "listing_id": listing,
        "stream_id": stream.number,
        "max_price": PRICE,
        "owed": OWED,
        "min_remaining": 700_000,
        "accept_cancelable": False,
    }
    return marketplace.purchase_stream(town.contracts, **{**asked, **changes})


def offer(
    town: Town,
    stream: Opened,
    **changes: Any,  # noqa: ANN401 - the arguments of the call
) -> Call:
    """Return carol's offer, good for a day, if at least 700,000 are still to vest."""
    asked = {
        "buyer": town.carol,
        "stream_id": stream.number,
        "price": PRICE,
        "min_remaining": 700_000,
        "accept_cancelable": False,
        "expires_at": town.time + 86_400,
    }
    return marketplace.make_offer(town.contracts, **{**asked, **changes})


async def offered(
    town: Town,
    stream: Opened,
    **changes: Any,  # noqa: ANN401 - the arguments of the call
) -> int:
    """Let carol make that offer; return its number."""
    number: int = (await town.does("carol", offer(town, stream, **changes))).answer
    return number


def acceptance(
    town: Town,
    stream: Opened,
    number: int,
    **changes: Any,  # noqa: ANN401 - the arguments of the call
) -> Call:
    """Return bob's acceptance of carol's offer."""
    asked = {
        "holder": town.bob,
        "offer_id": number,
        "stream_id": stream.number,
        "price": PRICE,
        "fee": SALE_FEE,
        "owed": OWED,
    }
    return marketplace.accept_offer(town.contracts, **{**asked, **changes})
