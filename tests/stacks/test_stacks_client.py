"""The client against what Hiro's API and a node are documented to answer, good and bad."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.stacks.fake_hiro import (
    EVENTS_V1,
    EVENTS_V3,
    OWNER,
    FakeHiro,
    block,
    log,
    transaction,
    transaction_v3,
    word,
)

from bitpay.stacks import clarity
from bitpay.stacks.client import (
    AnswerInvalid,
    ApiError,
    ApiNotFound,
    ApiRateLimited,
    ApiRefused,
    ApiUnavailable,
    BadNonce,
    ChainMoved,
    ContractSource,
    FeeLevels,
    FeeTooLow,
    Nonces,
    NotEnoughFunds,
    ReadFailed,
    Rejected,
    StacksClient,
)
from bitpay.stacks.client import http as client_http
from bitpay.stacks.client.rejections import REASONS, NodeFailed, RejectedDeserialization
from bitpay.stacks.errors import AddressInvalid
from bitpay.stacks.hashes import sha512_256
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.model import ContractLog, EventKind, FtEvent, NftEvent, StxEvent, StxLockEvent, TransactionStatus
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import token_transfer

CONTRACT = f"{OWNER}.a"
RAW_ID = sha512_256(b"raw").hex()
EVENTS = [
    ContractLog(0, CONTRACT, "print", clarity.encode(clarity.uint(1))),
    FtEvent(1, EventKind.FT_MINT, f"{OWNER}.t::t", None, OWNER, 5),
    NftEvent(2, EventKind.NFT_BURN, f"{OWNER}.n::n", OWNER, None, clarity.encode(clarity.uint(1))),
    StxEvent(3, EventKind.STX_TRANSFER, OWNER, CONTRACT, 7, b"hi"),
    StxLockEvent(4, OWNER, 9, 1000),
]


@pytest.fixture
def hiro(monkeypatch: pytest.MonkeyPatch) -> FakeHiro:
    monkeypatch.setattr(client_http, "FIRST_PAUSE_SECONDS", 0.001)
    return FakeHiro()


@pytest.fixture
async def client(hiro: FakeHiro) -> AsyncIterator[StacksClient]:
    async with StacksClient("http://hiro.test/", api_key="key", transport=httpx.MockTransport(hiro)) as made:
        yield made


async def test_an_account_is_read_from_the_node(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/v2/accounts/{OWNER}"] = {"balance": "0x10", "locked": "0x00", "unlock_height": 0, "nonce": 4}
    account = await client.account(OWNER)
    assert (account.balance, account.nonce) == (16, 4)
    assert hiro.requests[0].headers["x-api-key"] == "key"
    with pytest.raises(AddressInvalid):
        await client.account("../../v2/info")


async def test_the_node_says_where_it_stands(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes["/v2/info"] = {
        "network_id": 2147483648,
        "stacks_tip_height": 12,
        "burn_block_height": 900,
        "tenure_height": 6,
        "is_fully_synced": True,
        "server_version": "stacks-node 4.0",
    }
    info = await client.info()
    assert (info.network_id, info.height, info.burn_height) == (Network.TESTNET.chain_id, 12, 900)


async def test_a_read_only_function_answers_a_value(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/v2/contracts/call-read/{OWNER}/a/get?"] = {"okay": True, "result": "0x0703"}
    answer = await client.call_read(CONTRACT, "get?", [clarity.uint(1)])
    assert answer == clarity.Ok(clarity.TRUE)
    assert hiro.bodies() == [{"sender": OWNER, "arguments": [clarity.to_hex(clarity.uint(1))]}]
    assert b"get%3F?tip=latest" in hiro.requests[0].url.raw_path
    await client.call_read(CONTRACT, "get?", [clarity.uint(1)], tip="0x" + "ab" * 32)
    assert b"get%3F?tip=" + b"ab" * 32 in hiro.requests[1].url.raw_path, "a node takes it without 0x"
    hiro.troubles.append(httpx.Response(404, text="Chain tip not found"))
    with pytest.raises(ApiNotFound):
        await client.call_read(CONTRACT, "get?", [clarity.uint(1)], tip="0x" + "cd" * 32)


async def test_a_failed_read_says_why(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/v2/contracts/call-read/{OWNER}/a/get"] = {"okay": False, "cause": "NotReadOnly"}
    with pytest.raises(ReadFailed, match="NotReadOnly"):
        await client.call_read(CONTRACT, "get")
    hiro.troubles.append(httpx.Response(400, text="budget exceeded"))
    with pytest.raises(ReadFailed, match="budget"):
        await client.call_read(CONTRACT, "get")


async def test_maps_and_variables_are_read(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/v2/map_entry/{OWNER}/a/m"] = {"data": clarity.to_hex(clarity.some(clarity.uint(3)))}
    hiro.routes[f"/v2/map_entry/{OWNER}/a/empty"] = {"data": "0x09"}
    hiro.routes[f"/v2/map_entry/{OWNER}/a/odd"] = {"data": "0x03"}
    hiro.routes[f"/v2/data_var/{OWNER}/a/v"] = {"data": "0x03"}
    hiro.routes[f"/v2/data_var/{OWNER}/a/broken"] = {"data": "0x0303"}
    assert await client.map_entry(CONTRACT, "m", clarity.uint(1)) == clarity.uint(3)
    assert await client.map_entry(CONTRACT, "empty", clarity.uint(1)) is None
    assert await client.data_var(CONTRACT, "v") == clarity.TRUE
    assert hiro.bodies()[0] == clarity.to_hex(clarity.uint(1))
    with pytest.raises(AnswerInvalid):
        await client.map_entry(CONTRACT, "odd", clarity.uint(1))
    with pytest.raises(AnswerInvalid, match="Clarity value"):
        await client.data_var(CONTRACT, "broken")
    with pytest.raises(ApiNotFound):
        await client.data_var(CONTRACT, "absent")


async def test_a_contract_is_there_or_not(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/v2/contracts/source/{OWNER}/a"] = {"source": "(ok true)", "publish_height": 3, "proof": ""}
    assert await client.contract_source(CONTRACT) == ContractSource("(ok true)", 3)
    assert await client.contract_source(f"{OWNER}.b") is None
    assert await client.contract_interface(f"{OWNER}.b") is None
    with pytest.raises(AddressInvalid):
        await client.contract_source(OWNER)


async def test_a_transaction_is_sent_as_bytes(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes["/v2/transactions"] = lambda _request: httpx.Response(200, json=RAW_ID)
    assert await client.broadcast(b"raw") == f"0x{RAW_ID}"
    assert hiro.requests[0].content == b"raw"
    assert hiro.requests[0].headers["content-type"] == "application/octet-stream"


@pytest.mark.parametrize("reason", REASONS)
async def test_every_refusal_is_its_own_error(hiro: FakeHiro, client: StacksClient, reason: str) -> None:
    body = {
        "txid": "cd" * 32,
        "error": "transaction rejected",
        "reason": reason,
        "reason_data": {"message": "so it is"},
    }
    hiro.troubles.append(httpx.Response(400, json=body))
    with pytest.raises(REASONS[reason], match="so it is") as refused:
        await client.broadcast(b"raw")
    assert type(refused.value) is REASONS[reason]
    assert (refused.value.word, refused.value.txid) == (reason, "0x" + "cd" * 32)


@pytest.mark.parametrize(
    ("reason", "data", "kind", "expected", "actual"),
    [
        ("BadNonce", {"expected": 4, "actual": 2, "principal": OWNER, "is_origin": True}, BadNonce, 4, 2),
        ("FeeTooLow", {"expected": 300, "actual": 1}, FeeTooLow, 300, 1),
        ("NotEnoughFunds", {"expected": "0x0010", "actual": "0x01"}, NotEnoughFunds, 16, 1),
        ("SomethingNew", {}, Rejected, None, None),
        ("ServerFailureOther", {"message": "x"}, NodeFailed, None, None),
    ],
)
async def test_a_refusal_carries_its_numbers(
    hiro: FakeHiro,
    client: StacksClient,
    reason: str,
    data: dict[str, Any],
    kind: type[Rejected],
    expected: int | None,
    actual: int | None,
) -> None:
    hiro.troubles.append(httpx.Response(400, json={"reason": reason, "reason_data": data}))
    with pytest.raises(kind) as refused:
        await client.broadcast(b"raw")
    assert (refused.value.expected, refused.value.actual) == (expected, actual)


async def test_bytes_that_are_no_transaction_are_refused_in_plain_text(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.troubles.append(httpx.Response(400, text="Failed to deserialize posted transaction"))
    with pytest.raises(RejectedDeserialization, match="deserialize"):
        await client.broadcast(b"raw")


async def test_a_transaction_is_not_sent_twice_once_it_may_have_arrived(hiro: FakeHiro, client: StacksClient) -> None:
    for trouble in (httpx.ReadTimeout("slow"), httpx.Response(502), httpx.ReadError("cut")):
        hiro.troubles.append(trouble)
        with pytest.raises(ApiUnavailable):
            await client.broadcast(b"raw")
    assert len(hiro.requests) == 3


async def test_a_transaction_that_cannot_have_arrived_is_sent_again(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes["/v2/transactions"] = lambda _request: httpx.Response(200, json=RAW_ID)
    hiro.troubles += [httpx.ConnectError("refused"), httpx.Response(429, headers={"retry-after": "0"})]
    assert await client.broadcast(b"raw")
    assert len(hiro.requests) == 3


async def test_questions_are_asked_again_after_faults(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes["/extended/v2/blocks/latest"] = block(5)
    hiro.troubles += [httpx.ReadTimeout("slow"), httpx.Response(503), httpx.ConnectError("refused")]
    assert (await client.tip()).height == 5
    assert len(hiro.requests) == client_http.ATTEMPTS


async def test_attempts_end(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.troubles += [httpx.Response(503, headers={"retry-after": "1"})] * 99
    with pytest.raises(ApiUnavailable) as failed:
        await client.tip()
    assert (failed.value.status, failed.value.retry_after) == (503, 1.0)
    assert len(hiro.requests) == client_http.ATTEMPTS


@pytest.mark.parametrize(
    ("status", "kind"), [(400, ApiRefused), (401, ApiRefused), (403, ApiRefused), (404, ApiNotFound)]
)
async def test_refusals_are_not_repeated(
    hiro: FakeHiro, client: StacksClient, status: int, kind: type[ApiError]
) -> None:
    hiro.troubles.append(httpx.Response(status, json={"error": "no"}))
    with pytest.raises(kind):
        await client.block(1)
    assert len(hiro.requests) == 1


async def test_the_servers_quota_is_obeyed(
    hiro: FakeHiro, client: StacksClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    hiro.routes["/extended/v2/blocks/latest"] = lambda _request: httpx.Response(
        200, json=block(5), headers={"ratelimit-remaining": "0", "ratelimit-reset": "7"}
    )
    await client.tip()
    assert slept == []
    await client.tip()
    assert len(slept) == 1
    assert 6 < slept[0] <= 7


async def test_a_long_wait_is_the_callers_business(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.troubles.append(httpx.Response(429, headers={"retry-after": "3600"}))
    with pytest.raises(ApiRateLimited) as limited:
        await client.tip()
    assert limited.value.retry_after is not None
    assert limited.value.retry_after > 3500
    assert len(hiro.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, text="<html>"), httpx.Response(200, json=[]), httpx.Response(200, json={"height": "x"})],
)
async def test_wrong_answers_are_named(hiro: FakeHiro, client: StacksClient, answer: httpx.Response) -> None:
    hiro.troubles.append(answer)
    with pytest.raises(AnswerInvalid):
        await client.tip()


async def test_an_endless_answer_is_cut(hiro: FakeHiro, client: StacksClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_http, "MAX_ANSWER_BYTES", 100)
    hiro.troubles.append(httpx.Response(200, content=b" " * 101))
    with pytest.raises(AnswerInvalid, match="more than"):
        await client.tip()


async def test_the_next_nonce_counts_what_waits(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/extended/v3/principals/{OWNER}/nonces"] = {
        "next_nonce": 6,
        "last_confirmed_nonce": 2,
        "mempool": {"last_nonce": 5, "pending_nonces": [3], "missing_nonces": [4]},
    }
    assert await client.next_nonce(OWNER) == 6
    assert await client.nonces(OWNER) == Nonces(next=6, confirmed=2, waiting=(3, 5), missing=(4,))


async def test_older_servers_are_asked_in_their_words(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.v3 = False
    hiro.routes[f"/extended/v1/address/{OWNER}/nonces"] = {
        "last_executed_tx_nonce": 0,
        "last_mempool_tx_nonce": 5,
        "possible_next_nonce": 6,
        "detected_missing_nonces": [4, 3],
        "detected_mempool_nonces": [2, 1],
    }
    hiro.routes[f"/extended/v2/addresses/{OWNER}/balances/ft/{OWNER}.t::t"] = {"balance": "12"}
    hiro.routes[f"/extended/v1/tx/{word(1)}"] = transaction(1, 0)
    hiro.routes["/extended/v2/blocks/5"] = block(5)
    hiro.routes["/extended/v1/tx/events"] = EVENTS_V1[::-1]
    assert await client.next_nonce(OWNER) == 6
    assert await client.nonces(OWNER) == Nonces(next=6, confirmed=0, waiting=(1, 2, 5), missing=(3, 4))
    assert await client.ft_balance(OWNER, f"{OWNER}.t::t") == 12
    assert [event async for event in client.transaction_events(word(1))] == EVENTS
    old = await client.transaction(word(1))
    hiro.v3 = True
    hiro.routes[f"/extended/v3/transactions/{word(1)}"] = transaction_v3(1, 0)
    assert old == await client.transaction(word(1))


async def test_a_plain_node_knows_confirmed_nonces(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/v2/accounts/{OWNER}"] = {"balance": "0x0", "locked": "0x0", "unlock_height": 0, "nonce": 2}
    hiro.troubles += [httpx.Response(404, json={"detail": "Not Found"})] * 2
    assert await client.next_nonce(OWNER) == 2


async def test_a_balance_is_a_number_of_units(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/extended/v3/principals/{OWNER}/balances/ft/{OWNER}.t::t"] = {"balance": "12"}
    assert await client.ft_balance(OWNER, f"{OWNER}.t::t") == 12


async def test_fees_are_what_others_pay(hiro: FakeHiro, client: StacksClient) -> None:
    levels = {"no_priority": 1, "low_priority": 2, "medium_priority": 3, "high_priority": 4}
    hiro.routes["/extended/v2/mempool/fees"] = {"all": levels, "contract_call": {**levels, "high_priority": 9}}
    fees = await client.fees()
    assert fees.all == fees.token_transfer == FeeLevels(1, 2, 3, 4)
    assert fees.contract_call.high == 9


async def test_the_node_estimates_a_fee(hiro: FakeHiro, client: StacksClient) -> None:
    key = PrivateKey.generate()
    tx = token_transfer(OWNER, 1, network=Network.TESTNET, public_key=key.public_key, nonce=0, fee=0)
    hiro.routes["/v2/fees/transaction"] = {"estimations": [{"fee": 180}, {"fee": 200}, {"fee": 400}]}
    assert await client.estimate_fees(tx) == (180, 200, 400)
    assert hiro.bodies() == [{"transaction_payload": tx.payload.encode().hex(), "estimated_len": 180}]


async def test_a_transaction_waits_lands_or_is_unknown(hiro: FakeHiro, client: StacksClient) -> None:
    waiting = {
        "tx_id": word(1),
        "sender": {"address": OWNER, "nonce": 1},
        "sponsor": None,
        "fee_rate": "300",
        "status": "pending",
        "type": "token_transfer",
        "receipt_time": 1,
        "replaced_by_tx_id": None,
    }
    hiro.routes[f"/extended/v3/transactions/{word(1)}"] = waiting
    state = await client.transaction("1".rjust(64, "0"))
    assert state is not None
    assert (state.pending, state.succeeded, state.dropped, state.block) == (True, False, False, None)
    hiro.routes[f"/extended/v3/transactions/{word(1)}"] = transaction_v3(1, 0)
    state = await client.transaction(word(1))
    assert state is not None
    assert state.succeeded
    assert state.block is not None
    assert (state.block.height, state.block.hash, state.block.index) == (5, word(1_005), 1)
    assert await client.transaction(word(2)) is None


async def test_a_transaction_waits_at_an_older_server_too(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.v3 = False
    waiting = {**transaction(1, 0, "pending"), "sponsor_address": OWNER}
    for name in ("block_height", "tx_result"):
        del waiting[name]
    hiro.routes[f"/extended/v1/tx/{word(1)}"] = waiting
    state = await client.transaction(word(1))
    assert state is not None
    assert (state.pending, state.block, state.result, state.sponsor) == (True, None, None, OWNER)
    assert await client.transaction(word(2)) is None


async def test_sponsors_and_deployments_are_read(hiro: FakeHiro, client: StacksClient) -> None:
    deployment = {**transaction_v3(1, 0), "sponsor": {"address": OWNER, "nonce": 2}}
    del deployment["contract_call"]
    deployment["smart_contract"] = {"contract_id": CONTRACT, "clarity_version": 4}
    hiro.routes[f"/extended/v3/transactions/{word(1)}"] = deployment
    state = await client.transaction(word(1))
    assert state is not None
    assert (state.sponsor, state.contract_id, state.function) == (OWNER, CONTRACT, None)


@pytest.mark.parametrize(
    "broken",
    [
        {"event_index": 0, "type": "surprise"},
        {**EVENTS_V3[1], "ft_asset": {**EVENTS_V3[1]["ft_asset"], "type": "melt"}},
        {**EVENTS_V3[1], "ft_asset": {**EVENTS_V3[1]["ft_asset"], "amount": "five"}},
        {**EVENTS_V3[1], "event_index": True},
        {**EVENTS_V3[0], "contract_log": "text"},
        {**EVENTS_V3[0], "contract_log": {**EVENTS_V3[0]["contract_log"], "value": {"hex": "0xzz"}}},
        {**EVENTS_V3[0], "contract_log": {**EVENTS_V3[0]["contract_log"], "topic": 1}},
    ],
)
async def test_events_in_other_words_are_not_guessed(
    hiro: FakeHiro, client: StacksClient, broken: dict[str, Any]
) -> None:
    hiro.routes[f"/extended/v3/transactions/{word(1)}/events"] = [broken]
    with pytest.raises(AnswerInvalid):
        _ = [event async for event in client.transaction_events(word(1))]


async def test_events_are_read_over_all_pages(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/extended/v3/transactions/{word(1)}/events"] = EVENTS_V3
    events = [event async for event in client.transaction_events(word(1))]
    assert events == EVENTS
    assert len(hiro.requests) == 3
    first = events[0]
    assert isinstance(first, ContractLog)
    assert first.value == clarity.uint(1)


LOGS = f"/extended/v2/smart-contracts/{CONTRACT}/logs"


@pytest.mark.parametrize("cursors", [True, False])
@pytest.mark.parametrize("count", [0, 1, 4, 5])
async def test_prints_of_a_contract_are_paged(hiro: FakeHiro, client: StacksClient, count: int, cursors: bool) -> None:
    hiro.cursors = cursors
    hiro.routes[LOGS] = [log(number) for number in range(count, 0, -1)]
    logs = [logged async for logged in client.contract_logs(CONTRACT)]
    assert [(logged.txid, logged.log) for logged in logs] == [(word(n), EVENTS[0]) for n in range(count, 0, -1)]
    assert [logged async for logged in client.contract_logs(CONTRACT, offset=2)] == logs[2:]


@pytest.mark.parametrize("cursors", [True, False])
async def test_what_is_printed_meanwhile_repeats_nothing(hiro: FakeHiro, client: StacksClient, cursors: bool) -> None:
    hiro.cursors = cursors
    hiro.routes[LOGS] = printed = [log(number) for number in range(6, 0, -1)]
    found = []
    async for logged in client.contract_logs(CONTRACT):
        found.append(logged.txid)
        printed.insert(0, log(len(printed) + 1)) if len(found) % 2 else None
    assert found == [word(number) for number in range(6, 0, -1)]


async def test_prints_that_leave_the_chain_meanwhile_are_told(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[LOGS] = printed = [log(number) for number in range(6, 0, -1)]
    logs = client.contract_logs(CONTRACT)
    assert (await anext(logs)).txid == word(6)
    del printed[1:]
    assert (await anext(logs)).txid == word(5), "of the page it had"
    with pytest.raises(ChainMoved):
        await anext(logs)


async def test_a_page_of_prints_is_found_again_from_another(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[LOGS] = printed = [log(number) for number in range(5, 0, -1)]
    page = await client.contract_logs_page(CONTRACT, offset=1)
    assert [logged.txid for logged in page.logs] == [word(4), word(3)]
    assert not page.last
    printed.insert(0, log(6))
    below = await client.contract_logs_page(CONTRACT, offset=3, cursor=page.cursor)
    assert [logged.txid for logged in below.logs] == [word(1)]
    assert below.last
    with pytest.raises(ChainMoved):
        await client.contract_logs_page(CONTRACT, offset=4, cursor=page.cursor)
    hiro.cursors = False
    assert (await client.contract_logs_page(CONTRACT)).cursor is None


async def test_headers_come_ascending_whatever_happens_meanwhile(hiro: FakeHiro, client: StacksClient) -> None:
    chain = [block(height) for height in range(9, -1, -1)]
    hiro.routes["/extended/v2/blocks"] = chain
    hiro.routes |= {f"/extended/v2/blocks/{item['height']}": item for item in chain}
    hiro.routes["/extended/v2/blocks/latest"] = chain[0]
    assert [header.height for header in await client.headers(3, 7)] == [3, 4, 5, 6, 7]
    assert [header.height for header in await client.headers(8, 20)] == [8, 9]
    assert await client.headers(10, 20) == []
    # The tip is older than the list: every page begins two blocks too high.
    hiro.routes["/extended/v2/blocks/latest"] = chain[2]
    assert [header.height for header in await client.headers(3, 7)] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("cursors", [True, False])
async def test_blocks_far_below_the_tip_are_reached(hiro: FakeHiro, client: StacksClient, cursors: bool) -> None:
    hiro.cursors = cursors
    chain = [block(height) for height in range(400, 0, -1)]
    hiro.routes["/extended/v2/blocks"] = chain
    hiro.routes |= {f"/extended/v2/blocks/{item['height']}": item for item in chain}
    hiro.routes["/extended/v2/blocks/latest"] = chain[0]
    for first, last in [(1, 5), (60, 64), (97, 101), (396, 400)]:
        hiro.requests.clear()
        assert [header.height for header in await client.headers(first, last)] == list(range(first, last + 1))
        assert len(hiro.requests) <= 6
    assert [header.height async for header in client.blocks(offset=395)] == [5, 4, 3, 2, 1]
    assert [header.height async for header in client.blocks(offset=396)] == [4, 3, 2, 1]
    assert [header async for header in client.blocks(offset=400)] == []
    assert [header async for header in client.blocks(offset=999)] == []


async def test_headers_begin_where_the_chain_begins(hiro: FakeHiro, client: StacksClient) -> None:
    chain = [block(height) for height in range(9, 0, -1)]
    hiro.routes["/extended/v2/blocks"] = chain
    hiro.routes |= {f"/extended/v2/blocks/{item['height']}": item for item in chain}
    hiro.routes["/extended/v2/blocks/latest"] = chain[0]
    assert [header.height for header in await client.headers(0, 3)] == [1, 2, 3]
    assert [header.height for header in await client.headers(-5, 3)] == [1, 2, 3]
    assert await client.headers(-5, 0) == []
    hiro.routes["/extended/v2/blocks"] = chain[4:]
    del hiro.routes["/extended/v2/blocks/7"]
    with pytest.raises(ChainMoved):
        await client.headers(2, 9)


def serve_block(hiro: FakeHiro) -> None:
    hiro.routes["/extended/v2/blocks/5"] = hiro.routes[f"/extended/v2/blocks/{word(1_005)}"] = block(5)
    path = f"/extended/v2/blocks/{word(1_005)}/transactions"
    hiro.routes[path] = [transaction(0, 0), transaction(1, 5), transaction(2, 0, "abort_by_response")]
    hiro.routes[f"/extended/v3/transactions/{word(1)}/events"] = EVENTS_V3


async def test_a_full_block_has_every_transaction_and_event(hiro: FakeHiro, client: StacksClient) -> None:
    serve_block(hiro)
    full = await client.full_block(5)
    assert (full.header.height, full.header.hash, full.header.parent_hash) == (5, word(1_005), word(1_004))
    assert [tx.index for tx in full.transactions] == [0, 1, 2]
    assert [tx.succeeded for tx in full.transactions] == [True, True, False]
    assert full.transactions[1].events == tuple(EVENTS)
    assert full.transactions[1].function == "go"
    assert full.transactions[2].status is TransactionStatus.ABORT_BY_RESPONSE
    assert full == await client.full_block(word(1_005))


async def test_a_list_of_events_that_is_too_short_is_not_believed(hiro: FakeHiro, client: StacksClient) -> None:
    serve_block(hiro)
    hiro.routes[f"/extended/v3/transactions/{word(1)}/events"] = EVENTS_V3[:-1]
    with pytest.raises(AnswerInvalid, match="4 events are listed of 5"):
        await client.full_block(5)


async def test_events_of_what_is_in_no_block_are_not_found(hiro: FakeHiro, client: StacksClient) -> None:
    with pytest.raises(ApiNotFound, match="Transaction not found"):
        _ = [event async for event in client.transaction_events(word(1))]
    hiro.troubles.append(httpx.Response(400, json={"error": "Cursor is invalid"}))
    with pytest.raises(ApiRefused, match="Cursor"):
        _ = [event async for event in client.transaction_events(word(1))]


async def test_a_block_whose_transactions_are_gone_has_left_the_chain(hiro: FakeHiro, client: StacksClient) -> None:
    serve_block(hiro)
    del hiro.routes[f"/extended/v3/transactions/{word(1)}/events"]
    with pytest.raises(ApiNotFound):
        await client.full_block(5)
    hiro.routes["/extended/v2/blocks/5"] = block(5, fork=500)
    with pytest.raises(ChainMoved, match="no longer"):
        await client.full_block(word(1_005))
    del hiro.routes["/extended/v2/blocks/5"]
    with pytest.raises(ChainMoved, match="no longer"):
        await client.full_block(word(1_005))


async def test_transactions_of_a_block_are_listed_without_events(hiro: FakeHiro, client: StacksClient) -> None:
    serve_block(hiro)
    listed = [tx async for tx in client.block_transactions(word(1_005))]
    assert [(tx.txid, tx.events) for tx in listed] == [(word(number), ()) for number in range(3)]


async def test_a_status_nobody_knows_is_not_guessed(hiro: FakeHiro, client: StacksClient) -> None:
    serve_block(hiro)
    hiro.routes[f"/extended/v2/blocks/{word(1_005)}/transactions"] = [transaction(0, 0, "maybe")]
    with pytest.raises(AnswerInvalid, match="status"):
        await client.full_block(5)


async def test_a_full_block_is_read_where_old_endpoints_are_off(hiro: FakeHiro, client: StacksClient) -> None:
    serve_block(hiro)
    full = await client.full_block(5)
    hiro.deprecated = False
    hiro.routes[f"/extended/v3/blocks/{word(1_005)}/transactions"] = [{"tx_id": word(number)} for number in range(3)]
    for number, (events, status) in enumerate([(0, "success"), (5, "success"), (0, "abort_by_response")]):
        hiro.routes[f"/extended/v3/transactions/{word(number)}"] = transaction_v3(number, events, status)
    assert await client.full_block(5) == full


async def test_a_block_that_leaves_the_chain_meanwhile_is_not_believed(hiro: FakeHiro, client: StacksClient) -> None:
    serve_block(hiro)
    answers = iter([block(5), block(5, fork=500)])
    hiro.routes["/extended/v2/blocks/5"] = lambda _request: httpx.Response(200, json=next(answers))
    with pytest.raises(ChainMoved):
        await client.full_block(5)


async def test_one_failure_ends_the_whole_block(hiro: FakeHiro, client: StacksClient) -> None:
    serve_block(hiro)
    del hiro.routes[f"/extended/v3/transactions/{word(1)}/events"]
    with pytest.raises(ApiNotFound):
        await client.full_block(5)
    assert [task for task in asyncio.all_tasks() if "full_block" in repr(task.get_coro())] == []
