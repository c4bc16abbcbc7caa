import pytest
from tests.streams.folded import NOW, cancelled, opened, withdrawn

from bitpay.access.clock import Moment
from bitpay.streams.service import stream_json
from bitpay.streams.state import end_block, state_of


def at(seconds: int) -> Moment:
    return Moment(NOW.height, NOW.time + seconds, NOW.hash, NOW.burn_height)


def test_a_running_stream_vests_second_by_second() -> None:
    state = state_of(opened(), NOW)
    assert (state.status, state.vested, state.withdrawable, state.refundable) == ("streaming", 250, 250, 750)
    assert (state.owed, state.percent) == (1_000, 25)
    assert state_of(opened(), at(1)).vested == 251


def test_what_was_withdrawn_is_not_due_again() -> None:
    state = state_of(withdrawn(opened(), 200), NOW)
    assert (state.vested, state.withdrawable, state.owed) == (250, 50, 800)


@pytest.mark.parametrize(
    ("seconds", "status", "refundable"), [(-251, "pending", 1_000), (-250, "streaming", 1_000), (750, "settled", 0)]
)
def test_time_alone_moves_the_status(seconds: int, status: str, refundable: int) -> None:
    state = state_of(opened(), at(seconds))
    assert (state.status, state.refundable) == (status, refundable)


def test_cancelling_freezes_what_was_vested() -> None:
    stopped = cancelled(opened(), 750)
    for moment in (NOW, at(10_000)):
        state = state_of(stopped, moment)
        assert (state.status, state.vested, state.withdrawable, state.refundable) == ("cancelled", 250, 250, 0)
    assert state_of(withdrawn(stopped, 250, depleted=True), NOW).status == "depleted"


def test_who_gave_up_cancelling_is_refunded_nothing() -> None:
    assert state_of(opened(cancelable=False), NOW).refundable == 0


def test_a_curve_that_is_flat_at_its_end_is_settled_before_it() -> None:
    points = [{"after": 100, "total": 1_000}, {"after": 1_000, "total": 1_000}]
    flat = opened(points=points)
    assert flat["settlesAt"] == NOW.time - 150
    assert state_of(flat, NOW).status == "settled"
    assert opened(upfront=1_000)["settlesAt"] == NOW.time - 250
    assert opened(upfront=400, cliff=300, at_cliff=600)["settlesAt"] == NOW.time + 50


def test_a_blocks_stream_lives_by_heights() -> None:
    blocks = opened(clock="blocks", start=990, end=1_010)
    assert state_of(blocks, NOW).vested == 500
    told = stream_json(blocks, NOW)
    assert (told.start_block, told.end_block, told.start_time, told.end_time) == (990, 1_010, None, None)


def test_the_end_block_of_a_seconds_stream_is_estimated_from_its_pace() -> None:
    # 100 blocks took 1,000 seconds since it was created, so 750 more seconds are 75 blocks
    assert end_block(opened(), NOW) == NOW.height + 75


def test_json_carries_every_field_of_the_seed() -> None:
    told = stream_json(opened(), NOW).model_dump(by_alias=True)
    seed = {
        *("streamId", "sender", "recipient", "amount", "startBlock", "endBlock", "withdrawnAmount", "status"),
        *("cancelledAtBlock", "createdAt", "updatedAt", "duration", "withdrawableAmount", "percentComplete"),
    }
    assert seed <= told.keys()
    assert (told["startTime"], told["endTime"], told["duration"]) == (NOW.time - 250, NOW.time + 750, 1_000)
    assert told["confirmed"] is True
    assert not any(isinstance(value, float) for value in told.values())
