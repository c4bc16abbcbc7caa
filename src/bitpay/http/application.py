"""The FastAPI application with everything that every request passes through."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.middleware import Middleware

from bitpay.http.bodies import BodyLimit
from bitpay.http.headers import SecurityHeaders, security_headers
from bitpay.http.hosts import TrustedHosts
from bitpay.http.metrics import Metrics
from bitpay.http.openapi import describe
from bitpay.http.origins import SameOrigin
from bitpay.http.problems import CatchUnexpected, install_problems
from bitpay.http.rates import RateLimit, RateLimits, RateRule
from bitpay.http.services import Services

API_VERSION = "1"

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def new_application(
    services: Services,
    *,
    public_url: str,
    lifespan: Lifespan | None = None,
    body_limits: Mapping[str, int] | None = None,
    rate_rules: Sequence[RateRule] = (),
) -> FastAPI:
    """Return an application without routes. `body_limits` maps path prefixes to bytes; `services` has RateLimits."""
    app = FastAPI(
        title="BitPay",
        version=API_VERSION,
        description="Continuous Bitcoin payments: sBTC that streams to its recipient second by second, on Stacks.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/v1/openapi.json",
        lifespan=lifespan,
        middleware=[
            Middleware(Metrics),
            Middleware(SecurityHeaders, headers=security_headers(public_url)),
            Middleware(TrustedHosts, names=[urlsplit(public_url).hostname or ""]),
            Middleware(BodyLimit, routes=body_limits),
            Middleware(SameOrigin),
            Middleware(RateLimit, limits=services.get(RateLimits), rules=rate_rules),
            Middleware(CatchUnexpected),
        ],
    )
    app.state.services = services
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]  # FastAPI documents this way to extend it
    install_problems(app)
    return app
