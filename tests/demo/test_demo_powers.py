from typing import Any

import httpx
import pytest
from tests.instance import DEV_TOKEN, LiveInstance

from bitpay.app import create_app
from bitpay.kit.settings import Settings
from bitpay.protocol.calls import core
from bitpay.stacks import clarity, messages
from bitpay.stacks.messages import verify_message, verify_structured
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import Transaction, token_transfer, verify
from bitpay.stacks.transactions import sign as sign_transaction


async def test_demo_accounts_are_named_and_their_keys_are_not(live: LiveInstance) -> None:
    answer = await live.http.get("/dev/accounts", headers=live.dev_headers)
    accounts = answer.json()["accounts"]
    assert [account["name"] for account in accounts] == ["alice", "bob", "carol", "dave", "erin"]
    assert {account["address"] for account in accounts} == {live.address(account["name"]) for account in accounts}
    for key in live.keys.values():
        assert key.to_bytes().hex()[:64] not in answer.text


@pytest.mark.parametrize(
    "change",
    [
        {"X-BitPay-Dev-Token": ""},
        {"X-BitPay-Dev-Token": "wrong"},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "null"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
        {"Via": "1.1 proxy"},
    ],
)
@pytest.mark.parametrize(
    "power", ["GET accounts", "POST sign", "POST broadcast", "POST faucet", "POST warp", "POST mine"]
)
async def test_nobody_else_has_the_powers(live: LiveInstance, change: dict[str, str], power: str) -> None:
    headers = {**live.dev_headers, **change}
    method, path = power.split()
    before = (await live.get("/chain"))["time"]
    answer = await live.http.request(method, f"/dev/{path}", json={"seconds": 90_000}, headers=headers)
    assert answer.status_code == 403
    assert (await live.get("/chain"))["time"] < before + 90_000


async def test_an_unsafe_power_needs_an_origin(live: LiveInstance) -> None:
    answer = await live.http.post("/dev/mine", json={}, headers={"X-BitPay-Dev-Token": DEV_TOKEN})
    assert answer.status_code == 403


async def sign(live: LiveInstance, **asked: Any) -> httpx.Response:  # noqa: ANN401 - any request
    return await live.http.post("/dev/sign", json={"account": "alice", **asked}, headers=live.dev_headers)


async def test_a_demo_account_signs_what_a_wallet_would(live: LiveInstance) -> None:
    alice = live.address("alice")
    text = (await sign(live, message="hello")).json()
    assert text["publicKey"] == live.keys["alice"].public_key.hex()
    assert verify_message("hello", text["signature"], alice)
    domain, message = messages.domain("BitPay", "1", Network.TESTNET.chain_id), clarity.uint(7)
    structured = {"domain": clarity.to_hex(domain), "message": clarity.to_hex(message)}
    signed = (await sign(live, structured=structured)).json()
    assert verify_structured(domain, message, signed["signature"], alice)
    call = core.withdraw_from_stream(live.contracts, stream_id=1, shown=1, owed=1_000)
    public_key = live.keys["alice"].public_key
    unsigned = call.transaction(network=Network.TESTNET, public_key=public_key, nonce=0, fee=300)
    told = (await sign(live, account=alice, tx=unsigned.to_hex())).json()
    transaction = Transaction.from_hex(told["transaction"])
    verify(transaction)
    assert told["txid"] == f"0x{transaction.txid()}"


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"message": "a", "tx": "00"}, 400),
        ({"tx": "zz"}, 400),
        ({"structured": {"domain": "0x01", "message": "0x03"}}, 400),
        ({"account": "deployer", "message": "a"}, 404),
        ({"account": "nobody", "message": "a"}, 404),
    ],
)
async def test_what_cannot_be_signed(live: LiveInstance, asked: dict[str, Any], status: int) -> None:
    assert (await sign(live, **asked)).status_code == status


async def test_time_and_blocks_obey_and_our_ledger_has_followed(live: LiveInstance) -> None:
    before = await live.get("/chain")
    warped = await live.warp(10_000)
    assert warped["time"] >= before["time"] + 10_000
    mined = (await live.http.post("/dev/mine", json={"blocks": 2}, headers=live.dev_headers)).json()
    assert mined["height"] >= warped["height"] + 2
    assert (await live.get("/chain"))["height"] >= mined["height"]
    for body in ({"seconds": 0}, {"seconds": -5}, {"seconds": 10**12}):
        assert (await live.http.post("/dev/warp", json=body, headers=live.dev_headers)).status_code == 400


async def test_the_faucet_gives(live: LiveInstance) -> None:
    before = (await live.get(f"/accounts/{live.address('dave')}"))["sbtc"]
    asked = {"account": "dave", "token": "sbtc", "amount": 123}
    given = await live.http.post("/dev/faucet", json=asked, headers=live.dev_headers)
    told = await live.outcome(given.json()["txid"])
    assert told["status"] == "success"
    assert (await live.get(f"/accounts/{live.address('dave')}"))["sbtc"] == before + 123


async def test_a_transaction_of_any_kind_can_be_sent(live: LiveInstance) -> None:
    alice, bob = live.keys["alice"], live.address("bob")
    nonce = await live.stacks.next_nonce(live.address("alice"))
    transfer = token_transfer(bob, 7, network=Network.TESTNET, public_key=alice.public_key, nonce=nonce, fee=1_000)
    signed = sign_transaction(transfer, alice)
    asked = {"tx": signed.to_hex()}
    sent = await live.http.post("/dev/broadcast", json=asked, headers=live.dev_headers)
    assert (sent.status_code, sent.json()) == (202, {"txid": f"0x{signed.txid()}"})
    assert (await live.outcome(f"0x{signed.txid()}"))["status"] == "success"
    for wrong in ("zz", "00", transfer.to_hex()):
        refused = await live.http.post("/dev/broadcast", json={"tx": wrong}, headers=live.dev_headers)
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")


async def test_elsewhere_the_powers_do_not_exist() -> None:
    given: dict[str, Any] = {
        "network": "testnet",
        "deployer": "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM",
        "mongodb_url": "mongodb://127.0.0.1:1",
        "chainhook_secrets": ["a secret of this test, long enough"],
        "token_secret": "a secret of this test, long enough",
    }
    app = create_app(Settings(**given))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8420") as http:
        for path in ("accounts", "sign", "broadcast", "warp", "mine", "faucet"):
            assert (await http.post(f"/dev/{path}", headers={"X-BitPay-Dev-Token": ""})).status_code == 404
