"""The web application in front of a chain."""

from collections.abc import Collection

from fastapi import FastAPI
from starlette.middleware import Middleware

from bitpay.localchain.api.chainhooks import chainhook_routes
from bitpay.localchain.api.control import control_routes
from bitpay.localchain.api.errors import handlers
from bitpay.localchain.api.guard import Guard
from bitpay.localchain.api.hiro import hiro_routes
from bitpay.localchain.api.node import node_routes
from bitpay.localchain.api.predicates import predicate_routes
from bitpay.localchain.hooks.hooks import Hooks
from bitpay.localchain.service import ChainService


def create_app(service: ChainService, hooks: Hooks, *, token: str, hosts: Collection[str]) -> FastAPI:
    """Return the application. `token` opens the powers of `api.control`; `hosts` are the Host headers answered."""
    app = FastAPI(
        title="Local Stacks chain",
        middleware=[Middleware(Guard, hosts=hosts)],
        exception_handlers=handlers(),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.include_router(node_routes(service))
    app.include_router(hiro_routes(service))
    app.include_router(chainhook_routes(service, hooks.registry, token))
    app.include_router(predicate_routes(hooks.predicates, token))
    app.include_router(control_routes(service, hooks, token))
    return app
