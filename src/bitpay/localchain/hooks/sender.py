"""One receiver's deliveries: in order, tried several times, and given up on when it stays away."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping

import structlog

from bitpay.localchain.hooks.courier import Courier, Patience, Post, State
from bitpay.localchain.hooks.misbehaviour import Misbehaviour

_log = structlog.get_logger(__name__)


class Sender:
    """Posts what it is given to one URL, from a task of its own."""

    def __init__(self, url: str, headers: Callable[[], Mapping[str, str]], patience: Patience) -> None:
        self.state: State = "streaming"
        self.failure = ""
        """Why the receiver was given up last."""
        self._patience = patience
        self._courier = Courier(url, headers, patience)
        self._waiting: deque[tuple[Post, ...]] = deque()
        self._woken = asyncio.Event()
        self._interrupted_at = 0.0
        self._task = asyncio.create_task(self._run())

    @property
    def url(self) -> str:
        """Where deliveries go."""
        return self._courier.url

    @url.setter
    def url(self, url: str) -> None:
        self._courier.url = url

    async def close(self) -> None:
        """Stop at once; what waits is not delivered."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def misbehave(self, habits: Misbehaviour) -> None:
        """Spoil deliveries from now on."""
        self._courier.misbehave(habits)
        if self._courier.releases:
            self.put(())

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
        async with self._courier:
            while True:
                if not self._waiting:
                    self._woken.clear()
                    await self._woken.wait()
                    continue
                why = await self._courier.carry(self._waiting[0])
                if why:
                    self._interrupt(why)
                elif self._waiting:
                    self._waiting.popleft()
