"""Child processes that are started, watched, restarted when they die, and stopped in order."""

import asyncio
import subprocess
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

from bitpay.kit.errors import Unavailable
from bitpay.kit.processes import stop

POLL_SECONDS = 0.05
WATCH_SECONDS = 0.25
MAX_RESTARTS = 5
RESTART_WINDOW_SECONDS = 60.0
LOG_LIMIT_BYTES = 8 << 20


@dataclass
class Service:
    """One child: how it starts (its output goes to `log`), how to tell that it is ready, and whom it needs.

    `start` runs on the main thread, for a child dies with the thread that started it.
    """

    name: str
    start: Callable[[], subprocess.Popen[bytes]]
    ready: Callable[[], Awaitable[bool]]
    log: Path
    needs: tuple[str, ...] = ()
    patience: float = 60.0
    process: subprocess.Popen[bytes] | None = None
    deaths: list[float] = field(default_factory=list)

    def launch(self) -> None:
        """Start the child without waiting for it."""
        trim_log(self.log)
        self.process = self.start()

    async def settle(self) -> None:
        """Wait until ready. Raises Unavailable with the log's last lines where that fails."""
        deadline = time.monotonic() + self.patience
        while not await self.ready():
            if self.died():
                raise Unavailable(f"{self.name} ended at its start:\n{self.tail()}")
            if time.monotonic() > deadline:
                raise Unavailable(f"{self.name} was not ready after {self.patience:.0f} s:\n{self.tail()}")
            await asyncio.sleep(POLL_SECONDS)

    def died(self) -> bool:
        """Whether the child ended without being asked to."""
        return self.process is not None and self.process.poll() is not None

    def count_death(self) -> None:
        """Note a death. Raises Unavailable when it dies again and again."""
        now = time.monotonic()
        self.deaths = [at for at in self.deaths if now - at < RESTART_WINDOW_SECONDS] + [now]
        if len(self.deaths) > MAX_RESTARTS:
            raise Unavailable(f"{self.name} died {MAX_RESTARTS} times within a minute:\n{self.tail()}")

    def down(self) -> None:
        """Stop the child, if it runs."""
        if self.process is not None:
            stop(self.process)
            self.process = None

    def tail(self, lines: int = 15) -> str:
        """Return the last lines of the log."""
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"


class Services:
    """All children of an instance, in order of their start."""

    def __init__(self, services: list[Service], say: Callable[[str], None]) -> None:
        self.services = services
        self._say = say

    async def watch(self, ended: asyncio.Event) -> None:
        """Restart whatever dies, and what needs it, until `ended` is set."""
        while not ended.is_set():
            for service in self.services:
                if service.died() and not ended.is_set():
                    await self._revive(service)
            try:
                await asyncio.wait_for(ended.wait(), timeout=WATCH_SECONDS)
            except TimeoutError:
                continue

    async def _revive(self, dead: Service) -> None:
        self._say(f"{dead.name} died; starting it again")
        dead.count_death()
        leaning = [service for service in self.services if dead.name in service.needs]
        for service in leaning:
            service.down()
        for service in (dead, *leaning):
            service.launch()
            await service.settle()

    def down(self) -> None:
        """Stop all, the last started first."""
        for service in reversed(self.services):
            service.down()


def trim_log(log: Path) -> None:
    """Keep one older log beside the present one, both bounded."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".old.log"))
