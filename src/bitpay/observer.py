"""The internal port on which a stacks-node of our own delivers its blocks (its event observer).

A node signs nothing, so whoever reaches this port is believed: it listens on loopback unless told otherwise, is off
unless given a port, and answers no browser.
"""

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
import uvicorn
from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from bitpay.chainhook.alerts import Alerts
from bitpay.chainhook.api import observer_router
from bitpay.chainhook.deliveries import Deliveries
from bitpay.http.heads import BoundedHeads
from bitpay.http.problems import CatchUnexpected, install_problems, problem
from bitpay.kit.errors import Conflict

_BACKLOG = 64
_LOG = structlog.get_logger(__name__)


class NoBrowsers:
    """ASGI middleware: a page that somebody opens on this machine must not speak as our node."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or refuse it with 403."""
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if "origin" in headers or "sec-fetch-site" in headers:
            refusal = problem(403, "cross_site", "This port is for a Stacks node, not for a browser.")
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def observer_application(deliveries: Deliveries, alerts: Alerts, stored: Callable[[], None]) -> FastAPI:
    """Return the application with a node's routes and nothing else. `stored()` is called after news of a block."""
    middleware = [Middleware(NoBrowsers), Middleware(CatchUnexpected)]
    app = FastAPI(openapi_url=None, middleware=middleware)
    install_problems(app)
    app.include_router(observer_router(deliveries, alerts, stored))
    return app


class Observer:
    """Serves `app` at `host` and `port`, beside the public port of the same process."""

    def __init__(self, app: FastAPI, host: str, port: int) -> None:
        self._app = app
        self._host = host
        self._port = port
        self._socket: socket.socket | None = None

    def bind(self) -> None:
        """Take the port. Raises Conflict where that cannot be."""
        self._socket = listening(self._host, self._port)

    async def close(self) -> None:
        """Give the port back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def run(self) -> None:
        """Serve until cancelled."""
        if self._socket is None:
            self.bind()
        config = uvicorn.Config(
            self._app, http=BoundedHeads, lifespan="off", log_config=None, server_header=False, backlog=_BACKLOG
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[self._socket] if self._socket else None))
        _LOG.info("observer_listens", host=self._host, port=self._port)
        try:
            await asyncio.shield(serving)
        finally:
            server.should_exit = server.force_exit = True
            await asyncio.wait([serving])
            await self.close()


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there. Raises Conflict where that cannot be."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        reason = (error.strerror or str(error)).partition(" (")[0]
        raise Conflict(f"The observer's port {port} cannot be opened at {host}: {reason}.") from error


class _Server(uvicorn.Server):
    """A second server in a process whose signals another one heeds."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield
