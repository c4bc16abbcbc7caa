"""Requests that end: timeouts, a bounded number of attempts with jitter, and the server's own limits obeyed."""

from __future__ import annotations

import asyncio
import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from bitpay.stacks.client.errors import (
    AnswerInvalid,
    ApiError,
    ApiGone,
    ApiNotFound,
    ApiRateLimited,
    ApiRefused,
    ApiUnavailable,
)
from bitpay.stacks.client.json_text import read_json

ATTEMPTS = 4
FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
LONGEST_WAIT_SECONDS = 30.0
"""A server that asks for a longer wait gets none: the caller is told instead."""
LONGEST_HOLD_SECONDS = 3600.0
"""No header stops the client for longer: then the server is asked again."""
MAX_ANSWER_BYTES = 64 * 1024 * 1024

# How Fastify (Hiro's API), FastAPI and stacks-core (`net/httpcore.rs`) say that they have no such endpoint, as opposed
# to no such thing.
_NO_ROUTE = re.compile(
    rb"""Route [A-Z]+:|^\{"detail":"Not Found"\}$|^No such API endpoint '|^No such file or directory"""
)
_AGAIN = {408, 429, 500, 502, 503, 504}
_HIRO_WINDOWS = {"second": 1.0, "minute": 60.0, "month": LONGEST_HOLD_SECONDS}
"""The seconds after which a quota of Hiro's can be there again, at the latest or as late as the client waits."""


class Pacer:
    """Holds requests back while the server's headers say that the quota is used up."""

    def __init__(self) -> None:
        self._open_at = 0.0

    async def wait(self) -> None:
        """Return when a request may go; raises `ApiRateLimited` when that is too far away."""
        seconds = self._open_at - asyncio.get_running_loop().time()
        if seconds > LONGEST_WAIT_SECONDS:
            raise ApiRateLimited(f"the quota is used up for {seconds:.0f} s", status=429, retry_after=seconds)
        if seconds > 0:
            await asyncio.sleep(seconds)

    def note(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer's headers (draft-ietf-httpapi-ratelimit-headers, and Hiro's own)."""
        reset = _seconds(headers.get("ratelimit-reset")) or 0.0
        if _seconds(headers.get("ratelimit-remaining")) == 0:
            self.hold(reset)
        for window, length in _HIRO_WINDOWS.items():
            if _seconds(headers.get(f"x-ratelimit-remaining-stacks-{window}")) == 0:
                self.hold(min(reset or length, length))

    def hold(self, seconds: float) -> None:
        """Let no request go for some seconds."""
        self._open_at = max(self._open_at, asyncio.get_running_loop().time() + seconds)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers and the whole body."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:  # noqa: ANN401 - JSON
        """Return the body's JSON; raises `AnswerInvalid`."""
        try:
            return read_json(self.body)
        except ValueError as error:
            raise AnswerInvalid(f"{self.method} {self.path}: not JSON", status=self.status) from error

    @property
    def retry_after(self) -> float | None:
        """The seconds the server asks to wait, an hour at most: written as such or as a date (RFC 9110, 10.2.3)."""
        text = self.headers.get("retry-after")
        seconds = _seconds(text)
        return _seconds_until(text, self.headers.get("date")) if seconds is None else seconds

    def error(self) -> ApiError:
        """Return the error this answer is."""
        message = f"{self.method} {self.path}: {self.status} {self.text[:200]}"
        return self._kind()(message, status=self.status, retry_after=self.retry_after)

    def _kind(self) -> type[ApiError]:
        if self.status == 404:
            return ApiGone if _NO_ROUTE.search(self.body) else ApiNotFound
        kind = {410: ApiGone, 429: ApiRateLimited, 408: ApiUnavailable}.get(self.status)
        return kind or (ApiUnavailable if self.status >= 500 else ApiRefused)


class Http:
    """An HTTP connection to one base URL, for JSON. `timeout` in seconds: each step; four times that: an attempt."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str | None,
        timeout: float,
        transport: httpx.AsyncBaseTransport | None,
    ) -> None:
        headers = {"accept": "application/json"} | ({"x-api-key": api_key} if api_key else {})
        self._client = httpx.AsyncClient(
            base_url=base_url.rstrip("/"), headers=headers, timeout=timeout, transport=transport
        )
        self._longest = 4 * timeout
        self._pacer = Pacer()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def get(self, path: str, **params: str | int) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON at a path; raises an `ApiError`."""
        return await self._json(self._client.build_request("GET", path, params=params))

    async def post(self, path: str, body: Any, *, authorization: str | None = None, **params: str | int) -> Any:  # noqa: ANN401 - JSON
        """Return the JSON answer to a JSON body, for questions that change nothing; raises an `ApiError`."""
        headers = {} if authorization is None else {"authorization": authorization}
        return await self._json(self._client.build_request("POST", path, json=body, params=params, headers=headers))

    async def change(self, method: str, path: str, body: Any = None, **params: str) -> Any:  # noqa: ANN401 - JSON
        """Ask for a change and return its JSON answer (None where there is none); raises an `ApiError`.

        It is not sent again once it may have arrived.
        """
        content = {} if body is None else {"json": body}
        answer = await self._send(self._client.build_request(method, path, params=params, **content), once=True)
        if not 200 <= answer.status < 300:
            raise answer.error()
        return answer.json() if answer.body else None

    async def post_once(self, path: str, body: bytes) -> Answer:
        """Return the answer to raw bytes, a refusal too. They are not sent again once they may have arrived."""
        headers = {"content-type": "application/octet-stream"}
        answer = await self._send(self._client.build_request("POST", path, content=body, headers=headers), once=True)
        if answer.status >= 500 or answer.status == 429:
            raise answer.error()
        return answer

    async def _json(self, request: httpx.Request) -> Any:  # noqa: ANN401 - JSON
        answer = await self._send(request)
        if not 200 <= answer.status < 300:
            raise answer.error()
        return answer.json()

    async def _send(self, request: httpx.Request, *, once: bool = False) -> Answer:
        """Send until there is an answer worth having; the last attempt's failure is raised or returned."""
        for attempt in range(1, ATTEMPTS):
            await self._pacer.wait()
            try:
                answer = await self._attempt(request)
            except ApiUnavailable as error:
                if once and not isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout):
                    raise
            else:
                if answer.status not in _AGAIN or (once and answer.status != 429):
                    return answer
            await asyncio.sleep(_pause(attempt))
        await self._pacer.wait()
        return await self._attempt(request)

    async def _attempt(self, request: httpx.Request) -> Answer:
        try:
            async with asyncio.timeout(self._longest):
                answer = await self._exchange(request)
        except (httpx.TransportError, TimeoutError) as error:
            raise ApiUnavailable(f"{request.url.host}: {type(error).__name__} {error}") from error
        except (httpx.RequestError, httpx.InvalidURL) as error:  # of an encoding or a redirection that is none
            raise AnswerInvalid(f"{request.method} {request.url.path}: {type(error).__name__} {error}") from error
        self._pacer.note(answer.headers)
        if answer.status == 429:
            self._pacer.hold(1.0 if answer.retry_after is None else answer.retry_after)
        return answer

    async def _exchange(self, request: httpx.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            body = await _body(response)
        finally:
            await response.aclose()
        return Answer(request.method, request.url.path, response.status_code, response.headers, body)


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > MAX_ANSWER_BYTES:
            raise AnswerInvalid(f"an answer of more than {MAX_ANSWER_BYTES} bytes", status=response.status_code)
    return bytes(body)


def _seconds(text: str | None) -> float | None:
    """Return the seconds a header tells, an hour at most; None where it tells no number of them."""
    try:
        seconds = math.nan if text is None else float(text)
    except ValueError:
        return None
    return min(max(0.0, seconds), LONGEST_HOLD_SECONDS) if math.isfinite(seconds) else None


def _seconds_until(text: str | None, now: str | None) -> float | None:
    """Return the seconds from one date of a server to another, by our clock where it does not tell its own."""
    date = _date(text)
    return None if date is None else _seconds(str((date - (_date(now) or datetime.now(UTC))).total_seconds()))


def _date(text: str | None) -> datetime | None:
    try:
        date = None if text is None else parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return date if date is None or date.tzinfo else date.replace(tzinfo=UTC)


def _pause(attempt: int) -> float:
    longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
    return random.uniform(longest / 2, longest)  # noqa: S311 - jitter, not a secret
