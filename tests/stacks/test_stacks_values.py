"""Clarity values: what can be made, what bytes are refused and where, and how values print."""

from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitpay.stacks import clarity
from bitpay.stacks.clarity import (
    FALSE,
    NONE,
    TRUE,
    UINT_MAX,
    Ascii,
    Bool,
    Buffer,
    Dialect,
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
    types,
)
from bitpay.stacks.clarity.values import same_kind
from bitpay.stacks.errors import AddressInvalid, DecodeError, NameInvalid, StacksError, ValueInvalid

ACCOUNT = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
MIB = 1024 * 1024
Source = TypeVar("Source", bytes, str)

plain = st.one_of(
    st.integers(0, UINT_MAX).map(UInt),
    st.integers(-(2**127), 2**127 - 1).map(Int),
    st.booleans().map(clarity.bool_),
    st.binary(max_size=64).map(Buffer),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(Ascii),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=30).map(Utf8),
    st.sampled_from([ACCOUNT, f"{ACCOUNT}.a", f"{ACCOUNT}.b-c_d", f"{ACCOUNT}.__transient"]).map(PrincipalValue),
    st.just(NONE),
)
keys = st.from_regex(r"[a-zA-Z][a-zA-Z0-9\-_!?+<>=/*]{0,10}", fullmatch=True)
values: st.SearchStrategy[Value] = st.recursive(
    plain,
    lambda inner: st.one_of(
        inner.map(Some),
        inner.map(Ok),
        inner.map(Err),
        st.tuples(inner, st.integers(0, 3)).map(lambda pair: List([pair[0]] * pair[1])),
        st.dictionaries(keys, inner, min_size=1, max_size=4).map(Tuple),
    ),
    max_leaves=12,
)


@given(values)
@settings(deadline=None)
def test_every_value_survives_its_bytes_and_its_text(value: Value) -> None:
    assert clarity.decode(clarity.encode(value)) == value
    assert clarity.from_hex(clarity.to_hex(value)) == value
    assert clarity.parse_repr(clarity.to_repr(value)) == value


@given(st.lists(st.integers(0, UINT_MAX).map(UInt)) | st.lists(st.integers(-(2**127), 2**127 - 1).map(Int)))
@settings(deadline=None)
def test_lists_of_numbers_survive_their_bytes(numbers: list[Value]) -> None:
    assert clarity.decode(clarity.encode(List(numbers))) == List(numbers)


@given(values)
@settings(deadline=None)
def test_a_value_read_is_the_one_made(value: Value) -> None:
    read = clarity.decode(clarity.encode(value))
    assert (hash(read), repr(read)) == (hash(value), repr(value))


def attempt(read: Callable[[Source], Value], source: Source) -> Value | DecodeError:
    try:
        return read(source)
    except DecodeError as error:
        return error


@given(st.binary(max_size=60))
@settings(deadline=None)
def test_any_bytes_are_a_value_that_encodes_to_them_or_a_decode_error(data: bytes) -> None:
    value = attempt(clarity.decode, data)
    if isinstance(value, DecodeError):
        assert 0 <= value.offset <= len(data)
    else:
        assert clarity.encode(value) == data


@given(st.text(alphabet="()u{}:,'\"\\0123456789abxST listokerpum-", max_size=40))
@settings(deadline=None)
def test_any_text_is_a_value_or_a_decode_error(text: str) -> None:
    value = attempt(clarity.parse_repr, text)
    if isinstance(value, DecodeError):
        assert 0 <= value.offset <= len(text)
    else:
        assert clarity.parse_repr(clarity.to_repr(value)) == value


@pytest.mark.parametrize(
    ("made", "error"),
    [
        (lambda: UInt(-1), ValueInvalid),
        (lambda: UInt(2**128), ValueInvalid),
        (lambda: UInt(True), ValueInvalid),
        (lambda: Int(2**127), ValueInvalid),
        (lambda: Int(-(2**127) - 1), ValueInvalid),
        (lambda: Bool(1), ValueInvalid),  # type: ignore[arg-type]
        (lambda: Buffer("00"), ValueInvalid),  # type: ignore[arg-type]
        (lambda: Buffer(bytes(MIB + 1)), ValueInvalid),
        (lambda: Ascii("é"), ValueInvalid),
        (lambda: Ascii("\x00"), ValueInvalid),
        (lambda: Ascii("\x0b"), ValueInvalid),
        (lambda: Ascii(b"a"), ValueInvalid),  # type: ignore[arg-type]
        (lambda: Utf8("\ud800"), ValueInvalid),
        (lambda: Utf8("a" * (MIB // 4 + 1)), ValueInvalid),
        (lambda: Utf8(1), ValueInvalid),  # type: ignore[arg-type]
        (lambda: PrincipalValue("ST1"), AddressInvalid),
        (lambda: PrincipalValue(f"{ACCOUNT}.1a"), NameInvalid),
        (lambda: Some(1), ValueInvalid),  # type: ignore[arg-type]
        (lambda: List([UInt(1), Int(1)]), ValueInvalid),
        (lambda: Tuple({}), ValueInvalid),
        (lambda: Tuple({1: TRUE}), ValueInvalid),  # type: ignore[dict-item]
        (lambda: Tuple([("a", TRUE)]), ValueInvalid),  # type: ignore[arg-type]
        (lambda: Tuple({"a": 1}), ValueInvalid),  # type: ignore[dict-item]
        (lambda: List(5), ValueInvalid),  # type: ignore[arg-type]
        (lambda: List([TRUE, None]), ValueInvalid),  # type: ignore[list-item]
        (lambda: Ok(Value()), ValueInvalid),
        (lambda: PrincipalValue(5), ValueInvalid),  # type: ignore[arg-type]
        (lambda: UInt(10**5000), ValueInvalid),
        (lambda: Bool(10**5000), ValueInvalid),  # type: ignore[arg-type]
        (lambda: Buffer(bytearray(1)), ValueInvalid),  # type: ignore[arg-type]
        (lambda: clarity.bool_("false"), ValueInvalid),  # type: ignore[arg-type]
        (lambda: clarity.bool_(0), ValueInvalid),  # type: ignore[arg-type]
        (lambda: clarity.buffer(5), ValueInvalid),  # type: ignore[arg-type]
        (lambda: clarity.buffer("abc"), ValueInvalid),  # type: ignore[arg-type]
        (lambda: clarity.buffer([1, 2]), ValueInvalid),  # type: ignore[arg-type]
        (lambda: clarity.principal(None), ValueInvalid),  # type: ignore[arg-type]
        (lambda: Tuple({"": TRUE}), NameInvalid),
        (lambda: Tuple({"1a": TRUE}), NameInvalid),
        (lambda: Tuple({"a" * 129: TRUE}), NameInvalid),
    ],
)
def test_what_the_chain_cannot_hold_cannot_be_made(made: object, error: type[StacksError]) -> None:
    assert callable(made)
    with pytest.raises(error):
        made()


@pytest.mark.parametrize(
    ("text", "offset", "field"),
    [
        ("", 0, "value"),
        ("0f", 0, "type"),
        ("ff", 0, "type"),
        ("01" + "00" * 15, 16, "uint"),
        ("00" + "00" * 15, 16, "int"),
        ("0303", 1, "value"),
        ("02000000", 4, "buffer"),
        ("0200000002aa", 6, "buffer"),
        ("02ffffffffaa", 6, "buffer"),
        ("0d0000000100", 5, "string-ascii"),
        ("0d00000001e9", 5, "string-ascii"),
        ("0e0000000261e9", 6, "string-utf8"),
        ("0e00000003eda080", 5, "string-utf8"),
        ("0520" + "00" * 20, 1, "principal"),
        ("0516" + "00" * 19, 21, "principal"),
        ("0616" + "00" * 20 + "0131", 22, "contract name"),
        ("0616" + "00" * 20 + "00", 22, "contract name"),
        ("0616" + "00" * 20, 22, "value"),
        ("0616" + "00" * 20 + "0561", 24, "contract name"),
        ("0b0000", 3, "list"),
        ("0b00000002030303", 7, "value"),
        ("0bffffffff03", 6, "list"),
        ("0b0000000203" + "01" + "00" * 16, 0, "value"),
        ("0b00000002" + "01" + "00" * 16 + "00" * 17, 0, "value"),
        ("0b00000002" + "01" + "00" * 16 + "01" + "00" * 15, 38, "uint"),
        ("0b00000002" + "00" * 17 + "0f" + "00" * 16, 22, "type"),
        ("0b00000002" + "030200000006" * 2, 0, "value"),  # true and a buffer, whose bytes repeat all the same
        ("0c00000000", 1, "tuple"),
        ("0c00000002016203016103", 8, "tuple key"),
        ("0c00000002016103016103", 8, "tuple key"),
        ("0c00000001013103", 5, "tuple key"),
        ("0c000000010161", 7, "tuple"),
        ("0a", 1, "value"),
    ],
)
def test_malformed_bytes_are_refused_with_the_place(text: str, offset: int, field: str) -> None:
    with pytest.raises(DecodeError) as refused:
        clarity.from_hex(text)
    assert (refused.value.offset, refused.value.field) == (offset, field)


@pytest.mark.parametrize("text", ["0x0", "0xzz", "03 ", "0 3", " 03"])
def test_hex_is_hex(text: str) -> None:
    with pytest.raises(DecodeError):
        clarity.from_hex(text)


def nested(levels: int, inner: Value) -> Value:
    for _ in range(levels):
        inner = Some(inner)
    return inner


def test_thirty_two_levels_are_the_end() -> None:
    """A plain value is one level; `none` and an empty list are two, as their types are."""
    for deepest, inner in ((31, TRUE), (30, NONE), (30, List()), (30, Tuple({"a": TRUE}))):
        value = nested(deepest, inner)
        data, text = clarity.encode(value), clarity.to_repr(value)
        assert (clarity.decode(data), clarity.parse_repr(text)) == (value, value)
        for wrap in (Some, Ok, Err, lambda held: List([TRUE, held]), lambda held: Tuple({"a": TRUE, "b": held})):
            with pytest.raises(ValueInvalid, match="deeper"):
                wrap(value)
        with pytest.raises(DecodeError, match="deeper"):
            clarity.decode(b"\x0a" + data)
        with pytest.raises(DecodeError, match="deeper"):
            clarity.parse_repr(f"(some {text})")


def test_a_deep_bomb_is_refused_before_it_costs_anything() -> None:
    with pytest.raises(DecodeError):
        clarity.decode(b"\x0a" * 100_000 + b"\x03")
    with pytest.raises(DecodeError):
        clarity.parse_repr("(some " * 50_000)


@pytest.mark.parametrize(
    "data", [None, 5, bytearray(b"\x03"), memoryview(b"\x03"), "03", [3], [1] + [0] * 16, bytearray([1] + [0] * 16)]
)
def test_a_value_is_read_from_bytes(data: Any) -> None:  # noqa: ANN401 - none is bytes
    for read in (clarity.decode, lambda data: clarity.decode_at(data, 0)):
        with pytest.raises(DecodeError, match="not bytes"):
            read(data)


def test_a_value_begins_where_it_is_said_to() -> None:
    data = b"\x03" + clarity.encode(UInt(5))
    assert clarity.decode_at(data, 0) == (TRUE, 1)
    assert clarity.decode_at(data, 1) == (UInt(5), 18)
    for offset in (-1, 18, 99):
        with pytest.raises(DecodeError):
            clarity.decode_at(data, offset)


@pytest.mark.parametrize("text", [None, 5, b"03"])
def test_text_is_text(text: Any) -> None:  # noqa: ANN401 - none is text
    for read in (clarity.from_hex, clarity.parse_repr):
        with pytest.raises(DecodeError):
            read(text)


def test_buffers_are_made_of_all_that_holds_bytes() -> None:
    for data in (b"ab", bytearray(b"ab"), memoryview(b"ab")):
        assert clarity.buffer(data) == Buffer(b"ab")
        assert type(clarity.buffer(data).value) is bytes


def test_a_list_is_made_of_anything_that_gives_values() -> None:
    assert List(UInt(number) for number in range(2)) == List([UInt(0), UInt(1)])


def test_the_chain_counts_a_list_by_its_longest_item() -> None:
    long, short = Buffer(bytes(2000)), Buffer(b"")
    clarity.encode(List([long] + [short] * 500))
    with pytest.raises(ValueInvalid, match="list"):
        clarity.encode(List([long] + [short] * 550))
    data = b"\x0b" + (551).to_bytes(4) + clarity.encode(long) + clarity.encode(short) * 550
    with pytest.raises(DecodeError, match="list"):
        clarity.decode(data)


def test_large_values_are_measured() -> None:
    clarity.encode(Buffer(bytes(MIB)))
    with pytest.raises(ValueInvalid):
        clarity.encode(Some(Buffer(bytes(MIB))))
    with pytest.raises(DecodeError):
        clarity.decode(b"\x0a" + clarity.encode(Buffer(bytes(MIB))))
    with pytest.raises(DecodeError):
        clarity.decode(b"\x02" + (MIB + 1).to_bytes(4) + bytes(MIB + 1))
    with pytest.raises(DecodeError):
        clarity.decode(b"\x0e" + (MIB // 4 + 1).to_bytes(4) + b"a" * (MIB // 4 + 1))


@pytest.mark.parametrize(
    "items",
    [
        [Some(UInt(1)), Some(Int(1))],
        [Ok(UInt(1)), Ok(TRUE)],
        [Tuple({"a": TRUE}), Tuple({"b": TRUE})],
        [List([TRUE]), List([UInt(1)])],
        [List([Some(UInt(1)), Some(TRUE)])] * 2,
    ],
)
def test_the_items_of_a_list_have_one_type_inside_too(items: list[Value]) -> None:
    with pytest.raises(ValueInvalid):
        clarity.encode(List(items))


@pytest.mark.parametrize(
    "items",
    [
        [NONE, Some(UInt(1)), NONE],
        [Ok(UInt(1)), Err(TRUE), Ok(UInt(2))],
        [TRUE, FALSE],
        [List(), List([UInt(1)])],
        [Ascii("a"), Ascii("abc")],
        [PrincipalValue(ACCOUNT), PrincipalValue(f"{ACCOUNT}.a")],
        [Tuple({"a": NONE}), Tuple({"a": Some(Buffer(b"1"))})],
    ],
)
def test_sides_and_lengths_of_one_type_go_together(items: list[Value]) -> None:
    assert clarity.decode(clarity.encode(List(items))) == List(items)


small = st.one_of(
    st.integers(0, 1).map(UInt),
    st.binary(max_size=1).map(Buffer),
    st.text("aä", max_size=1).map(Utf8),
    st.just(NONE),
    st.just(TRUE),
)
shaped = st.recursive(
    small,
    lambda inner: st.one_of(
        inner.map(Some),
        inner.map(Ok),
        inner.map(Err),
        inner.map(lambda item: List([item])),
        st.dictionaries(st.sampled_from("ab"), inner, min_size=1).map(Tuple),
    ),
    max_leaves=3,
)


@given(st.lists(shaped, min_size=2, max_size=3))
@settings(deadline=None, max_examples=500)
def test_items_that_look_alike_have_one_type(items: list[Value]) -> None:
    if types.alike(items):
        assert len(set(map(types.type_of, items))) == 1


@given(st.lists(shaped, min_size=2, max_size=3).filter(same_kind))
@settings(deadline=None, max_examples=500)
def test_a_list_is_read_when_its_items_have_a_common_type(items: list[Value]) -> None:
    value = List(items)
    data = b"\x0b" + len(items).to_bytes(4) + b"".join(map(clarity.encode, items))
    try:
        types.check(value)
    except ValueInvalid:
        assert isinstance(attempt(clarity.decode, data), DecodeError)
        with pytest.raises(ValueInvalid):
            clarity.encode(value)
    else:
        assert (clarity.decode(data), clarity.encode(value)) == (value, data)


@pytest.mark.parametrize(
    ("items", "alike"),
    [
        ([Buffer(b"ab"), Buffer(b"cd")], True),
        ([Buffer(b"ab"), Buffer(b"c")], False),
        ([NONE, Some(TRUE)], False),
        ([Some(Ascii("a")), Some(Ascii("b"))], True),
        ([Ok(TRUE), Err(TRUE)], False),
        ([Tuple({"a": UInt(1), "b": NONE}), Tuple({"a": UInt(2), "b": NONE})], True),
        ([Tuple({"a": UInt(1)}), Tuple({"b": UInt(2)})], False),
        ([Tuple({"a": UInt(1)}), Tuple({"a": UInt(1), "b": UInt(2)})], False),
        ([List([TRUE]), List([TRUE])], False),
        ([], False),
    ],
)
def test_items_of_one_shape_look_alike(items: list[Value], alike: bool) -> None:
    assert types.alike(items) is alike


def test_values_are_immutable_hashable_and_of_their_own_kind() -> None:
    assert len({UInt(1), UInt(1), Int(1), Ok(UInt(1)), Err(UInt(1))}) == 4
    with pytest.raises(AttributeError):
        UInt(1).value = 2  # type: ignore[misc]


def test_tuples_and_lists_are_read_like_pythons() -> None:
    record = clarity.tuple_({"b": clarity.uint(2), "a": clarity.some(clarity.ascii("x"))})
    assert record.keys() == ["a", "b"]
    assert record["b"] == UInt(2)
    assert "c" not in record
    assert record.get("c") is None
    with pytest.raises(KeyError):
        record["c"]
    row = clarity.list_([clarity.uint(1), clarity.uint(2)])
    assert (len(row), row[1], list(row)) == (2, UInt(2), [UInt(1), UInt(2)])


def test_values_become_python_ones() -> None:
    value = clarity.tuple_(
        {
            "amount": clarity.uint(2**127),
            "to": clarity.principal(f"{ACCOUNT}.vault"),
            "memo": clarity.optional(clarity.buffer(b"hi")),
            "none": clarity.optional(None),
            "steps": clarity.list_([clarity.int_(-1)]),
            "done": clarity.bool_(True),
        }
    )
    assert clarity.to_python(value) == {
        "amount": 2**127,
        "to": f"{ACCOUNT}.vault",
        "memo": b"hi",
        "none": None,
        "steps": [-1],
        "done": True,
    }
    assert clarity.to_python(clarity.ok(clarity.uint(1))) == Ok(UInt(1))
    assert clarity.to_python(clarity.err(clarity.uint(1))) == Err(UInt(1))


def test_values_print_as_source() -> None:
    value = Tuple({"b": List([UInt(1)]), "a": Some(PrincipalValue(ACCOUNT)), "c": Utf8('é"\n'), "d": Buffer(b"\x01")})
    assert clarity.to_repr(value) == (f'(tuple (a (some \'{ACCOUNT})) (b (list u1)) (c u"\\u{{e9}}\\"\\n") (d 0x01))')


MIXED = Tuple({"a": Ascii("it's\f"), "b": List([PrincipalValue(ACCOUNT)]), "c": Utf8("\0\x07é"), "d": List()})


@pytest.mark.parametrize(
    ("dialect", "text"),
    [
        (Dialect.API, rf"""(tuple (a "it\'s\x0c") (b (list '{ACCOUNT})) (c u"\x00\x07\u{{c3a9}}") (d (list)))"""),
        (Dialect.NODE, rf"""(tuple (a "it\'s\x0c") (b ({ACCOUNT})) (c u"\x00\x07\u{{c3a9}}") (d ()))"""),
    ],
)
def test_values_print_as_apis_and_nodes_do(dialect: Dialect, text: str) -> None:
    assert clarity.to_repr(MIXED, dialect) == text


@given(values, st.sampled_from([Dialect.API, Dialect.NODE]))
def test_what_is_printed_like_apis_and_nodes_is_read_again(value: Value, dialect: Dialect) -> None:
    assert clarity.parse_repr(clarity.to_repr(value, dialect), utf8_bytes=True) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{ a: u1, b: -2 }", Tuple({"a": UInt(1), "b": Int(-2)})),
        ("(tuple (a u1) (b -2))", Tuple({"a": UInt(1), "b": Int(-2)})),
        ("(u1 u2)", List([UInt(1), UInt(2)])),
        ("()", List()),
        ("(list)", List()),
        (f"({ACCOUNT} '{ACCOUNT}.a)", List([PrincipalValue(ACCOUNT), PrincipalValue(f"{ACCOUNT}.a")])),
        ("(ok true)", Ok(TRUE)),
        ("(err none)", Err(NONE)),
        (r'"it\'s\x0c"', Ascii("it's\f")),
        ("0x", Buffer(b"")),
    ],
)
def test_what_nodes_and_apis_print_is_read(text: str, value: Value) -> None:
    assert clarity.parse_repr(text) == value


def test_nodes_escape_utf8_by_its_bytes() -> None:
    assert clarity.parse_repr(r'u"\u{f09f92b8}"', utf8_bytes=True) == Utf8("💸")
    assert clarity.parse_repr(r'u"\u{1f4b8}"') == Utf8("💸")
    with pytest.raises(DecodeError):
        clarity.parse_repr(r'u"\u{ff}"', utf8_bytes=True)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("", 0),
        ("u", 0),
        ("u1 u2", 3),
        ("(some)", 5),
        ("(ok u1", 6),
        ("{a u1}", 3),
        ("{a: u1, a: u2}", 9),
        ("(tuple (a u1) (a u1))", 16),
        ('"abc', 0),
        (r'"\q"', 0),
        (r'u"\u{110000}"', 0),
        ("0x1", 0),
        ("maybe", 0),
        ("u340282366920938463463374607431768211456", 0),
        ("9" * 5000, 0),
        ("(u1 1)", 0),
        ("({a: u1} {b: u1})", 0),
        ("(tuple)", 0),
        ("SP1", 0),
    ],
)
def test_text_that_is_no_value_is_refused_with_the_place(text: str, offset: int) -> None:
    with pytest.raises(DecodeError) as refused:
        clarity.parse_repr(text)
    assert refused.value.offset == offset
