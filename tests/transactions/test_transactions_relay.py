from dataclasses import replace

import httpx
import pytest
from tests.instance import LiveInstance

from bitpay.kit.errors import BitPayError, TooLarge
from bitpay.protocol.ids import Contracts
from bitpay.stacks.clarity import principal, uint
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import ContractCall, Transaction, contract_call, contract_deploy, sign, token_transfer
from bitpay.transactions.relay import (
    MAX_BYTES,
    ForeignContract,
    InvalidSignature,
    InvalidTransaction,
    read_transaction,
)

KEY = PrivateKey(b"\x05" * 32)
OWNER = KEY.address(Network.TESTNET)
SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token"
CONTRACTS = Contracts(OWNER, SBTC)


def call(contract: str, network: Network = Network.TESTNET) -> Transaction:
    return contract_call(
        contract, "withdraw-from-stream", [uint(1)], network=network, public_key=KEY.public_key, nonce=0, fee=300
    )


def read(text: str) -> tuple[Transaction, object, bytes]:
    return read_transaction(text, CONTRACTS, Network.TESTNET)


@pytest.mark.parametrize("prefix", ["", "0x"])
@pytest.mark.parametrize("contract", [CONTRACTS.core, CONTRACTS.marketplace, CONTRACTS.obligation_nft, SBTC])
def test_signed_calls_of_ours_and_of_sbtc_are_taken(contract: str, prefix: str) -> None:
    signed = sign(call(contract), KEY)
    transaction, _, raw = read(prefix + signed.to_hex())
    assert (transaction, raw) == (signed, signed.encode())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", InvalidTransaction),
        ("zz", InvalidTransaction),
        ("00" * 100, InvalidTransaction),
        (sign(call(CONTRACTS.core), KEY).to_hex() + "00", InvalidTransaction),
        (sign(call(CONTRACTS.core), KEY).to_hex()[:-2], InvalidTransaction),
        (sign(call(CONTRACTS.core, Network.MAINNET), KEY).to_hex(), InvalidTransaction),
        (call(CONTRACTS.core).to_hex(), InvalidSignature),
        (sign(call(f"{OWNER}.something-else"), KEY).to_hex(), ForeignContract),
        ("00" * (MAX_BYTES + 1), TooLarge),
    ],
)
def test_everything_else_is_refused(text: str, error: type[BitPayError]) -> None:
    with pytest.raises(error):
        read(text)


def test_other_kinds_of_transactions_are_not_ours_to_relay() -> None:
    facts = {"network": Network.TESTNET, "public_key": KEY.public_key, "nonce": 0, "fee": 300}
    for other in (token_transfer(OWNER, 1, **facts), contract_deploy("a", "(+ 1 1)", clarity_version=4, **facts)):  # type: ignore[arg-type]
        with pytest.raises(ForeignContract):
            read(sign(other, KEY).to_hex())


def test_a_tampered_transaction_is_refused() -> None:
    signed = sign(call(CONTRACTS.core), KEY)
    assert isinstance(signed.payload, ContractCall)
    tampered = replace(signed, payload=replace(signed.payload, args=(principal(OWNER),)))
    with pytest.raises(InvalidSignature):
        read(tampered.to_hex())


async def test_bad_transactions_get_a_problem_and_leave_no_trace(live: LiveInstance) -> None:
    unsigned = await live.signed(await live.prepare_create("alice", "bob"), "alice")
    broken = unsigned.to_hex().replace(b"open-stream".hex(), b"open-straem".hex())
    answer = await live.http.post("/api/v1/transactions", json={"tx": broken})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_signature")
    txid = Transaction.from_hex(broken).txid()
    assert (await live.http.get(f"/api/v1/transactions/{txid}")).status_code == 404


async def test_the_networks_refusal_is_said_in_words(live: LiveInstance) -> None:
    prepared = await live.prepare_create("carol", "bob")
    for transaction, word, sentence in (
        (await live.signed(prepared, "carol", fee=1), "FeeTooLow", "fee is too low"),
        (await live.signed(prepared, "carol", fee=10**15), "NotEnoughFunds", "too little STX"),
    ):
        answer = await live.http.post("/api/v1/transactions", json={"tx": transaction.to_hex()})
        problem = answer.json()
        assert (answer.status_code, problem["code"], problem["reason"]) == (409, "rejected", word)
        assert sentence in problem["detail"]
        again = await live.http.get(f"/api/v1/transactions/{transaction.txid()}")
        assert again.status_code == 404


async def test_a_used_nonce_is_refused(live: LiveInstance) -> None:
    await live.open_stream("dave", "bob")
    transaction = await live.signed(await live.prepare_create("dave", "bob", amount=7), "dave", nonce=0)
    answer = await live.http.post("/api/v1/transactions", json={"tx": transaction.to_hex()})
    assert (answer.status_code, answer.json()["reason"]) == (409, "BadNonce")


async def test_the_same_transaction_twice_is_one_transaction(live: LiveInstance) -> None:
    transaction = await live.signed(await live.prepare_create("alice", "bob"), "alice")
    key = {"Idempotency-Key": "one"}
    answers: list[httpx.Response] = [
        await live.http.post("/api/v1/transactions", json={"tx": transaction.to_hex()}, headers=key) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[1].headers["idempotency-replayed"] == "true"
    told = await live.outcome(await live.relay(transaction))
    assert told["status"] == "success"
    other = await live.signed(await live.prepare_create("alice", "bob"), "alice")
    reused = await live.http.post("/api/v1/transactions", json={"tx": other.to_hex()}, headers=key)
    assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
