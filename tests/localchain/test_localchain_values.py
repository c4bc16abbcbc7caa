import pytest

from bitpay.localchain.api.values import decoded_value, memo, value_type
from bitpay.stacks.clarity import (
    FALSE,
    NONE,
    Value,
    ascii,  # noqa: A004 - Clarity's own word
    buffer,
    err,
    int_,
    list_,
    ok,
    principal,
    some,
    tuple_,
    uint,
    utf8,
)

WHO = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"


def test_values_are_printed_as_the_codec_of_hiros_api_prints_them() -> None:
    assert decoded_value(ascii("it's"))["repr"] == r'"it\'s"'
    assert decoded_value(utf8("é\x07"))["repr"] == r'u"\u{c3a9}\x07"'
    assert decoded_value(list_([principal(WHO)]))["repr"] == f"(list '{WHO})"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"rent".ljust(34, b"\0"), "rent"),
        (b"\0\0\0\0\0\0hello world", "hello world"),
        (b"hello   world\0\0hello", "hello world hello"),
        ("hello\ufffdworld  part\t1 ".encode(), "hello world part 1"),
        (b"\xff\xfe", ""),
        ("🇳🇱 hello".encode(), "🇳🇱 hello"),
        ("👨\u200d👩 \u200d".encode(), "👨\u200d👩 \u200d"),
        ("\u200dx".encode(), "x"),
        ("y\u0306 te\u00adst".encode(), "y\u0306 te st"),
        (
            bytes.fromhex(
                "037e180b04956b4e68627463706f6f6c2f3266646575fabe6d6df77973b452568eb2f43593285804dad9d7ef057eada5ff9f"
                "2a1634ec43f514b1020000008e9b20aa0ebfd204924b040000000000"
            ),
            "~ kNhbtcpool/2fdeu mm ys RV 5 (X ~ * 4 C K",
        ),
    ],
)
def test_a_memo_is_tidied_for_reading(raw: bytes, text: str) -> None:
    assert memo(raw) == {"hex": "0x" + raw.hex(), "repr": text}


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (int_(-1), "int"),
        (uint(1), "uint"),
        (FALSE, "bool"),
        (principal(WHO), "principal"),
        (buffer(b"abc"), "(buff 3)"),
        (ascii("ab"), "(string-ascii 2)"),
        (utf8("äö"), "(string-utf8 8)"),
        (NONE, "(optional UnknownType)"),
        (some(uint(1)), "(optional uint)"),
        (ok(FALSE), "(response bool UnknownType)"),
        (err(uint(1)), "(response UnknownType uint)"),
        (list_([uint(1), uint(2)]), "(list 2 uint)"),
        (list_([]), "(list 0 UnknownType)"),
        (tuple_({"b": uint(1), "a": NONE}), "(tuple (a (optional UnknownType)) (b uint))"),
    ],
)
def test_a_value_tells_its_type_where_no_interface_does(value: Value, kind: str) -> None:
    assert value_type(value) == kind
