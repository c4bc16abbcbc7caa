"""What deliveries and hooks need of whoever keeps alerts for people."""

from typing import Any, Protocol


class Alerts(Protocol):
    """Where a person is told that something must be looked at."""

    async def raise_once(self, kind: str, message: str, **details: Any) -> None:  # noqa: ANN401 - any JSON value
        """Raise the one alert of this kind; count it when it comes again."""

    async def close(self, *ids: str) -> int:
        """Say that what raised these alerts is over, and return how many of them were open."""
