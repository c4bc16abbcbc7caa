"""Signature hashes, signing and verifying (SIP-005 "Transaction signing and verifying").

A transaction is signed over a chain of hashes: the transaction without nonce, fee and signatures; then with the fee and
nonce of whoever signs (`presign`); then with the signature itself (`postsign`), from which the next signer goes on.
"""

from __future__ import annotations

from dataclasses import replace

from bitpay.stacks.errors import SignatureInvalid, TransactionInvalid
from bitpay.stacks.hashes import sha512_256
from bitpay.stacks.keys import PrivateKey, check_signature, recover_public_key, rsv_to_vrs, vrs_to_rsv
from bitpay.stacks.transactions.auth import Auth, MultiSig, SingleSig, SpendingCondition, signer_hash
from bitpay.stacks.transactions.transaction import Transaction

ORIGIN = 0x04
SPONSOR = 0x05


def initial_sighash(tx: Transaction) -> bytes:
    """Return the hash everything starts from: the transaction without nonces, fees and signatures."""
    return sha512_256(replace(tx, auth=tx.auth.cleared()).encode())


def presign_sighash(current: bytes, flag: int, condition: SpendingCondition) -> bytes:
    """Return the 32 bytes a signer signs. `flag` is `ORIGIN` or `SPONSOR`."""
    return sha512_256(current + bytes((flag,)) + condition.fee.to_bytes(8) + condition.nonce.to_bytes(8))


def postsign_sighash(presign: bytes, signature: bytes, *, compressed: bool) -> bytes:
    """Return the hash the next signer goes on from. `signature` is V, R, S."""
    return sha512_256(presign + (b"\x00" if compressed else b"\x01") + signature)


def origin_sighash(tx: Transaction) -> bytes:
    """Return the 32 bytes the origin signs, for a signer outside (HSM, custodian, wallet)."""
    return presign_sighash(initial_sighash(tx), ORIGIN, _single(tx.auth.origin))


def sponsor_sighash(tx: Transaction) -> bytes:
    """Return the 32 bytes the sponsor signs; the origin must have signed already."""
    return presign_sighash(verify_origin(tx), SPONSOR, _single(_sponsor(tx)))


def with_origin_signature(tx: Transaction, signature: bytes) -> Transaction:
    """Return the transaction with the origin's signature (R, S, V, low S) made outside."""
    check_signature(signature)
    origin = replace(_single(tx.auth.origin), signature=rsv_to_vrs(signature))
    return replace(tx, auth=replace(tx.auth, origin=origin))


def with_sponsor_signature(tx: Transaction, signature: bytes) -> Transaction:
    """Return the transaction with the sponsor's signature (R, S, V, low S) made outside."""
    check_signature(signature)
    sponsor = replace(_single(_sponsor(tx)), signature=rsv_to_vrs(signature))
    return replace(tx, auth=replace(tx.auth, sponsor=sponsor))


def sign(tx: Transaction, key: PrivateKey) -> Transaction:
    """Return the transaction signed by its origin; raises `SignatureInvalid` when the key is another's."""
    _check_key(_single(tx.auth.origin), key)
    return with_origin_signature(tx, key.sign_recoverable(origin_sighash(tx)))


def sponsor(tx: Transaction, condition: SpendingCondition) -> Transaction:
    """Return a sponsored transaction, signed by its origin, with its sponsor's condition (nonce and fee) set."""
    _sponsor(tx)
    return replace(tx, auth=Auth(tx.auth.origin, condition))


def sign_sponsor(tx: Transaction, key: PrivateKey) -> Transaction:
    """Return the transaction signed by its sponsor; raises `SignatureInvalid` when the key is another's."""
    _check_key(_single(_sponsor(tx)), key)
    return with_sponsor_signature(tx, key.sign_recoverable(sponsor_sighash(tx)))


def verify(tx: Transaction) -> None:
    """Check every signature of a transaction; raises `SignatureInvalid`."""
    after_origin = verify_origin(tx)
    if tx.auth.sponsor is not None:
        _verify_condition(tx.auth.sponsor, after_origin, SPONSOR)


def verify_origin(tx: Transaction) -> bytes:
    """Check the origin's signatures and return the hash the sponsor goes on from; raises `SignatureInvalid`."""
    return _verify_condition(tx.auth.origin, initial_sighash(tx), ORIGIN)


def _verify_condition(condition: SpendingCondition, current: bytes, flag: int) -> bytes:
    if isinstance(condition, SingleSig):
        return _verify_single(condition, current, flag)
    raise TransactionInvalid("several signers")


def _verify_single(condition: SingleSig, current: bytes, flag: int) -> bytes:
    presign = presign_sighash(current, flag, condition)
    public_key = recover_public_key(presign, vrs_to_rsv(condition.signature), compressed=condition.compressed)
    if signer_hash(condition.mode, [public_key], 1) != condition.signer:
        raise SignatureInvalid("the signature is by another key than the signer's")
    return postsign_sighash(presign, condition.signature, compressed=condition.compressed)


def _check_key(condition: SingleSig, key: PrivateKey) -> None:
    if key.compressed != condition.compressed or signer_hash(condition.mode, [key.public_key], 1) != condition.signer:
        raise SignatureInvalid("the key is not the signer's")


def _single(condition: SpendingCondition) -> SingleSig:
    if isinstance(condition, MultiSig):
        raise TransactionInvalid("several keys sign here")
    return condition


def _sponsor(tx: Transaction) -> SpendingCondition:
    if tx.auth.sponsor is None:
        raise TransactionInvalid("the transaction is not sponsored")
    return tx.auth.sponsor
