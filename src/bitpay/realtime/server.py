"""The Socket.IO server: who may listen to what. Path `/socket.io`; the official client connects unchanged."""

from collections.abc import Awaitable, Callable
from http.cookies import CookieError, SimpleCookie
from typing import Any, Protocol

import socketio
import structlog

from bitpay.kit.errors import BitPayError, Forbidden, InvalidInput, RateLimited, Unauthenticated
from bitpay.realtime.connections import Connections, Proof
from bitpay.realtime.log import Position, RoomLog
from bitpay.realtime.members import Members
from bitpay.realtime.metrics import SOCKETS
from bitpay.realtime.packets import ClientPacket
from bitpay.realtime.rooms import MARKETPLACE, TREASURY, read_position, read_stream_id, stream_room, user_room

PATH = "/socket.io"
MAX_MESSAGE = 16 << 10
"""Bytes of one message of a client."""
CHAIN_BLOCK = "chain:block"

Answer = dict[str, Any]
Handler = Callable[[str, Any], Awaitable[Answer]]

_LOG = structlog.get_logger(__name__)
_MAX_ADDRESS = 64
_MAX_REQUESTS = 600
"""What one connection may ask in its life before it must come back; a page asks a few dozen."""


class SocketAuthenticator(Protocol):
    """Recognises who opens a connection."""

    async def by_cookies(self, cookies: dict[str, str]) -> Proof | None:
        """Return what the handshake's cookies prove, None where they prove nothing."""

    def by_token(self, token: str) -> Proof:
        """Return what an access token proves. Raises Unauthenticated."""


class RealtimeServer:
    """Connections, their rooms, and the ASGI application that serves them."""

    def __init__(self, log: RoomLog, authenticator: SocketAuthenticator) -> None:
        self._server = socketio.AsyncServer(
            async_mode="asgi",
            serializer=ClientPacket,
            max_http_buffer_size=MAX_MESSAGE,
            logger=False,
            engineio_logger=False,
        )
        self.connections = Connections(self._server)
        self.members = Members(log, self.connections.post)
        self.app = socketio.ASGIApp(self._server, socketio_path=PATH)
        self._authenticator = authenticator
        self._asked: dict[str, int] = {}
        self._register()

    def announce(self, block: dict[str, Any]) -> None:
        """Tell every connection that a block was committed."""
        self.connections.post(self.connections.all(), CHAIN_BLOCK, block)

    async def stop(self) -> None:
        """End all connections; clients come back by themselves, to another node or to this one restarted."""
        await self.members.stop()
        await self._server.shutdown()

    def _register(self) -> None:
        self._server.on("connect", self._connect)
        self._server.on("disconnect", self._disconnect)
        handlers: dict[str, Handler] = {
            "join-user-room": self._join_user,
            "join-stream-room": self._join_stream,
            "leave-stream-room": self._leave_stream,
            "join-marketplace": self._join_marketplace,
            "join-treasury": self._join_treasury,
        }
        for event, handler in handlers.items():
            self._server.on(event, self._answering(handler))

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        self.connections.add(sid, await self._proof(environ, auth))
        self._asked[sid] = 0
        SOCKETS.inc()

    async def _disconnect(self, sid: str, _reason: str = "") -> None:
        self.members.drop(sid)
        self.connections.close(sid)  # who only said goodbye could begin anew on it, with a fresh allowance
        self.connections.remove(sid)
        if self._asked.pop(sid, None) is not None:
            SOCKETS.dec()

    async def _proof(self, environ: dict[str, Any], auth: object) -> Proof | None:
        """Take an outdated token for none: public rooms need no proof."""
        token = auth.get("token") if isinstance(auth, dict) else None
        if isinstance(token, str):
            try:
                return self._authenticator.by_token(token)
            except Unauthenticated:
                return None
        return await self._authenticator.by_cookies(_cookies(environ.get("HTTP_COOKIE", "")))

    async def _join_user(self, sid: str, asked: object) -> Answer:
        options = asked if isinstance(asked, dict) else {"address": asked}
        address, token = options.get("address"), options.get("token")
        if not isinstance(address, str) or len(address) > _MAX_ADDRESS:
            raise InvalidInput("Name the address whose room to join.")
        if isinstance(token, str):
            self.connections.add(sid, self._authenticator.by_token(token))
        proof = self.connections.proof(sid)
        if proof is None:
            raise Unauthenticated("Sign in to hear what concerns your address.")
        if proof.address != address:
            raise Forbidden("Only your own address's room can be joined.")
        return await self._join(sid, user_room(address), read_position(options))

    async def _join_stream(self, sid: str, asked: object) -> Answer:
        options = asked if isinstance(asked, dict) else {"streamId": asked}
        return await self._join(sid, stream_room(read_stream_id(options.get("streamId"))), read_position(options))

    async def _leave_stream(self, sid: str, asked: object) -> Answer:
        options = asked if isinstance(asked, dict) else {"streamId": asked}
        room = stream_room(read_stream_id(options.get("streamId")))
        self.members.leave(sid, room)
        return {"room": room}

    async def _join_marketplace(self, sid: str, asked: object) -> Answer:
        return await self._join(sid, MARKETPLACE, read_position(asked if isinstance(asked, dict) else {}))

    async def _join_treasury(self, sid: str, asked: object) -> Answer:
        return await self._join(sid, TREASURY, read_position(asked if isinstance(asked, dict) else {}))

    async def _join(self, sid: str, room: str, read: Position | None) -> Answer:
        position = await self.members.join(sid, room, read)
        return {"room": room, "epoch": position.epoch, "offset": position.offset}

    def _answering(self, handler: Handler) -> Callable[..., Awaitable[Answer]]:
        async def answer(sid: str, *asked: object) -> Answer:
            try:
                self._count(sid)
                return {"ok": True, **await handler(sid, asked[0] if asked else None)}
            except BitPayError as error:
                return {"ok": False, "code": error.code, "message": error.message}
            except Exception as error:  # noqa: BLE001 - a handler must answer: nobody else would
                _LOG.exception("socket_handler_failed", error=repr(error))
                return {"ok": False, "code": "internal_error", "message": "Something went wrong on our side."}

        return answer

    def _count(self, sid: str) -> None:
        self._asked[sid] = self._asked.get(sid, 0) + 1
        if self._asked[sid] > _MAX_REQUESTS:
            raise RateLimited("This connection has asked too much; open a new one.")


def _cookies(header: str) -> dict[str, str]:
    try:
        return {name: morsel.value for name, morsel in SimpleCookie(header).items()}
    except CookieError:
        return {}
