"""The vesting curve: the rules that money depends on."""

from hypothesis import given
from hypothesis import strategies as st

from bitpay.protocol.curves import Curve, Point

MAX = 2_100_000_000_000_000


@st.composite
def linear_curves(draw: st.DrawFn) -> Curve:
    amount = draw(st.integers(1, MAX))
    duration = draw(st.integers(1, 1 << 40))
    cliff = draw(st.integers(0, duration - 1))
    upfront = draw(st.integers(0, amount))
    at_cliff = draw(st.integers(0, amount - upfront)) if cliff else 0
    step = draw(st.integers(1, duration - cliff))
    return Curve(amount, draw(st.integers(0, 1 << 40)), duration, cliff, upfront, at_cliff, step)


@st.composite
def point_curves(draw: st.DrawFn) -> Curve:
    steps = draw(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 10_000)), min_size=1, max_size=24))
    points, after, total = [], 0, 0
    for ticks, sats in steps:
        after, total = after + ticks, total + (sats if ticks or sats else 1)
        points.append(Point(after, total))
    points[-1] = Point(after + 1, total + 1)
    return Curve(points[-1].total, 100, points[-1].after, points=tuple(points))


@given(st.one_of(linear_curves(), point_curves()), st.data())
def test_vested_rises_from_nothing_to_everything(curve: Curve, data: st.DataObject) -> None:
    moments = sorted(data.draw(st.lists(st.integers(0, curve.end + 10), min_size=2, max_size=20)))
    vested = [curve.vested(at) for at in moments]
    assert vested == sorted(vested)
    assert curve.vested(curve.start - 1) == 0
    assert curve.vested(curve.end) == curve.amount
    assert all(0 <= sats <= curve.amount for sats in vested)


@given(st.one_of(linear_curves(), point_curves()), st.data())
def test_a_sum_is_reached_at_the_first_moment_that_has_it(curve: Curve, data: st.DataObject) -> None:
    sats = data.draw(st.integers(1, curve.amount))
    at = curve.reaches(sats)
    assert curve.vested(at) >= sats
    assert curve.vested(at - 1) < sats


@given(linear_curves(), st.integers(0, 1 << 41))
def test_steps_never_vest_more_than_the_smooth_line(curve: Curve, at: int) -> None:
    smooth = Curve(curve.amount, curve.start, curve.duration, curve.cliff, curve.upfront, curve.at_cliff)
    assert curve.vested(at) <= smooth.vested(at)


@given(st.integers(1, MAX), st.integers(1, 1 << 40), st.integers(0, 1 << 41))
def test_a_line_is_the_curve_of_its_end_point(amount: int, duration: int, at: int) -> None:
    line = Curve(amount, 7, duration)
    assert line.vested(at) == Curve(amount, 7, duration, points=(Point(duration, amount),)).vested(at)


def test_a_salary_with_a_cliff() -> None:
    curve = Curve(amount=1200, start=1000, duration=120, cliff=20, upfront=100, at_cliff=100, step=10)
    assert [curve.vested(at) for at in (999, 1000, 1019, 1020, 1029, 1030, 1119, 1120)] == [
        0, 100, 100, 200, 200, 300, 1100, 1200,
    ]  # fmt: skip


def test_where_points_share_a_moment_the_last_holds() -> None:
    curve = Curve(amount=100, start=0, duration=10, points=(Point(5, 10), Point(5, 60), Point(10, 100)))
    assert [curve.vested(at) for at in (0, 4, 5, 6, 10)] == [0, 8, 60, 68, 100]
