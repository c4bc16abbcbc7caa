"""A stream that exists on no chain: what the start page shows to somebody who has never seen one."""

from bitpay.protocol.curves import Curve, Point
from bitpay.streams.schemas import CurvePoint, Stream
from bitpay.streams.state import STREAMING

_AMOUNT = 5_000_000
_DAY = 86_400
_DURATION = 30 * _DAY
_BENDS = 24
_AGE = 11 * _DAY
"""The example is never younger, so that its line has risen visibly."""


def example_stream(now: int) -> Stream:
    """Return a stream of 0.05 sBTC over 30 days along a gentle curve, between 11 and 12 days old at `now`."""
    start = now - now % _DAY - _AGE
    points = tuple(_bend(number) for number in range(1, _BENDS + 1))
    vested = Curve(_AMOUNT, start, _DURATION, points=points).vested(now)
    return Stream(
        stream_id=0,
        sender="",
        proposed_sender=None,
        recipient="",
        holder=None,
        amount=_AMOUNT,
        fee=0,
        clock="seconds",
        start_block=0,
        end_block=0,
        start_time=start,
        end_time=start + _DURATION,
        duration=_DURATION,
        cliff=0,
        upfront=0,
        at_cliff=0,
        step=1,
        points=[CurvePoint(after=point.after, total=point.total) for point in points],
        cancelable=True,
        transferable=True,
        memo="",
        status=STREAMING,
        vested_amount=vested,
        withdrawn_amount=0,
        withdrawable_amount=vested,
        refunded_amount=0,
        refundable_amount=_AMOUNT - vested,
        percent_complete=vested * 100 // _AMOUNT,
        cancelled_at_block=None,
        cancelled_at=None,
        created_at=start,
        updated_at=start,
        txid="",
        last_txid="",
        confirmed=True,
    )


def _bend(number: int) -> Point:
    """Return one point of the smooth step 3x² - 2x³, in whole sats."""
    risen = _AMOUNT * (3 * number * number * _BENDS - 2 * number**3) // _BENDS**3
    return Point(_DURATION * number // _BENDS, risen)
