"""One receiver's deliveries: in order, tried several times, and given up on when it stays away."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

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

    attempts: int = 10
    first_pause: float = 0.1
    longest_pause: float = 5.0
    timeout: float = 10.0
    backlog: int = 2_000
    """Deliveries that may wait; more interrupt the hook."""
    resume_after: float | None = None
    """An interrupted receiver is tried again with what comes after so long; None: only when it is re-enabled."""


class Sender:
    """Posts what it is given to one URL, from a task of its own."""

    def __init__(self, url: str, headers: Callable[[], Mapping[str, str]], patience: Patience) -> None:
        self.url = url
        self.state: State = "streaming"
        self.failure = ""
        """Why the receiver was given up last."""
        self._headers = headers
        self._patience = patience
        self._gremlin = Gremlin(Misbehaviour())
        self._waiting: deque[tuple[Post, ...]] = deque()
        self._woken = asyncio.Event()
        self._interrupted_at = 0.0
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Stop at once; what waits is not delivered."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def misbehave(self, habits: Misbehaviour) -> None:
        """Spoil deliveries from now on."""
        self._gremlin = Gremlin(habits)

    def resume(self) -> None:
        """Take deliveries again after an interruption."""
        self.state = "streaming"

    def put(self, posts: Iterable[Post]) -> None:
        """Deliver these posts, in order, after those before. An interrupted receiver gets nothing."""
        self._resume_in_time()
        if self.state == "interrupted":
            return
        self._waiting.append(tuple(posts))
        if len(self._waiting) > self._patience.backlog:
            self._interrupt("too many deliveries wait")
        self._woken.set()

    async def settle(self) -> None:
        """Wait until everything given so far is delivered or given up."""
        while self._waiting:
            await asyncio.sleep(0.01)

    def _resume_in_time(self) -> None:
        after = self._patience.resume_after
        if self.state == "interrupted" and after is not None and time.monotonic() - self._interrupted_at >= after:
            self.resume()

    def _interrupt(self, why: str) -> None:
        _log.warning("a receiver of deliveries is given up", url=self.url, why=why)
        self.state, self.failure = "interrupted", why
        self._interrupted_at = time.monotonic()
        self._waiting.clear()

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=self._patience.timeout, trust_env=False) as client:
            while True:
                if not self._waiting:
                    self._woken.clear()
                    await self._woken.wait()
                    continue
                if await self._deliver(client, self._waiting[0]) and self._waiting:
                    self._waiting.popleft()

    async def _deliver(self, client: httpx.AsyncClient, posts: tuple[Post, ...]) -> bool:
        """Make one delivery; False when the receiver was given up, with everything that waits."""
        for path, document in posts:
            for body in self._gremlin.pass_on(path, document):
                await asyncio.sleep(body.late)
                if not await self._post(client, body):
                    return False
        return True

    async def _post(self, client: httpx.AsyncClient, body: Body) -> bool:
        pause, why = self._patience.first_pause, ""
        for attempt in range(1 if body.spoilt else self._patience.attempts):
            if attempt:
                await asyncio.sleep(pause)
                pause = min(2 * pause, self._patience.longest_pause)
            why = await self._attempt(client, body)
            if not why:
                return True
        if not body.spoilt:
            self._interrupt(why)
        return body.spoilt

    async def _attempt(self, client: httpx.AsyncClient, body: Body) -> str:
        headers = {"content-type": "application/json", **self._headers()}
        try:
            answer = await client.post(self.url + body.path, content=body.content, headers=headers)
        except (httpx.HTTPError, OSError) as error:
            return f"{type(error).__name__}: {error}"
        return "" if answer.is_success else f"it answered {answer.status_code}"
