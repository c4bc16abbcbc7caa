"""A small application with everything that real routes pass through."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from pydantic import Field

from bitpay.http.application import new_application
from bitpay.http.rates import RateLimits, RateRule
from bitpay.http.schemas import Json
from bitpay.http.services import Services
from bitpay.kit.errors import Conflict

URL = "http://127.0.0.1:8420"


class Echo(Json):
    stream_id: int = Field(ge=1)


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/api/v1/hello")
    async def hello() -> dict[str, str]:
        return {"hello": "world"}

    @router.post("/api/v1/echo")
    async def echo(body: Echo) -> Echo:
        return body

    @router.post("/api/webhooks/size")
    async def size(request: Request) -> dict[str, int]:
        return {"size": len(await request.body())}

    @router.post("/api/v1/transactions")
    async def relay() -> dict[str, str]:
        return {"status": "pending"}

    @router.get("/api/v1/conflict")
    async def conflict() -> None:
        raise Conflict("This stream is cancelled already.", streamId=7)

    @router.get("/api/v1/broken")
    async def broken() -> None:
        raise RuntimeError("a secret detail")

    return router


@pytest.fixture
def application() -> FastAPI:
    services = Services()
    services.add(RateLimits, RateLimits())
    app = new_application(
        services,
        public_url=URL,
        body_limits={"/api/webhooks/": 4 << 20},
        rate_rules=[RateRule("/api/webhooks/", None), RateRule("/api/v1/transactions", "relay")],
    )
    app.include_router(routes())
    return app


@pytest.fixture
async def client(application: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as client:
        yield client
