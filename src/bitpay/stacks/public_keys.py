"""Public keys of secp256k1: points of the curve, written in 33 bytes (compressed) or 65."""

from __future__ import annotations

import coincurve

from bitpay.stacks.errors import KeyInvalid

COMPRESSED_BYTES = 33
_UNCOMPRESSED = b"\x04"
"""First byte of 65. The hybrid forms 6 and 7 name the same points, but no signature gives them back."""


def check_public_key(public_key: bytes) -> bytes:
    """Return the public key as it came; raises `KeyInvalid` when it is no point of the curve."""
    _point(public_key)
    return public_key


def compress_public_key(public_key: bytes) -> bytes:
    """Return the 33-byte form of a public key; raises `KeyInvalid` when it is no point of the curve."""
    return bytes(_point(public_key).format())


def uncompress_public_key(public_key: bytes) -> bytes:
    """Return the 65-byte form of a public key; raises `KeyInvalid` when it is no point of the curve."""
    return bytes(_point(public_key).format(compressed=False))


def _point(public_key: bytes) -> coincurve.PublicKey:
    if not isinstance(public_key, bytes):
        raise KeyInvalid(f"a public key is bytes, not {type(public_key).__name__}")
    if len(public_key) != COMPRESSED_BYTES and public_key[:1] != _UNCOMPRESSED:
        raise KeyInvalid("a public key has 33 bytes, or 65 of which the first is 4")
    try:
        return coincurve.PublicKey(public_key)
    except Exception as error:  # coincurve raises plain Exception and ValueError alike
        raise KeyInvalid("not a secp256k1 public key") from error
