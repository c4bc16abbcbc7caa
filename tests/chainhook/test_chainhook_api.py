"""The webhook's door: who may knock, what may come in, and what is kept."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from httpx import AsyncClient
from tests.chainhook.chainhook_payloads import OLD_SECRET, SECRET, block, chainhook1, chainhooks2, node

from bitpay.chainhook.api import MAX_BODY_BYTES
from bitpay.chainhook.deliveries import DELIVERIES, PIECES, Deliveries
from bitpay.chainhook.secrets import WebhookSecrets
from bitpay.stacks.model import TransactionStatus
from bitpay.store import Database

STREAMS = "/api/webhooks/chainhook/streams"
BEARER = {"authorization": f"Bearer {SECRET}"}
CONSUMER = {"x-chainhook-consumer-secret": SECRET}


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
    (delivery,) = await deliveries.take()
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
    for path in ("/new_burn_block", "/new_mempool_tx", "/drop_mempool_tx", "/attachments/new"):
        assert (await http.post(path, json=[])).status_code == 200

    (delivery,) = await deliveries.take()
    assert delivery.whole
    assert len(woken) == 5


async def test_whoever_has_the_webhooks_secret_cannot_speak_as_our_node(
    http: AsyncClient, database: Database, deliveries: Deliveries, woken: list[str]
) -> None:
    answer = await http.post(STREAMS, json=node(block()), headers=BEARER)

    assert (answer.status_code, answer.json()["code"]) == (400, "unreadable_delivery")
    assert await kept(database) == 1
    assert await deliveries.take() == []
    assert woken == []


async def test_the_nodes_port_takes_only_a_nodes_blocks(http: AsyncClient, deliveries: Deliveries) -> None:
    assert (await http.post("/new_block", json=chainhooks2([block()]))).status_code == 400
    assert await deliveries.take() == []


async def test_a_taken_delivery_is_not_offered_twice_but_again_after_a_crash(deliveries: Deliveries) -> None:
    stored = await deliveries.receive("streams", json.dumps(chainhook1([block()])).encode())

    assert [delivery.id for delivery in await deliveries.take()] == [stored.id]
    assert await deliveries.take() == []
    await deliveries.reopen()
    assert [delivery.id for delivery in await deliveries.take()] == [stored.id]
    await deliveries.settle(stored.id, "applied")
    await deliveries.reopen()
    assert await deliveries.take() == []


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
