"""The registration API of Hiro's Chainhooks 2.0 (npm @hirosystems/chainhooks-client 2.1.1): hooks and their secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

from bitpay.stacks.client.fields import Fields
from bitpay.stacks.client.http import Http
from bitpay.stacks.client.questions import segment

TIMEOUT_SECONDS = 15.0
PAGE = 60
MAX_PAGES = 50
"""More hooks than Hiro lets one account have; it ends a list that never does."""
_UUID = re.compile(r"[0-9A-Za-z_-]{1,64}")


@dataclass(frozen=True, slots=True)
class Hook:
    """A registered hook: its definition as JSON, and how it is doing ("new", "streaming", "interrupted", "expired")."""

    uuid: str
    definition: Mapping[str, Any]
    status: str
    enabled: bool

    @property
    def url(self) -> str | None:
        """Where its deliveries go; None where its definition does not say."""
        action = self.definition.get("action")
        url = action.get("url") if isinstance(action, Mapping) else None
        return url if isinstance(url, str) else None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a hook from an answer; raises `AnswerInvalid`."""
        status, uuid = fields.object("status"), fields.text("uuid")
        if _UUID.fullmatch(uuid) is None:
            raise fields.wrong("uuid", "an id")
        return cls(uuid, fields.object("definition").plain(), status.text("status"), status.flag("enabled"))


class ChainhooksClient:
    """Asks for and changes the hooks of one API key. Every method raises an `ApiError` where that fails."""

    def __init__(
        self,
        base_url: str,
        *,
        api_key: str,
        prefix: str = "/chainhooks",
        timeout: float = TIMEOUT_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`prefix` is "/chainhooks" for Hiro's client, "/chainhooks/v1" in Hiro's guide."""
        self._http = Http(base_url, api_key=api_key, timeout=timeout, transport=transport)
        self._mine = f"{prefix.rstrip('/')}/me"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._http.close()

    async def hooks(self) -> list[Hook]:
        """Return all hooks of this key."""
        found: list[Hook] = []
        for _ in range(MAX_PAGES):
            page = Fields(await self._http.get(self._mine, limit=PAGE, offset=len(found)), "hooks")
            rows = page.objects("results")
            found += [Hook.read(row) for row in rows]
            if not rows or len(found) >= page.number("total"):
                break
        return found

    async def register(self, definition: Mapping[str, Any]) -> Hook:
        """Register a hook."""
        return Hook.read(Fields(await self._http.change("POST", self._mine, dict(definition)), "hook"))

    async def update(self, uuid: str, change: Mapping[str, Any]) -> Hook:
        """Change parts of a hook's definition; lists are replaced whole."""
        changed = await self._http.change("PATCH", f"{self._mine}/{segment(uuid)}", dict(change))
        return Hook.read(Fields(changed, "hook"))

    async def enable(self, uuid: str, enabled: bool = True) -> None:
        """Start or stop a hook's deliveries."""
        await self._http.change("PATCH", f"{self._mine}/{segment(uuid)}/enabled", {"enabled": enabled})

    async def delete(self, uuid: str) -> None:
        """Forget a hook."""
        await self._http.change("DELETE", f"{self._mine}/{segment(uuid)}")

    async def secret(self) -> str | None:
        """Return the secret that goes with every delivery of this key, None where there is none."""
        return Fields(await self._http.get(f"{self._mine}/secret"), "secret").optional_text("secret")

    async def rotate_secret(self) -> str:
        """Make another secret and return it; from now on deliveries carry it."""
        return Fields(await self._http.change("POST", f"{self._mine}/secret"), "secret").text("secret")
