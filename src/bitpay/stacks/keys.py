"""secp256k1 keys and recoverable signatures, on libsecp256k1.

A recoverable signature is 65 bytes: R and S (32 each) and V, the recovery id 0 to 3. Messages carry R, S, V;
transactions carry V, R, S. Signatures are deterministic (RFC 6979) with low S; a high S is refused, as blocks refuse
it since epoch 4.0.
"""

from __future__ import annotations

import secrets

import coincurve

from bitpay.stacks import addresses, hexadecimal
from bitpay.stacks.errors import KeyInvalid, SignatureInvalid
from bitpay.stacks.network import Network

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HASH_BYTES = 32
SIGNATURE_BYTES = 65


class PrivateKey:
    """A private key. It never shows itself in `repr`."""

    __slots__ = ("_key", "compressed", "public_key")

    def __init__(self, secret: bytes | str) -> None:
        """Take 32 bytes, or 33 with a last byte 1 that says "compressed public key", or either as hex.

        Keys of 32 bytes have a compressed public key too; `uncompressed` makes the old form. Raises `KeyInvalid`.
        """
        raw = _bytes(secret)
        if len(raw) == 33 and raw[32] == 1:
            raw = raw[:32]
        self._key = _private_key(raw)
        self.compressed = True
        self.public_key: bytes = self._key.public_key.format()

    @classmethod
    def uncompressed(cls, secret: bytes | str) -> PrivateKey:
        """Return a key whose public key is written uncompressed (65 bytes), which gives it another address."""
        key = cls(secret)
        key.compressed = False
        key.public_key = key._key.public_key.format(compressed=False)
        return key

    @classmethod
    def generate(cls) -> PrivateKey:
        """Return a new random key."""
        return cls((secrets.randbelow(ORDER - 1) + 1).to_bytes(32))

    def __repr__(self) -> str:
        return f"PrivateKey(of {self.public_key.hex()})"

    def address(self, network: Network) -> str:
        """Return the key's single-signature address."""
        return addresses.of_public_key(self.public_key, network)

    def sign_recoverable(self, digest: bytes) -> bytes:
        """Return the 65-byte signature R, S, V of a 32-byte hash; raises `SignatureInvalid` for what is none."""
        _check_bytes(digest, HASH_BYTES, "the hash that is signed")
        return bytes(self._key.sign_recoverable(digest, hasher=None))

    def to_bytes(self) -> bytes:
        """Return the secret: 32 bytes, and a 33rd that says "compressed" when it is."""
        return bytes(self._key.secret) + (b"\x01" if self.compressed else b"")


def recover_public_key(digest: bytes, signature: bytes, *, compressed: bool = True) -> bytes:
    """Return the public key that made an R, S, V signature of a 32-byte hash.

    Raises `SignatureInvalid` when the signature is malformed, has a high S, or recovers no key.
    """
    _check_bytes(digest, HASH_BYTES, "a hash")
    check_signature(signature)
    try:
        key = coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception as error:  # coincurve raises plain Exception and ValueError alike
        raise SignatureInvalid("the signature recovers no key") from error
    return bytes(key.format(compressed=compressed))


def check_signature(signature: bytes) -> None:
    """Raise `SignatureInvalid` unless these are R, S, V in range with a low S."""
    _check_bytes(signature, SIGNATURE_BYTES, "a signature")
    if signature[64] > 3:
        raise SignatureInvalid(f"a recovery id is 0 to 3, not {signature[64]}")
    if not 0 < int.from_bytes(signature[:32]) < ORDER:
        raise SignatureInvalid("R is out of range")
    if not 0 < int.from_bytes(signature[32:64]) <= ORDER // 2:
        raise SignatureInvalid("S is zero or high")


def normalize_signature(signature: bytes) -> bytes:
    """Return the low-S form of an R, S, V signature, for signers that do not promise it (hardware, custodians)."""
    _check_bytes(signature, SIGNATURE_BYTES, "a signature")
    s = int.from_bytes(signature[32:64])
    if s > ORDER // 2:
        signature = signature[:32] + (ORDER - s).to_bytes(32) + bytes((signature[64] ^ 1,))
    check_signature(signature)
    return signature


def rsv_to_vrs(signature: bytes) -> bytes:
    """Turn a message's order into a transaction's."""
    return signature[64:] + signature[:64]


def vrs_to_rsv(signature: bytes) -> bytes:
    """Turn a transaction's order into a message's."""
    return signature[1:] + signature[:1]


def _check_bytes(value: object, size: int, what: str) -> None:
    if not isinstance(value, bytes):
        raise SignatureInvalid(f"{what} is bytes, not {type(value).__name__}")
    if len(value) != size:
        raise SignatureInvalid(f"{what} has {size} bytes, not {len(value)}")


def _private_key(raw: bytes) -> coincurve.PrivateKey:
    if len(raw) != 32 or not 0 < int.from_bytes(raw) < ORDER:
        raise KeyInvalid("a private key is 32 bytes between 1 and the order of the curve")
    return coincurve.PrivateKey(raw)


def _bytes(secret: bytes | str) -> bytes:
    if isinstance(secret, bytes):
        return secret
    try:
        return hexadecimal.from_hex(secret)
    except ValueError:
        # The text is a secret: it must not reach a log through the error's chain.
        raise KeyInvalid("a private key in hex has hex digits only") from None
