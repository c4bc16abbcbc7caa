"""Post-conditions: what a transaction's signer allows to be moved, in bytes and in SIP-030 JSON.

Sources: SIP-005 (STX, fungible, non-fungible), SIP-040 (originator mode, maybe sent), SIP-044 (staking, PoX),
stacks-core `stacks-codec/src/transaction.rs`, SIP-030 for the JSON. Amounts are micro-STX or the token's smallest unit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from bitpay.stacks import clarity
from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.errors import DecodeError, StacksError, TransactionInvalid
from bitpay.stacks.names import clarity_name, contract_name
from bitpay.stacks.reader import Reader, address_bytes, sized_name

MAX_AMOUNT = (1 << 64) - 1
MIN_BYTES = 3  # the shortest: PoX, origin, code


class Mode(IntEnum):
    """What happens to transfers that no post-condition names."""

    ALLOW = 1
    DENY = 2
    ORIGINATOR = 3
    """Denied for what the transaction's origin owns, allowed for everybody else (since epoch 3.4)."""

    @property
    def word(self) -> str:
        """The mode in JSON: "allow", "deny" or "originator"."""
        return self.name.lower()


class Compare(IntEnum):
    """How an amount sent is compared with the amount named."""

    EQ = 1
    GT = 2
    GTE = 3
    LT = 4
    LTE = 5

    @property
    def word(self) -> str:
        """The code in JSON."""
        return self.name.lower()


class Sent(IntEnum):
    """What is asked of one non-fungible token."""

    SENT = 0x10
    NOT_SENT = 0x11
    MAYBE_SENT = 0x12

    @property
    def word(self) -> str:
        """The code in JSON."""
        return self.name.lower().replace("_", "-")


class Performs(IntEnum):
    """What is asked of a principal's stacking state."""

    WILL_NOT_PERFORM = 0x30
    MAY_PERFORM = 0x31
    WILL_PERFORM = 0x32

    @property
    def word(self) -> str:
        """The code in JSON."""
        return self.name.lower().replace("_", "-")


@dataclass(frozen=True, slots=True)
class Asset:
    """A token of a contract: "ADDRESS.contract::asset"."""

    contract: Principal
    name: str

    def __post_init__(self) -> None:
        if self.contract.name is None:
            raise TransactionInvalid("an asset belongs to a contract")
        contract_name(self.contract.name)
        clarity_name(self.name)

    def __str__(self) -> str:
        return f"{self.contract}::{self.name}"

    @classmethod
    def parse(cls, text: str) -> Asset:
        """Read "ADDRESS.contract::asset"."""
        contract, _, name = text.partition("::")
        return cls(parse_principal(contract), name)


@dataclass(frozen=True, slots=True)
class StxPostCondition:
    """How many micro-STX a principal sends. `principal` None is the transaction's origin."""

    principal: Principal | None
    condition: Compare
    amount: int

    def __post_init__(self) -> None:
        _check_amount(self.amount)


@dataclass(frozen=True, slots=True)
class FtPostCondition:
    """How much of a fungible token a principal sends."""

    principal: Principal | None
    asset: Asset
    condition: Compare
    amount: int

    def __post_init__(self) -> None:
        _check_amount(self.amount)


@dataclass(frozen=True, slots=True)
class NftPostCondition:
    """Whether a principal sends one non-fungible token."""

    principal: Principal | None
    asset: Asset
    asset_id: clarity.Value
    condition: Sent


@dataclass(frozen=True, slots=True)
class StakingPostCondition:
    """How many micro-STX of a principal get locked (since epoch 4.0)."""

    principal: Principal | None
    condition: Compare
    amount: int

    def __post_init__(self) -> None:
        _check_amount(self.amount)


@dataclass(frozen=True, slots=True)
class PoxPostCondition:
    """Whether a principal changes its stacking state without locking (since epoch 4.0)."""

    principal: Principal | None
    condition: Performs


PostCondition = StxPostCondition | FtPostCondition | NftPostCondition | StakingPostCondition | PoxPostCondition


def _check_amount(amount: int) -> None:
    if not 0 <= amount <= MAX_AMOUNT:
        raise TransactionInvalid(f"an amount in a post-condition is 0 to {MAX_AMOUNT}, not {amount}")


def encode(condition: PostCondition) -> bytes:
    """Return the bytes of a post-condition."""
    who = _principal_bytes(condition.principal)
    match condition:
        case StxPostCondition():
            return b"\x00" + who + _amount_bytes(condition.condition, condition.amount)
        case FtPostCondition():
            what = _asset_bytes(condition.asset)
            return b"\x01" + who + what + _amount_bytes(condition.condition, condition.amount)
        case NftPostCondition():
            what = _asset_bytes(condition.asset) + clarity.encode(condition.asset_id)
            return b"\x02" + who + what + bytes((condition.condition,))
        case StakingPostCondition():
            return b"\x03" + who + _amount_bytes(condition.condition, condition.amount)
        case PoxPostCondition():
            return b"\x04" + who + bytes((condition.condition,))


def decode(data: bytes) -> PostCondition:
    """Return the post-condition that `data` is, all of it; raises `DecodeError`."""
    reader = Reader(data)
    condition = read(reader)
    reader.finish("post-condition")
    return condition


def to_hex(condition: PostCondition) -> str:
    """Return the bytes in hex with "0x" left off, as wallets take them."""
    return encode(condition).hex()


def read(reader: Reader) -> PostCondition:
    """Read one post-condition."""
    start = reader.offset
    kind = reader.byte("post-condition type")
    if kind >= len(_READERS):
        raise DecodeError(f"no post-condition has type {kind}", offset=start, field="post-condition type")
    return _READERS[kind](reader, _read_principal(reader))


def _read_stx(reader: Reader, who: Principal | None) -> PostCondition:
    return StxPostCondition(who, _read_code(reader, Compare), reader.number(8, "amount"))


def _read_ft(reader: Reader, who: Principal | None) -> PostCondition:
    return FtPostCondition(who, _read_asset(reader), _read_code(reader, Compare), reader.number(8, "amount"))


def _read_nft(reader: Reader, who: Principal | None) -> PostCondition:
    return NftPostCondition(who, _read_asset(reader), reader.value(), _read_code(reader, Sent))


def _read_staking(reader: Reader, who: Principal | None) -> PostCondition:
    return StakingPostCondition(who, _read_code(reader, Compare), reader.number(8, "amount"))


def _read_pox(reader: Reader, who: Principal | None) -> PostCondition:
    return PoxPostCondition(who, _read_code(reader, Performs))


_READERS: tuple[Callable[[Reader, Principal | None], PostCondition], ...] = (
    _read_stx,
    _read_ft,
    _read_nft,
    _read_staking,
    _read_pox,
)

_Code = TypeVar("_Code", Compare, Sent, Performs)


def _read_code(reader: Reader, codes: type[_Code]) -> _Code:
    start = reader.offset
    number = reader.byte("condition code")
    try:
        return codes(number)
    except ValueError as error:
        raise DecodeError(f"no condition has code {number:#04x}", offset=start, field="condition code") from error


def _read_principal(reader: Reader) -> Principal | None:
    start = reader.offset
    kind = reader.byte("principal type")
    if kind == 1:
        return None
    if kind == 2:
        return reader.address("principal")
    if kind == 3:
        return reader.contract("principal")
    raise DecodeError(f"no principal has type {kind}", offset=start, field="principal type")


def _read_asset(reader: Reader) -> Asset:
    return Asset(reader.contract("asset"), reader.clarity_name("asset name"))


def _principal_bytes(principal: Principal | None) -> bytes:
    if principal is None:
        return b"\x01"
    if principal.name is None:
        return b"\x02" + address_bytes(principal)
    return b"\x03" + address_bytes(principal) + sized_name(principal.name)


def _asset_bytes(asset: Asset) -> bytes:
    return address_bytes(asset.contract) + sized_name(asset.contract.name or "") + sized_name(asset.name)


def _amount_bytes(condition: Compare, amount: int) -> bytes:
    return bytes((condition,)) + amount.to_bytes(8)


def to_json(condition: PostCondition) -> dict[str, Any]:
    """Return the SIP-030 JSON; a token id (`assetId`) is Clarity hex with "0x"."""
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
    try:
        return _from_json(document)
    except KeyError as error:
        raise TransactionInvalid(f"a post-condition without a usable {error.args[0]!r}") from error
    except (TypeError, ValueError, StacksError) as error:
        raise TransactionInvalid(f"not a post-condition: {error}") from error


def _from_json(document: Mapping[str, Any]) -> PostCondition:
    kind, who = document["type"], document["address"]
    principal = None if who == "origin" else parse_principal(who)
    match kind:
        case "stx-postcondition":
            return StxPostCondition(principal, _code(document, Compare), int(document["amount"]))
        case "staking-postcondition":
            return StakingPostCondition(principal, _code(document, Compare), int(document["amount"]))
        case "ft-postcondition":
            asset = Asset.parse(document["asset"])
            return FtPostCondition(principal, asset, _code(document, Compare), int(document["amount"]))
        case "nft-postcondition":
            asset_id = clarity.from_hex(document["assetId"])
            return NftPostCondition(principal, Asset.parse(document["asset"]), asset_id, _code(document, Sent))
        case "pox-postcondition":
            return PoxPostCondition(principal, _code(document, Performs))
    raise TransactionInvalid(f"no post-condition has type {kind!r}")


def _code(document: Mapping[str, Any], codes: type[_Code]) -> _Code:
    word = document["condition"]
    for code in codes:
        if code.word == word:
            return code
    raise TransactionInvalid(f"no condition is called {word!r}")
