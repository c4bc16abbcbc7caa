"""Who pays and who signs: spending conditions and authorizations (SIP-005, SIP-027)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from bitpay.stacks import addresses
from bitpay.stacks.checks import MAX_U64, as_tuple, check_bytes, check_number, check_tuple, check_type
from bitpay.stacks.errors import DecodeError, KeyInvalid, TransactionInvalid
from bitpay.stacks.hashes import hash160, sha256
from bitpay.stacks.network import Network
from bitpay.stacks.public_keys import COMPRESSED_BYTES, check_public_key
from bitpay.stacks.reader import Reader
from bitpay.stacks.unchecked import unchecked

MAX_KEYS = 16
NO_SIGNATURE = bytes(65)


class HashMode(IntEnum):
    """How public keys become the hash in an address. Bits: 1 several keys, 2 in a witness, 4 signing in any order."""

    P2PKH = 0x00
    P2SH = 0x01
    P2WPKH = 0x02
    P2WSH = 0x03
    P2SH_ANY_ORDER = 0x05
    P2WSH_ANY_ORDER = 0x07

    @property
    def single(self) -> bool:
        """Whether one key signs."""
        return not self & 1

    @property
    def witness(self) -> bool:
        """Whether only compressed keys are allowed."""
        return bool(self & 2)

    @property
    def any_order(self) -> bool:
        """Whether every signer signs the same hash."""
        return bool(self & 4)


@dataclass(frozen=True, slots=True)
class SingleSig:
    """One key spends. `fee` in micro-STX; `signature` is V, R, S, 65 zero bytes when not signed yet."""

    mode: HashMode
    signer: bytes
    nonce: int
    fee: int
    compressed: bool = True
    signature: bytes = NO_SIGNATURE

    def __post_init__(self) -> None:
        _check_common(self)
        check_type(self.compressed, bool, "whether a key is compressed")
        check_bytes(self.signature, len(NO_SIGNATURE), "a signature")
        if not self.mode.single:
            raise TransactionInvalid(f"{self.mode.name} takes several keys")
        if self.mode.witness and not self.compressed:
            raise TransactionInvalid(f"{self.mode.name} takes compressed keys only")

    def encode(self) -> bytes:
        """Return the condition's bytes."""
        encoding = b"\x00" if self.compressed else b"\x01"
        return _common_bytes(self) + encoding + self.signature

    def cleared(self) -> SingleSig:
        """Return what the first signature hash covers: no nonce, no fee, no signature."""
        return replace(self, nonce=0, fee=0, signature=NO_SIGNATURE)


@dataclass(frozen=True, slots=True)
class AuthField:
    """One signer's place in a multi-signature condition: a public key (33 bytes), or a V, R, S signature (65).

    `compressed` says in which form the key went into the address. Raises `KeyInvalid` for no point of the curve.
    """

    content: bytes
    compressed: bool = True

    def __post_init__(self) -> None:
        check_type(self.content, bytes, "a key or signature")
        check_type(self.compressed, bool, "whether a key is compressed")
        if len(self.content) not in {COMPRESSED_BYTES, len(NO_SIGNATURE)}:
            raise TransactionInvalid(f"neither a key nor a signature has {len(self.content)} bytes")
        if not self.is_signature:
            check_public_key(self.content)

    @property
    def is_signature(self) -> bool:
        """Whether this signer signed."""
        return len(self.content) == len(NO_SIGNATURE)

    def encode(self) -> bytes:
        """Return the field's bytes."""
        return bytes((2 * self.is_signature + (not self.compressed),)) + self.content


@dataclass(frozen=True, slots=True)
class MultiSig:
    """Several keys spend, at least `required` of them sign. `fee` in micro-STX."""

    mode: HashMode
    signer: bytes
    nonce: int
    fee: int
    required: int
    fields: tuple[AuthField, ...] = field(default=())

    def __post_init__(self) -> None:
        _check_common(self)
        check_number(self.required, 0xFFFF, "the number of signatures")
        check_tuple(self.fields, AuthField, "the fields")
        if self.mode.single:
            raise TransactionInvalid(f"{self.mode.name} takes one key")
        if self.mode.witness and not all(part.compressed for part in self.fields):
            raise TransactionInvalid(f"{self.mode.name} takes compressed keys only")

    def encode(self) -> bytes:
        """Return the condition's bytes."""
        fields = b"".join(part.encode() for part in self.fields)
        return _common_bytes(self) + len(self.fields).to_bytes(4) + fields + self.required.to_bytes(2)

    def cleared(self) -> MultiSig:
        """Return what the first signature hash covers: no nonce, no fee, no signatures."""
        return replace(self, nonce=0, fee=0, fields=())

    @property
    def signatures(self) -> int:
        """How many have signed."""
        return sum(part.is_signature for part in self.fields)


SpendingCondition = SingleSig | MultiSig


@dataclass(frozen=True, slots=True)
class Auth:
    """Who authorizes a transaction. With a `sponsor`, the sponsor pays the fee."""

    origin: SpendingCondition
    sponsor: SpendingCondition | None = None

    def __post_init__(self) -> None:
        check_type(self.origin, SpendingCondition, "an origin")
        check_type(self.sponsor, SpendingCondition | None, "a sponsor")

    def encode(self) -> bytes:
        """Return the authorization's bytes."""
        if self.sponsor is None:
            return b"\x04" + self.origin.encode()
        return b"\x05" + self.origin.encode() + self.sponsor.encode()

    def cleared(self) -> Auth:
        """Return what the first signature hash covers."""
        return Auth(self.origin.cleared(), None if self.sponsor is None else SPONSOR_SENTINEL)


def single_sig(public_key: bytes, *, nonce: int, fee: int, mode: HashMode = HashMode.P2PKH) -> SingleSig:
    """Return the unsigned condition of one key (33 or 65 bytes); raises `KeyInvalid` for no point of the curve."""
    signer = signer_hash(mode, [public_key], 1)
    return SingleSig(mode, signer, nonce, fee, len(public_key) == COMPRESSED_BYTES)


def multi_sig(public_keys: Sequence[bytes], required: int, *, nonce: int, fee: int, mode: HashMode) -> MultiSig:
    """Return the unsigned condition of several keys, `required` of which must sign. Their order makes the address.

    Raises `KeyInvalid` when one of them is no point of the curve.
    """
    return MultiSig(mode, signer_hash(mode, public_keys, required), nonce, fee, required)


def signer_hash(mode: HashMode, public_keys: Sequence[bytes], required: int) -> bytes:
    """Return the 20 bytes an address of these keys carries.

    Raises `KeyInvalid` for a key that is no point of the curve, `TransactionInvalid` for an impossible set.
    """
    keys = as_tuple(public_keys, "public keys")
    for key in keys:
        check_public_key(key)
    return hash_of_points(mode, keys, required)


def hash_of_points(mode: HashMode, public_keys: Sequence[bytes], required: int) -> bytes:
    """Return `signer_hash` of keys that are known to be points of the curve."""
    check_type(mode, HashMode, "a hash mode")
    check_number(required, MAX_KEYS, "the number of signatures")
    if not 1 <= required <= len(public_keys) <= (1 if mode.single else MAX_KEYS):
        raise TransactionInvalid(f"{mode.name} takes no {required} of {len(public_keys)} keys")
    if mode.witness and any(len(key) != COMPRESSED_BYTES for key in public_keys):
        raise TransactionInvalid(f"{mode.name} takes compressed keys only")
    if mode.single:
        digest = hash160(public_keys[0])
        return hash160(b"\x00\x14" + digest) if mode.witness else digest
    script = _redeem_script(public_keys, required)
    return hash160(b"\x00\x20" + sha256(script)) if mode.witness else hash160(script)


def multi_sig_address(mode: HashMode, public_keys: Sequence[bytes], required: int, network: Network) -> str:
    """Return the SM or SN address of several keys; raises as `signer_hash` does."""
    return addresses.encode(network.multi_sig, signer_hash(mode, public_keys, required))


def _redeem_script(public_keys: Sequence[bytes], required: int) -> bytes:
    """Return Bitcoin's script: OP_required, each key, OP_count, OP_CHECKMULTISIG (OP_1 is 0x51)."""
    keys = b"".join(bytes((len(key),)) + key for key in public_keys)
    return bytes((0x50 + required,)) + keys + bytes((0x50 + len(public_keys), 0xAE))


def _check_common(condition: SpendingCondition) -> None:
    check_type(condition.mode, HashMode, "a hash mode")
    check_bytes(condition.signer, 20, "a signer's hash")
    check_number(condition.nonce, MAX_U64, "a nonce")
    check_number(condition.fee, MAX_U64, "a fee in micro-STX")


def _common_bytes(condition: SpendingCondition) -> bytes:
    return bytes((condition.mode,)) + _COMMON.pack(condition.signer, condition.nonce, condition.fee)


# What an origin signs in the place of a sponsor it does not know yet.
SPONSOR_SENTINEL = SingleSig(HashMode.P2PKH, bytes(20), 0, 0)


def read(reader: Reader) -> Auth:
    """Read an authorization; raises `DecodeError`."""
    sponsored = reader.code(_AUTH_TYPES, "auth type")
    return _auth(_read_condition(reader), _read_condition(reader) if sponsored else None)


_AUTH_TYPES = {4: False, 5: True}
_MODES = {int(mode): mode for mode in HashMode}
_COMMON = struct.Struct(">20sQQ")
_SIGNATURE = struct.Struct(">B65s")
_single_sig, _multi_sig = unchecked(SingleSig), unchecked(MultiSig)
_auth, _auth_field = unchecked(Auth), unchecked(AuthField)


def _read_condition(reader: Reader) -> SpendingCondition:
    mode = reader.code(_MODES, "hash mode")
    signer, nonce, fee = reader.unpack(_COMMON, "spending condition")
    if mode.single:
        start = reader.offset
        encoding, signature = reader.unpack(_SIGNATURE, "signature")
        if encoding > 1 or (encoding and mode.witness):
            raise DecodeError(f"{mode.name} has no key encoding {encoding}", offset=start, field="key encoding")
        return _single_sig(mode, signer, nonce, fee, not encoding, signature)
    fields = tuple([_read_field(reader, mode) for _ in range(reader.count(34, "auth fields"))])
    return _multi_sig(mode, signer, nonce, fee, reader.number(2, "signatures required"), fields)


def _read_field(reader: Reader, mode: HashMode) -> AuthField:
    start = reader.offset
    signed, compressed = reader.code(_FIELD_TYPES, "auth field type")
    if mode.witness and not compressed:
        raise DecodeError(f"{mode.name} takes compressed keys only", offset=start, field="auth field type")
    if signed:
        return _auth_field(reader.take(len(NO_SIGNATURE), "signature"), compressed)
    content = reader.take(COMPRESSED_BYTES, "public key")
    try:
        check_public_key(content)
    except KeyInvalid as error:
        raise DecodeError("no point of the curve", offset=start + 1, field="public key") from error
    return _auth_field(content, compressed)


_FIELD_TYPES = {0: (False, True), 1: (False, False), 2: (True, True), 3: (True, False)}
"""What an auth field is by its type: whether a signature, and whether the public key is written compressed."""
