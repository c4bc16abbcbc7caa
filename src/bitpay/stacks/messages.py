"""Signed messages: plain text as wallets sign it (`stx_signMessage`), and structured data (SIP-018).

Signatures are hex of R, S, V (65 bytes). Only single-signature accounts can be recovered from one.
"""

from __future__ import annotations

from bitpay.stacks import addresses, clarity, hexadecimal
from bitpay.stacks.errors import SignatureInvalid, ValueInvalid
from bitpay.stacks.hashes import sha256
from bitpay.stacks.keys import SIGNATURE_BYTES, PrivateKey, recover_public_key
from bitpay.stacks.network import Network

TEXT_PREFIX = b"\x17Stacks Signed Message:\n"
STRUCTURED_PREFIX = b"SIP018"


def hash_message(text: str) -> bytes:
    """Return the 32 bytes a wallet signs for a plain text; raises `ValueInvalid` for one that UTF-8 cannot write."""
    if not isinstance(text, str):
        raise ValueInvalid(f"a message is text, not {type(text).__name__}")
    try:
        message = text.encode()
    except UnicodeEncodeError as error:
        raise ValueInvalid("a message cannot hold a lone surrogate") from error
    return sha256(TEXT_PREFIX + _varint(len(message)) + message)


def sign_message(key: PrivateKey, text: str) -> str:
    """Return the signature of a plain text; raises `ValueInvalid` for one that UTF-8 cannot write."""
    return key.sign_recoverable(hash_message(text)).hex()


def domain(name: str, version: str, chain_id: int) -> clarity.Tuple:
    """Return a SIP-018 domain: which application, which version of its messages, which chain."""
    return clarity.Tuple(
        {"name": clarity.Ascii(name), "version": clarity.Ascii(version), "chain-id": clarity.UInt(chain_id)}
    )


def encode_structured(domain: clarity.Tuple, message: clarity.Value) -> bytes:
    """Return the 70 bytes SIP-018 hashes: the prefix and the hashes of domain and message.

    Raises `ValueInvalid` for an incomplete domain, or a message that is no value.
    """
    _check_domain(domain)
    return STRUCTURED_PREFIX + sha256(clarity.encode(domain)) + sha256(clarity.encode(message))


def hash_structured(domain: clarity.Tuple, message: clarity.Value) -> bytes:
    """Return the 32 bytes a wallet signs for structured data; raises `ValueInvalid` for an incomplete domain."""
    return sha256(encode_structured(domain, message))


def sign_structured(key: PrivateKey, domain: clarity.Tuple, message: clarity.Value) -> str:
    """Return the signature of structured data."""
    return key.sign_recoverable(hash_structured(domain, message)).hex()


def parse_signature(signature: str) -> bytes:
    """Return the R, S, V bytes of a signature's hex, "0x" or not; recovery ids 27 to 30 are read as 0 to 3."""
    try:
        raw = hexadecimal.from_hex(signature)
    except ValueError as error:
        raise SignatureInvalid("a signature is hexadecimal") from error
    if len(raw) != SIGNATURE_BYTES:
        raise SignatureInvalid(f"a signature has {SIGNATURE_BYTES} bytes, not {len(raw)}")
    return raw[:64] + bytes((raw[64] - 27,)) if 27 <= raw[64] <= 30 else raw


def recover_address(digest: bytes, signature: str, network: Network) -> str:
    """Return the address whose key signed a hash; raises `SignatureInvalid`.

    Compare it with the address that was claimed; a public key that a client sends along proves nothing.
    """
    return addresses.of_public_key(recover_public_key(digest, parse_signature(signature)), network)


def verify_message(text: str, signature: str, address: str) -> bool:
    """Say whether the owner of `address` signed this text.

    False for a malformed signature and for a text that nobody can sign; raises `AddressInvalid`.
    """
    try:
        digest = hash_message(text)
    except ValueInvalid:
        return False
    return _signed_by(digest, signature, address)


def verify_structured(domain: clarity.Tuple, message: clarity.Value, signature: str, address: str) -> bool:
    """Say whether the owner of `address` signed this structured data. False for a malformed signature, too.

    Raises `ValueInvalid` for an incomplete domain and `AddressInvalid`.
    """
    return _signed_by(hash_structured(domain, message), signature, address)


def _signed_by(digest: bytes, signature: str, address: str) -> bool:
    version, _ = addresses.decode(address)
    network = Network.of_address_version(version)
    if network is None or version != network.single_sig:
        return False
    try:
        return recover_address(digest, signature, network) == address
    except SignatureInvalid:
        return False


def _check_domain(domain: clarity.Tuple) -> None:
    if not (
        isinstance(domain, clarity.Tuple)
        and isinstance(domain.get("name"), clarity.Ascii)
        and isinstance(domain.get("version"), clarity.Ascii)
        and isinstance(domain.get("chain-id"), clarity.UInt)
    ):
        raise ValueInvalid("a domain has name and version (string-ascii) and chain-id (uint)")


def _varint(number: int) -> bytes:
    """Bitcoin's variable-length integer, little-endian."""
    if number < 0xFD:
        return bytes((number,))
    if number <= 0xFFFF:
        return b"\xfd" + number.to_bytes(2, "little")
    if number <= 0xFFFFFFFF:
        return b"\xfe" + number.to_bytes(4, "little")
    return b"\xff" + number.to_bytes(8, "little")
