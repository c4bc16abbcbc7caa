from collections.abc import AsyncIterator

import httpx
from starlette.types import Message, Scope

from bitpay.http.bodies import BodyLimit


async def chunks(size: int, count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b"x" * size


async def test_an_announced_body_above_the_bound_is_refused_unread(application: object) -> None:
    read: list[str] = []
    sent: list[Message] = []

    async def receive() -> Message:
        read.append("a piece")
        return {"type": "http.request", "body": b"x" * 1024, "more_body": True}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: Scope = {"type": "http", "path": "/api/v1/echo", "headers": [(b"content-length", b"52428800")]}
    await BodyLimit(application)(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 413
    assert read == []


async def test_a_body_of_unknown_length_is_cut_off_at_the_bound(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/echo", content=chunks(64 << 10, 32))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_fifty_megabytes_get_413(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/echo", content=b" " * (50 << 20))
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


async def test_webhooks_have_their_own_bound(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/webhooks/size", content=b"x" * (3 << 20))
    assert answer.json() == {"size": 3 << 20}
    assert (await client.post("/api/webhooks/size", content=b"x" * (5 << 20))).status_code == 413
