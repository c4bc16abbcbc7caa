import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.localchain.accounts import Account
from tests.localchain.contracts import COUNTER
from tests.localchain.house import POWER, TOKEN, House, serving
from tests.localchain.receiver import Receiver, listening

from bitpay.localchain.chain import Genesis
from bitpay.localchain.hooks import hooks
from bitpay.localchain.hooks.given import GivenHook
from bitpay.localchain.vm import SBTC
from bitpay.stacks.clarity import NONE, principal, uint

SECRET = "a secret that receivers know"
KEY = {"x-api-key": TOKEN}


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening() as receiver:
        yield receiver


@pytest.fixture
def genesis(alice: Account, bob: Account) -> Genesis:
    return Genesis(stx={alice.address: 10**12, bob.address: 10**9}, sbtc={alice.address: 10**9})


def definition(receiver: Receiver, *filters: dict[str, Any], **options: object) -> dict[str, Any]:
    return {
        "name": "test",
        "version": "1",
        "chain": "stacks",
        "network": "testnet",
        "filters": {"events": list(filters)},
        "action": {"type": "http_post", "url": f"{receiver.url}/hook"},
        "options": {"enable_on_registration": True, **options},
    }


async def register(house: House, document: dict[str, Any]) -> dict[str, Any]:
    answer = await house.client.post("/chainhooks/me", json=document, headers=KEY)
    assert answer.status_code == 200, answer.text
    hook: dict[str, Any] = answer.json()
    return hook


async def test_a_given_hook_hears_every_transaction_in_order(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account
) -> None:
    given = [GivenHook("chainhooks2", f"{receiver.url}/hook", SECRET)]
    async with serving(tmp_path, genesis, given=given) as house:
        await house.mined(alice.deploy("counter", COUNTER))
        await house.control("mine")
        increment = [alice.call(f"{alice.address}.counter", "increment", [uint(n)]) for n in range(3)]
        txids = await house.mined(*increment)
        deployed, called = (document["event"] for document in await receiver.until(2))
        header = house.service.chain.archive.tip
    assert receiver.headers[0]["authorization"] == f"Bearer {SECRET}"
    assert receiver.headers[0]["x-chainhook-consumer-secret"] == SECRET
    assert (deployed["chain"], deployed["network"], deployed["rollback"]) == ("stacks", "testnet", [])
    [block] = called["apply"]
    assert block["block_identifier"] == {"index": header.height, "hash": header.hash}
    assert block["parent_block_identifier"]["hash"] == header.parent_hash
    assert block["timestamp"] == header.time
    assert block["metadata"]["burn_block_identifier"] == {"index": header.burn_height, "hash": header.burn_hash}
    assert [one["transaction_identifier"]["hash"] for one in block["transactions"]] == txids
    fee, call, log = block["transactions"][2]["operations"]
    assert (fee["type"], fee["amount"]["value"]) == ("fee", f"-{alice.fee}")
    assert call["metadata"]["args"] == [{"hex": "0x" + "01" + f"{2:032x}", "repr": "u2", "name": "by", "type": "uint"}]
    assert log["metadata"]["contract_identifier"] == f"{alice.address}.counter"
    assert log["metadata"]["value"]["repr"].startswith("(tuple (by u2)")
    assert log["operation_identifier"] == {"index": 2, "network_index": 0}


async def test_a_receiver_that_comes_back_gets_what_it_missed(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account, bob: Account
) -> None:
    given = [GivenHook("chainhooks2", f"{receiver.url}/hook", SECRET)]
    async with serving(tmp_path, genesis, given=given) as house:
        receiver.answer = 503
        first = await house.mined(alice.transfer(bob.address, 1))
        second = await house.mined(alice.transfer(bob.address, 2))
        while receiver.attempts < 2:
            await asyncio.sleep(0.01)
        receiver.answer = 200
        documents = await receiver.until(2)
    heard = [one["event"]["apply"][0]["transactions"][0]["transaction_identifier"]["hash"] for one in documents]
    assert heard == first + second


async def test_a_registered_hook_is_interrupted_after_ten_attempts(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hooks, "PATIENCE", replace(hooks.PATIENCE, first_pause=0.001, longest_pause=0.001))
    async with serving(tmp_path, genesis) as house:
        hook = await register(house, definition(receiver, {"type": "stx_event"}))
        path = f"/chainhooks/me/{hook['uuid']}"
        receiver.answer = 500
        missed = await house.mined(alice.transfer(bob.address, 1))
        async with asyncio.timeout(20):
            while (await house.client.get(path, headers=KEY)).json()["status"]["status"] != "interrupted":
                await asyncio.sleep(0.01)
        assert receiver.attempts == 10
        receiver.answer = 204
        await house.client.patch(f"{path}/enabled", json={"enabled": True}, headers=KEY)
        await house.mined(alice.transfer(bob.address, 2))
        async with asyncio.timeout(20):
            while receiver.attempts < 11:
                await asyncio.sleep(0.01)
        receiver.answer = 200
        heard = await house.mined(alice.transfer(bob.address, 3))
        [document] = await receiver.until(1)
    told = [one["transaction_identifier"]["hash"] for one in document["event"]["apply"][0]["transactions"]]
    assert told == heard != missed


async def test_v1_and_the_observer_tell_the_same(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account
) -> None:
    given = [
        GivenHook("chainhook1", f"{receiver.url}/v1", SECRET),
        GivenHook("observer", receiver.url),
    ]
    async with serving(tmp_path, genesis, given=given) as house:
        await house.mined(alice.deploy("counter", COUNTER))
        await house.control("mine", burn=True)
        [txid] = await house.mined(alice.call(f"{alice.address}.counter", "increment", [uint(1)]))
        await receiver.until(5)
    by_path: dict[str, list[Any]] = {}
    for path, document in zip(receiver.paths, receiver.documents, strict=True):
        by_path.setdefault(path, []).append(document)
    [old] = by_path["/v1"]
    [transaction] = old["apply"][0]["transactions"]
    assert transaction["transaction_identifier"]["hash"] == txid
    [event] = transaction["metadata"]["receipt"]["events"]
    [first, _, third] = by_path["/new_block"]
    assert (len(first["transactions"]), third["transactions"][0]["txid"]) == (1, txid)
    assert third["events"][0]["contract_event"]["raw_value"] == event["data"]["raw_value"]
    assert [one["burn_block_height"] for one in by_path["/new_burn_block"]] == [2]


@pytest.mark.parametrize(
    ("wanted", "heard"),
    [
        ({"type": "contract_log"}, [1]),
        ({"type": "contract_log", "contract_identifier": f"{SBTC}"}, []),
        ({"type": "contract_call"}, [1, 2, 4]),
        ({"type": "contract_call", "function_name": "refuse"}, [2]),
        ({"type": "contract_deploy"}, [0]),
        ({"type": "stx_transfer"}, [3]),
        ({"type": "ft_event", "asset_identifier": f"{SBTC}::sbtc-token"}, [4]),
        ({"type": "ft_mint"}, []),
        ({"type": "coinbase"}, []),
    ],
)
async def test_filters_choose_what_is_heard(
    chain_story: tuple[House, list[str]], receiver: Receiver, wanted: dict[str, Any], heard: list[int]
) -> None:
    house, txids = chain_story
    hook = await register(house, definition(receiver, wanted, decode_clarity_values=True))
    for height in range(2, house.service.chain.archive.tip.height + 1):
        answer = await house.client.post(
            f"/chainhooks/me/{hook['uuid']}/evaluate", json={"block_height": height}, headers=KEY
        )
        assert answer.status_code == 204
    documents = await receiver.until(len(heard))
    found = [
        transaction["transaction_identifier"]["hash"]
        for document in documents
        for transaction in document["event"]["apply"][0]["transactions"]
    ]
    assert found == [txids[number] for number in heard]
    await house.client.delete(f"/chainhooks/me/{hook['uuid']}", headers=KEY)


@pytest.fixture(scope="module")
async def chain_story(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[House, list[str]]]:
    from tests.localchain.accounts import account

    alice, bob = account(1), account(2)
    genesis = Genesis(stx={alice.address: 10**12}, sbtc={alice.address: 10**9})
    async with serving(tmp_path_factory.mktemp("hooks"), genesis) as house:
        txids = await house.mined(alice.deploy("counter", COUNTER))
        for raw in (
            alice.call(f"{alice.address}.counter", "increment", [uint(1)]),
            alice.call(f"{alice.address}.counter", "refuse"),
            alice.transfer(bob.address, 3),
            alice.call(SBTC, "transfer", [uint(4), principal(alice.address), principal(bob.address), NONE]),
        ):
            txids += await house.mined(raw)
        yield house, txids


async def test_a_registered_hook_lives_on_after_a_restart(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account, bob: Account
) -> None:
    async with serving(tmp_path, genesis) as house:
        hook = await register(house, definition(receiver, {"type": "stx_event"}))
        secret = (await house.client.post("/chainhooks/me/secret", headers=KEY)).json()["secret"]
        assert hook["status"]["status"] == "streaming"
    async with serving(tmp_path, genesis) as house:
        await house.mined(alice.transfer(bob.address, 5))
        await receiver.until(1)
        [known] = (await house.client.get("/chainhooks/me", headers=KEY)).json()["results"]
    assert known["definition"] == hook["definition"]
    assert known["status"]["occurrence_count"] == 1
    assert receiver.headers[0]["x-chainhook-consumer-secret"] == secret


async def test_a_kept_hook_that_is_not_understood_any_more_is_left_out(
    receiver: Receiver, tmp_path: Path, genesis: Genesis
) -> None:
    async with serving(tmp_path, genesis) as house:
        for _ in range(2):
            await register(house, definition(receiver, {"type": "stx_event"}))
    file = tmp_path / "hooks.json"
    document = json.loads(file.read_bytes())
    document["hooks"][0]["definition"]["filters"]["events"] = [{"type": "of another version"}]
    file.write_text(json.dumps(document))

    async with serving(tmp_path, genesis) as house:
        [known] = (await house.client.get("/chainhooks/me", headers=KEY)).json()["results"]
    assert known["uuid"] == document["hooks"][1]["uuid"]


async def test_a_hook_expires_and_can_be_disabled(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account, bob: Account
) -> None:
    async with serving(tmp_path, genesis) as house:
        once = await register(house, definition(receiver, {"type": "stx_event"}, expire_after_occurrences=1))
        await house.mined(alice.transfer(bob.address, 1))
        await house.mined(alice.transfer(bob.address, 2))
        status = (await house.client.get(f"/chainhooks/me/{once['uuid']}", headers=KEY)).json()["status"]
        assert (status["status"], status["occurrence_count"]) == ("expired", 1)
        path = f"/chainhooks/me/{once['uuid']}"
        assert (await house.client.patch(f"{path}/enabled", json={"enabled": False}, headers=KEY)).status_code == 204
        renamed = await house.client.patch(path, json={"name": "other"}, headers=KEY)
        assert renamed.json()["definition"]["name"] == "other"
        chosen = {"enabled": True, "filters": {"uuids": [once["uuid"]]}}
        many = await house.client.patch("/chainhooks/me/enabled", json=chosen, headers=KEY)
        assert many.json() == {"updated_uuids": [once["uuid"]]}
        assert (await house.client.delete(path, headers=KEY)).status_code == 204
        assert (await house.client.get(path, headers=KEY)).status_code == 404
        await receiver.until(1)


async def test_registering_needs_the_key_and_a_sound_definition(
    chain_story: tuple[House, list[str]], receiver: Receiver
) -> None:
    house, _ = chain_story
    good = definition(receiver, {"type": "stx_event"})
    assert (await house.client.post("/chainhooks/me", json=good)).status_code == 401
    bodies: list[Any] = [{}, [], {**good, "network": "mainnet"}, {**good, "filters": {"events": [{"type": "x"}]}}]
    for bad in bodies:
        assert (await house.client.post("/chainhooks/me", json=bad, headers=KEY)).status_code == 400


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "contract_log", "contract_identifier": "not an id"},
        {"type": "contract_log", "contract_identifier": SBTC.partition(".")[0]},
        {"type": "contract_log", "contract_identifier": f"{SBTC}\n"},
        {"type": "contract_call", "contract_identifier": f"{SBTC}::sbtc-token"},
        {"type": "contract_deploy", "sender": "nobody"},
        {"type": "balance_change", "principal": "nobody"},
        {"type": "balance_change"},
        {"type": "ft_transfer", "asset_identifier": SBTC},
        {"type": "ft_transfer", "value": 1},
        {"type": "ft_mint", "sender": SBTC},
        {"type": "nft_burn", "receiver": SBTC},
        {"type": "nft_event", "receiver": SBTC},
        {"type": "nft_transfer", "value": "u1"},
        {"type": "stx_transfer", "asset_identifier": f"{SBTC}::sbtc-token"},
        {"type": "stx_transfer", "sender": "nobody"},
    ],
)
async def test_a_filter_that_could_never_match_is_refused(
    chain_story: tuple[House, list[str]], receiver: Receiver, wanted: dict[str, Any]
) -> None:
    house, _ = chain_story
    answer = await house.client.post("/chainhooks/me", json=definition(receiver, wanted), headers=KEY)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("body does not fit")


@pytest.mark.parametrize(
    "wanted",
    [
        {"type": "nft_transfer", "value": 1, "sender": SBTC, "receiver": SBTC.partition(".")[0]},
        {"type": "nft_mint", "value": 1, "receiver": SBTC},
        {"type": "ft_burn", "asset_identifier": f"{SBTC}::sbtc-token", "sender": SBTC},
        {"type": "stx_mint", "receiver": SBTC},
        {"type": "balance_change", "principal": SBTC},
    ],
)
async def test_filters_of_the_official_client_are_taken(
    chain_story: tuple[House, list[str]], receiver: Receiver, wanted: dict[str, Any]
) -> None:
    house, _ = chain_story
    hook = await register(house, definition(receiver, wanted, enable_on_registration=False))
    assert hook["definition"]["filters"]["events"] == [wanted]
    await house.client.delete(f"/chainhooks/me/{hook['uuid']}", headers=KEY)


async def test_half_a_surrogate_pair_in_a_registration_is_refused(
    chain_story: tuple[House, list[str]], receiver: Receiver
) -> None:
    house, _ = chain_story
    headers = {**KEY, "content-type": "application/json"}
    text = json.dumps({**definition(receiver, {"type": "stx_event"}), "name": "\ud800"})
    assert (await house.client.post("/chainhooks/me", content=text, headers=headers)).status_code == 400
    devnet = {"if_this": {"scope": "stx_event", "actions": ["mint"]}, "then_that": "noop"}
    predicate = {"uuid": "u", "name": "\ud800", "version": 1, "chain": "stacks", "networks": {"devnet": devnet}}
    old = await house.client.post("/v1/chainhooks", content=json.dumps(predicate), headers=headers)
    assert old.status_code == 400
    assert (await house.client.get("/control/hooks", headers=POWER)).json() == {"hooks": []}


async def test_deliveries_go_wrong_when_asked_to(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account, bob: Account
) -> None:
    given = [GivenHook("chainhooks2", f"{receiver.url}/hook", SECRET)]
    async with serving(tmp_path, genesis, given=given) as house:
        await house.control("misbehave", habits={"drop": 1.0})
        await house.mined(alice.transfer(bob.address, 1))
        await house.control("misbehave", habits={"duplicate": 1.0})
        await house.mined(alice.transfer(bob.address, 2))
        first, second = await receiver.until(2)
        assert first == second
        await house.control("misbehave", habits={"truncate": 1.0})
        await house.mined(alice.transfer(bob.address, 3))
        while len(receiver.bodies) < 3:
            await asyncio.sleep(0.01)
        assert len(receiver.bodies[2]) < len(receiver.bodies[1])
        await house.control("misbehave", habits={"reorder": 1.0})
        heights = []
        for amount in (4, 5):
            await house.mined(alice.transfer(bob.address, amount))
            heights.append(house.service.chain.archive.tip.height)
        while len(receiver.bodies) < 5:
            await asyncio.sleep(0.01)
        late = [json.loads(body)["event"]["apply"][0]["block_identifier"]["index"] for body in receiver.bodies[3:]]
        assert late == heights[::-1]


async def test_what_a_hook_is_not_told_in_time_comes_when_its_habits_change(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account, bob: Account
) -> None:
    given = [GivenHook("chainhooks2", f"{receiver.url}/hook", SECRET)]
    async with serving(tmp_path, genesis, given=given) as house:
        await house.control("misbehave", habits={"reorder": 1.0})
        [held] = await house.mined(alice.transfer(bob.address, 1))
        await house.control("misbehave", habits={"drop": 1.0})
        [document] = await receiver.until(1)
        await house.control("misbehave", habits={"partial": 1.0})
        await house.mined(alice.transfer(bob.address, 2))
        _, emptied = await receiver.until(2)
    assert [one["transaction_identifier"]["hash"] for one in document["event"]["apply"][0]["transactions"]] == [held]
    assert [block["transactions"] for block in emptied["event"]["apply"]] == [[]]
