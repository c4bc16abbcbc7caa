"""Our hook at a real registration API: made once, corrected, enabled again after an interruption."""

from collections.abc import AsyncIterator

import httpx
import pytest
from tests.instance import CONTROL_TOKEN, LiveInstance

from bitpay.chainhook.registration import CONTESTED, OPTIONS, HookKeeper
from bitpay.ledger.alerts import Alerts
from bitpay.protocol.ids import NAMES
from bitpay.stacks.client.chainhooks import ChainhooksClient, Hook
from bitpay.stacks.client.errors import ApiError
from bitpay.store import Database

URL = "http://127.0.0.1:9/hear"


class Keeping:
    """A keeper of a hook of its own beside the one of the running instance."""

    def __init__(self, client: ChainhooksClient, live: LiveInstance, name: str, alerts: Alerts) -> None:
        self.client, self.live, self.name, self.alerts = client, live, name, alerts
        self.secrets: list[str] = []

    def keeper(self, url: str = URL) -> HookKeeper:
        accept, alerts = self.secrets.append, self.alerts
        keeper = HookKeeper(self.client, self.live.contracts, network="testnet", url=url, accept=accept, alerts=alerts)
        keeper._name = self.name
        keeper._definition = {**keeper._definition, "name": self.name}
        return keeper

    async def check(self, url: str = URL) -> Hook:
        return await self.keeper(url).check()

    async def mine(self) -> list[Hook]:
        return [hook for hook in await self.client.hooks() if hook.definition["name"] == self.name]


@pytest.fixture
async def keeping(live: LiveInstance, database: Database, request: pytest.FixtureRequest) -> AsyncIterator[Keeping]:
    async with ChainhooksClient(live.chain_url, api_key=CONTROL_TOKEN) as client:
        keeping = Keeping(client, live, f"hook of {request.node.name}", Alerts(database))
        yield keeping
        for hook in await keeping.mine():
            await client.delete(hook.uuid)


async def test_one_hook_hears_all_contracts(keeping: Keeping) -> None:
    first, second = await keeping.check(), await keeping.check()
    assert first.uuid == second.uuid
    assert first.enabled
    heard = [event["contract_identifier"].partition(".")[2] for event in first.definition["filters"]["events"]]
    assert heard == list(NAMES)
    assert len(set(keeping.secrets)) == 1, "the secret is asked for, not made anew each time"


async def test_a_hook_that_points_elsewhere_is_corrected(keeping: Keeping) -> None:
    await keeping.check()
    await keeping.check(f"{URL}/again")
    [hook] = await keeping.mine()
    assert hook.definition["action"]["url"] == f"{URL}/again"


@pytest.mark.parametrize("options", [{"include_block_metadata": True}, {**OPTIONS, "expire_after_occurrences": 1}])
async def test_a_hook_with_other_options_is_corrected(keeping: Keeping, options: dict[str, object]) -> None:
    first = await keeping.check()
    await keeping.client.update(first.uuid, {"options": options})
    await keeping.check()
    [hook] = await keeping.mine()
    assert (hook.uuid, hook.definition["options"]) == (first.uuid, OPTIONS)


async def test_a_hook_of_another_network_is_replaced(keeping: Keeping) -> None:
    first = await keeping.check()
    elsewhere = Hook(first.uuid, {**first.definition, "network": "mainnet"}, first.status, enabled=True)
    keeper = keeping.keeper()
    await keeper._corrected(elsewhere, keeper._wrong_parts(elsewhere))
    [hook] = await keeping.mine()
    assert (hook.uuid != first.uuid, hook.definition["network"]) == (True, "testnet")


async def test_two_who_take_the_hook_from_each_other_are_told_of(
    keeping: Keeping, capsys: pytest.CaptureFixture[str]
) -> None:
    ours, theirs = keeping.keeper(), keeping.keeper(f"{URL}/theirs")
    await theirs.check()
    for _ in range(3):
        assert await keeping.alerts.open() == []
        await ours.check()
        await keeping.client.update((await keeping.mine())[0].uuid, {"action": theirs._definition["action"]})
    [alert] = await keeping.alerts.open()
    assert alert["kind"] == CONTESTED
    assert (alert["details"]["foundUrl"], alert["details"]["ourUrl"]) == (f"{URL}/theirs", URL)
    assert capsys.readouterr().err.count("hook_corrected") == 3
    for _ in range(11):
        await ours.check()
    assert await keeping.alerts.open() == [], "it was left alone for long enough"


async def test_defaults_that_are_spelled_out_are_no_difference(keeping: Keeping) -> None:
    first = await keeping.check()
    spelled = {**OPTIONS, "include_contract_abi": False, "expire_after_occurrences": None}
    await keeping.client.update(first.uuid, {"options": spelled})
    await keeping.check()
    [hook] = await keeping.mine()
    assert hook.definition["options"] == spelled, "it is left alone"


@pytest.mark.parametrize("action", [{}, {"action": {"type": "http_post"}}, {"action": "none"}, {"action": {"url": 3}}])
def test_a_hook_whose_deliveries_go_nowhere_has_no_url(action: dict[str, object]) -> None:
    assert Hook("one", {"name": "ours", **action}, "new", enabled=False).url is None


async def test_an_interrupted_hook_is_enabled_again(keeping: Keeping) -> None:
    hook = await keeping.check()
    await keeping.client.enable(hook.uuid, enabled=False)
    await keeping.check()
    [hook] = await keeping.mine()
    assert hook.enabled


async def test_spare_hooks_are_removed(keeping: Keeping) -> None:
    await keeping.check()
    [hook] = await keeping.mine()
    await keeping.client.register(hook.definition)
    await keeping.check()
    assert len(await keeping.mine()) == 1


async def test_without_the_key_nothing_is_done(live: LiveInstance) -> None:
    async with ChainhooksClient(live.chain_url, api_key="wrong") as client:
        with pytest.raises(ApiError):
            await client.hooks()


async def test_the_instance_hears_of_its_streams_by_its_own_hook(live: LiveInstance) -> None:
    before = await occurrences(live)
    await live.open_stream()
    assert await occurrences(live) > before


async def occurrences(live: LiveInstance) -> int:
    async with httpx.AsyncClient(base_url=live.chain_url, headers={"x-api-key": CONTROL_TOKEN}) as http:
        hooks = (await http.get("/chainhooks/me")).json()["results"]
    [ours] = [hook for hook in hooks if hook["definition"]["name"] == f"bitpay {live.contracts.deployer}"]
    return int(ours["status"]["occurrence_count"])
