r"""Clarity values as text, both ways.

`to_repr` writes Clarity source that a contract could contain, or what APIs (`Dialect.API`) and nodes (`Dialect.NODE`)
print. `parse_repr` reads all of that: `(tuple (a u1))` or `{a: u1}`, lists with or without the word `list`, principals
with or without the quote.

One thing differs so much that the reader must say it: for a character beyond ASCII, source has its code point in hex
(`\u{e9}`), while stacks-core and Hiro's API print its UTF-8 bytes in hex (`\u{c3a9}`). `utf8_bytes=True` reads the
latter.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

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

_RUST_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "'": "\\'", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SOURCE_ESCAPES: Final = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0"}
_UNESCAPES: Final = {"\\": "\\", '"': '"', "n": "\n", "r": "\r", "t": "\t", "0": "\0", "'": "'"}


class Dialect(Enum):
    """Whose words a value is written in. They differ in strings, lists and principals only."""

    SOURCE = "source"
    """Clarity source."""
    API = "api"
    """Every `repr` of Hiro's API (stacks-codec-js, `upstream/clarity_value/neon_encoder.rs`)."""
    NODE = "node"
    """What stacks-core and Chainhook v1 print (clarity-types `impl Display for Value`): lists without the word `list`,
    principals without the quote."""


def to_repr(value: Value, dialect: Dialect = Dialect.SOURCE) -> str:
    """Return a value as text, Clarity source by default; raises `ValueInvalid` for what is no value."""
    return _WRITERS[dialect].write(value)


def _source_escape(character: str) -> str:
    plain = _SOURCE_ESCAPES.get(character)
    if plain is not None:
        return plain
    if " " <= character <= "~":
        return character
    return f"\\x{ord(character):02x}" if character == "\f" else f"\\u{{{ord(character):x}}}"


def _rust_escape(character: str) -> str:
    """Return a character as Rust's `ascii::escape_default` does, one beyond ASCII as the hex of its UTF-8 bytes."""
    plain = _RUST_ESCAPES.get(character)
    if plain is not None:
        return plain
    if " " <= character <= "~":
        return character
    return f"\\x{ord(character):02x}" if character.isascii() else f"\\u{{{character.encode().hex()}}}"


class _Writer:
    def __init__(self, *, escape: Callable[[str], str], quote: str, word: str) -> None:
        """`quote` comes before principals, `word` before the items of a list."""
        self.escape = escape
        self.quote = quote
        self.word = word

    def write(self, value: Value) -> str:
        method = _METHODS.get(type(value))
        if method is None:
            raise ValueInvalid(f"not a Clarity value: {type(value).__name__}")
        return method(self, value)

    def ascii(self, value: Ascii) -> str:
        return '"' + "".join(map(self.escape, value.value)) + '"'

    def utf8(self, value: Utf8) -> str:
        return 'u"' + "".join(map(self.escape, value.value)) + '"'

    def principal(self, value: PrincipalValue) -> str:
        return f"{self.quote}{value}"

    def some(self, value: Some) -> str:
        return f"(some {self.write(value.value)})"

    def ok(self, value: Ok) -> str:
        return f"(ok {self.write(value.value)})"

    def err(self, value: Err) -> str:
        return f"(err {self.write(value.value)})"

    def list(self, value: List) -> str:
        items = map(self.write, value.items)
        return f"({' '.join([self.word, *items] if self.word else items)})"

    def tuple(self, value: Tuple) -> str:
        return "(tuple" + "".join(f" ({key} {self.write(item)})" for key, item in value.items) + ")"


_METHODS: Final[dict[type[Value], Callable[[_Writer, Any], str]]] = {
    Int: lambda _, value: str(value.value),
    UInt: lambda _, value: f"u{value.value}",
    Bool: lambda _, value: "true" if value.value else "false",
    Buffer: lambda _, value: f"0x{value.value.hex()}",
    Ascii: _Writer.ascii,
    Utf8: _Writer.utf8,
    PrincipalValue: _Writer.principal,
    NoneValue: lambda _, __: "none",
    Some: _Writer.some,
    Ok: _Writer.ok,
    Err: _Writer.err,
    List: _Writer.list,
    Tuple: _Writer.tuple,
}
_WRITERS: Final = {
    Dialect.SOURCE: _Writer(escape=_source_escape, quote="'", word="list"),
    Dialect.API: _Writer(escape=_rust_escape, quote="'", word="list"),
    Dialect.NODE: _Writer(escape=_rust_escape, quote="", word=""),
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
