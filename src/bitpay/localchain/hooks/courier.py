"""Carrying posts to one receiver: as often as it takes, as long as its sender's patience lasts."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Self

import httpx
import structlog

from bitpay.localchain.hooks.misbehaviour import Body, Gremlin, Misbehaviour

_log = structlog.get_logger(__name__)

State = Literal["streaming", "interrupted"]
Post = tuple[str, dict[str, Any]]
"""A path below the receiver's URL ("" for the URL itself) and the document that is posted there."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a receiver is waited for. Times in seconds."""

    attempts: int | None = 10
    """How often one post is tried; None: until it is taken."""
    first_pause: float = 0.1
    longest_pause: float = 5.0
    timeout: float = 10.0
    backlog: int = 2_000
    """Deliveries that may wait; more interrupt the hook."""
    resume_after: float | None = None
    """An interrupted receiver is tried again with what comes after so long; None: only when it is re-enabled."""
    accepted: range = range(200, 300)
    """The statuses that mean it was taken."""


class Courier:
    """Carries posts to one URL, as badly as it is told to. Use as an asynchronous context manager."""

    def __init__(self, url: str, headers: Callable[[], Mapping[str, str]], patience: Patience) -> None:
        self.url = url
        self._headers = headers
        self._patience = patience
        self._gremlin = Gremlin(Misbehaviour())
        self._released: list[Body] = []

    async def __aenter__(self) -> Self:
        self._client = httpx.AsyncClient(timeout=self._patience.timeout, trust_env=False)
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._client.aclose()

    def misbehave(self, habits: Misbehaviour) -> None:
        """Spoil deliveries from now on. What was held back until now goes before the next post."""
        self._released += self._gremlin.release()
        self._gremlin = Gremlin(habits)

    @property
    def releases(self) -> bool:
        """Whether something was released and waits to be carried."""
        return bool(self._released)

    @property
    def holds(self) -> bool:
        """Whether something is still here that should have been carried."""
        return self.releases or self._gremlin.holds

    async def carry(self, posts: Iterable[Post]) -> str:
        """Carry posts, in order, and before them what was released. Returns why it gave up, "" when it did not."""
        for body in self._bodies(posts):
            await asyncio.sleep(body.late)
            why = await self._post(body)
            if why:
                return why
        return ""

    def _bodies(self, posts: Iterable[Post]) -> Iterator[Body]:
        for path, document in posts:
            yield from self._take_released()
            yield from self._gremlin.pass_on(path, document)
        yield from self._take_released()

    def _take_released(self) -> list[Body]:
        released, self._released = self._released, []
        return released

    async def _post(self, body: Body) -> str:
        pause, attempts = self._patience.first_pause, 0
        while why := await self._attempt(body):
            attempts += 1
            if body.spoilt:
                return ""
            if attempts == self._patience.attempts:
                return why
            if attempts == 1:
                _log.warning("a delivery was not taken and is tried again", url=self.url + body.path, why=why)
            await asyncio.sleep(pause)
            pause = min(2 * pause, self._patience.longest_pause)
        return ""

    async def _attempt(self, body: Body) -> str:
        headers = {"content-type": "application/json", **self._headers()}
        try:
            answer = await self._client.post(self.url + body.path, content=body.content, headers=headers)
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return f"{type(error).__name__}: {error}"
        return "" if answer.status_code in self._patience.accepted else f"it answered {answer.status_code}"
