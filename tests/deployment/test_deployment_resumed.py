"""A deployment that was interrupted goes on where it was: on a real chain, every transaction is sent once."""

import asyncio
import contextlib

import pytest
from tests.deployment.site import DEPLOYER, PLAN, Site

from bitpay.deployment import Deployment
from bitpay.kit.errors import Unavailable
from bitpay.stacks.client import ApiUnavailable, StacksClient

TRANSACTIONS = 8
"""Seven contracts and the finalisation."""


class Severed(StacksClient):
    """Loses the connection after so many transactions have arrived, before the answer to the last one."""

    left = 0

    async def broadcast(self, raw: bytes) -> str:
        txid = await super().broadcast(raw)
        self.left -= 1
        if self.left == 0:
            raise ApiUnavailable("the connection was lost")
        return txid


async def finish(site: Site, deployment: Deployment) -> list[str]:
    """Run the deployment to its end while blocks come, and check that everything is there once."""
    said: list[str] = []
    async with site.mining():
        await deployment.run(PLAN, said.append)
    assert await site.sent() == TRANSACTIONS
    assert [finding for finding in await deployment.verification.findings(PLAN) if not finding.agrees] == []
    assert await deployment.costs(PLAN, said.append) == []
    return said


async def test_interrupted_between_broadcast_and_block(site: Site) -> None:
    task = asyncio.create_task(site.deployment().run(PLAN, lambda _: None))
    await site.wait_until_waiting(7)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    said = await finish(site, site.deployment())
    assert said == [f"Waiting for earlier transactions of {DEPLOYER}, nonces 0 to 6", "Finalising"]


@pytest.mark.parametrize("arrived", [1, 4, 8])
async def test_interrupted_while_sending(site: Site, arrived: int) -> None:
    async with Severed(site.url) as client, site.mining() if arrived > 7 else contextlib.nullcontext():
        client.left = arrived
        with pytest.raises(ApiUnavailable, match="was lost"):
            await site.deployment(client).run(PLAN, lambda _: None)
    await finish(site, site.deployment())


async def test_other_transactions_of_the_deployer_are_waited_for_and_counted(site: Site) -> None:
    await site.transfer(nonce=0)
    said: list[str] = []
    async with site.mining():
        await site.deployment().run(PLAN, said.append)
    assert await site.sent() == 1 + TRANSACTIONS
    assert said[0] == f"Waiting for earlier transactions of {DEPLOYER}, nonces 0 to 0"


async def test_the_costs_are_told_of_what_is_missing_only(site: Site) -> None:
    task = asyncio.create_task(site.deployment().run(PLAN, lambda _: None))
    await site.wait_until_waiting(7)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    async with site.mining():
        assert [cost.what for cost in await site.deployment().costs(PLAN, lambda _: None)] == ["finalize"]


async def test_a_transaction_that_does_not_get_into_a_block_is_named(site: Site) -> None:
    txid = await site.transfer(nonce=0, fee=407)
    with pytest.raises(Unavailable, match=rf"{txid} of {DEPLOYER}, nonce 0, fee 407 micro-STX, still waits"):
        await site.deployment(patience=0.3).run(PLAN, lambda _: None)
    assert await site.waiting() == 1
    await site.transfer(nonce=0, fee=500)
    await site.control.mine(1)
    async with site.mining():
        await site.deployment().run(PLAN, lambda _: None)
    assert await site.sent() == 1 + TRANSACTIONS


async def test_a_nonce_that_nobody_has_sent_is_named(site: Site) -> None:
    txid = await site.transfer(nonce=2)
    with pytest.raises(Unavailable, match=rf"with nonce 0, which has to come first; there waits: {txid} \(nonce 2\)"):
        await site.deployment(patience=0.3).costs(PLAN, lambda _: None)
    assert await site.waiting() == 1


async def test_a_stuck_deployment_says_what_it_waits_for(site: Site) -> None:
    with pytest.raises(Unavailable, match=r"nonce 0, .* still waits .* sends nothing twice"):
        await site.deployment(patience=3.0).run(PLAN, lambda _: None)
    await finish(site, site.deployment())
