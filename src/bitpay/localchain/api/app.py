"""The web application in front of a chain."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware

from bitpay.localchain.api.control import control_routes
from bitpay.localchain.api.guard import Guard, handlers
from bitpay.localchain.api.hiro import hiro_routes
from bitpay.localchain.api.node import node_routes
from bitpay.localchain.service import ChainService

Opening = Callable[[], AbstractAsyncContextManager[ChainService]]


def create_app(opening: Opening, *, token: str, hosts: frozenset[str]) -> FastAPI:
    """Return an application that opens the chain when it starts and closes it when it ends.

    `token` opens the powers of `api.control`; `hosts` are the Host headers that are answered.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening() as service:
            app.state.service = service
            for routes in (node_routes(service), hiro_routes(service), control_routes(service, token)):
                app.include_router(routes)
            yield

    return FastAPI(
        title="Local Stacks chain",
        lifespan=lifespan,
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers=handlers(),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
