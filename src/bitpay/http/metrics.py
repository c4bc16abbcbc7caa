"""Prometheus metrics: counts and latencies only, nothing about anyone."""

import time

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Histogram, generate_latest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUESTS = Counter("bitpay_http_requests_total", "Requests answered", ["method", "route", "status"])
LATENCY = Histogram("bitpay_http_request_seconds", "Time to the end of the answer", ["route"])
RATE_LIMITED = Counter("bitpay_rate_limited_total", "Requests refused with 429", ["limit"])
RATE_LIMIT_FAILURES = Counter("bitpay_rate_limit_failures_total", "Requests that could not be counted", ["limit"])

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """ASGI middleware: counts answers by route template, never by raw path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request and measure it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        started = time.perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        finally:
            mounted = scope.get("root_path") or "unmatched"
            route = getattr(scope.get("route"), "path", mounted)
            method = scope["method"] if scope["method"] in _METHODS else "OTHER"
            REQUESTS.labels(method, route, status).inc()
            LATENCY.labels(route).observe(time.perf_counter() - started)


async def metrics(_request: Request) -> Response:
    """Return all metrics in Prometheus' text format."""
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
