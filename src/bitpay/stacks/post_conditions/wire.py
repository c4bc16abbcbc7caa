"""Post-conditions as bytes, both ways (SIP-005; stacks-core `stacks-codec/src/transaction.rs`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from bitpay.stacks import clarity
from bitpay.stacks.addresses import Principal
from bitpay.stacks.errors import DecodeError
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

MIN_BYTES = 3  # the shortest: PoX, origin, code


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
