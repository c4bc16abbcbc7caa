"""A web server that keeps what is posted to it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


@dataclass
class Receiver:
    url: str = ""
    answer: int = 200
    bodies: list[bytes] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    attempts: int = 0

    async def take(self, request: Request) -> Response:
        self.attempts += 1
        body = await request.body()
        if self.answer == 200:
            self.bodies.append(body)
            self.paths.append(request.url.path)
            self.headers.append(dict(request.headers))
        return Response(status_code=self.answer)

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(body) for body in self.bodies]

    async def until(self, count: int) -> list[dict[str, Any]]:
        """Wait until `count` deliveries have come."""
        async with asyncio.timeout(20):
            while len(self.bodies) < count:
                await asyncio.sleep(0.01)
        return self.documents


@asynccontextmanager
async def listening() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = Starlette(routes=[Route("/{path:path}", receiver.take, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.005)
    receiver.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield receiver
    finally:
        server.should_exit = True
        await task
