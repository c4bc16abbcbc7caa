"""Money is exact."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpay.kit.errors import InvalidInput
from bitpay.kit.money import MAX_SATS, THIN_SPACE, format_sats, format_sbtc, parse_sats, parse_sbtc, parse_stx


@given(st.integers(1, MAX_SATS))
def test_what_is_shown_can_be_read_back(sats: int) -> None:
    assert parse_sbtc(format_sbtc(sats).replace(THIN_SPACE, "")) == sats
    assert parse_sats(format_sats(sats).replace(THIN_SPACE, "")) == sats


def test_decimals_that_floats_get_wrong() -> None:
    assert parse_sbtc("0.29") == 29_000_000
    assert format_sbtc(1) == "0.00000001"


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.5", "1e3", "", " 1", "\u0661", "99999999999999999", True, 0, MAX_SATS + 1]
)
def test_no_other_sats(text: str | int) -> None:
    with pytest.raises(InvalidInput):
        parse_sats(text)


@pytest.mark.parametrize("text", ["0", "0.000000001", "-0.1", "1e-8", ".5", "5.", "1,5", "21000001", "nan"])
def test_no_other_sbtc(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_sbtc(text)


def test_stx_are_exact() -> None:
    assert parse_stx("0.000001") == 1
    assert parse_stx("1234567890.29") == 1_234_567_890_290_000


@pytest.mark.parametrize("text", ["0", "0.0000001", "-1", "1e3", ".5", "5.", "", "12345678901"])
def test_no_other_stx(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_stx(text)
