"""The contract's curves against the Python ones, at the moments where something bends."""

import os
from collections.abc import Iterable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contracts.world import World, points, schedule, terms

from bitpay.protocol.curves import MAX_TIME, Curve, Point

EXAMPLES = int(os.environ.get("BITPAY_CURVE_EXAMPLES", "12"))
MAX_SATS = 2_100_000_000_000_000
START = 1_000_000
many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # examples only read, or open one stream more
)

gains = st.tuples(st.sampled_from([0, 1, 2, 7, 1_000]), st.sampled_from([0, 1, 3, 100, 10**9])).filter(any)


@st.composite
def ways(draw: st.DrawFn) -> tuple[Point, ...]:
    """Up to 24 points of a curve that ends after its start and vests something."""
    after = total = 0
    found = []
    for gained_time, gained_sats in draw(st.lists(gains, min_size=1, max_size=24)):
        after, total = after + gained_time, total + gained_sats
        found.append(Point(after, total))
    found[-1] = Point(after + (after == 0), total + (total == 0))
    return tuple(found)


@st.composite
def shapes(draw: st.DrawFn) -> Curve:
    amount, duration = draw(st.integers(1, MAX_SATS)), draw(st.integers(1, MAX_TIME))
    cliff = draw(st.one_of(st.just(0), st.integers(0, duration - 1)))
    upfront = draw(st.integers(0, amount))
    at_cliff = draw(st.integers(0, amount - upfront)) if cliff else 0
    step = draw(st.one_of(st.just(1), st.integers(1, duration - cliff)))
    return Curve(amount, START, duration, cliff, upfront, at_cliff, step)


def around(curve: Curve, bends: Iterable[int]) -> set[int]:
    """The moments before, at and after each bend, the start and the end."""
    edges = (0, curve.duration, *bends)
    return {curve.start + edge + side for edge in edges for side in (-1, 0, 1)}


@many
@given(shape=shapes())
def test_shapes_vest_as_they_should(world: World, shape: Curve) -> None:
    given = schedule("blocks", START, shape.duration, shape.cliff, shape.upfront, shape.at_cliff, shape.step)

    for at in around(shape, (shape.cliff, shape.cliff + shape.step, shape.duration // 2)):
        assert world.core.quote(shape.amount, given, at) == shape.vested(at)


@many
@given(way=ways())
def test_curves_vest_as_they_should(world: World, way: tuple[Point, ...]) -> None:
    curve = Curve(way[-1].total, START, way[-1].after, points=way)
    pairs = points(*((point.after, point.total) for point in way))
    stream = world.core.open_curve_stream(world.bob, curve.amount, "blocks", START, pairs, terms(), by=world.alice)

    for at in around(curve, (point.after for point in way)):
        assert world.core.get_vested_amount_at(stream, at) == curve.vested(at)
