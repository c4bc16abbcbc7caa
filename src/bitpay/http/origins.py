"""Cross-site requests: Fetch Metadata with the Origin header as fallback.

Browsers since March 2023 send `Sec-Fetch-Site`; older ones at least `Origin` with unsafe methods. What is neither a
browser nor carries a session (a wallet's backend, a script) sends none of the two and is let through.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from bitpay.http.problems import problem

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_same_origin(headers: Headers) -> bool:
    """Tell whether a request comes from our own pages, from the address bar, or from no browser at all."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or _authority(origin) == headers.get("host", "").lower()


class SameOrigin:
    """ASGI middleware: refuses unsafe methods, and sockets, that another site's page started."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or refuse it with 403."""
        if scope["type"] == "lifespan" or scope.get("method") in SAFE_METHODS or is_same_origin(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        refusal = problem(403, "cross_site", "Another site's page may not do this.")
        await refusal(scope, receive, send)


def _authority(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""
