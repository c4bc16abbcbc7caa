"""Golden vectors made with @stacks/transactions 7.6.0 (see vectors.json)."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from bitpay.stacks import addresses, clarity, hashes, messages, post_conditions, ripemd160
from bitpay.stacks.clarity import Ascii, Tuple, UInt
from bitpay.stacks.errors import SignatureInvalid
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import (
    Transaction,
    contract_call,
    contract_deploy,
    initial_sighash,
    next_sighash,
    sign,
    token_transfer,
    verify,
)

VECTORS: dict[str, Any] = json.loads(Path(__file__).with_name("vectors.json").read_text())
KEY = PrivateKey(VECTORS["priv"])
CONDITIONS = tuple(post_conditions.from_json(entry["json"]) for entry in VECTORS["pcs"])
DEMO = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM.demo"
SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token"


def the_call() -> Transaction:
    return contract_call(
        DEMO,
        "dep",
        [
            clarity.uint(1000),
            clarity.NONE,
            clarity.some(clarity.buffer(bytes.fromhex("deadbeef"))),
            clarity.principal(SBTC),
            clarity.tuple_({"b": clarity.TRUE, "a": clarity.int_(-1)}),
            clarity.list_([clarity.ascii("hi"), clarity.ascii("yo")]),
            clarity.utf8("é€"),
        ],
        network=Network.TESTNET,
        public_key=KEY.public_key,
        nonce=7,
        fee=2500,
        post_conditions=CONDITIONS,
    )


def test_a_key_has_the_known_addresses() -> None:
    assert KEY.public_key.hex() == VECTORS["pub"]
    assert KEY.address(Network.MAINNET) == VECTORS["addr_mainnet"]
    assert KEY.address(Network.TESTNET) == VECTORS["addr_testnet"]
    for address in (VECTORS["addr_mainnet"], VECTORS["addr_testnet"], SBTC.split(".", maxsplit=1)[0]):
        assert addresses.encode(*addresses.decode(address)) == address


@pytest.mark.parametrize("name", VECTORS["cv"])
def test_a_value_survives_both_ways(name: str) -> None:
    assert clarity.encode(clarity.from_hex(VECTORS["cv"][name])).hex() == VECTORS["cv"][name]


@pytest.mark.parametrize("entry", VECTORS["pcs"], ids=lambda entry: entry["json"]["type"])
def test_a_post_condition_survives_bytes_and_json(entry: dict[str, Any]) -> None:
    condition = post_conditions.from_json(entry["json"])
    assert post_conditions.to_hex(condition) == entry["hex"]
    assert post_conditions.decode(bytes.fromhex(entry["hex"])) == condition
    assert post_conditions.to_json(condition) == entry["json"]


def test_a_call_is_built_signed_and_named_as_by_the_reference() -> None:
    unsigned = the_call()
    assert unsigned.to_hex() == VECTORS["unsigned"]
    assert initial_sighash(unsigned).hex() == VECTORS["initial_sighash"]
    assert next_sighash(unsigned).hex() == VECTORS["presign"]
    signed = sign(unsigned, KEY)
    assert signed.to_hex() == VECTORS["signed"]
    assert signed.txid() == VECTORS["txid"]
    assert signed.origin_address == VECTORS["addr_testnet"]
    verify(signed)


def test_a_transfer_and_a_deployment_equal_the_reference() -> None:
    transfer = token_transfer(
        "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
        12345,
        memo=b"hi",
        network=Network.MAINNET,
        public_key=KEY.public_key,
        nonce=0,
        fee=180,
    )
    signed = sign(transfer, KEY)
    assert (signed.to_hex(), signed.txid()) == (VECTORS["stx_signed"], VECTORS["stx_txid"])
    deployed = contract_deploy(
        "c1",
        "(ok true)",
        network=Network.TESTNET,
        public_key=KEY.public_key,
        nonce=1,
        fee=300,
        clarity_version=4,
        mode=post_conditions.Mode.ORIGINATOR,
    )
    assert sign(deployed, KEY).to_hex() == VECTORS["deploy_signed"]


@pytest.mark.parametrize("name", ["signed", "unsigned", "stx_signed", "deploy_signed"])
def test_a_transaction_survives_decoding(name: str) -> None:
    assert Transaction.from_hex(VECTORS[name]).to_hex() == VECTORS[name]


def test_a_changed_transaction_does_not_verify() -> None:
    raw = bytearray.fromhex(VECTORS["signed"])
    raw[-1] ^= 1
    raw[-2] ^= 0x40  # keeps the text UTF-8
    with pytest.raises(SignatureInvalid):
        verify(Transaction.decode(bytes(raw[:-3]) + b"\xe2\x82\xad"))


def test_messages_are_signed_and_recovered_as_by_the_reference() -> None:
    digest = messages.hash_message(VECTORS["msg"])
    assert digest.hex() == VECTORS["msg_hash"]
    assert messages.sign_message(KEY, VECTORS["msg"]) == VECTORS["msg_sig_rsv"]
    assert messages.recover_address(digest, VECTORS["msg_sig_rsv"], Network.MAINNET) == VECTORS["addr_mainnet"]
    assert messages.verify_message(VECTORS["msg"], VECTORS["msg_sig_rsv"], VECTORS["addr_testnet"])
    assert not messages.verify_message("Hello", VECTORS["msg_sig_rsv"], VECTORS["addr_testnet"])


def test_structured_data_is_signed_as_by_the_reference() -> None:
    domain = messages.domain("BitPay", "1.0.0", 1)
    assert domain == Tuple({"name": Ascii("BitPay"), "version": Ascii("1.0.0"), "chain-id": UInt(1)})
    signature = messages.sign_structured(KEY, domain, clarity.ascii("hello"))
    assert messages.verify_structured(domain, clarity.ascii("hello"), signature, VECTORS["addr_mainnet"])
    digest = hashlib.sha256(bytes.fromhex(VECTORS["sip18_encoded"])).digest()
    assert messages.recover_address(digest, VECTORS["sip18_sig"], Network.MAINNET) == VECTORS["addr_mainnet"]


def test_an_openssl_without_ripemd160_is_no_obstacle(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str, *_: object, **__: object) -> None:
        raise ValueError(f"unsupported hash type {name}")

    with monkeypatch.context() as patched:
        patched.setattr(hashlib, "new", refuse)
        chosen = hashes._choose_ripemd160()
    assert chosen(b"abc") == ripemd160.ripemd160(b"abc") == hashes._choose_ripemd160()(b"abc")


@pytest.mark.parametrize("size", [0, 1, 20, 32, 55, 56, 63, 64, 65, 119, 1000])
def test_the_plain_ripemd160_equals_openssl(size: int) -> None:
    data = bytes(range(256)) * 4
    reference = hashlib.new("ripemd160", data[:size], usedforsecurity=False).hexdigest()
    assert ripemd160.ripemd160(data[:size]).hex() == reference
