"""Clarity values, times and post-conditions as Hiro's API writes them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bitpay.stacks.addresses import Principal
from bitpay.stacks.clarity import Value, decode, encode
from bitpay.stacks.clarity.text import to_repr
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


def decoded(raw: bytes) -> dict[str, str]:
    """Return `{hex, repr}` of a value's consensus bytes."""
    return {"hex": "0x" + raw.hex(), "repr": to_repr(decode(raw))}


def decoded_value(value: Value) -> dict[str, str]:
    """Return `{hex, repr}` of a value."""
    return {"hex": "0x" + encode(value).hex(), "repr": to_repr(value)}


def memo(raw: bytes) -> dict[str, str]:
    """Return `{hex, repr}` of a transfer's memo."""
    return {"hex": "0x" + raw.hex(), "repr": raw.rstrip(b"\0").decode("utf-8", "replace")}


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
