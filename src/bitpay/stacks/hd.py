"""Keys from a mnemonic: BIP-39 seeds, BIP-32 derivation, and the path Stacks wallets use.

Stacks accounts are m/44'/5757'/0'/0/i (SLIP-44 coin type 5757). The words' checksum is not examined (no word lists are
carried here): a mistyped mnemonic gives other accounts, so compare an address you know.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass

import coincurve

from bitpay.stacks.errors import KeyInvalid
from bitpay.stacks.keys import ORDER, PrivateKey

STACKS_PATH = "m/44'/5757'/0'/0"
_HARDENED = 1 << 31
_SURROGATE = re.compile("[\ud800-\udfff]")
_DIGITS = len(str(_HARDENED))
_WORDS = {12, 15, 18, 21, 24}


def seed(mnemonic: str, passphrase: str = "") -> bytes:
    """Return the 64-byte BIP-39 seed of 12, 15, 18, 21 or 24 words.

    Raises `KeyInvalid` for another number of words, and for text that UTF-8 cannot write.
    """
    words = _normal(mnemonic).split()
    if len(words) not in _WORDS:
        raise KeyInvalid(f"a mnemonic has 12, 15, 18, 21 or 24 words, not {len(words)}")
    return hashlib.pbkdf2_hmac("sha512", " ".join(words).encode(), b"mnemonic" + _normal(passphrase).encode(), 2048)


@dataclass(frozen=True, slots=True, repr=False)
class ExtendedKey:
    """A BIP-32 private key and its chain code. It never shows itself in `repr`."""

    secret: bytes
    chain_code: bytes

    def __post_init__(self) -> None:
        parts = self.secret, self.chain_code
        if not all(isinstance(part, bytes) and len(part) == 32 for part in parts):
            raise KeyInvalid("an extended key is a secret of 32 bytes and a chain code of 32 bytes")
        if not 0 < int.from_bytes(self.secret) < ORDER:
            raise KeyInvalid("a private key is between 1 and the order of the curve")

    @classmethod
    def master(cls, seed: bytes) -> ExtendedKey:
        """Return the root of a seed."""
        if not isinstance(seed, bytes):
            raise KeyInvalid("a seed is bytes")
        return _extended(hmac.digest(b"Bitcoin seed", seed, "sha512"), 0)

    def child(self, index: int) -> ExtendedKey:
        """Return one child; an index of 2^31 or more is hardened."""
        if not isinstance(index, int) or not 0 <= index < 2 * _HARDENED:
            raise KeyInvalid("children have the numbers 0 to 2^32 - 1")
        parent = b"\0" + self.secret if index >= _HARDENED else coincurve.PrivateKey(self.secret).public_key.format()
        digest = hmac.digest(self.chain_code, bytes(parent) + index.to_bytes(4), "sha512")
        return _extended(digest, int.from_bytes(self.secret))

    def derive(self, path: str) -> ExtendedKey:
        """Return the key at a path like "m/44'/5757'/0'/0/0"."""
        key = self
        for step in _steps(path):
            key = key.child(step)
        return key

    @property
    def private_key(self) -> PrivateKey:
        """The key itself."""
        return PrivateKey(self.secret)


def account(mnemonic: str, index: int = 0, passphrase: str = "") -> PrivateKey:
    """Return the key of a wallet's account number `index`."""
    return ExtendedKey.master(seed(mnemonic, passphrase)).derive(f"{STACKS_PATH}/{index}").private_key


def _normal(text: str) -> str:
    if not isinstance(text, str) or _SURROGATE.search(text):
        raise KeyInvalid("a mnemonic and its passphrase are text without lone surrogates")
    return unicodedata.normalize("NFKD", text)


def _extended(digest: bytes, tweaked: int) -> ExtendedKey:
    tweak = int.from_bytes(digest[:32])
    secret = (tweak + tweaked) % ORDER
    if tweak >= ORDER or secret == 0:  # BIP-32: "proceed with the next value"; less likely than 1 in 2^127
        raise KeyInvalid("this seed and path have no key")
    return ExtendedKey(secret.to_bytes(32), digest[32:])


def _steps(path: str) -> list[int]:
    root, *steps = path.split("/") if isinstance(path, str) else ("",)
    if root != "m":
        raise KeyInvalid("a path begins with m/")
    return [_step(step) for step in steps]


def _step(step: str) -> int:
    digits = step.removesuffix("'")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS) or int(digits) >= _HARDENED:
        raise KeyInvalid(f"not a step of a path: {step[:40]!r}")
    return int(digits) + (_HARDENED if digits != step else 0)
