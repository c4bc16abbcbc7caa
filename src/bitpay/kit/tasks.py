"""Tasks that run as long as their process: restarted when they fail, ended for sure when it stops."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

import structlog

RESTART_SECONDS = 1.0
END_ATTEMPTS = 20
END_PAUSE_SECONDS = 0.25

_LOG = structlog.get_logger(__name__)


@asynccontextmanager
async def running(tasks: Mapping[str, Callable[[], Awaitable[None]]]) -> AsyncIterator[None]:
    """Run tasks by name while the context is open."""
    started = [asyncio.create_task(_keep_running(name, run), name=name) for name, run in tasks.items()]
    try:
        yield
    finally:
        await _end(started)


async def _keep_running(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Start a task again when it fails: one bad answer must not end what the rest relies on."""
    while True:
        try:
            await run()
        except Exception as error:  # noqa: BLE001 - recorded, then tried again
            _LOG.exception("task_failed", task=name, error=repr(error))
        await asyncio.sleep(RESTART_SECONDS)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """End tasks within bounds: a driver that answers a cancellation with an error of its own is asked again."""
    pending = set(tasks)
    for _ in range(END_ATTEMPTS):
        for task in pending:
            task.cancel()
        if pending:
            _, pending = await asyncio.wait(pending, timeout=END_PAUSE_SECONDS)
    if pending:
        _LOG.error("tasks_do_not_end", tasks=[task.get_name() for task in pending])
