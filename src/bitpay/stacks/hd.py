"""Keys from a mnemonic: BIP-39 seeds, BIP-32 derivation, and the path Stacks wallets use.

Stacks accounts are m/44'/5757'/0'/0/i (SLIP-44 coin type 5757). The words' checksum is not examined (no word lists are
carried here): a mistyped mnemonic gives other accounts, so compare an address you know.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass

import coincurve

from bitpay.stacks.errors import KeyInvalid
from bitpay.stacks.keys import ORDER, PrivateKey

STACKS_PATH = "m/44'/5757'/0'/0"
_HARDENED = 1 << 31
_WORDS = {12, 15, 18, 21, 24}


def seed(mnemonic: str, passphrase: str = "") -> bytes:
    """Return the 64-byte BIP-39 seed of 12, 15, 18, 21 or 24 words; raises `KeyInvalid` for another number of words."""
    words = unicodedata.normalize("NFKD", mnemonic).split()
    if len(words) not in _WORDS:
        raise KeyInvalid(f"a mnemonic has 12, 15, 18, 21 or 24 words, not {len(words)}")
    salt = "mnemonic" + unicodedata.normalize("NFKD", passphrase)
    return hashlib.pbkdf2_hmac("sha512", " ".join(words).encode(), salt.encode(), 2048)


@dataclass(frozen=True, slots=True, repr=False)
class ExtendedKey:
    """A BIP-32 private key and its chain code. It never shows itself in `repr`."""

    secret: bytes
    chain_code: bytes

    @classmethod
    def master(cls, seed: bytes) -> ExtendedKey:
        """Return the root of a seed."""
        return _extended(hmac.digest(b"Bitcoin seed", seed, "sha512"), 0)

    def child(self, index: int) -> ExtendedKey:
        """Return one child; an index of 2^31 or more is hardened."""
        if not 0 <= index < 2 * _HARDENED:
            raise KeyInvalid(f"no child has number {index}")
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


def _extended(digest: bytes, tweaked: int) -> ExtendedKey:
    tweak = int.from_bytes(digest[:32])
    secret = (tweak + tweaked) % ORDER
    if tweak >= ORDER or secret == 0:  # BIP-32: "proceed with the next value"; less likely than 1 in 2^127
        raise KeyInvalid("this seed and path have no key")
    return ExtendedKey(secret.to_bytes(32), digest[32:])


def _steps(path: str) -> list[int]:
    root, *steps = path.split("/")
    if root != "m":
        raise KeyInvalid(f"a path begins with m/, not {path!r}")
    return [_step(step) for step in steps]


def _step(step: str) -> int:
    digits = step.removesuffix("'")
    if not (digits.isascii() and digits.isdecimal()) or int(digits) >= _HARDENED:
        raise KeyInvalid(f"not a step of a path: {step!r}")
    return int(digits) + (_HARDENED if digits != step else 0)
