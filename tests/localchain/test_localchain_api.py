import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.localchain.accounts import Account, account
from tests.localchain.contracts import COUNTER
from tests.localchain.house import HOST, POWER, House, serving

from bitpay.localchain.chain import Genesis
from bitpay.localchain.service import Pace
from bitpay.localchain.vm import SBTC
from bitpay.stacks.clarity import NONE, Value, encode, int_, principal, to_hex, uint
from bitpay.stacks.post_conditions import Asset, Compare, FtPostCondition, Mode

ALICE, BOB = account(1), account(2)
GENESIS = Genesis(stx={ALICE.address: 10**12, BOB.address: 10**9}, sbtc={ALICE.address: 10**9})
ASSET = f"{SBTC}::sbtc-token"


@pytest.fixture(scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A chain with a counter on it, on which the tests of this file follow one another."""
    async with serving(tmp_path_factory.mktemp("api"), GENESIS) as house:
        await house.mined(ALICE.deploy("counter", COUNTER))
        yield house


COUNTER_ID = f"{ALICE.address}.counter"
COUNTER_PATH = f"{ALICE.address}/counter"


async def test_info_and_health_tell_the_tip(house: House) -> None:
    tip = house.service.chain.archive.tip
    info = await house.get("/v2/info")
    assert (info["stacks_tip_height"], info["network_id"]) == (tip.height, 2147483648)
    assert (await house.get("/v3/health"))["node_stacks_tip_height"] == tip.height
    status = await house.get("/extended/v1/status")
    assert status["chain_tip"]["index_block_hash"] == tip.hash
    assert (await house.get("/v2/pox"))["pox_5_sbtc_contract"] == SBTC


async def test_accounts_of_whoever_asks(house: House) -> None:
    account_ = await house.get(f"/v2/accounts/{BOB.address}")
    assert int(account_["balance"], 16) == 10**9
    assert await house.get("/v2/accounts/ST000000000000000000002AMW42H") == {
        "balance": "0x" + "0" * 32,
        "locked": "0x" + "0" * 32,
        "unlock_height": 0,
        "nonce": 0,
    }
    assert (await house.client.get("/v2/accounts/nobody")).status_code == 400


async def test_a_transaction_is_seen_waiting_and_then_mined(house: House) -> None:
    condition = FtPostCondition(None, Asset.parse(ASSET), Compare.EQ, 500)
    args = [uint(500), principal(ALICE.address), principal(BOB.address), NONE]
    txid = await house.send(ALICE.call(SBTC, "transfer", args, [condition], Mode.DENY))
    waiting = await house.get(f"/extended/v3/transactions/{txid}")
    assert (waiting["status"], waiting["type"]) == ("pending", "contract_call")
    assert (await house.get(f"/extended/v1/tx/{txid}"))["tx_status"] == "pending"
    nonces = await house.get(f"/extended/v3/principals/{ALICE.address}/nonces")
    assert nonces == {
        "next_nonce": ALICE.nonce,
        "last_confirmed_nonce": ALICE.nonce - 2,
        "mempool": {"last_nonce": ALICE.nonce - 1, "pending_nonces": [], "missing_nonces": []},
    }
    await house.control("mine")
    tip = house.service.chain.archive.tip
    include = "result,function_args,post_conditions"
    mined = await house.get(f"/extended/v3/transactions/{txid[2:]}", include=include)
    assert mined["status"] == "success"
    assert mined["result"] == {"hex": "0x0703", "repr": "(ok true)"}
    assert (mined["block"]["height"], mined["block"]["index_hash"]) == (tip.height, tip.hash)
    assert mined["contract_call"]["function_args"][0] == {"hex": "0x" + encode(uint(500)).hex(), "repr": "u500"}
    assert mined["post_conditions"][0]["condition_code"] == "sent_equal_to"
    older = await house.get(f"/extended/v1/tx/{txid}")
    assert (older["tx_status"], older["block_height"], older["event_count"]) == ("success", tip.height, 1)
    assert older["events"][0]["asset"]["amount"] == "500"
    assert (await house.get(f"/v3/transaction/{txid[2:]}"))["block_height"] == tip.height
    [event] = (await house.get(f"/extended/v3/transactions/{txid}/events"))["results"]
    assert event["ft_asset"] == {
        "type": "transfer",
        "sender": ALICE.address,
        "recipient": BOB.address,
        "asset_identifier": ASSET,
        "amount": "500",
    }


async def test_balances_follow_the_events(house: House) -> None:
    token = await house.get(f"/extended/v3/principals/{BOB.address}/balances/ft/{ASSET}")
    assert token == {"asset_identifier": ASSET, "balance": "500"}
    assert (await house.get(f"/extended/v3/principals/{BOB.address}/balances/ft"))["results"] == [token]
    stx = await house.get(f"/extended/v3/principals/{BOB.address}/balances/stx")
    assert stx["balance"] == str(10**9)


async def test_contracts_can_be_read_and_called(house: House) -> None:
    await house.mined(ALICE.call(COUNTER_ID, "increment", [uint(3)]))
    read = await house.client.post(
        f"/v2/contracts/call-read/{COUNTER_PATH}/get-count", json={"sender": BOB.address, "arguments": []}
    )
    assert read.json() == {"okay": True, "result": "0x" + encode(uint(3)).hex()}
    assert (await house.get(f"/v2/data_var/{COUNTER_PATH}/count"))["data"] == "0x" + encode(uint(3)).hex()
    assert (await house.get(f"/v2/constant_val/{COUNTER_PATH}/DOUBLE"))["data"] == "0x" + encode(uint(4)).hex()
    key = "0x" + encode(principal(ALICE.address)).hex()
    entry = await house.client.post(f"/v2/map_entry/{COUNTER_PATH}/visits", json=key)
    assert entry.json() == {"data": "0x0a" + encode(uint(3)).hex()}
    nobody = "0x" + encode(principal(BOB.address)).hex()
    assert (await house.client.post(f"/v2/map_entry/{COUNTER_PATH}/visits", json=nobody)).json() == {"data": "0x09"}
    for unknown in (f"{COUNTER_PATH}/visitors", f"{ALICE.address}/nothing/visits"):
        assert (await house.client.post(f"/v2/map_entry/{unknown}", json=key)).json() == {"data": "0x09"}
    interface = await house.get(f"/v2/contracts/interface/{COUNTER_PATH}")
    assert "increment" in {function["name"] for function in interface["functions"]}
    assert (await house.get(f"/v2/contracts/source/{COUNTER_PATH}"))["source"] == COUNTER
    contract = await house.get(f"/extended/v1/contract/{COUNTER_ID}")
    assert json.loads(contract["abi"]) == interface
    assert contract["clarity_version"] == 4
    [log] = (await house.get(f"/extended/v2/smart-contracts/{COUNTER_ID}/logs"))["results"]
    assert log["contract_log"]["value"]["repr"].startswith('(tuple (by u3) (event "increment")')


async def test_the_last_deployment_tells_a_contracts_state_however_it_ended(house: House) -> None:
    name, path = f"{ALICE.address}.late", "/extended/v2/smart-contracts/status"
    for source, status in (("(+ u1 (- u0 u1))", "abort_by_response"), ("(define-data-var a uint u1)", "success")):
        [txid] = await house.mined(ALICE.deploy("late", source))
        height = house.service.chain.archive.tip.height
        result = {"status": status, "tx_id": txid, "contract_id": name, "block_height": height}
        assert await house.get(path, contract_id=name) == {name: {"found": True, "result": result}}
    await house.control("reorg", depth=1, drop=[txid])
    ALICE.nonce -= 1
    found = await house.get(path, contract_id=name)
    assert (found[name]["result"]["status"], found[name]["result"]["block_height"]) == ("abort_by_response", height - 1)


async def test_names_may_have_a_slash(house: House) -> None:
    source = """
        (define-data-var paid/owed uint u1)
        (define-map rate/day uint uint)
        (define-constant SATS/BTC u3)
        (define-read-only (sats/day) u2)"""
    await house.mined(ALICE.deploy("slashed", source))
    path, key = f"{ALICE.address}/slashed", "0x" + encode(uint(1)).hex()
    call = {"sender": BOB.address, "arguments": []}
    read = await house.client.post(f"/v2/contracts/call-read/{path}/sats%2Fday", json=call)
    assert read.json() == {"okay": True, "result": "0x" + encode(uint(2)).hex()}
    assert (await house.get(f"/v2/data_var/{path}/paid%2Fowed"))["data"] == key
    assert (await house.client.post(f"/v2/map_entry/{path}/rate%2Fday", json=key)).json() == {"data": "0x09"}
    assert (await house.get(f"/v2/constant_val/{path}/SATS%2FBTC"))["data"] == "0x" + encode(uint(3)).hex()


async def test_a_read_may_name_the_block_but_only_the_newest_is_there(house: House) -> None:
    path, body = f"/v2/contracts/call-read/{COUNTER_PATH}/get-count", {"sender": BOB.address, "arguments": []}
    before = house.service.chain.archive.tip.hash.removeprefix("0x")
    assert (await house.client.post(path, json=body, params={"tip": before})).json()["okay"]
    await house.control("mine")
    answer = await house.client.post(path, json=body, params={"tip": before})
    assert (answer.status_code, answer.text) == (404, f"Chain tip '{before}' not found")
    for newest in ("latest", "what is no block", house.service.chain.archive.tip.hash.removeprefix("0x")):
        assert (await house.client.post(path, json=body, params={"tip": newest})).json()["okay"]


HALVES = """
(define-private (half) u1)
(define-read-only (share (of uint)) (/ u1 of))
(define-read-only (insist (on (optional uint))) (unwrap-panic on))
"""
HALVES_ID = f"{ALICE.address}.halves"
TRACE = "\n Stack Trace: \n"


@pytest.mark.parametrize(
    ("contract", "function", "args", "cause"),
    [
        ("halves", "nope", [], 'RuntimeCheck(UndefinedFunction("nope"))'),
        ("halves", "half", [], f'RuntimeCheck(NoSuchPublicFunction("{HALVES_ID}", "half"))'),
        ("nothing", "nope", [], f'RuntimeCheck(NoSuchContract("{ALICE.address}.nothing"))'),
        ("halves", "share", [], "RuntimeCheck(IncorrectArgumentCount(1, 0))"),
        ("halves", "share", [int_(1)], 'RuntimeCheck(TypeValueError(UIntType, "Int(1)"))'),
        ("halves", "share", [uint(0)], f"DivisionByZero{TRACE}{HALVES_ID}:share\n_native_:native_div\n"),
        ("halves", "insist", [NONE], f"UnwrapFailure{TRACE}{HALVES_ID}:insist\n_native_:native_unwrap\n"),
    ],
)
async def test_a_read_fails_in_a_nodes_words(
    house: House, contract: str, function: str, args: list[Value], cause: str
) -> None:
    if house.service.chain.archive.deployment(HALVES_ID) is None:
        await house.mined(ALICE.deploy("halves", HALVES))
    body = {"sender": BOB.address, "arguments": [to_hex(value) for value in args]}
    answer = await house.client.post(f"/v2/contracts/call-read/{ALICE.address}/{contract}/{function}", json=body)
    assert (answer.status_code, answer.json()) == (200, {"okay": False, "cause": cause})


async def test_a_read_cannot_write(house: House) -> None:
    answer = await house.client.post(
        f"/v2/contracts/call-read/{COUNTER_PATH}/increment",
        json={"sender": BOB.address, "arguments": ["0x" + encode(uint(1)).hex()]},
    )
    assert answer.json() == {"okay": False, "cause": "NotReadOnly"}
    assert (await house.get(f"/v2/data_var/{COUNTER_PATH}/count"))["data"] == "0x" + encode(uint(3)).hex()


async def test_prints_are_paged_by_cursor(house: House) -> None:
    await house.mined(*(ALICE.call(COUNTER_ID, "increment", [uint(n)]) for n in range(5)))
    path = f"/extended/v2/smart-contracts/{COUNTER_ID}/logs"
    first = await house.get(path, limit=2)
    assert (first["total"], len(first["results"]), first["next_cursor"]) == (6, 2, None)
    second = await house.get(path, limit=2, cursor=first["prev_cursor"])
    assert second["next_cursor"] == first["cursor"]
    assert (await house.get(path, limit=2, offset=1))["next_cursor"] is None  # no whole page is newer
    everything = (await house.get(path, limit=6))["results"]
    assert everything == first["results"] + second["results"] + everything[4:]
    newest = [int(part) for part in first["cursor"].split(":")]
    gone = ":".join(str(part) for part in [newest[0], newest[1], newest[2] - 1, newest[3] + 9])
    assert (await house.get(path, limit=2, cursor=gone))["results"] == everything[1:3]
    assert (await house.get(path, limit=2, cursor=f"{newest[0] + 9}:0:0:0"))["results"] == first["results"]
    assert (await house.client.get(path, params={"cursor": "0:9:9:9"})).status_code == 404
    assert (await house.client.get(path, params={"cursor": "9:9"})).status_code == 400
    assert (await house.get(path, offset=1_000))["results"] == []
    for offset in (1_001, -1_001, -1):
        assert (await house.client.get(path, params={"offset": offset})).status_code == 400


async def test_blocks_can_be_found_by_height_hash_and_time(house: House) -> None:
    blocks = await house.get("/extended/v2/blocks", limit=3)
    newest = blocks["results"][0]
    assert newest["tx_count"] == 5
    for name in ("latest", newest["height"], newest["hash"], newest["index_block_hash"][2:]):
        assert await house.get(f"/extended/v2/blocks/{name}") == newest
    assert await house.get(f"/extended/v2/blocks/by-block-time/{newest['block_time']}") == newest
    following = await house.get("/extended/v2/blocks", limit=3, cursor=blocks["prev_cursor"])
    assert following["results"][0]["height"] == newest["height"] - 3
    assert (blocks["next_cursor"], following["next_cursor"]) == (None, blocks["cursor"])
    assert await house.get("/extended/v2/blocks", limit=3, cursor=following["cursor"], offset=-3) == {
        **blocks,
        "offset": -3,
    }
    assert (await house.get("/extended/v2/blocks", offset=-1))["results"] == []
    for wrong, status in (("0x" + "ab" * 32, 404), (newest["hash"], 404), (newest["height"], 400)):
        answer = await house.client.get("/extended/v2/blocks", params={"cursor": wrong})
        assert answer.status_code == status
    beyond = await house.client.get("/extended/v2/blocks", params={"cursor": blocks["cursor"], "offset": -1})
    assert beyond.status_code == 404
    assert len((await house.get("/extended/v2/blocks", limit=0))["results"]) == newest["height"]
    assert newest["parent_index_block_hash"] == blocks["results"][1]["index_block_hash"]
    inside = await house.get(f"/extended/v2/blocks/{newest['height']}/transactions", limit=2, offset=1)
    assert (inside["total"], len(inside["results"]), inside["results"][0]["tx_index"]) == (5, 2, 1)
    assert (await house.client.get("/extended/v2/blocks/99999")).status_code == 404


async def test_burn_blocks_gather_the_blocks_on_them(house: House) -> None:
    await house.control("mine", count=3, burn=True)
    burn = await house.get("/extended/v2/burn-blocks", limit=2)
    heights = [block["burn_block_height"] for block in burn["results"]]
    assert heights == [heights[0], heights[0] - 1]
    tip = await house.get("/extended/v2/blocks/latest")
    assert burn["results"][0]["stacks_blocks"] == [tip["hash"]]
    assert burn["total"] == (await house.get("/extended/v2/blocks"))["total"]
    averages = await house.get("/extended/v2/blocks/average-times")
    assert all(0 <= seconds == round(seconds, 2) for seconds in averages.values())
    assert await house.get(f"/extended/v2/burn-blocks/{heights[1]}") == burn["results"][1]


async def test_fees_can_be_looked_up(house: House) -> None:
    payload = {"transaction_payload": "00" * 60, "estimated_len": 300}
    estimate = (await house.client.post("/v2/fees/transaction", json=payload)).json()
    assert [one["fee"] for one in estimate["estimations"]] == [300, 600, 1500]
    assert (await house.get("/v2/fees/transfer")) == 1
    assert (await house.get("/extended/v2/mempool/fees"))["contract_call"]["low_priority"] > 0


async def test_a_rejection_has_the_nodes_own_words(house: House) -> None:
    raw = ALICE.again(fee=3).transfer(BOB.address, 1)
    answer = await house.client.post("/v2/transactions", json={"tx": raw.hex()})
    assert answer.status_code == 400
    said = answer.json()
    assert said.pop("txid")
    assert said == {
        "error": "transaction rejected",
        "reason": "FeeTooLow",
        "reason_data": {"expected": 180, "actual": 3},
    }


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"\x00\x01", "application/octet-stream", 400),
        (b"{", "application/json", 400),
        (b'{"tx": 5}', "application/json", 400),
        (b'{"tx": "xyz"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"00", "text/plain", 400),
        (b"\x00" * (2 * 1024 * 1024 + 1), "application/octet-stream", 413),
    ],
)
async def test_bad_bodies_are_refused_in_text(house: House, content: bytes, kind: str, status: int) -> None:
    answer = await house.client.post("/v2/transactions", content=content, headers={"content-type": kind})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/plain")
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"/v2/contracts/source/{ALICE.address}/nothing", 404),
        (f"/v2/contracts/interface/{ALICE.address}/nothing", 404),
        (f"/v2/data_var/{ALICE.address}/nothing/count", 404),
        (f"/v2/data_var/{COUNTER_PATH}/nothing", 404),
        (f"/v2/constant_val/{COUNTER_PATH}/nothing", 404),
        (f"/extended/v1/contract/{ALICE.address}.nothing", 404),
        (f"/extended/v1/contract/{ALICE.address}", 404),
        ("/extended/v1/tx/0x" + "ab" * 32, 404),
        ("/extended/v3/transactions/0x" + "ab" * 32, 404),
        ("/extended/v3/transactions/12", 400),
        ("/extended/v2/blocks?limit=31", 400),
        ("/extended/v2/blocks?offset=-301", 400),
        ("/extended/v2/blocks?offset=301", 400),
        ("/extended/v2/burn-blocks?offset=-1", 400),
        ("/extended/v3/transactions?limit=0", 400),
        ("/extended/v3/transactions?cursor=9", 400),
        ("/extended/v3/transactions?cursor=" + "9" * 5_000 + ":0:0", 400),
        ("/extended/v3/mempool/transactions?cursor=9", 400),
        (f"/extended/v3/principals/{COUNTER_ID}/nonces", 400),
        (f"/extended/v3/principals/{ALICE.address}/balances/ft/gold", 400),
        (f"/extended/v3/principals/{ALICE.address}/balances/ft?cursor=gold", 400),
        (f"/extended/v3/principals/{ALICE.address}/balances/nft?cursor=0x0:gold", 400),
        (f"/extended/v2/addresses/{ALICE.address}/transactions?cursor=9:0:0", 404),
        (f"/extended/v2/addresses/{ALICE.address}/transactions?cursor=0x{'ab' * 32}:0:0", 404),
        (f"/extended/v1/address/{ALICE.address}/balances?until_block=1", 400),
        (f"/extended/v1/address/{ALICE.address}/nonces?block_height=1&block_hash=0x00", 400),
        (f"/extended/v1/address/{ALICE.address}/nonces?block_hash=00", 400),
        (f"/extended/v1/address/{ALICE.address}/nonces?block_height=9999", 404),
        (f"/extended/v1/address/{ALICE.address}/transactions?until_block=0x00", 404),
        (f"/extended/v1/address/{ALICE.address}/transactions?until_block=0", 400),
        (f"/extended/v1/address/{ALICE.address}/transactions?until_block=1&height=1", 400),
        (f"/extended/v1/search/{ALICE.address}?include_metadata=true", 400),
        ("/extended/v1/tx?type=gift", 400),
        (f"/extended/v1/tx?from_address={COUNTER_ID}", 400),
        ("/extended/v1/tx?sort_by=size", 400),
        ("/extended/v1/tx/mempool?order_by=price", 400),
        (f"/extended/v1/tx/mempool?address={ALICE.address}&sender_address={ALICE.address}", 400),
        ("/extended/v3/transactions/0x" + "ab" * 32 + "?include=everything", 400),
        ("/extended/v2/blocks/%00", 404),
        ("/extended/v2/blocks/" + "9" * 5_000, 404),
        ("/v2/accounts/%F0%9F%92%A9", 400),
        ("/nowhere", 404),
    ],
)
async def test_what_is_not_there_is_said_so(house: House, path: str, status: int) -> None:
    answer = await house.client.get(path)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("method", "path", "status", "words"),
    [
        ("GET", "/extended/v3/transactions/0x" + "ab" * 32, 404, "Transaction not found"),
        ("GET", "/extended/v3/transactions/12", 400, "tx_id"),
        ("GET", "/extended/v3/principals/nobody/nonces", 400, "nobody"),
        ("GET", "/extended/v2/blocks/by-block-time/noon", 400, "noon|integer"),
        ("GET", "/extended/v1/info/network_block_time/moonnet", 400, "network"),
        ("GET", "/extended/v2/blocks?limit=31", 400, "limit"),
        ("GET", "/extended/v9/nothing", 404, "Route GET:/extended/v9/nothing not found"),
        ("PUT", "/extended/v2/blocks", 404, "Route PUT:/extended/v2/blocks not found"),
        ("POST", f"/extended/v1/faucets/gold?address={BOB.address}", 400, "token"),
        ("POST", "/extended/v1/faucets/stx?address=nobody", 400, "nobody"),
        ("POST", "/extended/v1/faucets/stx?address=" + "\u00e9", 400, "."),
    ],
)
async def test_errors_of_the_extended_api_have_hiros_three_fields(
    house: House, method: str, path: str, status: int, words: str
) -> None:
    answer = await house.client.request(method, path, headers=POWER)
    said = answer.json()
    said.pop("code", None)
    assert re.search(words, said.pop("message"))
    assert said == {"statusCode": status, "error": {400: "Bad Request", 404: "Not Found"}[status]}
    assert answer.status_code == status


async def test_what_does_not_fit_the_schema_has_fastifys_code(house: House) -> None:
    misfit = await house.client.get("/extended/v2/blocks", params={"limit": 31})
    assert misfit.json() == {
        "statusCode": 400,
        "code": "FST_ERR_VALIDATION",
        "error": "Bad Request",
        "message": "querystring/limit must be <= 30",
    }
    both = {"address": ALICE.address, "sender_address": ALICE.address}
    assert "code" not in (await house.client.get("/extended/v1/tx/mempool", params=both)).json()
    assert "code" not in (await house.client.get("/extended/v2/blocks/99999")).json()


async def test_errors_of_the_extended_api_keep_their_shape_without_the_token(house: House) -> None:
    answer = await house.client.post(f"/extended/v1/faucets/stx?address={BOB.address}")
    assert (answer.status_code, answer.json()["error"]) == (403, "Forbidden")


@pytest.mark.parametrize("path", ["/v2/nothing", "/v3/nothing", "/v2/accounts/nobody", "/v3/transaction/12"])
async def test_errors_of_the_node_are_text(house: House, path: str) -> None:
    answer = await house.client.get(path)
    assert answer.status_code in {400, 404}
    assert answer.headers["content-type"].startswith("text/plain")


@pytest.mark.parametrize("path", ["/extended/v2/blocks", "/v2/info", "/extended/v9/nothing"])
async def test_head_is_answered_as_get_without_the_body(house: House, path: str) -> None:
    head, get = await house.client.head(path), await house.client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers == get.headers


async def test_half_a_surrogate_pair_is_no_text(house: House) -> None:
    answer = await house.client.post("/control/misbehave", content=b'{"uuid": "\\ud800"}', headers=POWER)
    assert answer.status_code == 400
    assert "surrogates" in answer.json()["error"]


async def test_bad_calls_are_refused(house: House) -> None:
    path = f"/v2/contracts/call-read/{COUNTER_PATH}/get-count"
    bodies: list[object] = [
        {},
        {"sender": "x", "arguments": []},
        {"sender": BOB.address, "arguments": ["0xff"]},
        {"sender": COUNTER_ID, "arguments": []},
        [],
        None,
    ]
    for body in bodies:
        assert (await house.client.post(path, json=body)).status_code == 400
    unknown = f"/v2/contracts/call-read/{ALICE.address}/nothing/get-count"
    answer = await house.client.post(unknown, json={"sender": BOB.address, "arguments": []})
    assert answer.json()["okay"] is False


async def test_only_our_own_host_is_answered(house: House) -> None:
    assert (await house.client.get("/v2/info", headers={"host": "evil.example"})).status_code == 421
    assert (await house.client.get("/v2/info", headers={"host": HOST})).status_code == 200


async def test_pages_of_any_origin_may_read_but_have_no_powers(house: House) -> None:
    read = await house.client.get("/v2/info", headers={"origin": "https://app.example"})
    assert read.headers["access-control-allow-origin"] == "*"
    asked = await house.client.options("/chainhooks/me/one", headers={"origin": "https://app.example"})
    assert "PATCH" in asked.headers["access-control-allow-methods"]
    assert "authorization" in asked.headers["access-control-allow-headers"]
    powers = await house.client.get("/control/status", headers={**POWER, "origin": "https://app.example"})
    assert "access-control-allow-origin" not in powers.headers
    asked = await house.client.options("/control/mine", headers={"origin": "https://app.example"})
    assert "access-control-allow-origin" not in asked.headers


@pytest.mark.parametrize("headers", [{}, {"x-localchain-token": ""}, {"x-localchain-token": "guess"}])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/control/status"),
        ("POST", "/control/mine"),
        ("POST", "/control/warp"),
        ("POST", "/control/faucet"),
        ("POST", f"/extended/v1/faucets/stx?address={BOB.address}"),
    ],
)
async def test_powers_need_the_token(house: House, headers: dict[str, str], method: str, path: str) -> None:
    before = house.service.chain.archive.tip
    assert (await house.client.request(method, path, headers=headers)).status_code == 403
    assert house.service.chain.archive.tip == before


async def test_the_faucet_gives_stx_and_sbtc(house: House) -> None:
    carol = account(3)
    txid = (await house.control("faucet", token="stx", address=carol.address, amount=7_000))["txid"]
    assert (await house.get(f"/extended/v3/transactions/{txid}"))["status"] == "success"
    await house.control("faucet", token="sbtc", address=carol.address)
    assert int((await house.get(f"/v2/accounts/{carol.address}"))["balance"], 16) == 7_000
    given = await house.client.post(f"/extended/v1/faucets/sbtc?address={carol.address}", headers=POWER)
    assert given.json()["success"] is True
    await house.control("mine")
    balance = await house.get(f"/extended/v3/principals/{carol.address}/balances/ft/{ASSET}")
    assert balance["balance"] == "20000000"


async def test_the_faucet_gives_to_many_at_once(house: House) -> None:
    for number in range(30):
        await house.control("faucet", token="stx", address=account(100 + number).address, amount=1, mine=False)
    await house.control("mine", count=2)
    assert house.service.chain.stx_balance(account(129).address) == 1


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("mine", {"count": 0}),
        ("mine", {"count": "1"}),
        ("mine", {"cuont": 1}),
        ("warp", {"seconds": -1}),
        ("warp", {"seconds": 10**12}),
        ("warp", {}),
        ("faucet", {"token": "gold", "address": BOB.address}),
        ("faucet", {"token": "stx", "address": "nobody"}),
        ("faucet", {"token": "stx", "address": BOB.address, "amount": -5}),
        ("faucet", {"token": "stx", "address": BOB.address, "amount": 1 << 70}),
    ],
)
async def test_wrong_use_of_powers_changes_nothing(house: House, action: str, body: dict[str, object]) -> None:
    before = house.service.chain.archive.tip
    answer = await house.client.post(f"/control/{action}", json=body, headers=POWER)
    assert answer.status_code == 400, answer.text
    assert house.service.chain.archive.tip == before


async def test_warping_shows_at_once(house: House) -> None:
    before = house.service.chain.archive.tip.time
    assert (await house.control("warp", seconds=3_600))["time"] >= before + 3_600


async def test_blocks_come_by_themselves(tmp_path: Path, alice: Account, bob: Account) -> None:
    async with serving(tmp_path, GENESIS, pace=Pace(empty=0.3, gather=0.02)) as house:
        txid = await house.send(alice.transfer(bob.address, 5))
        while (await house.get(f"/extended/v3/transactions/{txid}"))["status"] == "pending":
            await asyncio.sleep(0.01)
        height = house.service.chain.archive.tip.height
        while house.service.chain.archive.tip.height < height + 2:
            await asyncio.sleep(0.01)


async def test_nonces_between_the_last_confirmed_and_the_highest_that_waits(
    tmp_path: Path, alice: Account, bob: Account
) -> None:
    async with serving(tmp_path, GENESIS) as house:
        await house.mined(alice.transfer(bob.address, 1))
        await house.mined(alice.transfer(bob.address, 1))
        last = alice.nonce - 1
        for nonce in (last + 2, last + 5):
            await house.send(alice.again(nonce=nonce).transfer(bob.address, 1))
        newer = await house.get(f"/extended/v3/principals/{alice.address}/nonces")
        assert newer == {
            "next_nonce": last + 6,
            "last_confirmed_nonce": last,
            "mempool": {
                "last_nonce": last + 5,
                "pending_nonces": [last + 2],
                "missing_nonces": [last + 4, last + 3, last + 1],
            },
        }
        former = await house.get(f"/extended/v1/address/{alice.address}/nonces")
        assert former == {
            "last_mempool_tx_nonce": last + 5,
            "last_executed_tx_nonce": last,
            "possible_next_nonce": last + 6,
            "detected_missing_nonces": [last + 4, last + 3, last + 1],
            "detected_mempool_nonces": [last + 2],
        }
        await house.send(bob.again(nonce=3).transfer(alice.address, 1))
        fresh = await house.get(f"/extended/v3/principals/{bob.address}/nonces")
        assert fresh == {
            "next_nonce": 4,
            "last_confirmed_nonce": None,
            "mempool": {"last_nonce": 3, "pending_nonces": [], "missing_nonces": []},
        }
        tip = await house.get("/extended/v2/blocks/latest")
        for block in ({"block_height": tip["height"] - 1}, {"block_hash": tip["parent_block_hash"]}):
            before = await house.get(f"/extended/v1/address/{alice.address}/nonces", **block)
            assert before == {
                "last_mempool_tx_nonce": None,
                "last_executed_tx_nonce": last - 1,
                "possible_next_nonce": last,
                "detected_missing_nonces": [],
                "detected_mempool_nonces": [],
            }
