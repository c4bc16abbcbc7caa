"""Reads Clarity source into forms that know where they stand and what the VM evaluates of them."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

_TOKEN = re.compile(
    r'(?P<skip>[\s,]+|;[^\n]*)|(?P<open>[({])|(?P<close>[)}])|(?P<atom>u?"(?:\\.|[^"\\])*"|[^\s()"{},;]+)'
)
DEFINITIONS = ("define-public", "define-private", "define-read-only")


class Unreadable(ValueError):
    """Source that is not Clarity."""


@dataclass(frozen=True, slots=True)
class Form:
    """An atom, a list in parentheses or a tuple in braces, at source[start:end], which begins at (line, column)."""

    opening: str
    """ "(", "{", or "" for an atom."""
    start: int
    end: int
    place: tuple[int, int]
    text: str
    children: tuple["Form", ...] = ()

    @property
    def head(self) -> str:
        """The first word of a list, "" for everything else."""
        if self.opening != "(" or not self.children:
            return ""
        return self.children[0].text if not self.children[0].opening else ""

    @property
    def arguments(self) -> tuple["Form", ...]:
        """What follows the head."""
        return self.children[1:]

    @property
    def fields(self) -> Iterator[tuple["Form", "Form"]]:
        """Yield (name, value) of a tuple in braces. The name's text ends with a colon."""
        return zip(self.children[::2], self.children[1::2], strict=True)

    def walk(self) -> Iterator["Form"]:
        """Yield this form and all forms in it, outer ones first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Function:
    """A function of a contract."""

    kind: str
    name: str
    signature: Form
    body: tuple[Form, ...]
    form: Form

    @property
    def parameters(self) -> dict[str, str]:
        """Name -> type as it is written, in order."""
        return {one.children[0].text: squeeze(one.children[1].text) for one in self.signature.children[1:]}


@dataclass(frozen=True)
class Contract:
    """A contract's source, read."""

    name: str
    source: str
    forms: tuple[Form, ...]

    @cached_property
    def functions(self) -> Mapping[str, Function]:
        """The functions by name, in the order of the source."""
        return {one.name: one for form in self.forms if form.head in DEFINITIONS for one in [_function(form)]}

    @cached_property
    def constants(self) -> frozenset[str]:
        """The names of the constants."""
        return frozenset(form.arguments[0].text for form in self.forms if form.head == "define-constant")


def read(name: str, source: str) -> Contract:
    """Read a contract. Raises Unreadable."""
    return Contract(name, source, tuple(_Reader(source).forms()))


def squeeze(text: str) -> str:
    """Return source on one line."""
    return re.sub(r"\s+", " ", re.sub(r";[^\n]*", "", text)).strip()


def _function(form: Form) -> Function:
    signature, *body = form.arguments
    return Function(form.head, signature.children[0].text, signature, tuple(body), form)


class _Reader:
    def __init__(self, source: str) -> None:
        self._source = source
        self._lines = [0, *(match.end() for match in re.finditer(r"\n", source))]
        self._line = 0

    def forms(self) -> list[Form]:
        """Return the top-level forms."""
        stack: list[list[Form]] = [[]]
        opened: list[tuple[str, int, tuple[int, int]]] = []
        at = 0
        while at < len(self._source):
            token = _TOKEN.match(self._source, at)
            if token is None:
                raise Unreadable(f"cannot be read from {self._source[at : at + 20]!r} on")
            at = token.end()
            if token["open"]:
                opened.append((token["open"], token.start(), self._place(token.start())))
                stack.append([])
            elif token["close"]:
                opening, start, place = opened.pop()
                children = tuple(stack.pop())
                stack[-1].append(Form(opening, start, at, place, self._source[start:at], children))
            elif token["atom"]:
                stack[-1].append(Form("", token.start(), at, self._place(token.start()), token["atom"]))
        if opened:
            raise Unreadable(f"what opens at {opened[-1][2]} never closes")
        return stack[0]

    def _place(self, offset: int) -> tuple[int, int]:
        while self._line + 1 < len(self._lines) and self._lines[self._line + 1] <= offset:
            self._line += 1
        return self._line + 1, offset - self._lines[self._line] + 1


# What is evaluated

_FROM: Mapping[str, int] = {
    "contract-call?": 2,
    "get": 1,
    "var-get": 1,
    "var-set": 1,
    "fold": 1,
    "map": 1,
    "filter": 1,
    **dict.fromkeys(("map-get?", "map-set", "map-insert", "map-delete"), 1),
    **dict.fromkeys(("nft-get-owner?", "nft-mint?", "nft-burn?", "nft-transfer?"), 1),
}
"""How many leading arguments are names and not evaluated."""


def _bound(form: Form) -> Sequence[Form]:
    bindings, *body = form.arguments
    return [*(binding.children[1] for binding in bindings.children), *body]


def _matched(form: Form) -> Sequence[Form]:
    given = form.arguments
    return [given[0], given[2], given[3] if len(given) == len(("input", "name", "some", "none")) else given[4]]


def _with_allowances(form: Form) -> Sequence[Form]:
    allowances, *body = form.arguments
    return [*(one for allowance in allowances.children for one in allowance.arguments), *body]


_SPECIAL: Mapping[str, Callable[[Form], Sequence[Form]]] = {
    "let": _bound,
    "match": _matched,
    "as-contract?": _with_allowances,
    "as-max-len?": lambda form: form.arguments[:1],
}


def parts(form: Form) -> Sequence[Form]:
    """Return the forms inside that the VM evaluates when it evaluates this one (some perhaps not, as in `if`)."""
    if form.opening == "{":
        return [value for _, value in form.fields]
    if not form.opening:
        return []
    special = _SPECIAL.get(form.head)
    return special(form) if special else form.arguments[_FROM.get(form.head, 0) :]


def evaluated(form: Form) -> Iterator[Form]:
    """Yield everything that the VM may evaluate in evaluating this form, itself first."""
    yield form
    for part in parts(form):
        yield from evaluated(part)
