"""Requests whose head never ends, on a real server."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from bitpay.http.heads import MAX_HEAD, BoundedHeads
from bitpay.kit.processes import free_port

PATIENCE = 10.0
HOST = b"Host: 127.0.0.1\r\n"
CHUNKED = b"POST / HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n"


class Hurried(BoundedHeads):
    patience = 0.2


async def measure(scope: Scope, receive: Receive, send: Send) -> None:
    body = await Request(scope, receive).body()
    await PlainTextResponse(f"{len(body)} bytes")(scope, receive, send)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    port = free_port()
    config = uvicorn.Config(measure, port=port, http=Hurried, log_level="error", lifespan="off", log_config=None)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    yield port
    server.should_exit = True
    await task


async def say(port: int, *pieces: bytes, pause: float = 0) -> bytes:
    """Send pieces and return all that is answered until the server hangs up, or has answered every request."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    try:
        async with asyncio.timeout(PATIENCE):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(pause)
            while heard := await reader.read(65_536):
                answer += heard
    except ConnectionError:
        pass
    finally:
        writer.close()
    return answer


LAST = b"GET / HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([b"GET / HTTP/1.1\r\n" + HOST, *[b"X-More: " + b"x" * 990 + b"\r\n"] * 66], id="many headers"),
        pytest.param([b"GET / HTTP/1.1\r\n" + HOST + b"X-Long: ", *[b"x" * 1_000] * 66], id="one long header"),
        pytest.param([b"GET /", *[b"x" * 1_000] * 66], id="a long address"),
        pytest.param([LAST.replace(b"close", b"keep-alive"), b"GET /", *[b"x" * 1_000] * 66], id="the second request"),
    ],
)
async def test_a_head_without_end_is_refused(port: int, pieces: list[bytes]) -> None:
    answer = await say(port, *pieces)
    assert b"400 Bad Request" in answer
    assert f"may have {MAX_HEAD} bytes".encode() in answer


async def test_trailers_without_end_are_hung_up_on(port: int) -> None:
    answer = await say(port, CHUNKED, b"1\r\nx\r\n0\r\n", *[b"X-More: " + b"x" * 990 + b"\r\n"] * 70)
    assert b"200 OK" not in answer


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: 12"])
async def test_a_head_that_does_not_arrive_is_not_waited_for(port: int, begun: bytes) -> None:
    assert await say(port, begun) == b""


async def test_bodies_are_not_counted_however_they_come(port: int) -> None:
    tiny, large = b"1\r\nx\r\n" * 50_000, b"186a0\r\n" + b"x" * 100_000 + b"\r\n"
    answer = await say(port, CHUNKED, tiny, large, b"0\r\n\r\n" + LAST)
    assert b"150000 bytes" in answer
    assert answer.count(b"200 OK") == 2


async def test_requests_in_one_piece_are_told_apart(port: int) -> None:
    body = b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 200000\r\n\r\n" + b"x" * 200_000
    answer = await say(port, body + body + LAST)
    assert answer.count(b"200 OK") == 3


async def test_who_takes_a_while_to_read_or_write_a_body_is_waited_for(port: int) -> None:
    answer = await say(port, CHUNKED, b"1\r\nx\r\n", b"0\r\n\r\n" + LAST, pause=Hurried.patience * 1.5)
    assert b"1 bytes" in answer
