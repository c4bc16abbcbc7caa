"""Clarity values, times and post-conditions as Hiro's API writes them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from bitpay.stacks.addresses import Principal
from bitpay.stacks.clarity import (
    Ascii,
    Bool,
    Buffer,
    Dialect,
    Err,
    Int,
    List,
    NoneValue,
    Ok,
    Some,
    Tuple,
    UInt,
    Utf8,
    Value,
    decode,
    encode,
    to_repr,
)
from bitpay.stacks.post_conditions import (
    Asset,
    Compare,
    FtPostCondition,
    NftPostCondition,
    Performs,
    PostCondition,
    PoxPostCondition,
    Sent,
    StakingPostCondition,
    StxPostCondition,
)

_COMPARE = {
    Compare.EQ: "sent_equal_to",
    Compare.GT: "sent_greater_than",
    Compare.GTE: "sent_greater_than_or_equal_to",
    Compare.LT: "sent_less_than",
    Compare.LTE: "sent_less_than_or_equal_to",
}
_SENT = {Sent.SENT: "sent", Sent.NOT_SENT: "not_sent", Sent.MAYBE_SENT: "maybe_sent"}
_PERFORMS = {
    Performs.WILL_NOT_PERFORM: "not_performed",
    Performs.MAY_PERFORM: "maybe_performed",
    Performs.WILL_PERFORM: "performed",
}
_UNKNOWN = "UnknownType"
_BLANKS = re.compile("[\ufffd\\s]+")
_JOINERS = re.compile("[\u200c\u200d\U000e0020-\U000e007f]")


def decoded(raw: bytes) -> dict[str, str]:
    """Return `{hex, repr}` of a value's consensus bytes."""
    return {"hex": "0x" + raw.hex(), "repr": to_repr(decode(raw), Dialect.API)}


def decoded_value(value: Value) -> dict[str, str]:
    """Return `{hex, repr}` of a value."""
    return {"hex": "0x" + encode(value).hex(), "repr": to_repr(value, Dialect.API)}


def memo(raw: bytes) -> dict[str, str]:
    """Return `{hex, repr}` of a transfer's memo.

    The text is tidied as stacks-codec-js does it (`derived/memo`): whatever is no text, cannot be seen or is white
    space becomes one space, none at the ends.
    """
    text = raw.decode("utf-8", "replace")
    seen = "".join(one if one.isprintable() or _joins(before, one) else " " for before, one in pairwise("\0" + text))
    return {"hex": "0x" + raw.hex(), "repr": _BLANKS.sub(" ", seen).strip(" ")}


def _joins(before: str, character: str) -> bool:
    """Say whether an unseen character belongs to the one before it, as joiners in emoji do."""
    return _JOINERS.fullmatch(character) is not None and before.isprintable()


def iso(seconds: int) -> str:
    """Return Unix seconds as ISO 8601."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def type_text(kind: Any) -> str:  # noqa: ANN401 - a JSON type as interfaces write it
    """Return a type of an interface as Clarity source."""
    if isinstance(kind, str):
        return {"uint128": "uint", "int128": "int"}.get(kind, kind)
    ((name, of),) = kind.items()
    match name:
        case "optional":
            inner = type_text(of)
        case "response":
            inner = f"{type_text(of['ok'])} {type_text(of['error'])}"
        case "list":
            inner = f"{of['length']} {type_text(of['type'])}"
        case "tuple":
            inner = " ".join(f"({field['name']} {type_text(field['type'])})" for field in of)
        case _:
            inner = str(of["length"])
    return f"({'buff' if name == 'buffer' else name} {inner})"


def value_type(value: Value) -> str:  # noqa: C901, PLR0911 - one return for each kind
    """Return the type of a value, told from itself alone, as `decodeClarityValueToTypeName` of stacks-codec-js does."""
    match value:
        case Int():
            return "int"
        case UInt():
            return "uint"
        case Bool():
            return "bool"
        case Buffer(value=data):
            return f"(buff {len(data)})"
        case Ascii(value=text):
            return f"(string-ascii {len(text)})"
        case Utf8(value=text):
            return f"(string-utf8 {4 * len(text)})"
        case NoneValue():
            return f"(optional {_UNKNOWN})"
        case Some(value=inner):
            return f"(optional {value_type(inner)})"
        case Ok(value=inner):
            return f"(response {value_type(inner)} {_UNKNOWN})"
        case Err(value=inner):
            return f"(response {_UNKNOWN} {value_type(inner)})"
        case List(items=items):
            return f"(list {len(items)} {value_type(items[0]) if items else _UNKNOWN})"
        case Tuple(items=fields):
            return "(tuple" + "".join(f" ({name} {value_type(field)})" for name, field in fields) + ")"
    return "principal"


def signature_text(function: Mapping[str, Any]) -> str:
    """Return a function of an interface as Clarity source."""
    args = "".join(f" ({arg['name']} {type_text(arg['type'])})" for arg in function["args"])
    kind = "define-read-only" if function["access"] == "read_only" else "define-public"
    return f"({kind} ({function['name']}{args}))"


def post_condition(condition: PostCondition) -> dict[str, Any]:
    """Return a post-condition as Hiro's API writes it."""
    said: dict[str, Any] = {"principal": _principal(condition.principal)}
    match condition:
        case StxPostCondition():
            said |= {"type": "stx", "condition_code": _COMPARE[condition.condition], "amount": str(condition.amount)}
        case FtPostCondition():
            said |= {"type": "fungible", "condition_code": _COMPARE[condition.condition]}
            said |= {"amount": str(condition.amount), "asset": _asset(condition.asset)}
        case NftPostCondition():
            said |= {"type": "non_fungible", "condition_code": _SENT[condition.condition]}
            said |= {"asset_value": decoded_value(condition.asset_id), "asset": _asset(condition.asset)}
        case StakingPostCondition():
            said |= {"type": "staking", "condition_code": _COMPARE[condition.condition]}
            said |= {"amount": str(condition.amount)}
        case PoxPostCondition():
            said |= {"type": "pox", "condition_code": _PERFORMS[condition.condition]}
    return said


def _principal(principal: Principal | None) -> dict[str, str]:
    if principal is None:
        return {"type_id": "principal_origin"}
    if principal.name is None:
        return {"type_id": "principal_standard", "address": principal.address}
    return {"type_id": "principal_contract", "address": principal.address, "contract_name": principal.name}


def _asset(asset: Asset) -> dict[str, str]:
    name = asset.contract.name or ""
    return {"asset_name": asset.name, "contract_address": asset.contract.address, "contract_name": name}
