"""What can be read off the contracts themselves: which refusals and which events a function can bring about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache

from scripts.clarity_reader import Contract, Form, evaluated, read

from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source

_OPENING = ("create-stream", "open-stream", "open-streams", "open-curve-stream", "top-up-stream")
_PAYING = (
    *(f"bitpay-core {one}" for one in _OPENING),
    "bitpay-marketplace purchase-stream",
    "bitpay-marketplace make-offer",
)
_HANDING_ON = ("bitpay-core withdraw-and-transfer",)

ONLY_IN: Mapping[str, tuple[str, ...]] = {
    "bitpay-nft ERR_ALREADY_MINTED": (),
    "bitpay-obligation-nft ERR_ALREADY_MINTED": (),
    "bitpay-obligation-nft ERR_NOT_HOLDER": (),
    "bitpay-obligation-nft ERR_NOT_TRANSFERABLE": _HANDING_ON,
    "bitpay-obligation-nft ERR_VAULT_AS_RECIPIENT": _HANDING_ON,
    "bitpay-obligation-nft ERR_SAME_HOLDER": _HANDING_ON,
    "bitpay-sbtc-helper ERR_NOT_ALLOWED": (),
    "bitpay-sbtc-helper ERR_PAYER_SHORT": _PAYING,
    "bitpay-sbtc-helper ERR_ACCOUNT_SHORT": ("bitpay-treasury execute-proposal",),
    "bitpay-sbtc-helper ERR_VAULT_AS_RECIPIENT": ("bitpay-core withdraw-to",),
    "bitpay-sbtc-helper ERR_AMOUNT_OUT_OF_RANGE": ("bitpay-core open-streams",),
    "bitpay-access-control ERR_FEE_ABOVE_CAP": ("bitpay-treasury propose-fees",),
    "bitpay-core ERR_MORE_THAN_DUE": ("bitpay-core withdraw-to",),
    "bitpay-core ERR_NOTHING_DUE": tuple(
        f"bitpay-core {one}" for one in ("withdraw-from-stream", "withdraw-to", "withdraw-many")
    ),
}
"""Refusals that another contract's caller, or another function, can never run into: what they guard against is settled
before. An inner contract's own functions keep them."""

NEVER: Mapping[str, frozenset[str]] = {
    "bitpay-access-control pause": frozenset({"ERR_NOT_FINALIZED"}),
    "bitpay-core create-stream": frozenset({"ERR_START_OUT_OF_RANGE", "ERR_END_OUT_OF_RANGE"}),
    "bitpay-core top-up-stream": frozenset({"ERR_START_OUT_OF_RANGE"}),
    "bitpay-marketplace update-listing": frozenset({"ERR_NOT_FINALIZED"}),
    "bitpay-marketplace purchase-stream": frozenset({"ERR_NOT_FINALIZED", "ERR_UNKNOWN_STREAM"}),
    "bitpay-marketplace accept-offer": frozenset({"ERR_NOT_FINALIZED", "ERR_UNKNOWN_STREAM"}),
}
"""Refusals that a function's calls can give elsewhere, and never from it."""


@dataclass(slots=True)
class Reach:
    """Names of error constants and events, with the contract each belongs to."""

    errors: dict[tuple[str, str], None] = field(default_factory=dict)
    events: dict[tuple[str, str], None] = field(default_factory=dict)


@cache
def contract(name: str) -> Contract:
    """Return one of our contracts, read."""
    return read(name, source(name))


@cache
def reach(contract_name: str, function: str) -> Reach:
    """Return what calling a function can bring about, through all that it calls in turn."""
    found = Reach()
    _follow(contract_name, function, None, found, set())
    place = f"{contract_name} {function}"
    found.errors = {error: None for error in found.errors if _is_possible(place, error)}
    return found


def _is_possible(place: str, error: tuple[str, str]) -> bool:
    owner, name = error
    if name in NEVER.get(place, frozenset()):
        return False
    allowed = ONLY_IN.get(f"{owner} {name}")
    return allowed is None or place in allowed or (place.startswith(f"{owner} ") and owner != "bitpay-core")


def _follow(name: str, function: str, caller: str | None, found: Reach, seen: set[tuple[str, str]]) -> None:
    if (name, function) in seen:
        return
    seen.add((name, function))
    own = contract(name)
    for body in own.functions[function].body:
        for form in _reached(body, caller):
            _note(name, form, found)
            for target, called in _calls(own, form):
                _follow(target, called, name if target != name else caller, found, seen)


def _reached(body: Form, caller: str | None) -> Iterator[Form]:
    """Yield what may be evaluated, without checks that the calling contract is bound to pass."""
    passed = {check.arguments[1].start for check in evaluated(body) if _is_passed(check, caller)}
    yield from (form for form in evaluated(body) if form.start not in passed)


def _is_passed(form: Form, caller: str | None) -> bool:
    if form.head != "asserts!" or caller is None:
        return False
    words = {one.text for one in form.arguments[0].walk()}
    return "contract-caller" in words and f".{caller}" in words


def _note(name: str, form: Form, found: Reach) -> None:
    if not form.opening and form.text.startswith("ERR_"):
        found.errors.setdefault((name, form.text))
    if form.head == "print":
        event = next(value.text.strip('"') for key, value in form.arguments[0].fields if key.text == "event:")
        found.events.setdefault((name, event))


def _calls(own: Contract, form: Form) -> Iterator[tuple[str, str]]:
    if form.head in own.functions:
        yield own.name, form.head
    elif form.head in {"fold", "map", "filter"} and form.arguments[0].text in own.functions:
        yield own.name, form.arguments[0].text
    elif form.head == "contract-call?" and form.arguments[0].text.removeprefix(".") in NAMES:
        yield form.arguments[0].text.removeprefix("."), form.arguments[1].text
