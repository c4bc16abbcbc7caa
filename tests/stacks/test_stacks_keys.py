"""Keys, recoverable signatures, mnemonics."""

import secrets
from collections.abc import Callable
from typing import Any

import pytest

from bitpay.stacks import clarity, hd, keys, messages
from bitpay.stacks.errors import KeyInvalid, SignatureInvalid, ValueInvalid
from bitpay.stacks.hd import ExtendedKey
from bitpay.stacks.keys import ORDER, PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.public_keys import compress_public_key, uncompress_public_key

DIGEST = bytes(range(32))
# The deployer of every Clarinet project.
CLARINET = (
    "twice kind fence tip hidden tilt action fragile skin nothing glory cousin green tomorrow spring wrist shed math "
    "olympic multiply hip blue scout claw"
)


def test_a_key_is_32_bytes_or_33_or_hex() -> None:
    secret = secrets.token_bytes(32)
    same = [
        PrivateKey(secret),
        PrivateKey(secret + b"\x01"),
        PrivateKey(secret.hex()),
        PrivateKey(f"0x{secret.hex()}01"),
    ]
    assert len({key.public_key for key in same}) == 1
    assert same[0].to_bytes() == secret + b"\x01"
    assert len(PrivateKey.uncompressed(secret).public_key) == 65
    assert compress_public_key(PrivateKey.uncompressed(secret).public_key) == same[0].public_key
    assert uncompress_public_key(same[0].public_key) == PrivateKey.uncompressed(secret).public_key


@pytest.mark.parametrize(
    "secret", [b"", bytes(32), ORDER.to_bytes(32), b"\x01" * 33 + b"\x01", b"\x01" * 32 + b"\x02", "zz", "01 " * 32]
)
def test_what_is_no_key_is_refused_without_showing_it(secret: bytes | str) -> None:
    with pytest.raises(KeyInvalid) as refused:
        PrivateKey(secret)
    assert "zz" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_key_keeps_its_secret() -> None:
    key = PrivateKey.generate()
    assert key.to_bytes()[:32].hex() not in repr(key)
    assert hd.ExtendedKey.master(bytes(64)).secret.hex() not in repr(hd.ExtendedKey.master(bytes(64)))


def test_signatures_are_deterministic_low_and_recoverable() -> None:
    key = PrivateKey.generate()
    signature = key.sign_recoverable(DIGEST)
    assert signature == key.sign_recoverable(DIGEST)
    assert int.from_bytes(signature[32:64]) <= ORDER // 2
    assert keys.recover_public_key(DIGEST, signature) == key.public_key
    assert keys.vrs_to_rsv(keys.rsv_to_vrs(signature)) == signature


def test_a_high_s_is_refused_and_can_be_lowered() -> None:
    key = PrivateKey.generate()
    signature = key.sign_recoverable(DIGEST)
    high = signature[:32] + (ORDER - int.from_bytes(signature[32:64])).to_bytes(32) + bytes((signature[64] ^ 1,))
    with pytest.raises(SignatureInvalid, match="high"):
        keys.recover_public_key(DIGEST, high)
    assert keys.normalize_signature(high) == signature
    assert keys.normalize_signature(signature) == signature


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        bytes(65),
        bytes(64),
        b"\x01" * 64 + b"\x04",
        b"\xff" * 32 + b"\x01" * 33,
        b"\x01" * 32 + bytes(32) + b"\x00",
    ],
)
def test_malformed_signatures_are_refused(signature: bytes) -> None:
    with pytest.raises(SignatureInvalid):
        keys.recover_public_key(DIGEST, signature)
    with pytest.raises(SignatureInvalid):
        keys.normalize_signature(signature)


@pytest.mark.parametrize("data", [None, 5, "00" * 65, [1] * 65, bytearray(65)])
def test_what_is_no_bytes_is_no_signature_and_no_hash(data: Any) -> None:  # noqa: ANN401 - none is bytes
    key = PrivateKey.generate()
    signature = key.sign_recoverable(DIGEST)
    uses: list[Callable[[], object]] = [
        lambda: key.sign_recoverable(data),
        lambda: keys.recover_public_key(data, signature),
        lambda: keys.recover_public_key(DIGEST, data),
        lambda: keys.check_signature(data),
        lambda: keys.normalize_signature(data),
    ]
    for use in uses:
        with pytest.raises(SignatureInvalid, match="is bytes"):
            use()


def test_hashes_have_32_bytes() -> None:
    with pytest.raises(SignatureInvalid):
        PrivateKey.generate().sign_recoverable(b"short")
    with pytest.raises(SignatureInvalid):
        keys.recover_public_key(b"short", bytes(65))


@pytest.mark.parametrize("public_key", [b"", bytes(33), b"\x02" + b"\xff" * 32, b"\x05" + b"\x01" * 32])
def test_what_is_no_public_key_is_refused(public_key: bytes) -> None:
    with pytest.raises(KeyInvalid):
        compress_public_key(public_key)


def test_a_mnemonic_gives_the_wallets_accounts() -> None:
    key = hd.account(CLARINET)
    assert key.to_bytes().hex() == "753b7cc01a1a2e86221266a154af739463fce51219d97e4f856cd7200c3bd2a601"
    assert key.address(Network.TESTNET) == "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
    assert hd.account(CLARINET, 1).public_key != key.public_key


def test_the_seed_is_bip39s() -> None:
    words = "abandon " * 11 + "about"
    assert hd.seed(words, "TREZOR").hex().startswith("c55257c360c07c72029aebc1b53c05ed0362ada38ead3e3e9efa3708e5349553")
    assert hd.seed(f"  {words} \n") == hd.seed(words)


def test_derivation_is_bip32s() -> None:
    """Test vector 1 of BIP-32."""
    root = ExtendedKey.master(bytes.fromhex("000102030405060708090a0b0c0d0e0f"))
    assert root.secret.hex() == "e8f32e723decf4051aefac8e2c93c9c5b214313817cdb01a1494b917c8436b35"
    leaf = root.derive("m/0'/1/2'/2/1000000000")
    assert leaf.secret.hex() == "471b76e389e528d6de6d816857e012c5455051cad6660850e58372a6c3e6e7c8"


@pytest.mark.parametrize("path", ["", "44'", "m/", "m/a", "m/-1", "m/1''", "m/2147483648", "m/²", "m/" + "1" * 5000, 5])
def test_paths_are_checked(path: str) -> None:
    with pytest.raises(KeyInvalid):
        ExtendedKey.master(bytes(16)).derive(path)


def test_children_are_numbered() -> None:
    with pytest.raises(KeyInvalid):
        ExtendedKey.master(bytes(16)).child(2**32)


def test_a_mnemonic_has_its_number_of_words() -> None:
    with pytest.raises(KeyInvalid, match="11"):
        hd.seed("word " * 11)


def test_wallets_spell_signatures_in_several_ways() -> None:
    key = PrivateKey.generate()
    signature = messages.sign_message(key, "hello")
    shifted = signature[:-2] + f"{int(signature[-2:], 16) + 27:02x}"
    for spelled in (signature, f"0x{signature}", signature.upper(), shifted):
        assert messages.verify_message("hello", spelled, key.address(Network.MAINNET))


@pytest.mark.parametrize("signature", ["", "zz", "00 " * 65, "00" * 65, "00" * 64, "ff" * 65])
def test_a_malformed_signature_is_nobodys(signature: str) -> None:
    assert not messages.verify_message("hello", signature, PrivateKey.generate().address(Network.MAINNET))


def test_several_keys_cannot_sign_one_message() -> None:
    assert not messages.verify_message("hello", "00" * 65, "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4")


@pytest.mark.parametrize("size", [0xFFFF, 0x10000])
def test_long_messages_have_long_lengths(size: int) -> None:
    key = PrivateKey.generate()
    assert messages.verify_message("a" * size, messages.sign_message(key, "a" * size), key.address(Network.MAINNET))


def test_a_domain_is_complete() -> None:
    domain = messages.domain("BitPay", "1", 1)
    with pytest.raises(ValueInvalid):
        messages.hash_structured(type(domain)({"name": domain["name"]}), domain)


@pytest.mark.parametrize("text", ["\ud800", "a\udfff", None, 5, b"hello"])
def test_what_is_no_text_is_signed_by_nobody(text: str) -> None:
    key = PrivateKey.generate()
    with pytest.raises(ValueInvalid):
        messages.sign_message(key, text)
    assert not messages.verify_message(text, "00" * 65, key.address(Network.MAINNET))


@pytest.mark.parametrize("signature", [None, 5, b"\x00" * 65, "\ud800"])
def test_what_is_no_signature_is_nobodys(signature: str) -> None:
    assert not messages.verify_message("hello", signature, PrivateKey.generate().address(Network.MAINNET))


@pytest.mark.parametrize("domain", [clarity.uint(1), None, {"name": "BitPay"}])
def test_a_domain_is_a_tuple(domain: clarity.Tuple) -> None:
    with pytest.raises(ValueInvalid):
        messages.encode_structured(domain, clarity.TRUE)
    with pytest.raises(ValueInvalid):
        messages.verify_structured(domain, clarity.TRUE, "00" * 65, PrivateKey.generate().address(Network.MAINNET))


@pytest.mark.parametrize(("mnemonic", "passphrase"), [("\ud800 " * 12, ""), ("word " * 12, "\udfff"), (12, "")])
def test_a_mnemonic_is_text_and_stays_secret(mnemonic: str, passphrase: str) -> None:
    with pytest.raises(KeyInvalid) as refused:
        hd.seed(mnemonic, passphrase)
    assert refused.value.__cause__ is None
    assert refused.value.__context__ is None


@pytest.mark.parametrize(
    ("secret", "chain_code"), [(bytes(32), bytes(32)), (b"\x01" * 31, bytes(32)), (b"\x01" * 32, ""), (1, bytes(32))]
)
def test_an_extended_key_is_a_key_and_a_chain_code(secret: bytes, chain_code: bytes) -> None:
    with pytest.raises(KeyInvalid):
        ExtendedKey(secret, chain_code)


def test_keys_are_made_of_bytes_or_text() -> None:
    for made in (lambda: PrivateKey(5), lambda: ExtendedKey.master("seed")):  # type: ignore[arg-type]
        with pytest.raises(KeyInvalid):
            made()
