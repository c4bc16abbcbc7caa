"""Calls of bitpay-marketplace: listings and offers.

Prices, fees and amounts are sats, expiries Unix seconds. `owed` is what the vault still keeps for the stream: a sale
pays the seller first what is due to him from it. `min_remaining` is what must still be to vest after that.
"""

from bitpay.protocol.calls.call import Call
from bitpay.protocol.calls.conditions import hands_over, sends, vault_sends
from bitpay.protocol.calls.terms import optional_uint
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.stacks.post_conditions import Compare


def list_stream(contracts: Contracts, *, stream_id: int, price: int, expires_at: int | None) -> Call:
    """List a stream; `expires_at` None is never. Nothing moves until somebody buys."""
    args = (clarity.uint(stream_id), clarity.uint(price), optional_uint(expires_at))
    return Call(contracts.marketplace, "list-stream", args)


def update_listing(contracts: Contracts, *, listing_id: int, price: int) -> Call:
    """Ask another price. Nothing moves."""
    return Call(contracts.marketplace, "update-listing", (clarity.uint(listing_id), clarity.uint(price)))


def cancel_listing(contracts: Contracts, *, listing_id: int) -> Call:
    """Take a listing back. Nothing moves."""
    return Call(contracts.marketplace, "cancel-listing", (clarity.uint(listing_id),))


def purchase_stream(
    contracts: Contracts,
    *,
    buyer: str,
    seller: str,
    listing_id: int,
    stream_id: int,
    max_price: int,
    owed: int,
    min_remaining: int,
    accept_cancelable: bool,
) -> Call:
    """Buy the seller's obligation of this very stream for at most `max_price`.

    `accept_cancelable` buys even what the sender can still take back.
    """
    args = (
        clarity.uint(listing_id),
        clarity.uint(max_price),
        clarity.uint(min_remaining),
        clarity.bool_(accept_cancelable),
    )
    conditions = (
        sends(contracts, buyer, Compare.LTE, max_price),
        sends(contracts, contracts.vault, Compare.LTE, owed),
        hands_over(contracts, seller, stream_id),
    )
    return Call(contracts.marketplace, "purchase-stream", args, conditions)


def make_offer(
    contracts: Contracts,
    *,
    buyer: str,
    stream_id: int,
    price: int,
    min_remaining: int,
    accept_cancelable: bool,
    expires_at: int,
) -> Call:
    """Put the price into escrow, for whoever holds the stream when it is accepted; the buyer sends exactly that."""
    args = (
        clarity.uint(stream_id),
        clarity.uint(price),
        clarity.uint(min_remaining),
        clarity.bool_(accept_cancelable),
        clarity.uint(expires_at),
    )
    return Call(contracts.marketplace, "make-offer", args, (sends(contracts, buyer, Compare.EQ, price),))


def cancel_offer(contracts: Contracts, *, offer_id: int, price: int) -> Call:
    """Take an offer back, or an expired one of anybody's: the vault repays exactly its price to its maker."""
    conditions = (sends(contracts, contracts.vault, Compare.EQ, price),)
    return Call(contracts.marketplace, "cancel-offer", (clarity.uint(offer_id),), conditions)


def accept_offer(
    contracts: Contracts, *, holder: str, offer_id: int, stream_id: int, price: int, fee: int, owed: int
) -> Call:
    """Take the offered price, less the `fee` (`fees.sale_fee` at the offer's rate), for the obligation.

    At least price - fee must come: after a reorganisation the same number can be another, poorer offer.
    """
    conditions = (
        *vault_sends(contracts, least=price - fee, most=price + owed),
        hands_over(contracts, holder, stream_id),
    )
    return Call(contracts.marketplace, "accept-offer", (clarity.uint(offer_id),), conditions)
