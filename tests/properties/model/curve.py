"""What has vested at a moment, and which status that makes. Integers only; `at` is on the stream's own clock."""

from tests.properties.model.state import Stream


def vested(stream: Stream, at: int) -> int:
    """Return the sats vested at `at`; after a cancellation what was kept, for ever."""
    if stream.cancelled_at is not None:
        return stream.amount - stream.refunded
    return scheduled(stream, at)


def scheduled(stream: Stream, at: int) -> int:
    """Return the sats that the schedule alone gives at `at`."""
    if at < stream.start:
        return 0
    if at >= stream.end:
        return stream.amount
    elapsed = at - stream.start
    return on_points(stream.points, elapsed) if stream.points else on_line(stream, elapsed)


def on_line(stream: Stream, elapsed: int) -> int:
    """Return upfront until the cliff; from there also the part at the cliff and whole steps of the rest."""
    if elapsed < stream.cliff:
        return stream.upfront
    flowing = elapsed - stream.cliff
    unlocked = stream.upfront + stream.at_cliff
    whole_steps = flowing - flowing % stream.step
    return unlocked + (stream.amount - unlocked) * whole_steps // (stream.duration - stream.cliff)


def on_points(points: tuple[tuple[int, int], ...], elapsed: int) -> int:
    """Return the sats on the line between the last point reached and the next, rounded down."""
    with_origin = ((0, 0), *points)
    after, total = max(point for point in with_origin if point[0] <= elapsed)
    later = [point for point in with_origin if point[0] > elapsed]
    if not later:
        return total
    next_after = min(point[0] for point in later)
    next_total = min(point[1] for point in later if point[0] == next_after)
    return total + (next_total - total) * (elapsed - after) // (next_after - after)


def withdrawable(stream: Stream, at: int) -> int:
    """Return the sats that the holder can have now."""
    return vested(stream, at) - stream.withdrawn


def remaining(stream: Stream, at: int) -> int:
    """Return the sats that are still to vest."""
    return stream.amount - stream.refunded - vested(stream, at)


def status(stream: Stream, at: int) -> str:
    """Return the first status that fits."""
    if stream.withdrawn + stream.refunded == stream.amount:
        return "depleted"
    if stream.cancelled_at is not None:
        return "cancelled"
    if vested(stream, at) == stream.amount:
        return "settled"
    return "pending" if at < stream.start else "streaming"


def runs(stream: Stream, at: int) -> bool:
    """Tell whether the stream is pending or streaming."""
    return status(stream, at) in {"pending", "streaming"}


def refundable(stream: Stream, at: int) -> int:
    """Return the sats that cancelling would give back to the sender."""
    return stream.amount - vested(stream, at) if stream.cancelable and runs(stream, at) else 0
