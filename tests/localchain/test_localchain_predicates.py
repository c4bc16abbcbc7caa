"""Predicates registered the way a self-hosted Chainhook (v1) takes them."""

import asyncio
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.localchain.accounts import Account, account
from tests.localchain.contracts import COUNTER, TALKER, VAULT
from tests.localchain.house import TOKEN, House, serving
from tests.localchain.receiver import Receiver, listening

from bitpay.chainhook.chainhook1 import read
from bitpay.localchain.archive import Archive
from bitpay.localchain.blocks import Block
from bitpay.localchain.chain import Genesis
from bitpay.localchain.vm import SBTC
from bitpay.stacks.clarity import NONE, principal, uint, utf8

ALICE, BOB = account(1), account(2)
COUNTER_ID, VAULT_ID = f"{ALICE.address}.counter", f"{ALICE.address}.vault"
BEARER = "Bearer what the receiver knows"
START = 2
"""Height of the story's first block."""


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening() as receiver:
        yield receiver


@pytest.fixture(scope="module")
async def story(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[House, list[str]]]:
    """Blocks with one transaction each, from height 2."""
    alice = Account(ALICE.key)
    genesis = Genesis(stx={alice.address: 10**12}, sbtc={alice.address: 10**9})
    async with serving(tmp_path_factory.mktemp("predicates"), genesis) as house:
        txids = await house.mined(alice.deploy("counter", COUNTER))
        for raw in (
            alice.call(COUNTER_ID, "increment", [uint(1)]),
            alice.call(COUNTER_ID, "refuse"),
            alice.transfer(BOB.address, 3),
            alice.call(SBTC, "transfer", [uint(4), principal(alice.address), principal(BOB.address), NONE]),
            alice.deploy("vault", VAULT),
            alice.call(VAULT_ID, "fund"),
        ):
            txids += await house.mined(raw)
        yield house, txids


def predicate(receiver: Receiver, rule: dict[str, Any], *, uuid: str = "one", **options: object) -> dict[str, Any]:
    hook = {"http_post": {"url": f"{receiver.url}/payload", "authorization_header": BEARER}}
    networks = {"testnet": {"if_this": rule, "then_that": hook, **options}}
    return {"uuid": uuid, "name": "test", "version": 1, "chain": "stacks", "networks": networks}


async def register(house: House, document: dict[str, Any]) -> dict[str, Any]:
    answer = await house.client.post("/v1/chainhooks", json=document)
    assert answer.status_code == 200, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def known(house: House, uuid: str = "one") -> dict[str, Any]:
    told: dict[str, Any] = await house.get(f"/v1/chainhooks/{uuid}")
    return told


async def until_scanned(house: House, uuid: str = "one") -> dict[str, Any]:
    async with asyncio.timeout(20):
        while (await known(house, uuid))["result"]["status"]["type"] == "scanning":
            await asyncio.sleep(0.01)
    found: dict[str, Any] = (await known(house, uuid))["result"]
    return found


def txids_in(documents: list[dict[str, Any]], side: str = "apply") -> list[str]:
    return [
        one["transaction_identifier"]["hash"]
        for document in documents
        for block in document[side]
        for one in block["transactions"]
    ]


@pytest.mark.parametrize(
    ("rule", "heard"),
    [
        ({"scope": "print_event", "contract_identifier": "*", "contains": "*"}, [1]),
        ({"scope": "print_event", "contract_identifier": COUNTER_ID, "contains": "(by u1)"}, [1]),
        ({"scope": "print_event", "contract_identifier": COUNTER_ID, "contains": "(by u2)"}, []),
        ({"scope": "print_event", "contract_identifier": "*", "matches_regex": r"by u\d+"}, [1]),
        ({"scope": "print_event", "contract_identifier": SBTC, "matches_regex": ".*"}, []),
        ({"scope": "contract_call", "contract_identifier": COUNTER_ID, "method": "refuse"}, [2]),
        ({"scope": "contract_call", "contract_identifier": SBTC, "method": "transfer"}, [4]),
        ({"scope": "contract_deployment", "deployer": "*"}, [0, 5]),
        ({"scope": "contract_deployment", "deployer": ALICE.address}, [0, 5]),
        ({"scope": "contract_deployment", "deployer": BOB.address}, []),
        ({"scope": "contract_deployment", "implement_trait": "sip09"}, []),
        ({"scope": "ft_event", "asset_identifier": f"{SBTC}::sbtc-token", "actions": ["transfer"]}, [4]),
        ({"scope": "ft_event", "asset_identifier": f"{SBTC}::sbtc-token", "actions": ["mint", "burn"]}, []),
        ({"scope": "nft_event", "asset_identifier": f"{VAULT_ID}::deed", "actions": ["mint"]}, [6]),
        ({"scope": "stx_event", "actions": ["transfer"]}, [3]),
        ({"scope": "block_height", "between": [START, START + 3]}, [1, 2]),
        ({"scope": "block_height", "equals": START}, [0]),
        ({"scope": "block_height", "higher_than": START + 4}, [5, 6]),
        ({"scope": "block_height", "lower_than": START + 2}, [0, 1]),
    ],
)
async def test_the_past_is_scanned_for_what_a_rule_wants(
    story: tuple[House, list[str]], receiver: Receiver, rule: dict[str, Any], heard: list[int]
) -> None:
    house, txids = story
    assert await register(house, predicate(receiver, rule, start_block=0)) == {"status": 200, "result": "one"}
    found = await until_scanned(house)
    documents = await receiver.until(len(heard))
    assert txids_in(documents) == [txids[number] for number in heard]
    assert all(document["chainhook"]["predicate"] == rule for document in documents)
    assert all(document["chainhook"]["is_streaming_blocks"] is False for document in documents)
    assert found["status"]["info"]["number_of_times_triggered"] == len(heard)
    assert (found["predicate"], found["network"], found["enabled"]) == (rule, "testnet", True)
    assert (await house.client.delete("/v1/chainhooks/stacks/one")).json() == {"status": 200, "result": "Ok"}
    assert await known(house) == {"status": 404}


async def test_a_transaction_is_waited_for_by_its_id(story: tuple[House, list[str]], receiver: Receiver) -> None:
    house, txids = story
    await register(house, predicate(receiver, {"scope": "txid", "equals": txids[2]}, blocks=[START + 2, START]))
    await until_scanned(house)
    [document] = await receiver.until(1)
    assert txids_in([document]) == [txids[2]]
    await house.client.delete("/v1/chainhooks/stacks/one")


async def test_a_delivery_has_all_that_a_chainhook_tells(story: tuple[House, list[str]], receiver: Receiver) -> None:
    house, txids = story
    rule = {"scope": "block_height", "higher_than": START - 1}
    await register(house, predicate(receiver, rule, start_block=START, include_contract_abi=True))
    await until_scanned(house)
    documents = await receiver.until(len(txids))
    assert {headers["authorization"] for headers in receiver.headers} == {BEARER}
    assert [len(read(document).blocks) for document in documents] == [1] * len(txids)
    told = [document["apply"][0]["transactions"][0] for document in documents]
    deployed, incremented, refused, sent, moved, _, funded = [one["metadata"] for one in told]
    assert deployed["description"] == f"deployed: {COUNTER_ID}"
    assert {one["name"] for one in deployed["contract_abi"]["functions"]} >= {"increment", "refuse"}
    assert incremented["description"] == f"invoked: {COUNTER_ID}::increment(u1)"
    assert incremented["execution_cost"]["write_count"] == 2
    assert (refused["success"], refused["result"]) == (False, "(err u7)")
    assert sent["description"] == f"transfered: 3 µSTX from {ALICE.address} to {BOB.address}"
    debit, credit = told[3]["operations"]
    stx = {"value": 3, "currency": {"symbol": "STX", "decimals": 6}}
    assert (debit["type"], debit["account"], debit["amount"]) == ("DEBIT", {"address": ALICE.address}, stx)
    assert (credit["type"], credit["account"]) == ("CREDIT", {"address": BOB.address})
    assert (debit["related_operations"], credit["related_operations"]) == ([{"index": 1}], [{"index": 0}])
    assert moved["description"].endswith(f"::transfer(u4, {ALICE.address}, {BOB.address}, none)")
    assert moved["receipt"]["mutated_assets_radius"] == [f"{SBTC}::sbtc-token"]
    gold, deed = told[6]["operations"]
    assert (gold["type"], gold["amount"]["value"]) == ("CREDIT", 100)
    assert deed["amount"]["currency"]["metadata"]["standard"] == "SIP09"
    assert [event["type"] for event in funded["receipt"]["events"]] == ["FTMintEvent", "NFTMintEvent"]
    await house.client.delete("/v1/chainhooks/stacks/one")


async def test_values_are_decoded_when_asked_for(story: tuple[House, list[str]], receiver: Receiver) -> None:
    house, _ = story
    rule = {"scope": "block_height", "higher_than": 0}
    blocks = [START + 1, START + 2, START + 6]
    await register(house, predicate(receiver, rule, blocks=blocks, decode_clarity_values=True))
    await until_scanned(house)
    documents = await receiver.until(3)
    incremented, refused, funded = [one["apply"][0]["transactions"][0]["metadata"] for one in documents]
    [log] = incremented["receipt"]["events"]
    assert (log["data"]["value"]["event"], log["data"]["value"]["by"]) == ("increment", 1)
    assert refused["result"] == {"result": {"success": False, "value": 7}}
    deed = funded["receipt"]["events"][1]["data"]
    assert (deed["asset_class_identifier"], deed["asset_identifier"]) == (f"{VAULT_ID}::deed", 1)
    await house.client.delete("/v1/chainhooks/stacks/one")


GENESIS = Genesis(stx={ALICE.address: 10**12})
STX_EVENT = {"scope": "stx_event", "actions": ["transfer"]}


async def test_values_are_printed_as_a_chainhook_prints_them(
    receiver: Receiver, tmp_path: Path, alice: Account
) -> None:
    said, talker = r'u"it\'s \u{c3a9}"', f"{alice.address}.talker"
    rule = {"scope": "print_event", "contract_identifier": talker}
    async with serving(tmp_path, GENESIS) as house:
        await house.mined(alice.deploy("talker", TALKER))
        await register(
            house, predicate(receiver, {**rule, "contains": f"(tuple (to (list '{alice.address}"}, uuid="no")
        )
        await register(house, predicate(receiver, {**rule, "matches_regex": r"\(list"}, uuid="neither"))
        await register(
            house, predicate(receiver, {**rule, "contains": f"(tuple (to ({alice.address})) (what {said}))"})
        )
        await house.mined(alice.call(talker, "say", [utf8("it's é")]))
        [document] = await receiver.until(1)
    assert document["chainhook"]["uuid"] == "one"
    told = document["apply"][0]["transactions"][0]["metadata"]
    assert (told["result"], told["kind"]["data"]["args"]) == (f"(ok {said})", [said])
    assert told["description"] == f"invoked: {talker}::say({said})"


async def test_new_blocks_and_other_histories_are_followed(receiver: Receiver, tmp_path: Path, alice: Account) -> None:
    async with serving(tmp_path, GENESIS) as house:
        await register(house, predicate(receiver, STX_EVENT))
        [txid] = await house.mined(alice.transfer(BOB.address, 1))
        await house.control("reorg", depth=1)
        first, second = await receiver.until(2)
    assert (txids_in([first]), first["rollback"]) == ([txid], [])
    assert first["chainhook"] == {"uuid": "one", "predicate": STX_EVENT, "is_streaming_blocks": True}
    assert (txids_in([second], "rollback"), txids_in([second])) == ([txid], [txid])
    assert second["rollback"][0]["block_identifier"] != second["apply"][0]["block_identifier"]


async def test_a_predicate_lives_on_after_a_restart(receiver: Receiver, tmp_path: Path, alice: Account) -> None:
    async with serving(tmp_path, GENESIS) as house:
        await register(house, predicate(receiver, STX_EVENT))
        await house.mined(alice.transfer(BOB.address, 1))
        await receiver.until(1)
        before = await known(house)
    assert stat.S_IMODE((tmp_path / "predicates.json").stat().st_mode) == 0o600
    async with serving(tmp_path, GENESIS) as house:
        assert await known(house) == before
        await house.mined(alice.transfer(BOB.address, 2))
        await receiver.until(2)
        status = (await known(house))["result"]["status"]
    assert (status["type"], status["info"]["number_of_times_triggered"]) == ("streaming", 2)


async def test_a_predicate_expires(receiver: Receiver, tmp_path: Path, alice: Account) -> None:
    async with serving(tmp_path, GENESIS) as house:
        await register(house, predicate(receiver, STX_EVENT, expire_after_occurrence=1))
        await register(house, predicate(receiver, STX_EVENT, uuid="two", end_block=START))
        for amount in (1, 2):
            await house.mined(alice.transfer(BOB.address, amount))
        documents = await receiver.until(2)
        for uuid, height in (("one", START), ("two", START + 1)):
            told = (await known(house, uuid))["result"]
            assert (told["enabled"], told["status"]["type"]) == (False, "unconfirmed_expiration")
            assert told["status"]["info"]["expired_at_block_height"] == height
        await house.control("mine", count=8)
        assert (await known(house))["result"]["status"]["type"] == "confirmed_expiration"
    assert {document["chainhook"]["uuid"] for document in documents} == {"one", "two"}


async def test_a_receiver_that_stays_away_interrupts_for_good(
    receiver: Receiver, tmp_path: Path, alice: Account
) -> None:
    receiver.answer = 500
    async with serving(tmp_path, GENESIS) as house:
        await register(house, predicate(receiver, STX_EVENT))
        await house.mined(alice.transfer(BOB.address, 1))
        async with asyncio.timeout(20):
            while (await known(house))["result"]["enabled"]:
                await asyncio.sleep(0.02)
        assert receiver.attempts == 3
        interrupted = {"type": "interrupted", "info": "it answered 500"}
        assert (await known(house))["result"]["status"] == interrupted
    async with serving(tmp_path, GENESIS) as house:
        assert (await known(house))["result"]["status"] == interrupted


async def test_a_scan_that_fails_interrupts_and_says_why(
    receiver: Receiver, tmp_path: Path, alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(archive: Archive, height: int) -> Block:
        raise OSError(f"block {height} cannot be read")

    async with serving(tmp_path, GENESIS) as house:
        await house.mined(alice.transfer(BOB.address, 1))
        with monkeypatch.context() as broken:
            broken.setattr(Archive, "block", unreadable)
            await register(house, predicate(receiver, STX_EVENT, start_block=START))
            found = await until_scanned(house)
        await house.mined(alice.transfer(BOB.address, 2))
        assert (await known(house))["result"]["status"] == found["status"]
    assert found["status"] == {"type": "interrupted", "info": f"OSError: block {START} cannot be read"}
    assert not receiver.attempts


async def test_nothing_is_sent_where_nothing_is_to_be_done(receiver: Receiver, tmp_path: Path, alice: Account) -> None:
    document = predicate(receiver, STX_EVENT)
    document["networks"] = {"devnet": {"if_this": STX_EVENT, "then_that": "noop"}, **document["networks"]}
    async with serving(tmp_path, GENESIS) as house:
        await register(house, document)
        await house.mined(alice.transfer(BOB.address, 1))
        told = (await known(house))["result"]
        [listed] = (await house.get("/v1/chainhooks"))["result"]
    assert (told["network"], told["status"]["info"]["number_of_times_triggered"]) == ("devnet", 1)
    assert listed == told
    assert not receiver.attempts


async def test_what_is_no_predicate_is_refused_as_chainhook_does(
    story: tuple[House, list[str]], receiver: Receiver
) -> None:
    house, _ = story
    good = predicate(receiver, STX_EVENT)
    spec = good["networks"]["testnet"]
    bad: list[Any] = [
        {},
        [],
        {**good, "chain": "bitcoin"},
        {**good, "uuid": "a/b"},
        {**good, "networks": {"mainnet": spec}},
        {**good, "networks": {"testnet": {**spec, "start_block": 5, "end_block": 4}}},
        {**good, "networks": {"testnet": {**spec, "then_that": {"file_append": {"path": "a-file"}}}}},
        predicate(receiver, {"scope": "signer_message", "after_timestamp": 1}),
        predicate(receiver, {"scope": "block_height"}),
        predicate(receiver, {"scope": "block_height", "equals": 1, "lower_than": 3}),
        predicate(receiver, {"scope": "block_height", "between": [3, 3]}),
        predicate(receiver, {"scope": "print_event", "contract_identifier": "*"}),
        predicate(receiver, {"scope": "print_event", "contract_identifier": "*", "matches_regex": "("}),
        predicate(receiver, {"scope": "contract_deployment"}),
        predicate(receiver, {"scope": "txid", "equals": "12"}),
    ]
    for document in bad:
        told = await register(house, document)
        assert (told["status"], bool(told["error"])) == (422, True), document
    assert (await register(house, good))["status"] == 200
    assert await register(house, good) == {"status": 409, "error": "Predicate uuid already in use"}
    await house.client.delete("/v1/chainhooks/stacks/one")
    assert (await house.get("/v1/chainhooks")) == {"status": 200, "result": []}


@pytest.mark.parametrize("trace", ["origin", "sec-fetch-site", "x-forwarded-for"])
async def test_strangers_need_the_token(story: tuple[House, list[str]], receiver: Receiver, trace: str) -> None:
    house, _ = story
    headers = {trace: "http://evil.example"}
    good = predicate(receiver, STX_EVENT)
    assert (await house.client.post("/v1/chainhooks", json=good, headers=headers)).status_code == 403
    assert (await house.client.get("/v1/chainhooks", headers=headers)).status_code == 403
    assert (await house.client.delete("/v1/chainhooks/stacks/one", headers=headers)).status_code == 403
    text = {"content-type": "text/plain"}
    assert (await house.client.post("/v1/chainhooks", content=b"{}", headers=text)).status_code == 415
    known_ = {**headers, "authorization": f"Bearer {TOKEN}"}
    assert (await house.client.get("/v1/chainhooks", headers=known_)).json() == {"status": 200, "result": []}
    assert (await house.get("/ping"))["status"] == 200


async def test_predicates_misbehave_and_are_listed_like_other_hooks(
    receiver: Receiver, tmp_path: Path, alice: Account
) -> None:
    async with serving(tmp_path, GENESIS) as house:
        await register(house, predicate(receiver, STX_EVENT))
        await house.control("misbehave", habits={"duplicate": 1.0}, uuid="one")
        await house.mined(alice.transfer(BOB.address, 1))
        first, second = await receiver.until(2)
        answer = await house.client.get("/control/hooks", headers={"x-localchain-token": TOKEN})
        [hook] = answer.json()["hooks"]
    assert first == second
    assert (hook["name"], hook["format"], hook["status"]) == ("test", "chainhook1", "streaming")
