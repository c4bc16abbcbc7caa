"""The web application in front of a chain."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI
from starlette.middleware import Middleware

from bitpay.localchain.api.chainhooks import chainhook_routes
from bitpay.localchain.api.control import control_routes
from bitpay.localchain.api.guard import Guard, handlers
from bitpay.localchain.api.hiro import hiro_routes
from bitpay.localchain.api.node import node_routes
from bitpay.localchain.hooks.given import GivenHook
from bitpay.localchain.hooks.hooks import Hooks
from bitpay.localchain.service import ChainService

Opening = Callable[[], AbstractAsyncContextManager[ChainService]]


def create_app(
    opening: Opening, *, token: str, hosts: frozenset[str], given: Sequence[GivenHook], hooks_file: Path
) -> FastAPI:
    """Return an application that opens the chain when it starts and closes it when it ends.

    `token` opens the powers of `api.control`; `hosts` are the Host headers that are answered;
    `given` hooks hear everything, those that are registered are kept in `hooks_file`.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with opening() as service:
            app.state.service = service
            hooks = Hooks(service.chain, given, hooks_file)
            service.follow(hooks)
            routers = [
                node_routes(service),
                hiro_routes(service),
                chainhook_routes(service, hooks.registry, token),
                control_routes(service, hooks, token),
            ]
            for router in routers:
                app.include_router(router)
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
