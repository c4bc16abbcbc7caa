import asyncio
import json
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message, Receive, Scope, Send

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


@pytest.mark.parametrize("path", ["/api/v1/echo", "/api/webhooks/size"])
async def test_a_body_that_never_ends_is_given_up(application: FastAPI, path: str) -> None:
    sent: list[Message] = []
    pieces = [{"type": "http.request", "body": b"x", "more_body": True}]

    async def receive() -> Message:
        if not pieces:
            await asyncio.Event().wait()
        return pieces.pop()

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:8420"), (b"content-type", b"application/json")]
    scope: Scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await BodyLimit(application, patience=0.01)(scope, receive, send)
    assert sent[0]["status"] == 408
    assert (b"connection", b"close") in sent[0]["headers"]
    assert json.loads(sent[1]["body"])["code"] == "too_slow"


async def test_whoever_waits_for_the_end_of_a_request_waits_without_a_limit() -> None:
    gone = asyncio.Event()
    heard: list[str] = []

    async def receive() -> Message:
        if heard:
            await gone.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": b""}

    async def app(_scope: Scope, receive: Receive, _send: Send) -> None:
        heard.append((await receive())["type"])
        heard.append((await receive())["type"])

    async def send(_message: Message) -> None: ...

    scope: Scope = {"type": "http", "path": "/", "headers": []}
    serving = asyncio.create_task(BodyLimit(app, patience=0.01)(scope, receive, send))
    await asyncio.sleep(0.05)
    assert not serving.done()
    gone.set()
    await serving
    assert heard == ["http.request", "http.disconnect"]
