"""Python objects to Clarity values, by the types that contracts declare, and back."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitpay.stacks import clarity
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.clarity import (
    INT_MAX,
    INT_MIN,
    NONE,
    UINT_MAX,
    Ascii,
    Bool,
    Buffer,
    ClarityType,
    Err,
    Int,
    List,
    Ok,
    PrincipalValue,
    Some,
    Tuple,
    UInt,
    Utf8,
    Value,
)
from bitpay.stacks.client.errors import AnswerInvalid
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.client.interface import read_type
from bitpay.stacks.errors import StacksError, ValueInvalid

ACCOUNT = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
CONTRACT = f"{ACCOUNT}.vault"
INT, UINT, BOOL, PRINCIPAL, TRAIT, NOTHING = map(ClarityType, ("int", "uint", "bool", "principal", "trait", "none"))


def sized(kind: str, length: int) -> ClarityType:
    return ClarityType(kind, length)


def optional(inside: ClarityType) -> ClarityType:
    return ClarityType("optional", None, (inside,))


def response(ok: ClarityType, err: ClarityType) -> ClarityType:
    return ClarityType("response", None, (ok, err))


def listing(length: int, inside: ClarityType) -> ClarityType:
    return ClarityType("list", length, (inside,))


def record(**parts: ClarityType) -> ClarityType:
    return ClarityType("tuple", None, tuple(parts.values()), tuple(parts))


types = st.recursive(
    st.sampled_from([INT, UINT, BOOL, PRINCIPAL, TRAIT])
    | st.builds(sized, st.sampled_from(["buff", "string-ascii", "string-utf8"]), st.integers(0, 5)),
    lambda inside: st.one_of(
        inside.map(optional),
        st.just(optional(NOTHING)),
        st.builds(response, inside, inside | st.just(NOTHING)),
        st.builds(listing, st.integers(0, 3), inside),
        st.dictionaries(st.sampled_from("abc"), inside, min_size=1).map(lambda parts: record(**parts)),
    ),
    max_leaves=8,
)
PLAIN: dict[str, Callable[[int], st.SearchStrategy[Value]]] = {
    "int": lambda _length: st.integers(INT_MIN, INT_MAX).map(Int),
    "uint": lambda _length: st.integers(0, UINT_MAX).map(UInt),
    "bool": lambda _length: st.booleans().map(Bool),
    "principal": lambda _length: st.sampled_from([ACCOUNT, CONTRACT]).map(PrincipalValue),
    "trait": lambda _length: st.just(CONTRACT).map(PrincipalValue),
    "buff": lambda length: st.binary(max_size=length).map(Buffer),
    "string-ascii": lambda length: st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=length).map(
        Ascii
    ),
    "string-utf8": lambda length: st.text(st.characters(exclude_categories=["Cs"]), max_size=length).map(Utf8),
}


def values_of(kind: ClarityType) -> st.SearchStrategy[Value]:
    match kind.kind, kind.parts:
        case "none", _:
            return st.nothing()
        case "optional", (inside,):
            return st.just(NONE) | values_of(inside).map(Some)
        case "response", (ok, err):
            return values_of(ok).map(Ok) | values_of(err).map(Err)
        case "list", (inside,):
            return st.lists(values_of(inside), max_size=kind.length).map(List)
        case "tuple", parts:
            return st.fixed_dictionaries(dict(zip(kind.names, map(values_of, parts), strict=True))).map(Tuple)
    return PLAIN[kind.kind](kind.length or 0)


@given(st.data())
@settings(deadline=None, max_examples=500)
def test_every_value_of_every_type_survives_python(data: st.DataObject) -> None:
    wanted = data.draw(types)
    value = data.draw(values_of(wanted))
    held = clarity.to_python(value)
    assert clarity.from_python(held, wanted) == value
    assert clarity.from_python(value, wanted) == value


anything = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-1, 300) | st.sampled_from([128, 50_000]).map(lambda bits: 1 << bits),
        st.floats(),
        st.binary(max_size=6),
        st.text(max_size=6) | st.sampled_from([ACCOUNT, CONTRACT, "\ud800"]),
        st.sampled_from(
            [UInt(1), NONE, Some(NONE), Ok(UInt(1)), Err(NONE), List(), Tuple({"a": UInt(1)}), Value(), str]
        ),
    ),
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from("abc") | st.just(1), inside, max_size=3)
    ),
    max_leaves=6,
)


@given(anything, types)
@settings(deadline=None, max_examples=500)
def test_anything_is_a_value_of_its_type_or_refused(held: Any, wanted: ClarityType) -> None:  # noqa: ANN401
    try:
        value = clarity.from_python(held, wanted)
    except ValueInvalid:
        return
    assert clarity.from_python(clarity.to_python(value), wanted) == value
    assert clarity.decode(clarity.encode(value)) == value


MEMO = optional(sized("string-utf8", 5))
STREAM = record(amount=UINT, terms=record(memo=listing(4, MEMO), to=PRINCIPAL))


def stream(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - some are wrong
    return {"amount": 5, "terms": {"memo": ["a", None], "to": ACCOUNT, **changed}}


def test_objects_become_values() -> None:
    made = clarity.from_python(stream(), STREAM)
    assert made == Tuple(
        {
            "amount": UInt(5),
            "terms": Tuple({"memo": List([Some(Utf8("a")), NONE]), "to": PrincipalValue(ACCOUNT)}),
        }
    )
    assert clarity.to_python(made) == stream()
    assert clarity.from_python(stream(to=parse_principal(ACCOUNT), memo=("a", NONE)), STREAM) == made


@pytest.mark.parametrize(
    ("held", "place"),
    [
        (None, "the value: "),
        ({"amount": 5}, ".terms: is missing"),
        (stream() | {"amount": -1}, ".amount: "),
        (stream() | {"amount": True}, ".amount: "),
        (stream() | {"fee": 1}, ".fee: no such key"),
        (stream() | {1: 1}, "the value: no such key"),
        (stream(more=1), ".terms.more: "),
        (stream(to="ST1"), ".terms.to: "),
        (stream(memo=["a", "b", "c", 4]), ".terms.memo[3]: "),
        (stream(memo=["a", "too long"]), ".terms.memo[1]: "),
        (stream(memo=["\ud800"]), ".terms.memo[0]: "),
        (stream(memo=["a"] * 5), ".terms.memo: "),
        (stream(memo="abcd"), ".terms.memo: "),
        (stream(memo=[Some(Ascii("a"))]), ".terms.memo[0]: "),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(held: Any, place: str) -> None:  # noqa: ANN401 - wrong ones
    with pytest.raises(ValueInvalid) as refused:
        clarity.from_python(held, STREAM)
    assert str(refused.value).startswith(place)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (ACCOUNT, TRAIT),
        (5, optional(optional(UINT))),
        (5, response(UINT, UINT)),
        (Ok(UInt(1)), response(BOOL, UINT)),
        (Err(UInt(1)), response(UINT, NOTHING)),
        (1, optional(NOTHING)),
        (None, NOTHING),
        ("00", sized("buff", 2)),
        (5, sized("buff", 10)),
        (UInt(1), INT),
        (5, "uint"),
    ],
)
def test_what_is_of_another_type_is_refused(held: Any, wanted: ClarityType) -> None:  # noqa: ANN401 - wrong ones
    with pytest.raises(ValueInvalid):
        clarity.from_python(held, wanted)


def test_two_kinds_of_none_stay_two() -> None:
    wanted = listing(3, optional(optional(UINT)))
    value = List([NONE, Some(NONE), Some(Some(UInt(1)))])
    assert clarity.to_python(value) == [None, Some(NONE), Some(Some(UInt(1)))]
    assert clarity.from_python(clarity.to_python(value), wanted) == value


@pytest.mark.parametrize("value", [5, None, Value(), "u1"])
def test_only_values_become_python(value: Any) -> None:  # noqa: ANN401 - none is a value
    for show in (clarity.to_python, clarity.to_repr, clarity.encode):
        with pytest.raises(ValueInvalid):
            show(value)


@given(
    st.sampled_from(["uint", "buff", "list", "tuple", "optional", "response", "float", None, 5, []]),
    st.sampled_from([None, 0, 5, -1, True, 1.5, 2**40]),
    st.sampled_from([(), (UINT,), (UINT, UINT), [UINT], (1,), None]),
    st.sampled_from([(), ("a",), ("a", "b"), ("a", "a"), ("1",), (1,), ["a"], None, 5]),
)
@settings(deadline=None, max_examples=500)
def test_a_type_is_one_that_can_be_declared(kind: Any, length: Any, parts: Any, names: Any) -> None:  # noqa: ANN401
    try:
        made = ClarityType(kind, length, parts, names)
    except StacksError:
        return
    assert hash(made) == hash(ClarityType(kind, length, parts, names))
    assert kind in str(made) or kind == "tuple"
    assert made.levels == 1 + max((part.levels for part in parts), default=0)


def test_a_type_has_thirty_two_levels() -> None:
    kind = UINT
    for _ in range(31):
        kind = optional(kind)
    assert kind.levels == 32
    with pytest.raises(ValueInvalid, match="deeper"):
        optional(kind)


@pytest.mark.parametrize(
    "kind",
    [
        {"buffer": {"length": -1}},
        {"buffer": {"length": 2**40}},
        {"list": {"length": True, "type": "bool"}},
        {"tuple": []},
        {"tuple": [{"name": "1a", "type": "bool"}]},
        {"tuple": [{"name": "a", "type": "bool"}] * 2},
    ],
)
def test_an_interface_that_declares_no_type_is_refused(kind: object) -> None:
    with pytest.raises(AnswerInvalid):
        read_type(Fields({"type": kind}, "contract"), "type")
