"""Rate limits per client address and per user: sliding windows, in memory or in Redis.

Where Redis does not answer, reading goes on unlimited and is counted as such; sign-in and relaying are refused.
"""

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from limits.aio.strategies import MovingWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from bitpay.http.metrics import RATE_LIMIT_FAILURES, RATE_LIMITED
from bitpay.http.origins import SAFE_METHODS
from bitpay.http.problems import problem_of
from bitpay.kit.errors import RateLimited, Unavailable

LIMITS: Mapping[str, RateLimitItem] = {
    "read": RateLimitItemPerMinute(1200),
    "write": RateLimitItemPerMinute(300),
    "auth": RateLimitItemPerMinute(30),
    "relay": RateLimitItemPerMinute(60),
    "socket": RateLimitItemPerMinute(300),
    "user": RateLimitItemPerMinute(1200),
}
"""Requests per client address ("socket": connections opened, "user": per signed-in address)."""

_CLOSED_ON_FAILURE = frozenset({"auth", "relay"})


@dataclass(frozen=True, slots=True)
class RateRule:
    """Unsafe requests whose path starts with `prefix` count against `limit`; None exempts."""

    prefix: str
    limit: str | None


class RateLimits:
    """Spends from windows; raises RateLimited with the seconds to wait when one is empty."""

    def __init__(self, redis_url: str | None = None, limits: Mapping[str, RateLimitItem] = LIMITS) -> None:
        self._storage: Storage = _storage(redis_url)
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._limits = limits

    async def spend(self, limit: str, who: str) -> None:
        """Count one request of `who`. Raises RateLimited, or Unavailable where a guarded limit cannot be counted."""
        item = self._limits[limit]
        try:
            if await self._limiter.hit(item, limit, who):
                return
            window = await self._limiter.get_window_stats(item, limit, who)
        except self._storage.base_exceptions as error:
            RATE_LIMIT_FAILURES.labels(limit).inc()
            if limit in _CLOSED_ON_FAILURE:
                raise Unavailable("Requests cannot be counted right now; try again in a moment.") from error
            return
        RATE_LIMITED.labels(limit).inc()
        wait = max(1, math.ceil(window.reset_time - time.time()))
        raise RateLimited(f"Too many requests; wait {wait} s.", retryAfter=wait)


class RateLimit:
    """ASGI middleware: spends one request of the client's address before anything else is done for it."""

    def __init__(self, app: ASGIApp, *, limits: RateLimits, rules: Sequence[RateRule]) -> None:
        self._app = app
        self._limits = limits
        self._rules = rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer 429."""
        limit = self._limit_of(scope)
        try:
            if limit is not None:
                await self._limits.spend(limit, _client(scope))
        except (RateLimited, Unavailable) as error:
            await problem_of(error)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _limit_of(self, scope: Scope) -> str | None:
        if scope["type"] != "http":
            return "socket" if scope["type"] == "websocket" else None
        rule = next((rule for rule in self._rules if scope["path"].startswith(rule.prefix)), None)
        if rule is not None and (rule.limit is None or scope["method"] not in SAFE_METHODS):
            return rule.limit
        return "read" if scope["method"] in SAFE_METHODS else "write"


def _client(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def _storage(redis_url: str | None) -> Storage:
    if redis_url is None:
        return MemoryStorage()
    return RedisStorage(f"async+{redis_url}", implementation="redispy", socket_timeout=0.5, socket_connect_timeout=0.5)
