"""Stacks addresses and principals: c32check text and its parts.

An address is "S", the version as one c32 character, and hash160 with a 4-byte checksum in c32 (Crockford base 32,
big-endian, one "0" for each leading zero byte). Versions: 22 SP, 20 SM (mainnet), 26 ST, 21 SN (testnet).
Source: SIP-005 "Transaction authorization", stacks-core `stacks-common/src/address/c32.rs`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from bitpay.stacks.errors import AddressInvalid, NameInvalid
from bitpay.stacks.hashes import hash160, sha256
from bitpay.stacks.names import is_principal_name, shown
from bitpay.stacks.network import Network
from bitpay.stacks.public_keys import check_public_key

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_DIGITS = {character: value for value, character in enumerate(ALPHABET)}
_CHECKED = 24  # hash160 and checksum
_LONGEST = 2 + 39  # "S", version, 24 bytes at 5 bits a character
VERSIONS = 32  # versions are one c32 character


def encode(version: int, digest: bytes) -> str:
    """Return the address of a version (0 to 31) and a 20-byte hash160; raise `AddressInvalid` for others."""
    if not (isinstance(version, int) and isinstance(digest, bytes)):  # what the cache may not even be asked
        raise AddressInvalid("an address is of a version, 0 to 31, and 20 bytes")
    return _encode(version, digest)


@lru_cache(maxsize=16384)
def _encode(version: int, digest: bytes) -> str:
    _check_parts(version, digest)
    return "S" + ALPHABET[version] + _c32(digest + _checksum(version, digest))


def decode(address: str) -> tuple[int, bytes]:
    """Return (version, hash160) of an address.

    Only the canonical spelling is read: upper case, no O, I or L for 0 and 1. Raises `AddressInvalid`.
    """
    if not isinstance(address, str):
        raise AddressInvalid(f"not a Stacks address: {shown(address)}")
    return _decode(address)


@lru_cache(maxsize=16384)
def _decode(address: str) -> tuple[int, bytes]:
    if not 3 <= len(address) <= _LONGEST or address[0] != "S":
        raise AddressInvalid(f"not a Stacks address: {shown(address)}")
    version = _DIGITS.get(address[1])
    data = _from_c32(address[2:])
    if version is None or data is None or len(data) != _CHECKED:
        raise AddressInvalid(f"not a Stacks address: {address!r}")
    digest = data[:20]
    if data[20:] != _checksum(version, digest):
        raise AddressInvalid(f"wrong checksum, likely a typing error: {address!r}")
    return version, digest


def of_public_key(public_key: bytes, network: Network) -> str:
    """Return the single-signature address (SP or ST) of a public key, as compressed or not as it comes.

    Raises `KeyInvalid` when it is no point of the curve: what is sent to such an address is lost.
    """
    return encode(network.single_sig, hash160(check_public_key(public_key)))


def _check_parts(version: int, digest: bytes) -> None:
    if isinstance(version, bool) or not isinstance(version, int) or not 0 <= version < VERSIONS:
        raise AddressInvalid("an address version is 0 to 31")
    if not isinstance(digest, bytes) or len(digest) != 20:
        raise AddressInvalid("an address carries 20 bytes")


def _checksum(version: int, digest: bytes) -> bytes:
    return sha256(sha256(bytes((version,)) + digest))[:4]


def _c32(data: bytes) -> str:
    number = int.from_bytes(data)
    characters: list[str] = []
    while number:
        number, digit = divmod(number, 32)
        characters.append(ALPHABET[digit])
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "0" * zeros + "".join(reversed(characters))


def _from_c32(text: str) -> bytes | None:
    number = 0
    for character in text:
        digit = _DIGITS.get(character)
        if digit is None:
            return None
        number = number * 32 + digit
    zeros = len(text) - len(text.lstrip("0"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who can own things: an address, or with `name` a contract of that address."""

    version: int
    hash160: bytes
    name: str | None = None

    def __post_init__(self) -> None:
        _check_parts(self.version, self.hash160)
        if self.name is not None and not is_principal_name(self.name):
            raise NameInvalid(f"not a contract name: {shown(self.name)}")

    def __str__(self) -> str:
        return self.address if self.name is None else f"{self.address}.{self.name}"

    @property
    def address(self) -> str:
        """The address, without the contract's name."""
        return encode(self.version, self.hash160)

    @property
    def is_contract(self) -> bool:
        """Whether this names a contract."""
        return self.name is not None

    @property
    def network(self) -> Network:
        """The network the address belongs to; raises `AddressInvalid` for versions no network uses."""
        network = Network.of_address_version(self.version)
        if network is None:
            raise AddressInvalid(f"no network uses address version {self.version}")
        return network

    def contract(self, name: str) -> Principal:
        """Return the contract `name` of this address."""
        return Principal(self.version, self.hash160, name)


def parse_principal(text: str) -> Principal:
    """Read "ADDRESS" or "ADDRESS.contract-name"; raises `AddressInvalid` or `NameInvalid`."""
    if not isinstance(text, str):
        raise AddressInvalid(f"not a Stacks address: {shown(text)}")
    return _parse(text)


@lru_cache(maxsize=16384)
def _parse(text: str) -> Principal:
    address, dot, name = text.partition(".")
    version, digest = _decode(address)
    return Principal(version, digest, name if dot else None)
