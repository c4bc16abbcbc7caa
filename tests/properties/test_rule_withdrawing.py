"""Withdrawing in parts pays in all exactly what one withdrawal pays."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.properties.ground import Ground
from tests.properties.model import Stream
from tests.properties.strategies import FEW, TERMS, lines, schedule_of


def open_line(ground: Ground, stream: Stream) -> int:
    opened: int = ground.do("sue", "core", "open-stream", "hal", stream.amount, schedule_of(stream), TERMS)
    return opened


def withdraw_some(ground: Ground, stream_id: int, share: int) -> int:
    """Let the holder take so many hundredths of what is due; returns the sats."""
    wanted: int = ground.ask("core", "get-withdrawable-amount", stream_id) * share // 100
    answer = ground.do("hal", "core", "withdraw-to", stream_id, wanted, "tom")
    assert answer == wanted if wanted else ground.reason(answer) == "NOTHING_DUE"
    return wanted


@FEW
@given(st.data())
def test_parts_pay_what_one_withdrawal_pays(ground: Ground, data: st.DataObject) -> None:
    ground.again()
    clock = data.draw(st.sampled_from(["seconds", "seconds", "blocks"]))
    longest = 100_000 if clock == "seconds" else 30
    drawn = data.draw(lines(clock=clock, start=ground.now(clock)))
    stream = _fitted(drawn, data.draw(st.integers(1, longest)))
    in_parts, at_once = open_line(ground, stream), open_line(ground, stream)
    paid = 0
    for _ in range(data.draw(st.integers(1, 5))):
        ground.pass_ticks(clock, data.draw(st.integers(0, stream.duration // 3)))
        paid += withdraw_some(ground, in_parts, data.draw(st.integers(0, 100)))
    due = ground.ask("core", "get-withdrawable-amount", at_once)
    rest = ground.do("pip", "core", "withdraw-from-stream", in_parts) if paid < due else 0
    assert paid + rest == due
    assert due == 0 or ground.do("pip", "core", "withdraw-from-stream", at_once) == due
    assert ground.ask("core", "get-status", in_parts) == ground.ask("core", "get-status", at_once)


def _fitted(stream: Stream, duration: int) -> Stream:
    """Return the stream with another duration, cliff and step cut to fit."""
    cliff = min(stream.cliff, duration - 1)
    at_cliff = stream.at_cliff if cliff else 0
    return replace(stream, duration=duration, cliff=cliff, at_cliff=at_cliff, step=min(stream.step, duration - cliff))


@FEW
@given(st.data())
def test_a_cancelled_stream_pays_what_had_vested_in_any_parts(ground: Ground, data: st.DataObject) -> None:
    ground.again()
    stream = _fitted(data.draw(lines(clock="seconds", start=ground.time)), data.draw(st.integers(2, 100_000)))
    stream_id = open_line(ground, stream)
    ground.pass_seconds(data.draw(st.integers(0, stream.duration - 1)))
    paid = withdraw_some(ground, stream_id, data.draw(st.integers(0, 100)))
    split = ground.do("sue", "core", "cancel-stream", stream_id)
    if ground.reason(split) == "NOT_RUNNING":
        assert ground.ask("core", "get-status", stream_id) in {"settled", "depleted"}
        return
    assert split["refunded"] + split["vested"] == stream.amount
    ground.pass_seconds(data.draw(st.integers(0, 2 * stream.duration)))
    for _ in range(2):
        paid += withdraw_some(ground, stream_id, data.draw(st.integers(0, 100)))
    rest = ground.do("pip", "core", "withdraw-from-stream", stream_id) if paid < split["vested"] else 0
    assert paid + rest == split["vested"]
