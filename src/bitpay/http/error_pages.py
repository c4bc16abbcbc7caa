"""Errors as pages for people: where a browser asked for a page and a problem document came, a page says the same."""

import json
from http import HTTPStatus

from pymongo.errors import PyMongoError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bitpay.http.problems import MEDIA_TYPE
from bitpay.http.templates import Frame, Templates
from bitpay.kit.errors import BitPayError
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.errors import StacksError

_MACHINES = ("/api/", "/dev/", "/socket.io", "/healthz", "/readyz", "/metrics")
_TITLES = {
    400: "That does not add up",
    403: "This is not yours to open",
    404: "Nothing flows here",
    429: "Too fast",
    503: "Out of reach for a moment",
}
_OTHER_TITLE = "Something went wrong"
_SENTENCES = {
    404: "There is no page at this address.",
    405: "This address takes no such request.",
}
"""What a status says to a person where the problem document only repeats its name."""


class ErrorPages:
    """ASGI middleware: turns a problem document into a page when a person's browser asked for one."""

    def __init__(self, app: ASGIApp, *, templates: Templates, network: str) -> None:
        self._app = app
        self._templates = templates
        self._bare = Frame(network)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http" or not _wants_page(scope):
            await self._app(scope, receive, send)
            return
        await self._app(scope, receive, _Rewriter(self, Request(scope), send))

    async def page(self, request: Request, problem: bytes, status: int) -> bytes:
        """Return the page that says what the problem document says."""
        frame = await self._frame()
        said = json.loads(problem)
        title = _TITLES.get(status, _OTHER_TITLE)
        detail = said["detail"]
        if detail == HTTPStatus(status).phrase:
            detail = _SENTENCES.get(status, detail)
        page = self._templates.render(
            request, "error.html", frame, account=_account(request), title=title, detail=detail, status=status
        )
        return page.encode()

    async def _frame(self) -> Frame:
        """Return the usual frame, or a bare one: what broke the page may break the frame too."""
        try:
            return await self._templates.frame()
        except (BitPayError, PyMongoError):
            return self._bare


class _Rewriter:
    """Passes an answer on, unless it is a problem document: that one is held back and sent as a page."""

    def __init__(self, pages: ErrorPages, request: Request, send: Send) -> None:
        self._pages = pages
        self._request = request
        self._send = send
        self._held: Message | None = None
        self._problem = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start" and _is_problem(message):
            self._held = message
        elif self._held is not None and message["type"] == "http.response.body":
            self._problem += message.get("body", b"")
            if not message.get("more_body"):
                await self._send_page(self._held)
        else:
            await self._send(message)

    async def _send_page(self, start: Message) -> None:
        body = await self._pages.page(self._request, self._problem, start["status"])
        headers = MutableHeaders(scope=start)
        headers["Content-Type"] = "text/html; charset=utf-8"
        headers["Content-Length"] = str(len(body))
        await self._send(start)
        is_head = self._request.method == "HEAD"
        await self._send({"type": "http.response.body", "body": b"" if is_head else body})


def _account(request: Request) -> str:
    """Return the account in view, unless it is what the error is about: the page's links must lead out of it."""
    account = request.query_params.get("account", "")
    try:
        parse_principal(account)
    except StacksError:
        return ""
    return account


def _wants_page(scope: Scope) -> bool:
    if scope["method"] not in {"GET", "HEAD"} or scope["path"].startswith(_MACHINES):
        return False
    return "text/html" in Headers(scope=scope).get("accept", "")


def _is_problem(start: Message) -> bool:
    return Headers(raw=start["headers"]).get("content-type", "").startswith(MEDIA_TYPE)
