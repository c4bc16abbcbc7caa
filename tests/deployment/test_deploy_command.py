"""`bitpay deploy` as an operator runs it: against a real chain, against none, and against the wrong one."""

import json

import pytest
from tests.deployment.site import DEPLOYER, KEY, STX, Ended, Site

from bitpay.kit.processes import free_port
from bitpay.stacks.network import Network


def refused(ended: Ended, sentence: str) -> None:
    """Check that the command ended with one sentence, and says nothing of itself or the key."""
    assert ended.code == 1
    assert sentence in ended.err
    assert len(ended.err.strip().splitlines()) == 1, ended.err
    for secret in ("Traceback", KEY.to_bytes().hex(), KEY.to_bytes().hex()[:32]):
        assert secret not in ended.out + ended.err


async def test_a_killed_command_goes_on_when_it_is_run_again(site: Site) -> None:
    argv = ("--key-file", str(site.key_file), "--yes", "--json")
    process = await site.begin(*argv)
    await site.wait_until_waiting(7)
    process.kill()
    await process.communicate()
    async with site.mining():
        ended = await site.deploy(*argv)
    assert ended.code == 0, ended
    report = json.loads(ended.out)
    assert report["verified"]
    assert [cost["what"] for cost in report["sent"]] == ["finalize"]
    assert await site.sent() == 8
    settings = report["settings"]
    assert settings["BITPAY_DEPLOYER"] == DEPLOYER
    assert settings["BITPAY_STACKS_API_URL"] == site.url
    first = await site.client.full_block(int(settings["BITPAY_START_HEIGHT"]))
    assert any(tx.contract_id == f"{DEPLOYER}.bitpay-access-control" for tx in first.transactions)
    await anybody_can_verify(site, settings)


async def anybody_can_verify(site: Site, settings: dict[str, str]) -> None:
    """Verify without a key, with the plan and with another one."""
    ended = await site.deploy("--verify", DEPLOYER)
    assert ended.code == 0, ended
    assert [f"{name}={value}" for name, value in settings.items()] == ended.out.splitlines()[-len(settings) :]
    other = await site.deploy("--verify", DEPLOYER, "--operator", DEPLOYER)
    assert other.code == 1
    assert f"≠ is-operator '{DEPLOYER}: false, planned: true" in other.out
    assert await site.sent() == 8


async def test_what_nobody_deployed_is_missing(site: Site) -> None:
    ended = await site.deploy("--verify", DEPLOYER, "--json")
    report = json.loads(ended.out)
    assert (ended.code, report["verified"]) == (1, False)
    assert {finding["found"] for finding in report["findings"]} == {"missing"}
    assert "BITPAY_START_HEIGHT" not in report["settings"]


async def test_nothing_is_spent_before_the_costs_are_confirmed(site: Site) -> None:
    ended = await site.deploy("--key-file", str(site.key_file))
    assert ended.code == 1
    assert "together" in ended.err
    assert await site.sent() == 0
    assert (await site.client.account(DEPLOYER)).balance == STX


async def test_an_api_that_does_not_answer(site: Site) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    argv = ("--key-file", str(site.key_file), "--yes", "--api", nowhere)
    refused(await site.deploy(*argv), "The Stacks API does not answer: 127.0.0.1: ConnectError")
    ended = await site.deploy(*argv, "--json")
    assert json.loads(ended.out)["error"]["code"] == "unavailable"


async def test_an_account_without_money(site: Site) -> None:
    poor = site.folder / "poor"
    poor.write_text("17" * 32)
    poor.chmod(0o600)
    ended = await site.deploy("--key-file", str(poor), "--yes", "--json")
    assert "are needed for the fees" in json.loads(ended.out)["error"]["message"]


async def test_a_node_of_another_network(site: Site) -> None:
    admin = KEY.address(Network.MAINNET)
    argv = ("--network", "mainnet", "--verify", admin)
    ended = await site.deploy(*argv, plan=["--threshold", "1", "--admin", admin])
    refused(ended, "The node is of another network: its chain id is 0x80000000, not 0x1.")


@pytest.mark.parametrize(
    ("sbtc", "sentence"),
    [
        ("nonsense", "'nonsense' is no contract id"),
        (DEPLOYER, "is an account, so it cannot be sBTC"),
        (f"{DEPLOYER}.nothing", "The node says that sBTC is"),
    ],
)
async def test_sbtc_that_is_none(site: Site, sbtc: str, sentence: str) -> None:
    refused(await site.deploy("--key-file", str(site.key_file), "--yes", "--sbtc", sbtc), sentence)
    assert await site.sent() == 0
