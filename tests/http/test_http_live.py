"""Wrong input against a real server: a clear problem, and nothing changed."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.instance import LiveInstance

JSON = {"Content-Type": "application/json"}
STREAMS = "/api/v1/streams"


async def pieces(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * (1 << 20)


@pytest.mark.parametrize(
    "path", [f"{STREAMS}/prepare-create", "/api/v1/transactions", "/dev/sign", "/socket.io/?EIO=4"]
)
async def test_fifty_megabytes_are_refused_and_cost_nothing(live: LiveInstance, path: str) -> None:
    for body in (b" " * (50 << 20), pieces(50)):
        answer = await live.http.post(path, content=body, headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert (await live.http.get("/healthz")).json() == {"status": "ok"}


async def test_a_webhook_of_fifty_megabytes_is_refused(live: LiveInstance) -> None:
    answer = await live.http.post("/api/webhooks/chainhook/streams", content=b" " * (50 << 20))
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body", [b"", b"nope", b"[]", b"\xff\xfe", b"null", b"[" * 100_000, b'{"a": NaN}', b"1" * 9_999]
)
@pytest.mark.parametrize("path", [f"{STREAMS}/prepare-create", f"{STREAMS}/1/prepare-cancel", "/api/v1/transactions"])
async def test_what_is_not_json_gets_a_problem(live: LiveInstance, path: str, body: bytes) -> None:
    answer = await live.http.post(path, content=body, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{STREAMS}/0", 404),
        (f"{STREAMS}/-1", 404),
        (f"{STREAMS}/1e3", 400),
        (f"{STREAMS}/{'9' * 30}", 404),
        (f"{STREAMS}/{'9' * 6_000}", 400),
        (f"{STREAMS}?limit=0", 400),
        (f"{STREAMS}?limit=many", 400),
        (f"{STREAMS}?status=nonsense", 400),
        (f"{STREAMS}?cursor=nonsense", 400),
        (f"{STREAMS}?account=%00%F0%9F%92%A9", 200),
        (f"{STREAMS}?account={'x' * 1_000}", 400),
        ("/api/v1/nothing", 404),
    ],
)
async def test_what_cannot_be_read_gets_a_problem(live: LiveInstance, path: str, status: int) -> None:
    answer = await live.http.get(path)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"x-chainhook-consumer-secret": ""}])
async def test_a_webhook_without_its_secret_is_refused(live: LiveInstance, headers: dict[str, str]) -> None:
    answer = await live.http.post("/api/webhooks/chainhook/streams", json={"apply": []}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


async def test_the_same_request_at_the_same_time_is_done_once(live: LiveInstance) -> None:
    transaction = await live.signed(await live.prepare_create("carol", "erin"), "carol")
    request: dict[str, Any] = {"json": {"tx": transaction.to_hex()}, "headers": {"Idempotency-Key": "at once"}}
    answers: list[httpx.Response] = await asyncio.gather(
        *(live.http.post("/api/v1/transactions", **request) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} <= {202, 409}
    assert sum(answer.status_code == 202 and "idempotency-replayed" not in answer.headers for answer in answers) == 1
    assert (await live.outcome(f"0x{transaction.txid()}"))["status"] == "success"


async def test_metrics_count_by_route_and_are_not_for_everybody(live: LiveInstance) -> None:
    await live.http.get(f"{STREAMS}/1")
    told = (await live.http.get("/metrics")).text
    assert 'route="/api/v1/streams/{stream_id}"' in told
    assert live.address("alice") not in told
    assert (await live.http.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})).status_code == 404
