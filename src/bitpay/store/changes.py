"""Change streams and long-lived tasks that end when they are told to.

On Python 3.11 `asyncio.wait_for`, which pymongo uses while it connects, can swallow a cancellation that arrives in the
moment its work is done (github.com/python/cpython issue 86296). A task that loops for ever then never hears of it, so
loops here ask, and whoever ends a task insists.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from bitpay.store.connection import Collection, Document

_INSIST_SECONDS = 0.5


def heed_cancellation() -> None:
    """Raise CancelledError if somebody has cancelled the running task and it went unheard."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


async def end(tasks: Sequence[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until they have ended, however often that takes. Their errors are not raised."""
    left = [task for task in tasks if not task.done()]
    while left:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=_INSIST_SECONDS)
        left = [task for task in left if not task.done()]
    await asyncio.gather(*tasks, return_exceptions=True)


async def changes(collection: Collection, pipeline: Sequence[Mapping[str, Any]]) -> AsyncIterator[Document]:
    """Yield what a change stream tells from now on. Ends by an error of the database, or by cancellation."""
    async with await collection.watch(pipeline) as stream:
        while True:
            change = await stream.try_next()  # waits a second at most
            heed_cancellation()
            if change is not None:
                yield change
