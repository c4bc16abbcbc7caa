"""A vesting curve as a line: SVG path data. Pure; x is time, y is money, both scaled to the drawing's box."""

from collections.abc import Iterator

from bitpay.protocol.curves import Curve

WIDTH = 1000
"""Every drawing is this wide; its box is stretched to the place it has."""
_MAX_STAIRS = 120
"""Finer steps look like a straight line."""


def path(curve: Curve, height: int) -> str:
    """Return the `d` of the whole curve in a box WIDTH wide and `height` high, from lower left to upper right."""
    first, *rest = (_place(curve, after, total, height) for after, total in _corners(curve))
    return f"M{first}" + "".join(f"L{place}" for place in rest)


def area(curve: Curve, height: int) -> str:
    """Return the `d` of what lies under the curve."""
    return f"{path(curve, height)}V{height}H0Z"


def share(part: int, whole: int, size: int) -> float:
    """Return where part of whole lies on a length of `size`, within it."""
    return round(min(max(part, 0), whole) * size / whole, 2) if whole else 0.0


def _place(curve: Curve, after: int, total: int, height: int) -> str:
    return f"{share(after, curve.duration, WIDTH):g} {round(height - share(total, curve.amount, height), 2):g}"


def _corners(curve: Curve) -> Iterator[tuple[int, int]]:
    """Yield (ticks after the start, sats vested) wherever the line bends."""
    yield 0, 0
    if curve.points:
        yield from ((point.after, point.total) for point in curve.points)
        return
    yield 0, curve.upfront
    yield curve.cliff, curve.upfront
    yield curve.cliff, curve.upfront + curve.at_cliff
    if curve.step > 1 and (curve.duration - curve.cliff) // curve.step <= _MAX_STAIRS:
        yield from _stairs(curve)
    yield curve.duration, curve.amount


def _stairs(curve: Curve) -> Iterator[tuple[int, int]]:
    for after in range(curve.cliff + curve.step, curve.duration + 1, curve.step):
        yield after, curve.vested(curve.start + after - 1)
        yield after, curve.vested(curve.start + after)
    yield curve.duration, curve.vested(curve.end - 1)
