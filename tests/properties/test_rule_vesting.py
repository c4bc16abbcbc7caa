"""Vesting: the chain's curve is the model's, steps never run ahead, a line is the curve through its corners."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.properties.ground import Ground
from tests.properties.model import Call, Stream, curve
from tests.properties.model.opening import quote
from tests.properties.strategies import FEW, TERMS, curves, lines, moments, points_of, schedule_of


def open_line(ground: Ground, stream: Stream) -> int:
    opened: int = ground.do("sue", "core", "open-stream", "hal", stream.amount, schedule_of(stream), TERMS)
    return opened


def open_curve(ground: Ground, stream: Stream, pairs: list[tuple[int, int]]) -> int:
    args = (stream.amount, stream.clock, stream.start, points_of(pairs), TERMS)
    opened: int = ground.do("sue", "core", "open-curve-stream", "hal", *args)
    return opened


def vested(ground: Ground, stream_id: int, times: list[int]) -> list[int]:
    sats: list[int] = ground.ask("core", "probe-vested", [stream_id] * len(times), times)
    return sats


@FEW
@given(st.data())
def test_a_line_vests_as_the_model_says_and_never_falls(ground: Ground, data: st.DataObject) -> None:
    stream = data.draw(lines())
    stream_id = open_line(ground.again(), stream)
    times = data.draw(moments(stream))
    seen = vested(ground, stream_id, times)
    assert seen == [curve.vested(stream, at) for at in times]
    assert seen == sorted(seen)


@FEW
@given(st.data())
def test_a_curve_vests_as_the_model_says_and_never_falls(ground: Ground, data: st.DataObject) -> None:
    stream = data.draw(curves())
    stream_id = open_curve(ground.again(), stream, list(stream.points))
    times = data.draw(moments(stream))
    seen = vested(ground, stream_id, times)
    assert seen == [curve.vested(stream, at) for at in times]
    assert seen == sorted(seen)


@FEW
@given(st.data())
def test_steps_never_run_ahead_of_the_line(ground: Ground, data: st.DataObject) -> None:
    stream = data.draw(lines())
    stepped = open_line(ground.again(), stream)
    smooth = open_line(ground, replace(stream, step=1))
    times = data.draw(moments(stream))
    pairs = zip(vested(ground, stepped, times), vested(ground, smooth, times), strict=True)
    assert all(steps <= line for steps, line in pairs)


@FEW
@given(st.data())
def test_a_line_equals_the_curve_through_its_corners(ground: Ground, data: st.DataObject) -> None:
    line = data.draw(lines(stepped=False))
    unlocked = line.upfront + line.at_cliff
    corners = [(0, line.upfront), (line.cliff, line.upfront), (line.cliff, unlocked), (line.duration, line.amount)]
    rising = list(dict.fromkeys(corner for corner in corners if corner != (0, 0)))
    line_id = open_line(ground.again(), line)
    curve_id = open_curve(ground, line, rising)
    times = data.draw(moments(line))
    assert vested(ground, line_id, times) == vested(ground, curve_id, times)


@FEW
@given(st.data())
def test_a_quote_is_what_the_stream_will_do(ground: Ground, data: st.DataObject) -> None:
    stream = data.draw(lines())
    ground.again()
    start_now = data.draw(st.booleans())
    schedule = schedule_of(stream, start=None) if start_now else schedule_of(stream)
    call = Call("sue", "sue", ground.time, ground.height)
    opened = ground.do("sue", "core", "open-stream", "hal", stream.amount, schedule, TERMS)
    for at in data.draw(moments(stream))[::3]:
        quoted = ground.ask("core", "quote", stream.amount, schedule, at)
        assert [quoted] == [quote(call, stream.amount, schedule, at)] == vested(ground, opened, [at])


@FEW
@given(st.data())
def test_from_the_end_on_not_a_sat_is_stranded(ground: Ground, data: st.DataObject) -> None:
    clock = data.draw(st.sampled_from(["seconds", "blocks"]))
    ground.again()
    stream = data.draw(lines(clock=clock, start=0))
    late = data.draw(st.integers(0, ground.now(clock)))
    ended = replace(stream, start=0, duration=max(1, late), cliff=0, at_cliff=0, step=1)
    stream_id = open_line(ground, ended)
    assert ground.ask("core", "get-withdrawable-amount", stream_id) == stream.amount
    assert ground.do("mallory", "core", "withdraw-from-stream", stream_id) == stream.amount
    assert ground.ask("core", "get-status", stream_id) == "depleted"
