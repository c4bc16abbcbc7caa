"""What every request passes: our own Host, a bounded body, text and principals that are what they should be."""

import json
from collections.abc import Collection
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.errors import StacksError

MAX_BODY = 2 * 1024 * 1024
_OPEN = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD, PUT, PATCH, POST, DELETE",
    "access-control-allow-headers": "authorization, content-type, x-api-key, x-hiro-product",
}


class ApiError(Exception):
    """An answer that is no success. `plain` answers as a node does, in text, where a node would be asked."""

    def __init__(self, status: int, message: str, *, plain: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.plain = plain


class Misfit(ApiError):
    """A request in which a value has another form than its parameter."""

    def __init__(self, message: str, *, plain: bool = False) -> None:
        super().__init__(400, message, plain=plain)


class Guard:
    """Answers only what is addressed to `hosts` and is not too large; lets web pages of any origin ask.

    HEAD is answered wherever GET is.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] == "HEAD":
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        refusal = self._refusal(scope)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        control = scope["path"].startswith("/control")
        await self._app(scope, _bounded(receive), send if control else _opened(send))

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if headers.get("host", "").lower() not in self._hosts:
            return PlainTextResponse("This host is not served here.", 421)
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > MAX_BODY:
            return PlainTextResponse(f"A body may have {MAX_BODY} bytes.", 413)
        if scope["method"] == "OPTIONS" and not scope["path"].startswith("/control"):
            return Response(status_code=204, headers=_OPEN)
        return None


def _bounded(receive: Receive) -> Receive:
    received = 0

    async def bounded() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > MAX_BODY:
            raise ApiError(413, f"A body may have {MAX_BODY} bytes.", plain=True)
        return message

    return bounded


def _without_body(send: Send) -> Send:
    async def without_body(message: Message) -> None:
        await send({**message, "body": b""} if "body" in message else message)

    return without_body


def _opened(send: Send) -> Send:
    async def opened(message: Message) -> None:
        if message["type"] == "http.response.start":
            extra = [(name.encode(), value.encode()) for name, value in _OPEN.items()]
            message["headers"] = [*message.get("headers", ()), *extra]
        await send(message)

    return opened


async def json_body(request: Request) -> Any:  # noqa: ANN401 - any JSON
    """Return a request's body as JSON. Raises ApiError."""
    try:
        document = json.loads(await request.body())
        json.dumps(document, ensure_ascii=False).encode()  # half of a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise ApiError(400, f"Invalid JSON: {error}", plain=True) from error
    return document


def principal_of(text: str) -> Principal:
    """Read a principal from a path. Raises ApiError."""
    try:
        return parse_principal(text)
    except StacksError as error:
        raise Misfit(f"Invalid principal {text[:100]!r}: {error}", plain=True) from error


def account_of(text: str) -> str:
    """Read a principal that is an account, no contract. Raises ApiError."""
    principal = principal_of(text)
    if principal.name is not None:
        raise Misfit(f"params/principal must be an account, and {principal} is a contract")
    return str(principal)


def hex_of(text: Any, what: str) -> bytes:  # noqa: ANN401 - whatever came as JSON
    """Read hex, with or without 0x. Raises ApiError."""
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except (AttributeError, ValueError) as error:
        raise ApiError(400, f"{what} is not hexadecimal", plain=True) from error
