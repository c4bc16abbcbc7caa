"""What BitPay charges, in sats. Rates are basis points: 100 are one percent."""

BPS = 10_000


def creation_fee(amount: int, bps: int) -> int:
    """Return the fee that is charged on top of a stream's `amount` or of a top-up: rounded down."""
    return amount * bps // BPS


def sale_fee(price: int, bps: int) -> int:
    """Return the part of a sale's `price` that the seller does not get: rounded up."""
    return -(-price * bps // BPS)
