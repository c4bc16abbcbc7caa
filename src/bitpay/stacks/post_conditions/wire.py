"""Post-conditions as bytes, both ways (SIP-005; stacks-core `stacks-codec/src/transaction.rs`)."""

from __future__ import annotations

from collections.abc import Callable

from bitpay.stacks import clarity
from bitpay.stacks.addresses import Principal
from bitpay.stacks.checks import check_type
from bitpay.stacks.post_conditions.conditions import (
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
from bitpay.stacks.reader import Reader, address_bytes, sized_name
from bitpay.stacks.unchecked import unchecked

MIN_BYTES = 3  # the shortest: PoX, origin, code


def encode(condition: PostCondition) -> bytes:
    """Return the bytes of a post-condition."""
    check_type(condition, PostCondition, "a post-condition")
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
    return reader.code(_READERS, "post-condition type")(reader, _read_principal(reader))


def _read_stx(reader: Reader, who: Principal | None) -> PostCondition:
    return _stx(who, reader.code(_COMPARES, "condition code"), reader.number(8, "amount"))


def _read_ft(reader: Reader, who: Principal | None) -> PostCondition:
    return _ft(who, _read_asset(reader), reader.code(_COMPARES, "condition code"), reader.number(8, "amount"))


def _read_nft(reader: Reader, who: Principal | None) -> PostCondition:
    return _nft(who, _read_asset(reader), reader.value(), reader.code(_SENT, "condition code"))


def _read_staking(reader: Reader, who: Principal | None) -> PostCondition:
    return _staking(who, reader.code(_COMPARES, "condition code"), reader.number(8, "amount"))


def _read_pox(reader: Reader, who: Principal | None) -> PostCondition:
    return _pox(who, reader.code(_PERFORMS, "condition code"))


_READERS: dict[int, Callable[[Reader, Principal | None], PostCondition]] = {
    0: _read_stx,
    1: _read_ft,
    2: _read_nft,
    3: _read_staking,
    4: _read_pox,
}
_COMPARES = {int(code): code for code in Compare}
_SENT = {int(code): code for code in Sent}
_PERFORMS = {int(code): code for code in Performs}


def _read_principal(reader: Reader) -> Principal | None:
    return reader.code(_PRINCIPALS, "principal type")(reader)


_PRINCIPALS: dict[int, Callable[[Reader], Principal | None]] = {
    1: lambda _reader: None,
    2: lambda reader: reader.address("principal"),
    3: lambda reader: reader.contract("principal"),
}
_asset, _stx, _ft = unchecked(Asset), unchecked(StxPostCondition), unchecked(FtPostCondition)
_nft, _staking, _pox = unchecked(NftPostCondition), unchecked(StakingPostCondition), unchecked(PoxPostCondition)


def _read_asset(reader: Reader) -> Asset:
    return _asset(reader.contract("asset"), reader.clarity_name("asset name"))


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
