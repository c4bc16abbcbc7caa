"""Post-conditions as JSON, both ways (SIP-030, as wallets take them)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from bitpay.stacks import clarity
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.checks import check_type
from bitpay.stacks.errors import StacksError, TransactionInvalid
from bitpay.stacks.post_conditions.conditions import (
    MAX_AMOUNT,
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

_Code = TypeVar("_Code", Compare, Sent, Performs)


def to_json(condition: PostCondition) -> dict[str, Any]:
    """Return the SIP-030 JSON; a token id (`assetId`) is Clarity hex with "0x"."""
    check_type(condition, PostCondition, "a post-condition")
    common = {
        "type": _TYPES[type(condition)],
        "address": "origin" if condition.principal is None else str(condition.principal),
        "condition": condition.condition.word,
    }
    match condition:
        case StxPostCondition() | StakingPostCondition():
            return {**common, "amount": str(condition.amount)}
        case FtPostCondition():
            return {**common, "amount": str(condition.amount), "asset": str(condition.asset)}
        case NftPostCondition():
            return {**common, "asset": str(condition.asset), "assetId": clarity.to_hex(condition.asset_id)}
        case PoxPostCondition():
            return common


_TYPES: dict[type[PostCondition], str] = {
    StxPostCondition: "stx-postcondition",
    FtPostCondition: "ft-postcondition",
    NftPostCondition: "nft-postcondition",
    StakingPostCondition: "staking-postcondition",
    PoxPostCondition: "pox-postcondition",
}


def from_json(document: Mapping[str, Any]) -> PostCondition:
    """Read SIP-030 JSON; raises `TransactionInvalid` naming the field that is missing or wrong."""
    check_type(document, Mapping, "a post-condition's JSON")
    try:
        return _from_json(document)
    except TransactionInvalid:
        raise
    except StacksError as error:
        raise TransactionInvalid(f"not a post-condition: {error}") from error


def _from_json(document: Mapping[str, Any]) -> PostCondition:
    kind, who = _text(document, "type"), _text(document, "address")
    principal = None if who == "origin" else parse_principal(who)
    match kind:
        case "stx-postcondition":
            return StxPostCondition(principal, _code(document, Compare), _amount(document))
        case "staking-postcondition":
            return StakingPostCondition(principal, _code(document, Compare), _amount(document))
        case "ft-postcondition":
            return FtPostCondition(principal, _asset(document), _code(document, Compare), _amount(document))
        case "nft-postcondition":
            asset_id = clarity.from_hex(_text(document, "assetId"))
            return NftPostCondition(principal, _asset(document), asset_id, _code(document, Sent))
        case "pox-postcondition":
            return PoxPostCondition(principal, _code(document, Performs))
    raise TransactionInvalid(f"no post-condition has type {kind!r}")


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name)
    if not isinstance(value, str):
        raise TransactionInvalid(f"a post-condition needs the text {name!r}")
    return value


def _asset(document: Mapping[str, Any]) -> Asset:
    return Asset.parse(_text(document, "asset"))


def _amount(document: Mapping[str, Any]) -> int:
    value = document.get("amount")
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    text = _text(document, "amount")
    if not (text.isascii() and text.isdecimal() and len(text) <= len(str(MAX_AMOUNT))):
        raise TransactionInvalid(f"an amount is 0 to {MAX_AMOUNT}, in digits: {text!r:.60}")
    return int(text)


def _code(document: Mapping[str, Any], codes: type[_Code]) -> _Code:
    word = _text(document, "condition")
    for code in codes:
        if code.word == word:
            return code
    raise TransactionInvalid(f"no condition is called {word!r:.60}")
