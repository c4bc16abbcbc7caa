"""`/healthz`: this process runs. `/readyz`: it can serve. `/metrics`: what it has served."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from bitpay.http.hosts import LOOPBACK
from bitpay.http.metrics import metrics
from bitpay.kit.errors import NotFound

Check: TypeAlias = Callable[[], Awaitable[object]]

_PATIENCE = 3.0
"""Seconds that a readiness check may take."""
_WORDS = {True: "ok", False: "failing"}
_FORWARDED = frozenset(
    {"forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-port", "x-real-ip"}
)
"""What proxies add."""


def health_router(checks: Mapping[str, Check]) -> APIRouter:
    """Return the routes; each check is a call that raises when what it stands for cannot be used."""
    router = APIRouter(include_in_schema=False)

    @router.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @router.get("/readyz")
    async def readyz() -> Response:
        results = await asyncio.gather(*(_passes(check) for check in checks.values()))
        states = {name: _WORDS[passed] for name, passed in zip(checks, results, strict=True)}
        status = 200 if all(results) else 503
        return JSONResponse({"status": _WORDS[all(results)], "checks": states}, status)

    @router.get("/metrics")
    async def show_metrics(request: Request) -> Response:
        if not came_directly(request):
            raise NotFound("There is nothing here.")
        return await metrics(request)

    return router


def came_directly(request: Request) -> bool:
    """Tell whether the request came from this machine and not through a proxy."""
    client = request.client.host if request.client else ""
    return client in LOOPBACK and _FORWARDED.isdisjoint(request.headers)


async def _passes(check: Check) -> bool:
    try:
        async with asyncio.timeout(_PATIENCE):
            await check()
    except Exception:  # noqa: BLE001 - whatever is wrong, the answer is "not ready"
        return False
    return True
