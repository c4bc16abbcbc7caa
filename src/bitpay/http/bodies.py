"""Bounds on request bodies, in bytes and in time, enforced while they stream in."""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bitpay.http.problems import problem

DEFAULT_LIMIT = 1 << 20
"""Bytes of any request body that names no other bound."""
DRAINED = 64 << 20
"""A refused body up to this size is read and dropped by the server, so that its sender sees the answer."""
PATIENCE = 30.0
"""Seconds that a body may take to arrive: what is half here is held in memory for its sender."""

_CLOSE = {"Connection": "close"}


class BodyTooLarge(HTTPException):
    """The body exceeds this route's bound."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, _sentence(limit))


class BodyTooSlow(HTTPException):
    """The body did not arrive in time."""

    def __init__(self) -> None:
        super().__init__(408, "The body did not arrive in time.", _CLOSE)


class BodyLimit:
    """ASGI middleware: 413 for a body above the bound, before a byte of it is kept where its length is announced.

    `routes` maps path prefixes to bounds in bytes; the longest prefix that fits decides. A body that takes longer
    than `patience` seconds gets 408.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limit: int = DEFAULT_LIMIT,
        routes: Mapping[str, int] | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._app = app
        self._limit = limit
        self._patience = patience
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
        started = whole = False
        deadline = asyncio.get_running_loop().time() + self._patience

        async def count() -> Message:
            nonlocal taken, whole
            message = await (receive() if whole else _in_time(receive, deadline))
            taken += len(message.get("body", b""))
            if taken > limit:
                raise BodyTooLarge(limit)
            whole = not message.get("more_body", False)
            return message

        async def note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, count, note)
        except (BodyTooLarge, BodyTooSlow) as error:
            if started:
                raise
            refusal = _refusal(limit, "") if isinstance(error, BodyTooLarge) else _too_slow(error)
            await refusal(scope, receive, send)


async def _in_time(receive: Receive, deadline: float) -> Message:
    try:
        async with asyncio.timeout_at(deadline):
            return await receive()
    except TimeoutError as error:
        raise BodyTooSlow from error


def _too_slow(error: BodyTooSlow) -> ASGIApp:
    return problem(error.status_code, "too_slow", error.detail, headers=_CLOSE)


def _refusal(limit: int, announced: str) -> ASGIApp:
    drained = announced.isdecimal() and int(announced) <= DRAINED
    return problem(413, "too_large", _sentence(limit), headers=None if drained else _CLOSE)


def _sentence(limit: int) -> str:
    return f"The body may have at most {limit} bytes here."
