"""Signature hashes, signing and verifying (SIP-005 "Transaction signing and verifying", SIP-027 for any order).

A transaction is signed over a chain of hashes: the transaction without nonce, fee and signatures; then with the fee and
nonce of whoever signs (`presign`); then with the signature itself (`postsign`), from which the next signer goes on.

Who signs elsewhere (a custodian, an HSM, a co-signer) takes `next_sighash`, signs those 32 bytes as they are, and hands
the R, S, V signature to `with_signature`. Both work for one key and for several, for the origin and for the sponsor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum

from bitpay.stacks.errors import SignatureInvalid, TransactionInvalid
from bitpay.stacks.hashes import sha512_256
from bitpay.stacks.keys import PrivateKey, check_signature, recover_public_key, rsv_to_vrs, vrs_to_rsv
from bitpay.stacks.public_keys import COMPRESSED_BYTES, compress_public_key, uncompress_public_key
from bitpay.stacks.transactions.auth import (
    AuthField,
    MultiSig,
    SingleSig,
    SpendingCondition,
    hash_of_points,
    signer_hash,
)
from bitpay.stacks.transactions.transaction import Transaction


class Role(IntEnum):
    """Whose signature: the number is the flag that goes into the hash."""

    ORIGIN = 0x04
    SPONSOR = 0x05


def initial_sighash(tx: Transaction) -> bytes:
    """Return the hash everything starts from: the transaction without nonces, fees and signatures."""
    return sha512_256(replace(tx, auth=tx.auth.cleared()).encode())


def presign_sighash(current: bytes, role: Role, condition: SpendingCondition) -> bytes:
    """Return the 32 bytes that are signed, from the hash that came before."""
    return sha512_256(current + bytes((role,)) + condition.fee.to_bytes(8) + condition.nonce.to_bytes(8))


def postsign_sighash(presign: bytes, signature: bytes, *, compressed: bool) -> bytes:
    """Return the hash the next signer goes on from. `signature` is V, R, S."""
    return sha512_256(presign + (b"\x00" if compressed else b"\x01") + signature)


def next_sighash(tx: Transaction, role: Role = Role.ORIGIN) -> bytes:
    """Return the 32 bytes that the next signer signs; for the sponsor, the origin must have signed already."""
    condition = _condition(tx, role)
    current = initial_sighash(tx) if role is Role.ORIGIN else verify_origin(tx)
    if isinstance(condition, MultiSig):
        current = _walk(condition, current, role)[1]
    return presign_sighash(current, role, condition)


def with_signature(
    tx: Transaction, signature: bytes, role: Role = Role.ORIGIN, *, compressed: bool = True
) -> Transaction:
    """Return the transaction with the next signer's signature (R, S, V, low S).

    One key: its signature is set. Several keys: it is appended, `compressed` saying which form of the key is meant.
    Raises `SignatureInvalid` for a malformed one, and for one too many where the keys sign in order.
    """
    check_signature(signature)
    condition = _condition(tx, role)
    vrs = rsv_to_vrs(signature)
    if isinstance(condition, SingleSig):
        return _with_condition(tx, role, replace(condition, signature=vrs))
    return _with_condition(tx, role, _appended(condition, AuthField(vrs, compressed)))


def with_public_key(tx: Transaction, public_key: bytes, role: Role = Role.ORIGIN) -> Transaction:
    """Return the transaction with the public key of a co-signer who does not sign, in its place in the order."""
    condition = _condition(tx, role)
    if isinstance(condition, SingleSig):
        raise TransactionInvalid("one key signs here")
    field = AuthField(compress_public_key(public_key), len(public_key) == COMPRESSED_BYTES)
    return _with_condition(tx, role, _appended(condition, field))


def sign(tx: Transaction, key: PrivateKey, role: Role = Role.ORIGIN) -> Transaction:
    """Return the transaction signed by one key; raises `SignatureInvalid` when the key is not the signer's."""
    condition = _condition(tx, role)
    if isinstance(condition, MultiSig):
        raise TransactionInvalid("several keys sign here: use sign_multi")
    signer = hash_of_points(condition.mode, [key.public_key], 1)
    if key.compressed != condition.compressed or signer != condition.signer:
        raise SignatureInvalid("the key is not the signer's")
    return with_signature(tx, key.sign_recoverable(next_sighash(tx, role)), role)


def sign_multi(
    tx: Transaction, public_keys: Sequence[bytes], keys: Sequence[PrivateKey], role: Role = Role.ORIGIN
) -> Transaction:
    """Return the transaction signed by those `keys`, all places filled in the order of `public_keys`.

    Raises `SignatureInvalid` when the public keys are not the account's, a key is none of them, or there are more keys
    than must sign, which only the modes of any order allow.
    """
    condition = _condition(tx, role)
    if isinstance(condition, SingleSig):
        raise TransactionInvalid("one key signs here: use sign")
    by_public_key = {key.public_key: key for key in keys}
    if not by_public_key.keys() <= set(public_keys):
        raise SignatureInvalid("a key is none of the account's")
    if signer_hash(condition.mode, public_keys, condition.required) != condition.signer:
        raise SignatureInvalid("the public keys are not the account's")
    for public_key in public_keys[len(condition.fields) :]:
        tx = _filled(tx, public_key, by_public_key.get(public_key), role)
    return tx


def sponsor(tx: Transaction, condition: SpendingCondition) -> Transaction:
    """Return a sponsored transaction, signed by its origin, with its sponsor's condition (nonce and fee) set."""
    _condition(tx, Role.SPONSOR)
    return _with_condition(tx, Role.SPONSOR, condition)


def verify(tx: Transaction) -> None:
    """Check every signature of a transaction; raises `SignatureInvalid`."""
    after_origin = verify_origin(tx)
    if tx.auth.sponsor is not None:
        _verify_condition(tx.auth.sponsor, after_origin, Role.SPONSOR)


def verify_origin(tx: Transaction) -> bytes:
    """Check the origin's signatures and return the hash the sponsor goes on from; raises `SignatureInvalid`."""
    return _verify_condition(tx.auth.origin, initial_sighash(tx), Role.ORIGIN)


def _verify_condition(condition: SpendingCondition, current: bytes, role: Role) -> bytes:
    if isinstance(condition, SingleSig):
        public_key, after = _recover(condition, current, role, condition.signature, compressed=condition.compressed)
        _check_signer(condition, [public_key], 1)
        return after
    signatures, required = condition.signatures, condition.required
    if signatures < required or (signatures != required and not condition.mode.any_order):
        raise SignatureInvalid(f"{signatures} signatures, {required} required")
    public_keys, after = _walk(condition, current, role)
    _check_signer(condition, public_keys, required)
    return after


def _walk(condition: MultiSig, current: bytes, role: Role) -> tuple[list[bytes], bytes]:
    """Return the public keys of all fields, and the hash after the last signature (in any order: the first hash)."""
    public_keys: list[bytes] = []
    for field in condition.fields:
        if field.is_signature:
            key, after = _recover(condition, current, role, field.content, compressed=field.compressed)
            current = current if condition.mode.any_order else after
        else:
            key = field.content if field.compressed else uncompress_public_key(field.content)
        public_keys.append(key)
    return public_keys, current


def _recover(
    condition: SpendingCondition, current: bytes, role: Role, signature: bytes, *, compressed: bool
) -> tuple[bytes, bytes]:
    presign = presign_sighash(current, role, condition)
    public_key = recover_public_key(presign, vrs_to_rsv(signature), compressed=compressed)
    return public_key, postsign_sighash(presign, signature, compressed=compressed)


def _check_signer(condition: SpendingCondition, public_keys: list[bytes], required: int) -> None:
    try:
        digest = hash_of_points(condition.mode, public_keys, required)
    except TransactionInvalid as error:
        raise SignatureInvalid(str(error)) from error
    if digest != condition.signer:
        raise SignatureInvalid("signed by other keys than the account's, or over other contents")


def _filled(tx: Transaction, public_key: bytes, key: PrivateKey | None, role: Role) -> Transaction:
    if key is None:
        return with_public_key(tx, public_key, role)
    return with_signature(tx, key.sign_recoverable(next_sighash(tx, role)), role, compressed=key.compressed)


def _appended(condition: MultiSig, field: AuthField) -> MultiSig:
    if field.is_signature and condition.signatures >= condition.required and not condition.mode.any_order:
        raise SignatureInvalid(f"more than the {condition.required} signatures required, which no node takes")
    return replace(condition, fields=(*condition.fields, field))


def _condition(tx: Transaction, role: Role) -> SpendingCondition:
    condition = tx.auth.origin if role is Role.ORIGIN else tx.auth.sponsor
    if condition is None:
        raise TransactionInvalid("the transaction is not sponsored")
    return condition


def _with_condition(tx: Transaction, role: Role, condition: SpendingCondition) -> Transaction:
    if role is Role.ORIGIN:
        return replace(tx, auth=replace(tx.auth, origin=condition))
    return replace(tx, auth=replace(tx.auth, sponsor=condition))
