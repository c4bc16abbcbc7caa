"""How a stream stands at a moment: pure, from its document and the chain's time. Amounts are sats."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bitpay.access.clock import Moment
from bitpay.protocol.curves import Curve, Point

PENDING = "pending"
STREAMING = "streaming"
SETTLED = "settled"
CANCELLED = "cancelled"
DEPLETED = "depleted"
STATUSES = (PENDING, STREAMING, SETTLED, CANCELLED, DEPLETED)
OPEN = frozenset({PENDING, STREAMING})
"""While a stream is one of these, its sender can cancel it."""

CONFIRMING_BURN_BLOCKS = 6
"""A block this deep below the newest Bitcoin block does not leave the chain any more, as far as people are told."""
_USUAL_BLOCK_SECONDS = 10


@dataclass(frozen=True, slots=True)
class StreamState:
    """The figures of one stream at one moment. `owed` is what the vault still holds for it."""

    status: str
    vested: int
    withdrawable: int
    refundable: int
    owed: int
    percent: int


def curve_of(document: Mapping[str, Any]) -> Curve:
    """Return the vesting curve of a stream's document."""
    return Curve(
        amount=document["amount"],
        start=document["start"],
        duration=document["duration"],
        cliff=document["cliff"],
        upfront=document["upfront"],
        at_cliff=document["atCliff"],
        step=document["step"] or 1,
        points=tuple(Point(point["after"], point["total"]) for point in document["points"]),
    )


def tick_of(document: Mapping[str, Any], now: Moment) -> int:
    """Return the moment on the stream's own clock."""
    return now.time if document["clock"] == "seconds" else now.height


def state_of(document: Mapping[str, Any], now: Moment) -> StreamState:
    """Return how the stream stands at `now`. Source: the protocol's rules for status, vested and refundable."""
    amount, withdrawn, refunded = document["amount"], document["withdrawnAmount"], document["refundedAmount"]
    cancelled = document["cancelledAt"] is not None
    tick = tick_of(document, now)
    vested = amount - refunded if cancelled else curve_of(document).vested(tick)
    status = _status(document, vested, tick)
    return StreamState(
        status=status,
        vested=vested,
        withdrawable=max(0, vested - withdrawn),
        refundable=amount - vested if document["cancelable"] and status in OPEN else 0,
        owed=amount - withdrawn - refunded,
        percent=vested * 100 // amount,
    )


def end_block(document: Mapping[str, Any], now: Moment) -> int:
    """Return the block at which the stream ends; for a seconds stream an estimate from the pace since it began."""
    if document["endBlock"] is not None:
        return int(document["endBlock"])
    blocks, seconds = now.height - document["startBlock"], now.time - document["createdAt"]
    if blocks < 1 or seconds < 1:
        blocks, seconds = 1, _USUAL_BLOCK_SECONDS
    return max(0, int(now.height + (document["end"] - now.time) * blocks // seconds))


def is_confirmed(document: Mapping[str, Any], now: Moment) -> bool:
    """Tell whether the stream's last change lies deep enough to be final."""
    return bool(now.burn_height - document["block"]["burnHeight"] >= CONFIRMING_BURN_BLOCKS)


def _status(document: Mapping[str, Any], vested: int, tick: int) -> str:
    """Return the first that fits."""
    if document["withdrawnAmount"] + document["refundedAmount"] == document["amount"]:
        return DEPLETED
    if document["cancelledAt"] is not None:
        return CANCELLED
    if vested == document["amount"]:
        return SETTLED
    return PENDING if tick < document["start"] else STREAMING
