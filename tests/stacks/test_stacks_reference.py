"""Everything that has bytes, compared byte for byte with @stacks/transactions in the same run.

Where the two differ, the test says why. BITPAY_REFERENCE_SEED makes other material; `make fuzz` plays ten seeds more.
"""

import os
import re
import secrets
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from tests.stacks.samples import Samples, describe
from tests.stacks.stacks_js import Refused, StacksJs

from bitpay.stacks import addresses, clarity, messages, post_conditions
from bitpay.stacks.clarity import Value
from bitpay.stacks.errors import DecodeError, SignatureInvalid
from bitpay.stacks.keys import PrivateKey, recover_public_key
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import NftPostCondition
from bitpay.stacks.transactions import (
    Coinbase,
    ContractCall,
    HashMode,
    Payload,
    PoisonMicroblock,
    SmartContract,
    TenureCause,
    TenureChange,
    TokenTransfer,
    Transaction,
    build,
    multi_sig,
    sign,
    sign_multi,
    single_sig,
    sponsor,
    verify,
)
from bitpay.stacks.transactions.auth import SpendingCondition, signer_hash
from bitpay.stacks.transactions.payloads import MEMO_BYTES
from bitpay.stacks.transactions.signing import Role

VALUES = 20_000
TRANSACTIONS = 2_000
MESSAGES = 2_000
SEED = int(os.environ.get("BITPAY_REFERENCE_SEED", "7"))
SIGNATURE_BYTES = 65
LONG_NUMBER = re.compile(r"\b[0-9]{16,}|\bu[0-9]{16,}")

Signed: TypeAlias = tuple[Transaction, dict[str, Any]]
"""A signed transaction, and the description from which the reference makes its own."""

# Where we refuse bytes that the reference reads: rules of the chain that the reference does not look at.
OUR_RULES = {
    "contract name": "names are validated",
    "tuple key": "names are validated, keys are sorted and unique",
    "tuple": "a tuple has a key",
    "string-ascii": "characters are validated",
    "string-utf8": "UTF-8 is validated",
    "value": "nothing follows; depth, size and one type per list are enforced",
    "principal": "address versions are below 32",
    "asset": "address versions are below 32",
    "asset name": "names are validated",
    "principal name": "names are validated",
    "contract": "address versions are below 32",
    "function": "names are validated",
    "source": "characters are validated",
    "recipient": "only a principal receives",
    "transaction": "nothing follows",
    "auth field type": "witness modes take compressed keys",
    "public key": "keys are points",
}


@pytest.fixture
def samples() -> Samples:
    return Samples(SEED)


@pytest.fixture(scope="module")
def values() -> list[Value]:
    samples = Samples(SEED)
    return [samples.value() for _ in range(VALUES)]


@pytest.fixture(scope="module")
def signed() -> list[Signed]:
    samples = Samples(SEED)
    return [_signed(samples) for _ in range(TRANSACTIONS)]


def test_values_have_the_same_bytes_both_ways(reference: StacksJs, values: list[Value]) -> None:
    encoded = [clarity.encode(value).hex() for value in values]
    assert [clarity.decode(bytes.fromhex(text)) for text in encoded] == values
    assert reference("reencode", encoded) == encoded
    assert reference("build", [describe(value) for value in values]) == encoded


def test_values_print_so_that_the_reference_can_read_them_and_back(reference: StacksJs, values: list[Value]) -> None:
    for value in values:
        assert clarity.parse_repr(clarity.to_repr(value)) == value
    printed = reference("repr", [clarity.encode(value).hex() for value in values])
    # The reference escapes as JSON does (\uXXXX, \b), which is no Clarity; the rest of its text reads the same.
    plain = [(value, text) for value, text in zip(values, printed, strict=True) if "\\" not in text]
    assert len(plain) > VALUES / 3
    for value, text in plain:
        assert clarity.parse_repr(text) == value


def test_text_means_the_same_to_the_reference_where_it_can_read_it(reference: StacksJs, values: list[Value]) -> None:
    """It reads no Clarity escapes, no empty buffer, few address versions; numbers of 16 digits it rounds."""
    pairs = [(value, text) for value in values for text in [clarity.to_repr(value)] if not LONG_NUMBER.search(text)]
    answers = reference("parse", [text for _, text in pairs])
    read = [
        (value, theirs) for (value, _), theirs in zip(pairs, answers, strict=True) if not isinstance(theirs, Refused)
    ]
    assert len(read) > VALUES / 3
    for value, theirs in read:
        assert clarity.encode(value).hex() == theirs


def test_malformed_values_are_refused_by_both_or_the_difference_is_explained(
    reference: StacksJs, samples: Samples, values: list[Value]
) -> None:
    mutated = [samples.mutated(clarity.encode(value)) for value in values]
    answers = reference("reencode", [data.hex() for data in mutated])
    for data, theirs in zip(mutated, answers, strict=True):
        _compare_refusals(data, theirs, lambda data: clarity.encode(clarity.decode(data)), _reordered)


def test_malformed_transactions_are_refused_by_both_or_the_difference_is_explained(
    reference: StacksJs, samples: Samples, signed: list[Signed]
) -> None:
    mutated = [samples.mutated(tx.encode()) for tx, _ in signed]
    answers = reference("reencode_tx", [data.hex() for data in mutated])
    for data, theirs in zip(mutated, answers, strict=True):
        _compare_refusals(data, theirs, lambda data: Transaction.decode(data).encode(), _rewritten)


def _compare_refusals(
    data: bytes,
    theirs: Any,  # noqa: ANN401 - or a refusal
    reencode: Callable[[bytes], bytes],
    explained: Callable[[bytes, str], bool],
) -> None:
    ours = _attempt(reencode, data)
    if isinstance(ours, DecodeError):
        # The reference reads on past the end of its input and ignores what follows the end: then it writes other
        # bytes than it read. What it writes back unchanged, we refuse only by a rule of the chain.
        assert theirs != data.hex() or ours.field in OUR_RULES, (ours, data.hex())
        return
    assert ours == data
    assert not isinstance(theirs, Refused), (theirs, data.hex())
    assert theirs == data.hex() or explained(data, theirs), (theirs, data.hex())


def _attempt(reencode: Callable[[bytes], bytes], data: bytes) -> bytes | DecodeError:
    try:
        return reencode(data)
    except DecodeError as error:
        return error


def _reordered(data: bytes, theirs: str) -> bool:
    """The reference sorts keys by locale, as test_the_one_order_that_differs_is_the_chains says."""
    return sorted(bytes.fromhex(theirs)) == sorted(data)


def _rewritten(data: bytes, theirs: str) -> bool:
    """The reference reads a memo as UTF-8 text, so other bytes come back as U+FFFD; it skips poison microblocks."""
    payload = Transaction.decode(data).payload
    if isinstance(payload, TokenTransfer):
        return theirs.startswith(data[:-MEMO_BYTES].hex())
    return isinstance(payload, PoisonMicroblock) or _reordered(data, theirs)


def test_the_one_order_that_differs_is_the_chains(reference: StacksJs) -> None:
    """The chain sorts keys byte by byte; the reference by locale, so it writes what nodes do not sign for."""
    for keys in (("B", "a"), ("a_", "a1"), ("a-b", "a!b")):
        value = clarity.tuple_(dict.fromkeys(keys, clarity.TRUE))
        assert value.keys() == sorted(keys)
        encoded = clarity.encode(value).hex()
        assert reference("reencode", [encoded]) != [encoded]


def test_addresses_are_spelled_the_same(reference: StacksJs, samples: Samples) -> None:
    pairs = [(version, samples.random.randbytes(20)) for version in range(32) for _ in range(20)]
    pairs += [
        (version, bytes(zeros) + samples.random.randbytes(20 - zeros)) for version in (20, 26) for zeros in range(21)
    ]
    spelled = reference("address", [{"version": version, "hash": digest.hex()} for version, digest in pairs])
    assert [addresses.encode(*pair) for pair in pairs] == spelled
    assert [addresses.decode(address) for address in spelled] == pairs


def test_keys_have_the_same_addresses(reference: StacksJs, samples: Samples) -> None:
    keys = [samples.secret() for _ in range(50)] + [PrivateKey.uncompressed(secrets.token_bytes(32))]
    for key, account in zip(keys, reference("account", [key.to_bytes().hex() for key in keys]), strict=True):
        assert [key.public_key.hex(), key.address(Network.MAINNET), key.address(Network.TESTNET)] == account


def test_post_conditions_have_the_same_bytes_and_json(reference: StacksJs, samples: Samples) -> None:
    conditions = [samples.post_condition() for _ in range(TRANSACTIONS)]
    documents = [post_conditions.to_json(condition) for condition in conditions]
    assert [post_conditions.from_json(document) for document in documents] == conditions
    encoded = [post_conditions.encode(condition) for condition in conditions]
    assert [post_conditions.decode(data) for data in encoded] == conditions
    assert reference("post_condition", documents) == [data.hex() for data in encoded]


def test_transactions_have_the_same_bytes_signatures_and_ids(reference: StacksJs, signed: list[Signed]) -> None:
    theirs = reference("sign", [item for _, item in signed])
    for (ours, _), result in zip(signed, theirs, strict=True):
        assert result == [ours.to_hex(), ours.txid()]
        assert Transaction.from_hex(result[0]) == ours
        verify(ours)


def test_both_verify_each_others_transactions_and_no_changed_ones(reference: StacksJs, signed: list[Signed]) -> None:
    some = [tx for tx, _ in signed[: TRANSACTIONS // 5]]
    assert reference("verify", [tx.to_hex() for tx in some]) == [True] * len(some)
    changed = [_on_another_chain(tx) for tx in some]
    for data in changed:
        with pytest.raises(SignatureInvalid):
            verify(Transaction.decode(data))
    assert all(isinstance(answer, Refused) for answer in reference("verify", [data.hex() for data in changed]))


def _on_another_chain(tx: Transaction) -> bytes:
    data = bytearray(tx.encode())
    data[1] ^= 1
    return bytes(data)


def test_multi_signature_accounts_are_the_same(reference: StacksJs, samples: Samples) -> None:
    for mode in HashMode:
        for count in (1,) if mode.single else (1, 2, 3, 15):
            keys = [samples.secret().public_key for _ in range(count)]
            required = samples.random.randint(1, count)
            item = {"mode": int(mode), "required": required, "public_keys": [key.hex() for key in keys]}
            assert reference("multisig", [item]) == [signer_hash(mode, keys, required).hex()]


def test_payloads_that_only_miners_send_survive_the_reference(reference: StacksJs, samples: Samples) -> None:
    random = samples.random.randbytes
    payloads: list[Payload] = [
        Coinbase(random(32)),
        Coinbase(random(32), samples.principal()),
        Coinbase(random(32), None, random(80)),
        Coinbase(random(32), samples.principal(), random(80)),
        *(TenureChange(random(20), random(20), random(20), random(32), 7, cause, random(20)) for cause in TenureCause),
    ]
    origin = single_sig(samples.secret().public_key, nonce=0, fee=0)
    encoded = [build(payload, origin, Network.MAINNET).to_hex() for payload in payloads]
    assert [Transaction.from_hex(text).payload for text in encoded] == payloads
    assert reference("reencode_tx", encoded) == encoded


def test_messages_are_hashed_signed_and_recovered_the_same(reference: StacksJs, samples: Samples) -> None:
    texts = ["", "a" * 252, "a" * 253, "é" * 200, "x" * 5000]
    texts += [samples.text("abc äöü 漢字 💸\n", 80) for _ in range(MESSAGES - len(texts))]
    keys = [samples.secret() for _ in texts]
    items = [{"message": text, "secret": key.to_bytes().hex()} for text, key in zip(texts, keys, strict=True)]
    for text, key, (digest, signature) in zip(texts, keys, reference("message", items), strict=True):
        assert messages.hash_message(text).hex() == digest
        assert messages.sign_message(key, text) == signature
        assert recover_public_key(bytes.fromhex(digest), bytes.fromhex(signature)) == key.public_key
        assert messages.verify_message(text, signature, key.address(Network.TESTNET))
    recovered = [
        {"hash": messages.hash_message(text).hex(), "signature": messages.sign_message(key, text)}
        for text, key in zip(texts, keys, strict=True)
    ]
    assert reference("recover", recovered) == [key.public_key.hex() for key in keys]


def test_malformed_signatures_are_refused_by_both_or_the_difference_is_explained(
    reference: StacksJs, samples: Samples
) -> None:
    digest = messages.hash_message("pay")
    signatures = [messages.sign_message(samples.secret(), "pay") for _ in range(MESSAGES)]
    mutated = [samples.mutated(bytes.fromhex(signature)) for signature in signatures]
    items = [{"hash": digest.hex(), "signature": data.hex()} for data in mutated]
    for data, theirs in zip(mutated, reference("recover", items), strict=True):
        ours = _recovered(digest, data)
        if isinstance(ours, str):
            assert ours == theirs
        else:
            # The reference ignores what follows 65 bytes. The chain refuses a high S: it would be a second
            # signature of the same message.
            stricter = len(data) > SIGNATURE_BYTES or "high" in str(ours)
            assert stricter or isinstance(theirs, Refused), (ours, data.hex())


def _recovered(digest: bytes, signature: bytes) -> str | SignatureInvalid:
    try:
        return recover_public_key(digest, signature).hex()
    except SignatureInvalid as error:
        return error


def test_structured_data_is_signed_the_same(reference: StacksJs, samples: Samples) -> None:
    domain = messages.domain("BitPay", "1.0.0", Network.TESTNET.chain_id)
    asked = [(samples.secret(), samples.value()) for _ in range(MESSAGES)]
    items = [
        {"domain": clarity.to_hex(domain), "message": clarity.to_hex(value), "secret": key.to_bytes().hex()}
        for key, value in asked
    ]
    assert reference("structured", items) == [messages.sign_structured(key, domain, value) for key, value in asked]


def _signed(samples: Samples) -> Signed:
    network, payload, mode = samples.network(), samples.payload(), samples.mode()
    conditions = [samples.post_condition() for _ in range(samples.random.randint(0, 4))]
    origin, keys, public_keys, origin_item = _spender(samples)
    sponsored = samples.random.random() < 0.3
    tx = build(payload, origin, network, mode=mode, post_conditions=conditions, sponsored=sponsored)
    tx = sign_multi(tx, public_keys, keys) if len(public_keys) > 1 or not origin.mode.single else sign(tx, keys[0])
    item = {
        **_payload_item(payload),
        "network": network.value,
        "mode": int(mode),
        "post_conditions": [post_conditions.to_json(condition) for condition in conditions],
        "origin": origin_item,
    }
    if sponsored:
        payer = samples.secret()
        tx = sponsor(tx, single_sig(payer.public_key, nonce=3, fee=samples.amount()))
        tx = sign(tx, payer, Role.SPONSOR)
        assert tx.auth.sponsor is not None
        item["sponsor"] = _spend_item(tx.auth.sponsor, [payer.public_key], [payer], 1)
    return tx, item


def _spender(samples: Samples) -> tuple[SpendingCondition, list[PrivateKey], list[bytes], dict[str, Any]]:
    mode = samples.pick([*HashMode, HashMode.P2PKH, HashMode.P2PKH, HashMode.P2PKH])
    nonce, fee = samples.amount(), samples.amount()
    if mode.single:
        key = samples.secret()
        condition = single_sig(key.public_key, nonce=nonce, fee=fee, mode=mode)
        return condition, [key], [key.public_key], _spend_item(condition, [key.public_key], [key], 1)
    keys = [samples.secret() for _ in range(samples.random.randint(1, 5))]
    if not mode.witness and samples.random.random() < 0.3:
        keys[0] = PrivateKey.uncompressed(keys[0].to_bytes())
    required = samples.random.randint(1, len(keys))
    signers = samples.random.sample(keys, required)
    public_keys = [key.public_key for key in keys]
    multi = multi_sig(public_keys, required, nonce=nonce, fee=fee, mode=mode)
    return multi, signers, public_keys, _spend_item(multi, public_keys, signers, required)


def _spend_item(
    condition: SpendingCondition, public_keys: list[bytes], signers: list[PrivateKey], required: int
) -> dict[str, Any]:
    by_key = {key.public_key: key.to_bytes().hex() for key in signers}
    return {
        "mode": int(condition.mode),
        "nonce": str(condition.nonce),
        "fee": str(condition.fee),
        "required": required,
        "public_keys": [key.hex() for key in public_keys],
        "secrets": [by_key.get(key) for key in public_keys],
    }


def _payload_item(payload: Any) -> dict[str, Any]:  # noqa: ANN401 - matched below
    match payload:
        case ContractCall(contract, function, args):
            hexes = [clarity.to_hex(value) for value in args]
            return {"kind": "call", "contract": str(contract), "function": function, "args": hexes}
        case TokenTransfer(recipient, amount, memo):
            text = memo.rstrip(b"\0").decode()
            return {"kind": "transfer", "recipient": str(recipient), "amount": str(amount), "memo": text}
        case SmartContract(name, source, version):
            return {"kind": "deploy", "name": name, "source": source, "version": version}
    raise AssertionError(payload)


def test_samples_cover_what_they_should(signed: list[Signed]) -> None:
    transactions = [tx for tx, _ in signed]
    assert {tx.auth.origin.mode for tx in transactions} == set(HashMode)
    assert {type(tx.payload) for tx in transactions} == {ContractCall, TokenTransfer, SmartContract}
    assert any(tx.auth.sponsor for tx in transactions)
    assert any(isinstance(one, NftPostCondition) for tx in transactions for one in tx.post_conditions)
