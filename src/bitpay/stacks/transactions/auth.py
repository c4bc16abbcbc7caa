"""Who pays and who signs: spending conditions and authorizations (SIP-005, SIP-027)."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum

from bitpay.stacks import addresses
from bitpay.stacks.errors import DecodeError, KeyInvalid, TransactionInvalid
from bitpay.stacks.hashes import hash160, sha256
from bitpay.stacks.keys import compress_public_key
from bitpay.stacks.network import Network
from bitpay.stacks.reader import Reader
from bitpay.stacks.unchecked import unchecked

MAX_U64 = (1 << 64) - 1
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
        _check_common(self.signer, self.nonce, self.fee)
        if not self.mode.single:
            raise TransactionInvalid(f"{self.mode.name} takes several keys")
        if self.mode.witness and not self.compressed:
            raise TransactionInvalid(f"{self.mode.name} takes compressed keys only")
        if len(self.signature) != len(NO_SIGNATURE):
            raise TransactionInvalid(f"a signature has {len(NO_SIGNATURE)} bytes, not {len(self.signature)}")

    def encode(self) -> bytes:
        """Return the condition's bytes."""
        encoding = b"\x00" if self.compressed else b"\x01"
        return _common_bytes(self) + encoding + self.signature

    def cleared(self) -> SingleSig:
        """Return what the first signature hash covers: no nonce, no fee, no signature."""
        return replace(self, nonce=0, fee=0, signature=NO_SIGNATURE)


@dataclass(frozen=True, slots=True)
class AuthField:
    """One signer's place in a multi-signature condition: a public key (33 bytes), or a V, R, S signature (65)."""

    content: bytes
    compressed: bool = True

    def __post_init__(self) -> None:
        if len(self.content) not in {33, 65}:
            raise TransactionInvalid(f"neither a key nor a signature has {len(self.content)} bytes")

    @property
    def is_signature(self) -> bool:
        """Whether this signer signed."""
        return len(self.content) == 65

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
        _check_common(self.signer, self.nonce, self.fee)
        if self.mode.single:
            raise TransactionInvalid(f"{self.mode.name} takes one key")
        if not 0 <= self.required < 1 << 16:
            raise TransactionInvalid("the number of signatures has 16 bits")
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

    def encode(self) -> bytes:
        """Return the authorization's bytes."""
        if self.sponsor is None:
            return b"\x04" + self.origin.encode()
        return b"\x05" + self.origin.encode() + self.sponsor.encode()

    def cleared(self) -> Auth:
        """Return what the first signature hash covers."""
        return Auth(self.origin.cleared(), None if self.sponsor is None else SPONSOR_SENTINEL)


def single_sig(public_key: bytes, *, nonce: int, fee: int, mode: HashMode = HashMode.P2PKH) -> SingleSig:
    """Return the unsigned condition of one key (33 or 65 bytes)."""
    signer = signer_hash(mode, [public_key], 1)
    return SingleSig(mode, signer, nonce, fee, len(public_key) == 33)


def multi_sig(public_keys: Sequence[bytes], required: int, *, nonce: int, fee: int, mode: HashMode) -> MultiSig:
    """Return the unsigned condition of several keys, `required` of which must sign. Their order makes the address."""
    return MultiSig(mode, signer_hash(mode, public_keys, required), nonce, fee, required)


def signer_hash(mode: HashMode, public_keys: Sequence[bytes], required: int) -> bytes:
    """Return the 20 bytes an address of these keys carries; raises `TransactionInvalid` for an impossible set."""
    if mode.single:
        return _single_hash(mode, public_keys)
    if not 1 <= required <= len(public_keys) <= 16:
        raise TransactionInvalid(f"{required} of {len(public_keys)} keys: a script takes 1 to 16")
    if mode.witness and any(len(key) != 33 for key in public_keys):
        raise TransactionInvalid(f"{mode.name} takes compressed keys only")
    script = _redeem_script(public_keys, required)
    return hash160(b"\x00\x20" + sha256(script)) if mode.witness else hash160(script)


def multi_sig_address(mode: HashMode, public_keys: Sequence[bytes], required: int, network: Network) -> str:
    """Return the SM or SN address of several keys."""
    return addresses.encode(network.multi_sig, signer_hash(mode, public_keys, required))


def _single_hash(mode: HashMode, public_keys: Sequence[bytes]) -> bytes:
    (key,) = public_keys
    if mode is HashMode.P2PKH:
        return hash160(key)
    if len(key) != 33:
        raise TransactionInvalid(f"{mode.name} takes compressed keys only")
    return hash160(b"\x00\x14" + hash160(key))


def _redeem_script(public_keys: Sequence[bytes], required: int) -> bytes:
    """Return Bitcoin's script: OP_required, each key, OP_count, OP_CHECKMULTISIG (OP_1 is 0x51)."""
    keys = b"".join(bytes((len(key),)) + key for key in public_keys)
    return bytes((0x50 + required,)) + keys + bytes((0x50 + len(public_keys), 0xAE))


def _check_common(signer: bytes, nonce: int, fee: int) -> None:
    if len(signer) != 20:
        raise TransactionInvalid(f"a signer's hash has 20 bytes, not {len(signer)}")
    if not 0 <= nonce <= MAX_U64:
        raise TransactionInvalid(f"a nonce is 0 to {MAX_U64}, not {nonce}")
    if not 0 <= fee <= MAX_U64:
        raise TransactionInvalid(f"a fee is 0 to {MAX_U64} micro-STX, not {fee}")


def _common_bytes(condition: SpendingCondition) -> bytes:
    return bytes((condition.mode,)) + _COMMON.pack(condition.signer, condition.nonce, condition.fee)


# What an origin signs in the place of a sponsor it does not know yet.
SPONSOR_SENTINEL = SingleSig(HashMode.P2PKH, bytes(20), 0, 0)


def read(reader: Reader) -> Auth:
    """Read an authorization; raises `DecodeError`."""
    sponsored = reader.code(_AUTH_TYPES, "auth type")
    return Auth(_read_condition(reader), _read_condition(reader) if sponsored else None)


_AUTH_TYPES = {4: False, 5: True}
_MODES = {int(mode): mode for mode in HashMode}
_COMMON = struct.Struct(">20sQQ")
_SIGNATURE = struct.Struct(">B65s")
_single_sig = unchecked(SingleSig)


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
    return MultiSig(mode, signer, nonce, fee, reader.number(2, "signatures required"), fields)


def _read_field(reader: Reader, mode: HashMode) -> AuthField:
    start = reader.offset
    signed, compressed = reader.code(_FIELD_TYPES, "auth field type")
    if mode.witness and not compressed:
        raise DecodeError(f"{mode.name} takes compressed keys only", offset=start, field="auth field type")
    if signed:
        return AuthField(reader.take(65, "signature"), compressed)
    content = reader.take(33, "public key")
    try:
        compress_public_key(content)
    except KeyInvalid as error:
        raise DecodeError("no point of the curve", offset=start + 1, field="public key") from error
    return AuthField(content, compressed)


_FIELD_TYPES = {0: (False, True), 1: (False, False), 2: (True, True), 3: (True, False)}
"""What an auth field is by its type: whether a signature, and whether the public key is written compressed."""
