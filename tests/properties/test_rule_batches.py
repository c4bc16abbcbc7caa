"""Batches do what the same calls do one by one."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.properties.ground import Ground
from tests.properties.plain import Code
from tests.properties.strategies import FEWER, TERMS, lines, schedule_of

IDS = st.lists(st.integers(0, 7), max_size=9)


def orders(data: st.DataObject, ground: Ground) -> list[dict[str, Any]]:
    """Return up to four orders, now and then one that cannot be."""
    found = []
    for _ in range(data.draw(st.integers(0, 4))):
        stream = data.draw(lines(clock="seconds", start=ground.time))
        amount = data.draw(st.sampled_from([stream.amount] * 9 + [0]))
        recipient = data.draw(st.sampled_from(["hal", "hana"] * 5 + ["vault"]))
        schedule = schedule_of(stream, start=data.draw(st.sampled_from([None, ground.time - 3])))
        found.append({"recipient": recipient, "amount": amount, "schedule": schedule, "terms": TERMS})
    return found


def some_streams(ground: Ground, data: st.DataObject) -> None:
    """Open up to six streams of sue and let some of their time pass."""
    for _ in range(data.draw(st.integers(1, 6))):
        schedule = {"clock": "seconds", "start": None, "cliff": 0, "upfront": data.draw(st.integers(0, 10))}
        whole = {**schedule, "duration": data.draw(st.integers(1, 100)), "at-cliff": 0, "step": 1}
        terms = {**TERMS, "cancelable": data.draw(st.booleans())}
        ground.do("sue", "core", "open-stream", "hal", data.draw(st.integers(10, 900)), whole, terms)
    ground.pass_seconds(data.draw(st.integers(1, 60)))


def one_by_one(ground: Ground, function: str, ids: list[int]) -> tuple[list[Any], list[Any]]:
    """Make the calls one by one, undone afterwards; returns answers and facts."""
    with ground.undone():
        return [ground.do("sue", "core", function, stream_id) for stream_id in ids], ground.facts()


@FEWER
@given(st.data())
def test_withdraw_many_is_many_withdrawals(ground: Ground, data: st.DataObject) -> None:
    some_streams(ground.again(), data)
    ids = data.draw(IDS)
    expected = one_by_one(ground, "withdraw-from-stream", ids)
    assert (ground.do("sue", "core", "withdraw-many", ids), ground.facts()) == expected


@FEWER
@given(st.data())
def test_cancel_many_is_many_cancellations(ground: Ground, data: st.DataObject) -> None:
    some_streams(ground.again(), data)
    ids = data.draw(IDS)
    expected = one_by_one(ground, "cancel-stream", ids)
    assert (ground.do("sue", "core", "cancel-many", ids), ground.facts()) == expected


@FEWER
@given(st.data())
def test_open_streams_is_many_openings_or_none(ground: Ground, data: st.DataObject) -> None:
    wanted = orders(data, ground.again())
    untouched = ground.facts()
    with ground.undone():
        alone = [
            ground.do("sue", "core", "open-stream", each["recipient"], each["amount"], each["schedule"], each["terms"])
            for each in wanted
        ]
        opened = ground.facts()
    answer = ground.do("sue", "core", "open-streams", wanted)
    refusals = [one for one in alone if isinstance(one, Code)]
    if refusals:
        assert answer == refusals[0]
        assert ground.facts() == untouched
    else:
        assert (answer, ground.facts()) == (alone, opened)
