"""Our one hook: registered where it is missing, corrected where it differs, enabled again where it was interrupted."""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from bitpay.protocol.ids import Contracts
from bitpay.stacks.client.chainhooks import ChainhooksClient, Hook
from bitpay.stacks.client.errors import ApiError

CHECK_SECONDS = 60.0
RETRY_SECONDS = 2.0
_STOPPED = frozenset({"interrupted", "expired"})
_FIXED = ("chain", "network")
"""What a registered hook keeps for good."""
_CHANGEABLE = ("filters", "action", "options")
OPTIONS = {"enable_on_registration": True, "decode_clarity_values": True, "include_block_metadata": True}

_LOG = structlog.get_logger(__name__)


class HookKeeper:
    """Keeps one hook that hears all that our contracts print, and tells which secret its deliveries carry.

    `url` is where deliveries go; `accept` is called with the secret before the hook is enabled.
    """

    def __init__(
        self,
        client: ChainhooksClient,
        contracts: Contracts,
        *,
        network: str,
        url: str,
        accept: Callable[[str], None],
    ) -> None:
        self._client = client
        self._definition = definition(contracts, network=network, url=url)
        self._accept = accept

    async def run(self) -> None:
        """Look after the hook until cancelled."""
        while True:
            pause = CHECK_SECONDS
            try:
                await self.check()
            except ApiError as error:
                _LOG.warning("hook_unchecked", error=str(error))
                pause = RETRY_SECONDS
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter

    async def check(self) -> Hook:
        """Make the hook what it should be, and return it. Raises an ApiError."""
        self._accept(await self._client.secret() or await self._client.rotate_secret())
        name = self._definition["name"]
        ours = [hook for hook in await self._client.hooks() if hook.definition.get("name") == name]
        for spare in ours[1:]:
            await self._client.delete(spare.uuid)
        if not ours:
            return await self._client.register(self._definition)
        return await self._corrected(ours[0])

    async def _corrected(self, hook: Hook) -> Hook:
        if any(hook.definition.get(part) != self._definition[part] for part in _FIXED):
            await self._client.delete(hook.uuid)
            return await self._client.register(self._definition)
        if not all(_says(hook.definition.get(part), self._definition[part]) for part in _CHANGEABLE):
            hook = await self._client.update(hook.uuid, {part: self._definition[part] for part in _CHANGEABLE})
        if not hook.enabled or hook.status in _STOPPED:
            _LOG.warning("hook_enabled_again", hook=hook.uuid, status=hook.status)
            await self._client.enable(hook.uuid)
        return hook


def definition(contracts: Contracts, *, network: str, url: str) -> Mapping[str, Any]:
    """Return the hook's definition: one hook with all contracts, so that a block arrives whole."""
    prints = [{"type": "contract_log", "contract_identifier": contract} for contract in contracts.all()]
    return {
        "name": f"bitpay {contracts.deployer}",
        "version": "1",
        "chain": "stacks",
        "network": network,
        "filters": {"events": prints},
        "action": {"type": "http_post", "url": url},
        "options": OPTIONS,
    }


def _says(found: Any, ours: Any) -> bool:  # noqa: ANN401 - JSON
    """Tell whether a part of a definition is as we set it. What we left out may be spelled out, as off or none."""
    if isinstance(ours, Mapping) and isinstance(found, Mapping):
        return not any(found[name] for name in found.keys() - ours.keys()) and all(
            _says(found.get(name), value) for name, value in ours.items()
        )
    if isinstance(ours, list) and isinstance(found, list):
        return len(found) == len(ours) and all(map(_says, found, ours))
    return bool(found == ours)
