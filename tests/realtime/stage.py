"""A socket server on a loopback port, the rooms' log behind it, and official clients."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import socketio
import uvicorn

from bitpay.kit.errors import Unauthenticated
from bitpay.realtime.connections import Proof
from bitpay.realtime.log import RoomLog
from bitpay.realtime.server import RealtimeServer
from bitpay.store import Database, transaction

PATIENCE = 10.0


class Proofs:
    """Tokens and cookies are addresses; that they are really checked is what tests of accounts are about."""

    async def by_cookies(self, cookies: dict[str, str]) -> Proof | None:
        return Proof(cookies["address"], "session-1") if "address" in cookies else None

    def by_token(self, token: str) -> Proof:
        if not token.startswith("ST"):
            raise Unauthenticated("This access token does not hold; get a new one.")
        return Proof(token, f"session-of-{token}")


@dataclass
class Ear:
    """One client and everything it heard, in order."""

    client: Any
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def ask(self, event: str, *asked: object) -> dict[str, Any]:
        answer: dict[str, Any] = await self.client.call(event, *asked, timeout=PATIENCE)
        return answer

    async def until(self, count: int) -> list[tuple[str, dict[str, Any]]]:
        """Wait until so many messages were heard."""
        async with asyncio.timeout(PATIENCE):
            while len(self.heard) < count:
                await asyncio.sleep(0.005)
        return self.heard

    def offsets(self) -> list[int]:
        return [data["offset"] for _, data in self.heard]


@dataclass
class Stage:
    """The server, its log, and ways to speak and to listen."""

    server: RealtimeServer
    log: RoomLog
    database: Database
    url: str

    async def say(self, room: str, *numbers: int, event: str = "stream:updated") -> None:
        """Say {n: number} in the room, all in one transaction."""
        entries = [{"room": room, "event": event, "data": {"n": number}, "block": None} for number in numbers]
        await transaction(self.database.client, lambda session: self.log.append(entries, session))

    @asynccontextmanager
    async def ear(self, *, token: str | None = None, cookie: str | None = None) -> AsyncIterator[Ear]:
        client = socketio.AsyncClient(reconnection=False)
        ear = Ear(client)
        client.on("*", lambda event, data: ear.heard.append((event, data)))
        headers = {"Cookie": f"address={cookie}"} if cookie else {}
        auth = {"token": token} if token else None
        await client.connect(self.url, auth=auth, headers=headers, transports=["websocket"])
        try:
            yield ear
        finally:
            await client.disconnect()


@asynccontextmanager
async def running(app: Any, port: int) -> AsyncIterator[None]:  # noqa: ANN401 - socketio is untyped
    web = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off", timeout_graceful_shutdown=1))
    task = asyncio.create_task(web.serve())
    while not web.started:
        await asyncio.sleep(0.01)
    yield
    web.should_exit = True
    await task


@asynccontextmanager
async def background(run: Callable[[], Awaitable[None]]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(run())
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
