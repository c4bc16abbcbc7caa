"""Small changes of Clarity source: one operator, constant, check or effect at a time."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from scripts.clarity_reader import Contract, Form, Function, evaluated, parts, squeeze

_RELATIONS: Mapping[str, tuple[str, ...]] = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
}
_ARITHMETIC: Mapping[str, tuple[str, ...]] = {"+": ("-",), "-": ("+",), "*": ("/",), "/": ("*",), "mod": ("/",)}
_LOGIC: Mapping[str, tuple[str, ...]] = {"and": ("or",), "or": ("and",)}
_WRITES = {"map-set", "map-insert", "map-delete", "var-set", "print"}
_ATOMS: Mapping[str, tuple[str, ...]] = {
    "true": ("false",),
    "false": ("true",),
    "tx-sender": ("contract-caller",),
    "contract-caller": ("tx-sender",),
    "stacks-block-time": ("stacks-block-height",),
    "stacks-block-height": ("stacks-block-time",),
    ".bitpay-core": (".bitpay-marketplace",),
    ".bitpay-marketplace": (".bitpay-treasury",),
    ".bitpay-treasury": (".bitpay-core",),
    ".bitpay-sbtc-helper": (".bitpay-core",),
}
_ORDERED = {"-", "/", "mod", "nft-transfer?", "contract-call?"}
"""Besides our own functions: whose arguments mean different things in different places."""
_SEQUENCES = {"let": 1, "begin": 0, "as-contract?": 1}
"""Forms that do one thing after another, and where among their arguments that begins."""
_SHOWN = 70


@dataclass(frozen=True, slots=True)
class Mutation:
    """source[start:end] of a contract replaced."""

    contract: str
    function: str
    line: int
    what: str
    start: int
    end: int
    original: str
    replacement: str
    number: int = 1
    """Counts those that read the same, from 1."""

    @property
    def key(self) -> str:
        """What names it as long as the function's text stays: no line numbers."""
        turned = f"{_shorten(self.original)} => {_shorten(self.replacement) or '(nothing)'}"
        return f"{self.contract} {self.function} | {self.what} | {turned} | {self.number}"

    def apply(self, source: str) -> str:
        """Return the contract's source with the change."""
        return source[: self.start] + self.replacement + source[self.end :]


def mutations(contract: Contract) -> list[Mutation]:
    """Return every mutation of a contract, in the order of the source."""
    found: dict[tuple[int, int, str], Mutation] = {}
    for one in _all(contract):
        found.setdefault((one.start, one.end, one.replacement), one)
    ordered = sorted(found.values(), key=lambda one: (one.start, -one.end, one.replacement))
    counts: Counter[str] = Counter()
    numbered = []
    for one in ordered:
        counts[one.key] += 1
        numbered.append(replace(one, number=counts[one.key]))
    return numbered


def _all(contract: Contract) -> Iterator[Mutation]:
    for form in contract.forms:
        if form.head in {"define-constant", "define-data-var"}:
            yield from (
                mutation
                for value in form.arguments[-1:]
                for one in evaluated(value)
                for mutation in _of_atom(contract, form.arguments[0].text, one)
            )
        elif not form.head.startswith("define-"):
            yield _change(contract, "(top)", "drops", form, "")
    for function in contract.functions.values():
        for body in function.body:
            for form in evaluated(body):
                yield from _of_form(contract, function, form)


def _of_form(contract: Contract, function: Function, form: Form) -> Iterator[Mutation]:
    name = function.name
    if not form.opening:
        yield from _of_atom(contract, name, form)
    for kind in _KINDS:
        yield from (_change(contract, name, *change) for change in kind(contract, form))


_Change = tuple[str, Form, str]
"""What is done, the form that is replaced, and by what."""


def _operators(_contract: Contract, form: Form) -> Iterator[_Change]:
    for what, table in (("compares", _RELATIONS), ("calculates", _ARITHMETIC), ("combines", _LOGIC)):
        for other in table.get(form.head, ()):
            yield what, form, f"({other}{_tail(form)}"


def _conditions(_contract: Contract, form: Form) -> Iterator[_Change]:
    if form.head == "is-eq":
        yield "negates", form, f"(not {form.text})"
    if form.head == "not":
        yield "negates", form, form.arguments[0].text
    if form.head == "if":
        for always in ("true", "false"):
            yield "decides", form.arguments[0], always


def _checks(_contract: Contract, form: Form) -> Iterator[_Change]:
    if form.head == "asserts!":
        yield "drops check", form, "true"
    if form.head == "try!":
        yield "ignores refusal", form, f"(is-ok {form.arguments[0].text})"
        yield "ignores refusal", form, f"(match {form.arguments[0].text} was-ok was-ok was-err was-err)"


def _effects(_contract: Contract, form: Form) -> Iterator[_Change]:
    if form.head in _WRITES:
        yield "drops effect", form, "true"
    if form.head in _SEQUENCES:
        for statement in form.arguments[_SEQUENCES[form.head] : -1]:
            yield "drops step", statement, "true"
    if form.head == "some":
        yield "drops value", form, "none"


def _fields(_contract: Contract, form: Form) -> Iterator[_Change]:
    if form.head not in {"print", "merge"}:
        return
    changed = form.arguments[-1]
    if changed.opening == "{":
        fields = list(changed.fields)
        for number, (name, _value) in enumerate(fields):
            others = ", ".join(f"{key.text} {value.text}" for at, (key, value) in enumerate(fields) if at != number)
            if others:
                yield f"drops field {name.text}", changed, "{ " + others + " }"


def _arguments(contract: Contract, form: Form) -> Iterator[_Change]:
    if form.head not in contract.functions and form.head not in _ORDERED:
        return
    given = list(parts(form))
    for left, right in pairwise(given):
        if left.text != right.text:
            yield "swaps", form, _swapped(form, left, right)


def _errors(contract: Contract, form: Form) -> Iterator[_Change]:
    if form.opening or not form.text.startswith("ERR_"):
        return
    names = [one.arguments[0].text for one in contract.forms if one.head == "define-constant"]
    errors = [name for name in names if name.startswith("ERR_")]
    if form.text in errors and len(errors) > 1:
        yield "refuses otherwise", form, errors[(errors.index(form.text) + 1) % len(errors)]


_KINDS: Sequence[Callable[[Contract, Form], Iterator[_Change]]] = (
    _operators,
    _conditions,
    _checks,
    _effects,
    _fields,
    _arguments,
    _errors,
)


def _of_atom(contract: Contract, function: str, form: Form) -> Iterator[Mutation]:
    if form.opening:
        return
    for other in _ATOMS.get(form.text, ()):
        yield _change(contract, function, "takes another", form, other)
    if form.text.startswith("u") and form.text[1:].isdigit():
        number = int(form.text[1:])
        for other_number in (number + 1, number - 1):
            if other_number >= 0:
                yield _change(contract, function, "is off by one", form, f"u{other_number}")
    if form.text.startswith('"') and form.text != '""':
        yield _change(contract, function, "empties", form, '""')


def _change(contract: Contract, function: str, what: str, form: Form, replacement: str) -> Mutation:
    return Mutation(contract.name, function, form.place[0], what, form.start, form.end, squeeze(form.text), replacement)


def _tail(form: Form) -> str:
    head = form.children[0]
    return form.text[head.end - form.start :]


def _swapped(form: Form, left: Form, right: Form) -> str:
    between = form.text[left.end - form.start : right.start - form.start]
    before, after = form.text[: left.start - form.start], form.text[right.end - form.start :]
    return f"{before}{right.text}{between}{left.text}{after}"


def _shorten(text: str) -> str:
    text = squeeze(text)
    if len(text) <= _SHOWN:
        return text
    return f"{text[: _SHOWN // 2]} ... {text[-_SHOWN // 2 :]}"
