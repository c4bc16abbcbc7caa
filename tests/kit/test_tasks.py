"""Long-lived tasks come back when they fail and end when they must."""

import asyncio

import pytest

from bitpay.kit import tasks
from bitpay.kit.tasks import running


async def test_a_failing_task_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "RESTART_SECONDS", 0)
    starts = asyncio.Queue[int]()

    async def fails() -> None:
        await starts.put(1)
        raise ValueError("one bad answer")

    async with running({"fails": fails}), asyncio.timeout(10):
        for _ in range(3):
            await starts.get()


async def test_a_task_that_swallows_cancellations_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "END_PAUSE_SECONDS", 0.01)
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while swallowed < 3:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1

    async with running({"stubborn": stubborn}):
        await asyncio.sleep(0)
    assert swallowed == 3
