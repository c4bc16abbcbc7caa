"""The webhook's door: who may knock, what may come in, and what is kept."""

import asyncio
import json
import threading
import zlib
from collections.abc import AsyncIterator, Container
from dataclasses import replace
from typing import Any

import pytest
from bson import ObjectId
from httpx import AsyncClient
from pymongo.errors import AutoReconnect
from tests.chainhook.chainhook_payloads import CONTRACTS, OLD_SECRET, SECRET, block, chainhook1, chainhooks2, node

from bitpay.chainhook.api import MAX_BODY_BYTES, NODE_UNREADABLE
from bitpay.chainhook.bodies import PIECES, Bodies
from bitpay.chainhook.deliveries import DELIVERIES, MAX_BLOCKS, Deliveries, Delivery
from bitpay.chainhook.secrets import WebhookSecrets
from bitpay.kit.errors import Unavailable
from bitpay.ledger.alerts import Alerts
from bitpay.stacks.model import TransactionStatus
from bitpay.store import Database, Document

STREAMS = "/api/webhooks/chainhook/streams"
BEARER = {"authorization": f"Bearer {SECRET}"}
CONSUMER = {"x-chainhook-consumer-secret": SECRET}


HOOKS = json.dumps(chainhooks2([block()])).encode()
NO_BLOCKS = (
    "/new_mempool_tx",
    "/drop_mempool_tx",
    "/attachments/new",
    "/new_microblocks",
    "/mined_block",
    "/mined_microblock",
    "/mined_nakamoto_block",
    "/stackerdb_chunks",
    "/proposal_response",
)


async def taken(deliveries: Deliveries, held: Container[str] = ()) -> list[Delivery]:
    return [delivery async for delivery in deliveries.take(held)]


async def kept(database: Database) -> int:
    return await database[DELIVERIES].count_documents({})


@pytest.mark.parametrize("topic", ["streams", "marketplace", "treasury", "nft", "access-control"])
async def test_a_delivery_is_stored_before_it_is_answered(
    http: AsyncClient, database: Database, woken: list[str], topic: str
) -> None:
    answer = await http.post(f"/api/webhooks/chainhook/{topic}", json=chainhooks2([block()]), headers=BEARER)

    assert answer.status_code == 200
    assert answer.json() | {"delivery": ""} == {"delivery": "", "blocks": 1, "rolledBack": 0, "events": 1}
    assert await kept(database) == 1
    assert woken == ["hook"]


@pytest.mark.parametrize("headers", [BEARER, CONSUMER, {"authorization": f"bearer {OLD_SECRET}"}])
async def test_either_header_and_either_secret_of_a_rotation_opens(http: AsyncClient, headers: dict[str, str]) -> None:
    assert (await http.post(STREAMS, json=chainhooks2([block()]), headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": SECRET},
        {"authorization": "Bearer "},
        {"authorization": "Bearer wrong"},
        {"x-api-key": SECRET},
    ],
)
async def test_without_the_secret_nothing_is_even_read(
    http: AsyncClient, database: Database, woken: list[str], headers: dict[str, str]
) -> None:
    answer = await http.post(STREAMS, content=b"not read", headers=headers)

    assert answer.status_code == 401
    assert answer.json()["code"] == "unauthenticated"
    assert await kept(database) == 0
    assert woken == []


def test_a_webhook_without_a_secret_does_not_start() -> None:
    with pytest.raises(ValueError, match="believe anybody"):
        WebhookSecrets([""])


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[]", b"7", b'{"a": NaN}', b"[" * 100_000])
async def test_what_is_not_a_json_object_changes_nothing(http: AsyncClient, database: Database, body: bytes) -> None:
    answer = await http.post(STREAMS, content=body, headers=BEARER)

    assert answer.status_code == 400
    assert await kept(database) == 0


@pytest.mark.parametrize(
    "body",
    [
        {"hello": "world"},
        {"chainhook": {"uuid": "1"}, "event": {"chain": "bitcoin", "network": "mainnet"}},
        {"chainhook": {"uuid": "1"}, "event": {"chain": "stacks", "network": "mainnet", "apply": [{}]}},
        {"chainhook": {"uuid": "1"}, "apply": [{"block_identifier": {"index": -1, "hash": "0x"}}]},
    ],
)
async def test_json_of_no_known_shape_is_kept_for_people_and_refused(
    http: AsyncClient, database: Database, woken: list[str], body: dict[str, Any]
) -> None:
    answer = await http.post(STREAMS, json=body, headers=BEARER)

    assert answer.status_code == 400
    assert answer.json()["code"] == "unreadable_delivery"
    assert await database[DELIVERIES].count_documents({"state": "unreadable"}) == 1
    assert woken == []


async def test_more_than_32_mib_is_refused_while_it_comes_in(http: AsyncClient, database: Database) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while sent < 2 * MAX_BODY_BYTES:
            sent += 1 << 20
            yield b" " * (1 << 20)

    assert (await http.post(STREAMS, content=endless(), headers=BEARER)).status_code == 413
    announced = {**BEARER, "content-length": str(MAX_BODY_BYTES + 1)}
    assert (await http.post(STREAMS, content=b"{}", headers=announced)).status_code == 413
    assert await kept(database) == 0


async def test_a_large_delivery_is_kept_in_pieces_and_comes_back_whole(
    http: AsyncClient, database: Database, deliveries: Deliveries
) -> None:
    noise = "".join(f"{number * 2654435761 % 2**32:08x}" for number in range(3_000_000))
    body = json.dumps({**chainhooks2([block()]), "noise": noise}).encode()

    answer = await http.post(STREAMS, content=body, headers=BEARER)

    assert answer.status_code == 200
    assert await database[PIECES].count_documents({}) >= 1
    assert await deliveries.body(answer.json()["delivery"]) == body
    (delivery,) = await taken(deliveries)
    assert delivery.blocks[0].header == block().header


async def test_the_same_delivery_twice_is_kept_twice(http: AsyncClient, database: Database) -> None:
    for _ in range(2):
        await http.post(STREAMS, json=chainhooks2([block()]), headers=BEARER)
    assert await kept(database) == 2


async def test_an_unknown_topic_does_not_exist(http: AsyncClient) -> None:
    assert (await http.post("/api/webhooks/chainhook/weather", json={}, headers=BEARER)).status_code == 404


async def test_a_node_delivers_without_a_secret_on_its_own_port(
    http: AsyncClient, deliveries: Deliveries, woken: list[str]
) -> None:
    assert (await http.post("/new_block", json=node(block()))).status_code == 200
    (delivery,) = await taken(deliveries)
    assert delivery.whole
    assert woken == ["node"]


async def test_only_news_of_blocks_wakes_the_follower(http: AsyncClient, woken: list[str]) -> None:
    for path in NO_BLOCKS:
        assert (await http.post(path, json=[])).status_code == 200
    assert woken == []
    assert (await http.post("/new_burn_block", json={})).status_code == 200
    assert woken == ["node"]


async def test_whoever_has_the_webhooks_secret_cannot_speak_as_our_node(
    http: AsyncClient, database: Database, deliveries: Deliveries, woken: list[str]
) -> None:
    answer = await http.post(STREAMS, json=node(block()), headers=BEARER)

    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_delivery")
    assert await kept(database) == 1
    assert await taken(deliveries) == []
    assert woken == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"index_block_hash": "0x", "transactions": []}', HOOKS])
async def test_a_node_is_never_refused_and_what_it_repeats_is_kept_once(
    http: AsyncClient, database: Database, deliveries: Deliveries, woken: list[str], body: bytes
) -> None:
    answers = [await http.post("/new_block", content=body) for _ in range(3)]

    assert {answer.status_code for answer in answers} == {200}
    [row] = await database[DELIVERIES].find().to_list()
    assert row["state"] == "unreadable"
    assert {answer.json()["delivery"] for answer in answers} == {str(row["_id"])}
    assert await deliveries.body(str(row["_id"])) == body
    assert await taken(deliveries) == []
    assert woken == ["node"] * 3, "the follower reads that block from the API"
    [alert] = await Alerts(database).open()
    assert (alert["kind"], alert["count"], alert["details"]["delivery"]) == (NODE_UNREADABLE, 3, str(row["_id"]))


async def test_a_nodes_block_beyond_32_mib_is_noted_and_not_kept(
    http: AsyncClient, database: Database, deliveries: Deliveries
) -> None:
    body = b" " * (MAX_BODY_BYTES + 1)
    answers = [await http.post("/new_block", content=body) for _ in range(2)]

    assert {answer.status_code for answer in answers} == {200}
    [row] = await database[DELIVERIES].find().to_list()
    assert (row["state"], row["bytes"], row["data"]) == ("unreadable", len(body), b"")
    assert await deliveries.body(str(row["_id"])) is None
    assert [alert["count"] for alert in await Alerts(database).open()] == [2]


async def test_the_other_news_of_a_node_may_have_any_size(http: AsyncClient) -> None:
    assert (await http.post("/new_mempool_tx", content=b" " * (MAX_BODY_BYTES + 1))).status_code == 200


async def test_a_taken_delivery_is_not_offered_twice_but_again_after_a_crash(deliveries: Deliveries) -> None:
    stored = await deliveries.receive("streams", json.dumps(chainhook1([block()])).encode())

    assert [delivery.id for delivery in await taken(deliveries)] == [stored.id]
    assert await taken(deliveries) == []
    await deliveries.reopen()
    assert await taken(deliveries, {stored.id}) == [], "whoever still has it in hand does not read it again"
    await deliveries.reopen()
    assert [delivery.id for delivery in await taken(deliveries)] == [stored.id]
    await deliveries.settle(stored.id, "applied")
    await deliveries.reopen()
    assert await taken(deliveries) == []


@pytest.mark.parametrize(
    "damage",
    [
        {"data": zlib.compress(b'{"chainhook": {"id": "of a later version"}, "blocks": []}')},
        {"data": zlib.compress(b"{")},
        {"data": b"damaged"},
        {"data": None},
        {"pieces": 2},
        {"pieces": 0},
    ],
)
async def test_what_cannot_be_read_later_keeps_nobody_from_the_next(
    database: Database, deliveries: Deliveries, damage: dict[str, Any]
) -> None:
    first, second = [await deliveries.receive("streams", HOOKS) for _ in range(2)]
    await database[DELIVERIES].update_one({"_id": ObjectId(first.id)}, {"$set": damage})

    assert [delivery.id for delivery in await taken(deliveries)] == [second.id]
    row = await database[DELIVERIES].find_one({"_id": ObjectId(first.id)}) or {}
    assert row["state"] == "unreadable"
    assert row["reason"]
    await deliveries.reopen()
    assert [delivery.id for delivery in await taken(deliveries)] == [second.id]


async def test_a_few_bytes_are_taken_at_a_time(
    database: Database, deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitpay.chainhook.deliveries._TAKEN_BYTES", 2 * len(HOOKS))
    first, *_ = [await deliveries.receive("streams", HOOKS) for _ in range(5)]
    await database[DELIVERIES].update_one({"_id": ObjectId(first.id)}, {"$set": {"data": b"damaged"}})
    assert [len(await taken(deliveries)) for _ in range(4)] == [1, 2, 1, 0], "what cannot be read counts as well"


async def test_what_the_database_did_not_give_is_offered_again(
    deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = await deliveries.receive("streams", HOOKS)

    async def unreachable(_bodies: Bodies, _row: Document) -> bytes:
        raise AutoReconnect("the primary stepped down")

    with monkeypatch.context() as patched:
        patched.setattr(Bodies, "get", unreachable)
        with pytest.raises(AutoReconnect):
            await taken(deliveries)
    assert [delivery.id for delivery in await taken(deliveries)] == [stored.id]


async def test_a_delivery_that_names_too_many_blocks_is_not_read(http: AsyncClient, database: Database) -> None:
    told = chainhooks2([])
    [one] = chainhooks2([replace(block(), transactions=())])["event"]["apply"]
    told["event"]["rollback"] = [one] * (MAX_BLOCKS + 1)
    answer = await http.post(STREAMS, json=told, headers=BEARER)
    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_delivery")
    assert await kept(database) == 1


class Slow(Deliveries):
    """Deliveries whose reading takes until somebody says so."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, CONTRACTS)
        self.reading = self.most = 0
        self.go_on = threading.Event()

    def _summarized(self, topic: str, body: bytes) -> Document:
        self.reading += 1
        self.most = max(self.most, self.reading)
        self.go_on.wait()
        self.reading -= 1
        return super()._summarized(topic, body)


async def test_one_large_delivery_is_read_at_a_time_and_few_wait(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, body = Slow(database), HOOKS + b" " * (1 << 20)
    monkeypatch.setattr("bitpay.chainhook.deliveries._WAITING_BYTES", 5 * len(body))
    receiving = [asyncio.create_task(slow.receive("streams", body)) for _ in range(5)]
    while not slow.reading:
        await asyncio.sleep(0.001)
    with pytest.raises(Unavailable):
        await slow.receive("streams", body)
    slow.go_on.set()
    await asyncio.gather(*receiving)
    assert slow.most == 1
    assert await kept(database) == 5
    await slow.receive("streams", body)


@pytest.mark.parametrize(
    "told",
    [
        chainhooks2([]),
        chainhooks2([block(contract="somebody-elses")]),
        chainhooks2([block(status=TransactionStatus.ABORT_BY_RESPONSE)]),
        chainhook1([]),
    ],
)
async def test_a_delivery_that_yields_nothing_is_loud(
    deliveries: Deliveries, capsys: pytest.CaptureFixture[str], told: dict[str, Any]
) -> None:
    stored = await deliveries.receive("streams", json.dumps(told).encode())

    assert stored.events == 0
    assert "delivery_yields_nothing" in capsys.readouterr().err
