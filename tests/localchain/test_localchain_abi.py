from typing import Any

import pytest

from bitpay.localchain.abi import admits, misfit
from bitpay.localchain.api.values import signature_text, type_text
from bitpay.localchain.source import constants
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
OPTIONAL = {"optional": "uint128"}
RESPONSE = {"response": {"ok": "bool", "error": "uint128"}}
LIST = {"list": {"type": "uint128", "length": 2}}
TUPLE = {"tuple": [{"name": "a", "type": "uint128"}, {"name": "b", "type": OPTIONAL}]}


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        ("uint128", uint(1), True),
        ("uint128", int_(1), False),
        ("int128", int_(-1), True),
        ("bool", FALSE, True),
        ("principal", principal(WHO), True),
        ("trait_reference", principal(f"{WHO}.token"), True),
        ("trait_reference", principal(WHO), False),
        ("none", NONE, True),
        (OPTIONAL, NONE, True),
        (OPTIONAL, some(uint(1)), True),
        (OPTIONAL, some(FALSE), False),
        (OPTIONAL, uint(1), False),
        (RESPONSE, ok(FALSE), True),
        (RESPONSE, err(uint(1)), True),
        (RESPONSE, err(FALSE), False),
        ({"buffer": {"length": 2}}, buffer(b"ab"), True),
        ({"buffer": {"length": 2}}, buffer(b"abc"), False),
        ({"string-ascii": {"length": 2}}, ascii("ab"), True),
        ({"string-ascii": {"length": 2}}, utf8("ab"), False),
        ({"string-utf8": {"length": 2}}, utf8("äö"), True),
        ({"string-utf8": {"length": 1}}, utf8("äö"), False),
        (LIST, list_([uint(1), uint(2)]), True),
        (LIST, list_([uint(1), uint(2), uint(3)]), False),
        (LIST, list_([FALSE]), False),
        (TUPLE, tuple_({"a": uint(1), "b": NONE}), True),
        (TUPLE, tuple_({"a": uint(1)}), False),
        (TUPLE, tuple_({"a": uint(1), "b": NONE, "c": NONE}), False),
    ],
)
def test_a_type_admits_its_values(kind: object, value: Value, fits: bool) -> None:
    assert admits(kind, value) is fits


def test_types_are_written_as_clarity_source() -> None:
    kinds: list[Any] = [OPTIONAL, RESPONSE, LIST, TUPLE, {"buffer": {"length": 3}}, {"string-utf8": {"length": 4}}]
    assert [type_text(kind) for kind in kinds] == [
        "(optional uint)",
        "(response bool uint)",
        "(list 2 uint)",
        "(tuple (a uint) (b (optional uint)))",
        "(buff 3)",
        "(string-utf8 4)",
    ]


def test_a_wrong_argument_is_named() -> None:
    function = {"name": "f", "access": "public", "args": [{"name": "amount", "type": "uint128"}]}
    assert misfit(function, [uint(1)]) is None
    assert misfit(function, []) == "expected 1 arguments, got 0"
    assert "amount" in (misfit(function, [FALSE]) or "")
    assert signature_text(function) == "(define-public (f (amount uint)))"


def test_constants_are_found_behind_comments_and_strings() -> None:
    source = """
    ;; (define-constant FAKE u0)
    (define-constant A "a ) string ; with ( everything")
    (define-data-var n uint u0)
    (define-constant B (+ u1 ;; one )
       u2))
    (define-constant C u9)
    """
    found = constants(source, "B")
    assert found is not None
    assert len(found) == 2
    assert found[0].endswith('everything")')
    assert constants(source, "FAKE") is None
