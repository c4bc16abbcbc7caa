"""Which Host headers are ours: guards against DNS rebinding and poisoned links."""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bitpay.http.problems import problem

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def host_name(host: str) -> str:
    """Return the name in a Host header or URL authority, without the port, in lower case; "" if it is none."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


class TrustedHosts:
    """ASGI middleware: answers only to our own names and to loopback."""

    def __init__(self, app: ASGIApp, *, names: Collection[str]) -> None:
        self._app = app
        self._names = frozenset(names) | LOOPBACK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or refuse it with 421."""
        if scope["type"] == "lifespan" or host_name(Headers(scope=scope).get("host", "")) in self._names:
            await self._app(scope, receive, send)
            return
        refusal = problem(421, "unknown_host", "This server does not answer to that host name.")
        await refusal(scope, receive, send)
