"""Our one hook: registered where it is missing, corrected where it differs, enabled again where it was interrupted."""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import structlog
from pymongo.errors import PyMongoError

from bitpay.chainhook.alerts import Alerts
from bitpay.protocol.ids import Contracts
from bitpay.stacks.client.chainhooks import ChainhooksClient, Hook
from bitpay.stacks.client.errors import ApiError

CHECK_SECONDS = 60.0
RETRY_SECONDS = 2.0
_STOPPED = frozenset({"interrupted", "expired"})
_REMEMBERED = 10
_CONTESTED = 3
"""So many corrections in the last checks that are remembered are no accident."""
CONTESTED = "hook_contested"
_FIXED = ("chain", "network")
"""What a registered hook keeps for good."""
_CHANGEABLE = ("filters", "action", "options")
OPTIONS = {"enable_on_registration": True, "decode_clarity_values": True, "include_block_metadata": True}

_LOG = structlog.get_logger(__name__)


class HookKeeper:
    """Keeps one hook that hears all that our contracts print, and tells which secret its deliveries carry.

    `url` is where deliveries go; `accept` is called with the secret before the hook is enabled. An alert is raised
    where the hook has to be corrected again and again: somebody else with the same key makes it theirs.
    """

    def __init__(
        self,
        client: ChainhooksClient,
        contracts: Contracts,
        *,
        network: str,
        url: str,
        accept: Callable[[str], None],
        alerts: Alerts,
    ) -> None:
        self._client = client
        self._definition = definition(contracts, network=network, url=url)
        self._accept = accept
        self._alerts = alerts
        self._name = self._definition["name"]
        self._corrections: deque[bool] = deque(maxlen=_REMEMBERED)

    async def run(self) -> None:
        """Look after the hook until cancelled."""
        while True:
            pause = CHECK_SECONDS
            try:
                await self.check()
            except (ApiError, PyMongoError) as error:
                _LOG.warning("hook_unchecked", error=str(error))
                pause = RETRY_SECONDS
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - jitter

    async def check(self) -> Hook:
        """Make the hook what it should be, and return it. Raises an ApiError, and database errors."""
        self._accept(await self._client.secret() or await self._client.rotate_secret())
        ours = [hook for hook in await self._client.hooks() if hook.definition.get("name") == self._name]
        for spare in ours[1:]:
            await self._delete(spare, "spare")
        if not ours:
            return await self._register()
        wrong = self._wrong_parts(ours[0])
        hook = await self._corrected(ours[0], wrong)
        await self._watch(ours[0], wrong)
        return hook

    def _wrong_parts(self, hook: Hook) -> list[str]:
        found, wanted = hook.definition, self._definition
        fixed = [part for part in _FIXED if found.get(part) != wanted[part]]
        return fixed + [part for part in _CHANGEABLE if not _says(found.get(part), wanted[part])]

    async def _corrected(self, hook: Hook, wrong: Sequence[str]) -> Hook:
        if any(part in _FIXED for part in wrong):
            await self._delete(hook, "of another network")
            return await self._register()
        if wrong:
            _LOG.warning("hook_corrected", hook=hook.uuid, wrong=wrong, found_url=hook.url)
            hook = await self._client.update(hook.uuid, {part: self._definition[part] for part in _CHANGEABLE})
        if not hook.enabled or hook.status in _STOPPED:
            _LOG.warning("hook_enabled_again", hook=hook.uuid, status=hook.status)
            await self._client.enable(hook.uuid)
        return hook

    async def _register(self) -> Hook:
        hook = await self._client.register(self._definition)
        _LOG.info("hook_registered", hook=hook.uuid, url=hook.url)
        return hook

    async def _delete(self, hook: Hook, why: str) -> None:
        _LOG.warning("hook_deleted", hook=hook.uuid, why=why, found_url=hook.url)
        await self._client.delete(hook.uuid)

    async def _watch(self, found: Hook, wrong: Sequence[str]) -> None:
        """Raise an alert when the hook was found changed again and again, and close it when it is left alone."""
        self._corrections.append(bool(wrong))
        times = sum(self._corrections)
        if wrong and times >= _CONTESTED:
            message = "Somebody else changes our hook again and again: probably another BitPay with the same API key."
            details = {"hook": found.uuid, "foundUrl": found.url, "ourUrl": self._definition["action"]["url"]}
            await self._alerts.raise_once(CONTESTED, message, wrong=list(wrong), **details)
        elif not times and len(self._corrections) == _REMEMBERED:
            await self._alerts.close(CONTESTED)


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
