"""Bounds on request bodies, enforced while they stream in."""

from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bitpay.http.problems import problem

DEFAULT_LIMIT = 1 << 20
"""Bytes of any request body that names no other bound."""
DRAINED = 64 << 20
"""A refused body up to this size is read and dropped by the server, so that its sender sees the answer."""


class BodyTooLarge(HTTPException):
    """The body exceeds this route's bound."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, _sentence(limit))


class BodyLimit:
    """ASGI middleware: 413 for a body above the bound, before a byte of it is kept where its length is announced.

    `routes` maps path prefixes to bounds in bytes; the longest prefix that fits decides.
    """

    def __init__(self, app: ASGIApp, *, limit: int = DEFAULT_LIMIT, routes: Mapping[str, int] | None = None) -> None:
        self._app = app
        self._limit = limit
        self._routes = sorted((routes or {}).items(), key=lambda route: -len(route[0]))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request within its bound."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = self._limit_of(scope["path"])
        announced = Headers(scope=scope).get("content-length", "0")
        if not announced.isdecimal() or int(announced) > limit:
            await _refusal(limit, announced)(scope, receive, send)
            return
        await self._counted(limit, scope, receive, send)

    def _limit_of(self, path: str) -> int:
        return next((limit for prefix, limit in self._routes if path.startswith(prefix)), self._limit)

    async def _counted(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        taken = 0
        started = False

        async def count() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise BodyTooLarge(limit)
            return message

        async def note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, count, note)
        except BodyTooLarge:
            if started:
                raise
            await _refusal(limit, "")(scope, receive, send)


def _refusal(limit: int, announced: str) -> ASGIApp:
    drained = announced.isdecimal() and int(announced) <= DRAINED
    return problem(413, "too_large", _sentence(limit), headers=None if drained else {"Connection": "close"})


def _sentence(limit: int) -> str:
    return f"The body may have at most {limit} bytes here."
