"""What hypothesis draws: valid schedules and curves on both clocks, and moments to look at them."""

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from tests.properties.model import Stream
from tests.properties.model.state import MAX_SATS

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
"""An example takes a handful of calls on a real VM."""
FEWER = settings(FEW, max_examples=20)
"""An example looks at everything twice."""
BASE = 1_750_000_000
"""Moments of schedules are given from here: a start lies around the chain's own time."""
TERMS = {"cancelable": True, "transferable": True, "memo": ""}

amounts = st.one_of(st.integers(1, 60), st.integers(1, 1_000_000), st.integers(1, MAX_SATS // 16))
durations = st.one_of(st.integers(1, 30), st.integers(1, 10_000), st.integers(1, 1 << 37))


@st.composite
def lines(draw: st.DrawFn, *, clock: str | None = None, start: int | None = None, stepped: bool = True) -> Stream:
    """Return a stream that open-stream accepts; its start is a moment unless given."""
    amount, duration = draw(amounts), draw(durations)
    cliff = draw(st.one_of(st.just(0), st.integers(0, duration - 1)))
    upfront = draw(st.one_of(st.just(0), st.integers(0, amount)))
    at_cliff = draw(st.integers(0, amount - upfront)) if cliff else 0
    step = draw(st.integers(1, duration - cliff)) if stepped else 1
    return Stream(
        sender="sue",
        payer="sue",
        recipient="hal",
        amount=amount,
        clock=clock or draw(st.sampled_from(["seconds", "blocks"])),
        start=draw(st.integers(0, 2 * BASE)) if start is None else start,
        duration=duration,
        cliff=cliff,
        upfront=upfront,
        at_cliff=at_cliff,
        step=step,
        holder="hal",
    )


@st.composite
def curves(draw: st.DrawFn) -> Stream:
    """Return a stream that open-curve-stream accepts."""
    amount, duration = draw(amounts), draw(durations)
    count = draw(st.integers(0, 23))
    afters = sorted(draw(st.lists(st.integers(0, duration), min_size=count, max_size=count)))
    totals = sorted(draw(st.lists(st.integers(0, amount), min_size=count, max_size=count)))
    points = sorted({*zip(afters, totals, strict=True), (duration, amount)} - {(0, 0)})
    clock, start = draw(st.sampled_from(["seconds", "blocks"])), draw(st.integers(0, 2 * BASE))
    return Stream("sue", "sue", "hal", amount, clock, start, duration, points=tuple(points), holder="hal")


@st.composite
def moments(draw: st.DrawFn, stream: Stream) -> list[int]:
    """Return moments in order: before, within and after, and just where something happens."""
    corners = [0, stream.cliff, stream.duration, *(after for after, _total in stream.points[:6])]
    close = [stream.start + corner + shift for corner in corners for shift in (-1, 0, 1)]
    within = draw(st.lists(st.integers(0, stream.duration), min_size=6, max_size=6))
    return sorted(moment for moment in {*close, *(stream.start + each for each in within)} if moment >= 0)


def schedule_of(stream: Stream, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - numbers, words, None
    """Return the SCHEDULE that opens such a stream."""
    return {
        "clock": stream.clock,
        "start": stream.start,
        "duration": stream.duration,
        "cliff": stream.cliff,
        "upfront": stream.upfront,
        "at-cliff": stream.at_cliff,
        "step": stream.step,
        **changes,
    }


def points_of(pairs: list[tuple[int, int]] | tuple[tuple[int, int], ...]) -> list[dict[str, int]]:
    """Return points as open-curve-stream takes them."""
    return [{"after": after, "total": total} for after, total in pairs]
