"""The hashes Stacks uses, on OpenSSL where it has them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from bitpay.stacks import ripemd160 as _pure


def _choose_ripemd160() -> Callable[[bytes], bytes]:
    try:
        hashlib.new("ripemd160", b"", usedforsecurity=False)
    except ValueError:
        return _pure.ripemd160
    return lambda data: hashlib.new("ripemd160", data, usedforsecurity=False).digest()


_ripemd160 = _choose_ripemd160()


def sha256(data: bytes) -> bytes:
    """Return the 32-byte SHA-256 digest."""
    return hashlib.sha256(data).digest()


def sha512_256(data: bytes) -> bytes:
    """Return the 32-byte SHA-512/256 digest: transaction ids and signature hashes (SIP-005)."""
    return hashlib.new("sha512_256", data).digest()


def hash160(data: bytes) -> bytes:
    """Return RIPEMD-160 of SHA-256: 20 bytes, what an address carries."""
    return _ripemd160(hashlib.sha256(data).digest())
