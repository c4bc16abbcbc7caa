r"""Clarity values as text, both ways.

`to_repr` writes Clarity source that a contract could contain. `parse_repr` reads that, and what nodes and APIs print:
`(tuple (a u1))` or `{a: u1}`, lists with or without the word `list`, principals with or without the quote.

One thing differs so much that the reader must say it: for a character beyond ASCII, source has its code point in hex
(`\u{e9}`), while stacks-core prints its UTF-8 bytes in hex (`\u{c3a9}`). `utf8_bytes=True` reads the latter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from bitpay.stacks.clarity import types
from bitpay.stacks.clarity.values import (
    FALSE,
    MAX_DEPTH,
    NONE,
    TRUE,
    Ascii,
    Bool,
    Buffer,
    Err,
    Int,
    List,
    NoneValue,
    Ok,
    PrincipalValue,
    Some,
    Tuple,
    UInt,
    Utf8,
    Value,
)
from bitpay.stacks.errors import DecodeError, StacksError, ValueInvalid

_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_UNESCAPES: Final = {"\\": "\\", '"': '"', "n": "\n", "r": "\r", "t": "\t", "0": "\0", "'": "'"}


def to_repr(value: Value) -> str:
    """Return a value as Clarity source; raises `ValueInvalid` for what is no value."""
    writer = _WRITERS.get(type(value))
    if writer is None:
        raise ValueInvalid(f"not a Clarity value: {type(value).__name__}")
    return writer(value)


def _quote(text: str) -> str:
    return '"' + "".join(_escape(character) for character in text) + '"'


def _escape(character: str) -> str:
    plain = _ESCAPES.get(character)
    if plain is not None:
        return plain
    if " " <= character <= "~":
        return character
    return f"\\x{ord(character):02x}" if character == "\f" else f"\\u{{{ord(character):x}}}"


def _write_list(value: List) -> str:
    return "(list" + "".join(f" {to_repr(item)}" for item in value.items) + ")"


def _write_tuple(value: Tuple) -> str:
    return "(tuple" + "".join(f" ({key} {to_repr(item)})" for key, item in value.items) + ")"


def _write_number(value: Int) -> str:
    return str(value.value)


def _write_uint(value: UInt) -> str:
    return f"u{value.value}"


def _write_bool(value: Bool) -> str:
    return "true" if value.value else "false"


def _write_buffer(value: Buffer) -> str:
    return f"0x{value.value.hex()}"


def _write_ascii(value: Ascii) -> str:
    return _quote(value.value)


def _write_utf8(value: Utf8) -> str:
    return "u" + _quote(value.value)


def _write_principal(value: PrincipalValue) -> str:
    return f"'{value}"


def _write_none(_value: NoneValue) -> str:
    return "none"


def _write_some(value: Some) -> str:
    return f"(some {to_repr(value.value)})"


def _write_ok(value: Ok) -> str:
    return f"(ok {to_repr(value.value)})"


def _write_err(value: Err) -> str:
    return f"(err {to_repr(value.value)})"


_WRITERS: Final[dict[type[Value], Callable[..., str]]] = {
    Int: _write_number,
    UInt: _write_uint,
    Bool: _write_bool,
    Buffer: _write_buffer,
    Ascii: _write_ascii,
    Utf8: _write_utf8,
    PrincipalValue: _write_principal,
    NoneValue: _write_none,
    Some: _write_some,
    Ok: _write_ok,
    Err: _write_err,
    List: _write_list,
    Tuple: _write_tuple,
}


def parse_repr(text: str, *, utf8_bytes: bool = False) -> Value:
    """Return the value a text shows, all of it; raises `DecodeError` with the character where it goes wrong.

    A value that the chain cannot hold, too large or with a list of several types, goes wrong where it begins.
    """
    if not isinstance(text, str):
        raise DecodeError(f"not text: {type(text).__name__}", offset=0, field="repr")
    parser = _Parser(text, utf8_bytes=utf8_bytes)
    value = parser.value(1)
    parser.skip()
    if parser.offset != len(text):
        raise parser.wrong("text after the value")
    try:
        types.check(value)
    except ValueInvalid as error:
        raise DecodeError(str(error), offset=0, field="repr") from error
    return value


_SPACE = re.compile(r"\s*")
_NUMBER = re.compile(r"(u?)(-?[0-9]{1,64})(?![0-9A-Za-z_])")
_BUFFER = re.compile(r"0x((?:[0-9a-fA-F]{2})*)(?![0-9A-Za-z_])")
_STRING = re.compile(r'(u?)"((?:[^"\\]|\\.)*)"', re.DOTALL)
_PRINCIPAL = re.compile(r"'?(S[0-9A-Z]{20,41}(?:\.(?:[a-zA-Z][a-zA-Z0-9\-_]*|__transient))?)(?![0-9A-Za-z_.\-])")
_WORD = re.compile(r"[a-zA-Z][a-zA-Z0-9\-_!?+<>=/*]*|[-+=/*]|[<>]=?")
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,8})\}|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONSTANTS: Final[dict[str, Value]] = {"true": TRUE, "false": FALSE, "none": NONE}
_WRAPPERS: Final[dict[str, Callable[[Value], Value]]] = {"some": Some, "ok": Ok, "err": Err}


class _Parser:
    def __init__(self, text: str, *, utf8_bytes: bool) -> None:
        self.text = text
        self.offset = 0
        self.utf8_bytes = utf8_bytes

    def wrong(self, message: str) -> DecodeError:
        return DecodeError(message, offset=self.offset, field="repr")

    def skip(self) -> None:
        self.offset = self._at(_SPACE).end()

    def _at(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self.text, self.offset)
        if match is None:
            raise self.wrong("not a Clarity value")
        return match

    def accept(self, symbol: str) -> bool:
        self.skip()
        found = self.text.startswith(symbol, self.offset)
        self.offset += len(symbol) * found
        return found

    def expect(self, symbol: str) -> None:
        if not self.accept(symbol):
            raise self.wrong(f"{symbol!r} is missing")

    def word(self) -> str:
        self.skip()
        match = self._at(_WORD)
        self.offset = match.end()
        return match[0]

    def value(self, depth: int) -> Value:
        self.skip()
        start = self.offset
        if depth > MAX_DEPTH:
            raise self.wrong(f"deeper than {MAX_DEPTH}")
        try:
            return self._value(depth)
        except DecodeError:
            raise
        except StacksError as error:
            raise DecodeError(str(error), offset=start, field="repr") from error

    def _value(self, depth: int) -> Value:
        if self.accept("("):
            return self._form(depth)
        if self.accept("{"):
            return self._braces(depth)
        return self._atom()

    def _atom(self) -> Value:
        for pattern, make in self._atoms():
            match = pattern.match(self.text, self.offset)
            if match is not None:
                value = make(match)
                self.offset = match.end()
                return value
        word = self._at(_WORD)
        value_of_word = _CONSTANTS.get(word[0])
        if value_of_word is None:
            raise self.wrong(f"not a Clarity value: {word[0]!r}")
        self.offset = word.end()
        return value_of_word

    def _atoms(self) -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Value]], ...]:
        return (
            (_BUFFER, lambda match: Buffer(bytes.fromhex(match[1]))),
            (_NUMBER, lambda match: UInt(int(match[2])) if match[1] else Int(int(match[2]))),
            (_STRING, self._string),
            (_PRINCIPAL, lambda match: PrincipalValue(match[1])),
        )

    def _string(self, match: re.Match[str]) -> Value:
        if match[1]:
            return Utf8(_ESCAPE.sub(self._unescape, match[2]))
        return Ascii(_ESCAPE.sub(self._unescape, match[2]))

    def _unescape(self, match: re.Match[str]) -> str:
        if match[1]:
            return self._character(match[1])
        if match[2]:
            return chr(int(match[2], 16))
        if match[3] not in _UNESCAPES:
            raise self.wrong(f"no escape \\{match[3]}")
        return _UNESCAPES[match[3]]

    def _character(self, digits: str) -> str:
        try:
            if self.utf8_bytes:
                return bytes.fromhex(digits).decode()
            return chr(int(digits, 16))
        except (ValueError, OverflowError) as error:
            raise self.wrong(f"no character {digits}") from error

    def _form(self, depth: int) -> Value:
        self.skip()
        match = _WORD.match(self.text, self.offset)
        word = match[0] if match else ""
        if match and word in {"list", "tuple", *_WRAPPERS}:
            self.offset = match.end()
        if word in _WRAPPERS:
            wrapped = _WRAPPERS[word](self.value(depth + 1))
            self.expect(")")
            return wrapped
        return self._pairs(depth) if word == "tuple" else self._items(depth)

    def _items(self, depth: int) -> Value:
        items: list[Value] = []
        while not self.accept(")"):
            items.append(self.value(depth + 1))
        return List(items)

    def _pairs(self, depth: int) -> Value:
        fields: dict[str, Value] = {}
        while not self.accept(")"):
            self.expect("(")
            self._field(fields, depth)
            self.expect(")")
        return Tuple(fields)

    def _braces(self, depth: int) -> Value:
        fields: dict[str, Value] = {}
        while not self.accept("}"):
            if fields:
                self.expect(",")
            self._field(fields, depth, ":")
        return Tuple(fields)

    def _field(self, fields: dict[str, Value], depth: int, separator: str = "") -> None:
        key = self.word()
        if key in fields:
            raise self.wrong(f"the key {key!r} is repeated")
        self.expect(separator)
        fields[key] = self.value(depth + 1)
