"""A configured instance looks after its own hook, and believes the secrets that its settings name."""

import asyncio
from typing import Any

import pytest
from tests.instance import HOOK_SECRET, TOKEN_SECRET, LiveInstance

from bitpay.app import House
from bitpay.foundation import hooks_client
from bitpay.kit.errors import Unauthenticated
from bitpay.kit.settings import Settings
from bitpay.kit.tasks import running

NEW_SECRET = "the secret that takes over, long enough"
MAINNET: dict[str, Any] = {
    "network": "mainnet",
    "deployer": "SP2J6ZY48GV1EZ5V2V5RB9MP66SW86PYKKNRV9EJ7",
    "mongodb_url": "mongodb://127.0.0.1:1",
    "public_url": "https://bitpay.example",
    "stacks_api_key": "a key of this test",
    "chainhook_secrets": [NEW_SECRET, HOOK_SECRET],
    "token_secret": TOKEN_SECRET,
}


async def test_a_running_instance_enables_its_hook_when_it_finds_it_stopped(live: LiveInstance) -> None:
    house = House(live.settings)
    async with hooks_client(live.settings) as client:
        [ours] = [hook for hook in await client.hooks() if live.contracts.deployer in hook.definition["name"]]
        await client.enable(ours.uuid, enabled=False)
        async with running({"hook": house.tasks()["hook"]}), asyncio.timeout(30):
            while not next(hook for hook in await client.hooks() if hook.uuid == ours.uuid).enabled:
                await asyncio.sleep(0.05)
        [found] = [hook for hook in await client.hooks() if live.contracts.deployer in hook.definition["name"]]
    assert (found.uuid, found.status, found.definition) == (ours.uuid, "streaming", ours.definition)
    await house.close()


async def test_a_public_networks_hook_is_kept_where_the_settings_say() -> None:
    without, with_hooks = (House(Settings(**{**MAINNET, "chainhooks_url": url})) for url in ("", "https://api.example"))
    assert "hook" not in without.tasks()
    assert "hook" in with_hooks.tasks()
    for house in (without, with_hooks):
        await house.close()


async def test_both_secrets_of_a_rotation_open_the_webhook_and_no_other() -> None:
    house = House(Settings(**MAINNET))
    for secret in (NEW_SECRET, HOOK_SECRET):
        house.secrets.check({"authorization": f"Bearer {secret}"})
        house.secrets.check({"x-chainhook-consumer-secret": secret})
    with pytest.raises(Unauthenticated):
        house.secrets.check({"authorization": f"Bearer {TOKEN_SECRET}"})
    house.secrets.accept("what the sender says that it uses now")
    house.secrets.check({"authorization": "Bearer what the sender says that it uses now"})
    house.secrets.check({"authorization": f"Bearer {NEW_SECRET}"})
    await house.close()
