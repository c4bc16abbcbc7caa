"""The client against Hiro's answers about balances, contracts, block times, Bitcoin blocks and faucets."""

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.stacks.fake_hiro import OWNER, FakeHiro, block, transaction, transaction_v3, word

from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.client import (
    AnswerInvalid,
    ApiGone,
    ApiNotFound,
    ApiRateLimited,
    ApiRefused,
    ApiUnavailable,
    BlockTimes,
    BurnBlock,
    Gift,
    StacksClient,
    StxBalance,
    StxLock,
    StxWaiting,
)
from bitpay.stacks.client import http as client_http
from bitpay.stacks.errors import AddressInvalid
from bitpay.stacks.network import Network

CONTRACT = f"{OWNER}.a"
BALANCE = f"/extended/v3/principals/{OWNER}/balances/stx"


@pytest.fixture
def hiro(monkeypatch: pytest.MonkeyPatch) -> FakeHiro:
    monkeypatch.setattr(client_http, "FIRST_PAUSE_SECONDS", 0.001)
    return FakeHiro()


@pytest.fixture
async def client(hiro: FakeHiro) -> AsyncIterator[StacksClient]:
    async with StacksClient("http://hiro.test", transport=httpx.MockTransport(hiro)) as made:
        yield made


async def test_a_balance_tells_what_is_locked_and_what_waits(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[BALANCE] = {"balance": "50", "available": "50", "locked": None, "mempool": None}
    assert await client.stx_balance(OWNER) == StxBalance(50, 50)
    hiro.routes[BALANCE] = {
        "balance": "50",
        "available": "20",
        "locked": {
            "amount": "30",
            "pox_version": 5,
            "lock_tx_id": word(1),
            "stacks_lock_height": 10,
            "burn_lock_height": 900,
            "burn_unlock_height": 1_800,
        },
        "mempool": {"estimated_balance": "14", "inbound": "4", "outbound": "10"},
    }
    locked = StxLock(30, pox_version=5, txid=word(1), height=10, burn_height=900, unlock_height=1_800)
    assert await client.stx_balance(OWNER) == StxBalance(50, 20, locked, StxWaiting(14, inbound=4, outbound=10))


@pytest.mark.parametrize("words", [f"No such API endpoint 'GET {BALANCE}'", "No such file or directory"])
async def test_a_plain_node_knows_balances_and_nonces_too(hiro: FakeHiro, client: StacksClient, words: str) -> None:
    absent = httpx.Response(404, text=words)
    hiro.troubles.append(absent)
    hiro.routes[f"/v2/accounts/{OWNER}"] = {"balance": "0x14", "locked": "0x1e", "unlock_height": 9, "nonce": 4}
    assert await client.stx_balance(OWNER) == StxBalance(50, 20)
    hiro.troubles += [absent, absent]
    assert await client.next_nonce(OWNER) == 4
    with pytest.raises(AddressInvalid):
        await client.stx_balance("../info")


def waiting(number: int) -> dict[str, Any]:
    return {
        "tx_id": word(number),
        "sender": {"address": OWNER, "nonce": number},
        "sponsor": None,
        "fee_rate": "300",
        "receipt_time": 1_700_000_000,
        "receipt_block_height": 5,
        "status": "pending",
        "type": "contract_call",
        "contract_call": {"contract_id": CONTRACT, "function_name": "go"},
    }


async def test_what_waits_for_a_block_is_listed(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/extended/v3/principals/{OWNER}/mempool/transactions"] = [waiting(number) for number in (3, 2, 1)]
    found = [state async for state in client.waiting(OWNER)]
    assert [(state.txid, state.nonce, state.pending, state.block) for state in found] == [
        (word(number), number, True, None) for number in (3, 2, 1)
    ]
    assert (found[0].contract_id, found[0].function) == (CONTRACT, "go")
    hiro.v3 = False
    old = {**transaction(1, 0, "pending"), "receipt_time": 1_700_000_000}
    for name in ("block_height", "tx_result"):
        del old[name]
    hiro.routes[f"/extended/v1/address/{OWNER}/mempool"] = [old]
    assert [state.txid async for state in client.waiting(OWNER)] == [word(1)]


def contract(**changes: object) -> dict[str, Any]:
    names = ("functions", "variables", "maps", "fungible_tokens", "non_fungible_tokens")
    return {
        "tx_id": word(1),
        "canonical": True,
        "contract_id": CONTRACT,
        "block_height": 12,
        "clarity_version": 4,
        "source_code": "(ok true)",
        "abi": json.dumps({name: [] for name in names}),
        **changes,
    }


async def test_a_contract_tells_its_deployment(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/extended/v1/contract/{CONTRACT}"] = contract()
    found = await client.contract(CONTRACT)
    assert found is not None
    assert (found.contract_id, found.txid, found.height) == (CONTRACT, word(1), 12)
    assert (found.clarity_version, found.source) == (4, "(ok true)")
    assert found.interface is not None
    assert found.interface.functions == ()
    hiro.routes[f"/extended/v1/contract/{CONTRACT}"] = contract(abi=None, clarity_version=None)
    found = await client.contract(CONTRACT)
    assert found is not None
    assert (found.interface, found.clarity_version) == (None, None)
    assert await client.contract(f"{OWNER}.b") is None
    hiro.routes[f"/extended/v1/contract/{CONTRACT}"] = contract(abi="{")
    with pytest.raises(AnswerInvalid, match=r"contract\.abi is not JSON"):
        await client.contract(CONTRACT)


async def test_a_missing_endpoint_is_no_missing_thing(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.troubles += [httpx.Response(404, text="No such API endpoint 'GET /'")] * 2
    with pytest.raises(ApiGone):
        await client.contract(CONTRACT)
    with pytest.raises(ApiGone):
        await client.indexed_transaction(word(1))


async def test_a_block_is_found_by_its_time(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes["/extended/v2/blocks/by-block-time/1700000055"] = block(5)
    assert (await client.block_at(1_700_000_055)).height == 5
    with pytest.raises(ApiNotFound):
        await client.block_at(1)


async def test_block_times_may_have_fractions(hiro: FakeHiro, client: StacksClient) -> None:
    times = {"last_1h": 10.25, "last_24h": 9, "last_7d": 8.5, "last_30d": 0}
    hiro.routes["/extended/v2/blocks/average-times"] = times
    assert await client.block_times() == BlockTimes(hour=10.25, day=9.0, week=8.5, month=0.0)
    for wrong in ("soon", True, None):
        hiro.routes["/extended/v2/blocks/average-times"] = {**times, "last_7d": wrong}
        with pytest.raises(AnswerInvalid, match="last_7d is not a number"):
            await client.block_times()


def burn_block(height: int) -> dict[str, Any]:
    return {
        "burn_block_height": height,
        "burn_block_hash": word(height),
        "burn_block_time": 1_700_000_000 + 600 * height,
        "burn_block_time_iso": "2023-11-14T22:13:20.000Z",
        "stacks_blocks": [word(7_000 + 2 * height + 1), word(7_000 + 2 * height)],
        "avg_block_time": 10,
        "total_tx_count": 4,
    }


async def test_bitcoin_blocks_are_read_over_all_pages(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes["/extended/v2/burn-blocks"] = [burn_block(height) for height in range(9, 4, -1)]
    hiro.routes["/extended/v2/burn-blocks/latest"] = burn_block(9)
    newest = BurnBlock(9, word(9), 1_700_005_400, (word(7_019), word(7_018)), block_seconds=10, transactions=4)
    assert await client.burn_block("latest") == newest
    found = [one async for one in client.burn_blocks()]
    assert found[0] == newest
    assert [one.height for one in found] == [9, 8, 7, 6, 5]
    assert [one.height async for one in client.burn_blocks(offset=3)] == [6, 5]
    with pytest.raises(ApiNotFound):
        await client.burn_block(3)


async def test_a_faucet_pays_once(hiro: FakeHiro, client: StacksClient) -> None:
    gift = {"success": True, "txId": word(7), "txRaw": "8000"}
    hiro.routes["/extended/v1/faucets/sbtc"] = gift
    assert await client.faucet("sbtc", OWNER) == Gift(word(7), b"\x80\x00")
    asked = hiro.requests[0]
    assert (asked.method, asked.url.params["address"]) == ("POST", OWNER)
    hiro.troubles.append(httpx.ReadTimeout("slow"))
    with pytest.raises(ApiUnavailable):
        await client.faucet("sbtc", OWNER)
    assert len(hiro.requests) == 2


async def test_a_faucet_says_no(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.troubles.append(httpx.Response(403, json={"success": False, "error": "Faucet is not enabled"}))
    with pytest.raises(ApiRefused, match="not enabled"):
        await client.faucet("stx", OWNER)
    hiro.troubles.append(httpx.Response(429, json={"success": False}, headers={"retry-after": "3600"}))
    with pytest.raises(ApiRateLimited):
        await client.faucet("stx", OWNER)


async def test_faucets_are_for_test_networks(client: StacksClient) -> None:
    mainnet = parse_principal("SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7")
    assert mainnet.network is Network.MAINNET
    with pytest.raises(AddressInvalid, match="testnet"):
        await client.faucet("stx", str(mainnet))


MINED = {"block", "bitcoin_block", "result", "tx_result", "block_height", "block_time", "burn_block_height", "tx_index"}


def pending(told: dict[str, Any]) -> dict[str, Any]:
    """Return a transaction's JSON as lists of what waits show it."""
    return {name: value for name, value in told.items() if name not in MINED}


async def test_what_waits_is_listed_whatever_its_words(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/extended/v3/principals/{OWNER}/mempool/transactions"] = [
        pending(transaction_v3(number, 0, "pending")) for number in (3, 2, 1)
    ]
    hiro.routes[f"/extended/v1/address/{OWNER}/mempool"] = [
        pending(transaction(number, 0, "pending")) for number in (3, 2, 1)
    ]
    found = [tx async for tx in client.waiting(OWNER)]
    assert [(tx.nonce, tx.pending, tx.block) for tx in found] == [(number, True, None) for number in (3, 2, 1)]
    hiro.v3 = False
    assert [tx async for tx in client.waiting(OWNER)] == found
