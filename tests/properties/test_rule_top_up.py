"""Topping up keeps the rate: at no moment, past or future, has less vested than before."""

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st
from tests.properties.ground import Ground
from tests.properties.model import Stream
from tests.properties.strategies import FEW, TERMS, amounts, lines, moments, schedule_of


def vested(ground: Ground, stream_id: int, times: list[int]) -> list[int]:
    sats: list[int] = ground.ask("core", "probe-vested", [stream_id] * len(times), times)
    return sats


@FEW
@given(st.data())
def test_vested_is_at_no_moment_lower_than_before(ground: Ground, data: st.DataObject) -> None:
    ground.again()
    stream = data.draw(lines(clock="seconds", start=ground.time, stepped=False))
    stream_id = ground.do("sue", "core", "open-stream", "hal", stream.amount, schedule_of(stream), TERMS)
    ground.pass_seconds(data.draw(st.integers(stream.cliff, stream.duration)))
    for _ in range(data.draw(st.integers(1, 3))):
        _top_up(ground, stream_id, stream, data)


def _top_up(ground: Ground, stream_id: int, stream: Stream, data: st.DataObject) -> None:
    times = data.draw(moments(stream))
    before = vested(ground, stream_id, times)
    facts = ground.ask("core", "get-stream", stream_id)
    end = ground.do("sue", "core", "top-up-stream", stream_id, data.draw(amounts))
    if ground.reason(end) == "ok":
        assert end > facts["end"]
        assert end == ground.ask("core", "get-stream", stream_id)["end"]
        later = vested(ground, stream_id, times)
        assert all(old <= new for old, new in zip(before, later, strict=True))
    else:
        refusals = {"NOT_RUNNING", "NOTHING_FLOWS", "TOP_UP_TOO_SMALL", "DURATION_OUT_OF_RANGE", "END_OUT_OF_RANGE"}
        assert ground.reason(end) in refusals | {"AMOUNT_OUT_OF_RANGE"}
        assert vested(ground, stream_id, times) == before


@FEW
@given(st.data())
def test_the_end_grows_as_the_protocol_says(ground: Ground, data: st.DataObject) -> None:
    ground.again()
    stream = data.draw(lines(clock="seconds", start=ground.time + 5, stepped=False))
    stream = replace(stream, cliff=0, at_cliff=0)
    flowing = stream.amount - stream.upfront
    added = data.draw(amounts)
    assume(flowing > 0)
    stream_id = ground.do("sue", "core", "open-stream", "hal", stream.amount, schedule_of(stream), TERMS)
    growth = added * stream.duration // flowing
    answer = ground.do("sue", "core", "top-up-stream", stream_id, added)
    if growth == 0:
        assert ground.reason(answer) == "TOP_UP_TOO_SMALL"
    elif ground.reason(answer) == "ok":
        assert answer == stream.end + growth
    else:
        assert growth > 1 << 32, f"refused a growth of {growth}"
