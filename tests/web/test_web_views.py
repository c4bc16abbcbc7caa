"""Figures, drawings and forms, apart from any page."""

import pytest
from tests.web.web_samples import ALICE, BOB, NOW, a_stream

from bitpay.http.formats import basis_points, counter_groups, moment, percent, short_address, short_sbtc, stx
from bitpay.protocol.curves import Curve, Point
from bitpay.streams import charts
from bitpay.streams.example import example_stream
from bitpay.streams.forms import read_form
from bitpay.streams.orders import InvalidOrder
from bitpay.streams.views import StreamView, pace

DAY = 86_400


def _typed(**values: str) -> dict[str, str]:
    return {"recipient": BOB, "amount": "0.01", "duration": "30", "unit": "days", **values}


def test_a_straight_stream_is_a_straight_line() -> None:
    assert charts.path(Curve(100, 0, 10), 50) == "M0 50L0 50L0 50L0 50L1000 0"


def test_a_cliff_stands_upright_and_steps_are_stairs() -> None:
    assert charts.path(Curve(100, 0, 10, cliff=5, upfront=20, at_cliff=30), 100) == ("M0 100L0 80L500 80L500 50L1000 0")
    assert (
        charts.path(Curve(100, 0, 4, step=2), 100)
        == "M0 100L0 100L0 100L0 100L500 100L500 50L1000 50L1000 0L1000 50L1000 0"
    )


def test_steps_too_fine_to_see_are_drawn_as_a_line() -> None:
    assert charts.path(Curve(10**8, 0, 365 * DAY, step=60), 100).count("L") == 4


def test_a_bent_curve_goes_through_its_points() -> None:
    curve = Curve(100, 0, 10, points=(Point(5, 10), Point(5, 60), Point(10, 100)))
    assert charts.path(curve, 100) == "M0 100L500 90L500 40L1000 0"


def test_now_stands_where_the_stream_is_and_after_a_cancellation_where_it_stopped() -> None:
    running = StreamView(a_stream(), BOB, NOW, 1, NOW).drawing(300)
    assert (running.now_x, running.now_y) == (333.33, 200.0)
    stopped = a_stream(status="cancelled", cancelled_at=NOW - 5 * DAY, cancelled_at_block=5, refunded_amount=4_166_667)
    assert StreamView(stopped, BOB, NOW, 1, NOW).drawing(300).now_x == pytest.approx(166.67)


def test_withdrawing_opens_with_the_first_sat_that_is_not_withdrawn() -> None:
    cliff = a_stream(cliff=12 * DAY, at_cliff=9, vested_amount=0, withdrawn_amount=0, withdrawable_amount=0)
    assert StreamView(cliff, BOB, NOW, 1, NOW).opens_at == NOW + 2 * DAY
    assert StreamView(cliff, BOB, NOW, 1, NOW).is_before_cliff
    just_withdrawn = a_stream(withdrawn_amount=1_666_666, withdrawable_amount=0)
    assert StreamView(just_withdrawn, BOB, NOW, 1, NOW).opens_at == NOW + 1
    assert StreamView(a_stream(), BOB, NOW, 1, NOW).opens_at is None
    over = a_stream(status="depleted", withdrawn_amount=5_000_000, withdrawable_amount=0)
    assert StreamView(over, BOB, NOW, 1, NOW).opens_at is None


def test_words_about_a_stream_turn_where_it_begins_reaches_its_cliff_and_settles() -> None:
    start = NOW - 10 * DAY
    waiting = a_stream(status="pending", cliff=5 * DAY, vested_amount=0, withdrawn_amount=0, withdrawable_amount=0)
    turns = [StreamView(waiting, BOB, now, 1, now).turns_at for now in (start - 9, start, start + 5 * DAY)]
    assert turns == [start, start + 5 * DAY, start + 5 * DAY + 1]
    assert StreamView(a_stream(), BOB, NOW, 1, NOW).turns_at == start + 30 * DAY
    assert StreamView(a_stream(status="settled"), BOB, NOW, 1, NOW).turns_at is None
    in_blocks = a_stream(clock="blocks", start_time=None, end_time=None, start_block=100, end_block=200, duration=100)
    assert StreamView(in_blocks, BOB, NOW, 150, NOW).turns_at == 200


def test_parts_of_a_sat_are_shown_only_where_they_move() -> None:
    still = [a_stream(status="settled"), a_stream(step=60), a_stream(clock="blocks"), a_stream(cliff=12 * DAY)]
    assert StreamView(a_stream(), BOB, NOW, 1, NOW).is_smooth
    assert not [stream for stream in still if StreamView(stream, BOB, NOW, 1, NOW).is_smooth]


def test_a_blocks_stream_is_drawn_and_told_in_blocks() -> None:
    stream = a_stream(clock="blocks", start_time=None, end_time=None, start_block=100, end_block=200, duration=100)
    view = StreamView(stream, BOB, NOW, 150, NOW)
    assert view.drawing(100).now_x == 500
    assert ("Duration", "100 blocks") in view.terms()


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        (Curve(5_000_000, 0, 30 * DAY), "1.92 sats a second"),
        (Curve(100, 0, DAY), "a sat every 14 min 24 s"),
        (Curve(100, 0, DAY, upfront=100), ""),
        (Curve(6_000_000, 0, 12 * DAY, step=DAY), "0.005 sBTC a step"),
        (Curve(DAY * 2, 0, DAY), "2 sats a second"),
    ],
)
def test_pace_is_said_in_the_unit_that_fits(curve: Curve, words: str) -> None:
    assert pace(curve, "seconds") == words


def test_the_example_of_the_start_page_has_always_begun_and_never_ends() -> None:
    for now in (NOW, NOW + 43_210, NOW + 86_399):
        stream = example_stream(now)
        assert 0 < stream.vested_amount < stream.amount


def test_figures_keep_every_sat() -> None:
    assert counter_groups(1_234_567) == [("0.01", False), ("234", False), ("567", False), ("0000", False)]
    assert counter_groups(42)[0] == ("0.00", True)
    assert [group for group, _ in counter_groups(0)] == ["0.00", "000", "000", "0000"]
    assert short_sbtc(100_000) == "0.001"
    assert short_sbtc(0) == "0"
    assert stx(1_234_567_890) == "1\u2009234.56"
    assert percent(1, 3) == "33.3 %"
    assert basis_points(10) == "0.1 %"
    assert basis_points(125) == "1.25 %"


def test_what_cannot_be_shortened_or_dated_is_shown_as_it_is() -> None:
    assert short_address(f"{BOB}.vault") == "ST1PQH…GZGM.vault"
    assert short_address("short") == "short"
    assert moment(10**15) == "1000000000000000 s"


def test_a_form_becomes_an_order() -> None:
    form = read_form(
        _typed(cliff="1", cliff_unit="weeks", at_cliff="0.001", upfront="2500 sats", step="1", cancelable="on"), ALICE
    )
    assert not form.errors
    assert form.order is not None
    schedule, terms = form.order.schedule, form.order.terms
    assert (form.order.amount, schedule.duration, schedule.clock) == (1_000_000, 30 * DAY, "seconds")
    assert (schedule.cliff, schedule.at_cliff, schedule.upfront, schedule.step) == (7 * DAY, 100_000, 2_500, DAY)
    assert (terms.cancelable, terms.transferable) == (True, False)


def test_blocks_are_counted_as_blocks_whatever_the_other_units_say() -> None:
    form = read_form(_typed(unit="blocks", cliff="5", cliff_unit="days", start="4200"), ALICE)
    assert form.order is not None
    schedule = form.order.schedule
    assert (schedule.clock, schedule.duration, schedule.cliff, schedule.start) == ("blocks", 30, 5, 4200)


def test_a_start_is_read_as_utc() -> None:
    form = read_form(_typed(start="2027-01-15T08:00"), ALICE)
    assert form.order is not None
    assert form.order.schedule.start == NOW


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("amount", "-1"),
        ("amount", "0.000000001"),
        ("amount", "1e8"),
        ("amount", "21000001"),
        ("amount", "NaN"),
        ("duration", "1.5"),
        ("duration", "0"),
        ("duration", "9999999999999"),
        ("cliff", "-3"),
        ("start", "tomorrow"),
        ("start", "9999-99-99T00:00"),
        ("upfront", "lots"),
    ],
)
def test_what_is_no_number_is_said_at_its_field(name: str, value: str) -> None:
    form = read_form(_typed(**{name: value}), ALICE)
    assert list(form.errors) == [name]
    assert not form.is_drawable


def test_the_topmost_wrong_field_is_where_to_look_first() -> None:
    form = read_form(_typed(recipient="", memo="x", duration="0", amount="-1"), ALICE)
    form.demand()
    assert form.first_error == "recipient"
    assert not read_form(_typed(), ALICE).first_error


def test_nothing_is_missing_until_the_form_is_sent() -> None:
    form = read_form({}, ALICE)
    assert not form.errors
    assert form.values["unit"] == "days"
    assert form.values["cancelable"] == "on"
    form.demand()
    assert set(form.errors) == {"recipient", "amount"}


def test_a_refused_order_is_blamed_on_the_field_that_is_filled_in() -> None:
    form = read_form(_typed(at_cliff="0.001"), ALICE)
    form.refuse(InvalidOrder("An amount at the cliff needs a cliff.", field="atCliff"))
    assert form.errors == {"at_cliff": "An amount at the cliff needs a cliff."}
    empty = read_form(_typed(recipient=""), ALICE)
    empty.refuse(InvalidOrder("The recipient is not a Stacks address.", field="recipient"))
    assert not empty.errors
    assert empty.is_drawable
