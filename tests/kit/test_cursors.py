"""Page cursors are opaque and never trusted."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpay.kit.cursors import decode_cursor, encode_cursor
from bitpay.kit.errors import InvalidInput


@given(st.dictionaries(st.text(max_size=5), st.integers(-(1 << 63), 1 << 63) | st.text(max_size=20), max_size=5))
def test_a_cursor_comes_back(position: dict[str, int | str]) -> None:
    assert decode_cursor(encode_cursor(position)) == position


@given(st.text(max_size=600))
def test_garbage_is_refused_or_is_a_cursor(text: str) -> None:
    try:
        assert isinstance(decode_cursor(text), dict)
    except InvalidInput:
        return


@pytest.mark.parametrize("packed", [b"[]", b"1", b'{"a":[1]}', b"{", b"[" * 300])
def test_other_json_is_refused(packed: bytes) -> None:
    with pytest.raises(InvalidInput):
        decode_cursor(base64.urlsafe_b64encode(packed).decode().rstrip("="))
