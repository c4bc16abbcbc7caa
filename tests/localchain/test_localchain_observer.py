"""An event observer hears every block, in order, whatever happens to it and to the chain meanwhile."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.localchain.accounts import Account
from tests.localchain.contracts import COUNTER, PAYER
from tests.localchain.house import House, serving
from tests.localchain.receiver import Receiver, listening

from bitpay.chainhook.deliveries import read_arrival
from bitpay.localchain.chain import Genesis
from bitpay.localchain.hooks import feed
from bitpay.localchain.hooks.given import GivenHook
from bitpay.stacks.clarity import principal
from bitpay.stacks.model import TransactionStatus
from bitpay.stacks.post_conditions import Compare, StxPostCondition


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening() as receiver:
        yield receiver


@pytest.fixture
def genesis(alice: Account) -> Genesis:
    return Genesis(stx={alice.address: 10**12})


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "PATIENCE", replace(feed.PATIENCE, first_pause=0.001, longest_pause=0.002, timeout=60))


def observed(receiver: Receiver) -> list[GivenHook]:
    return [GivenHook("observer", receiver.url)]


def heard(receiver: Receiver) -> list[dict[str, Any]]:
    told = zip(receiver.paths, receiver.documents, strict=True)
    return [document for path, document in told if path == "/new_block"]


async def heights_after(receiver: Receiver, count: int) -> list[int]:
    """Wait for `count` blocks and return the heights of all that were heard."""
    async with asyncio.timeout(20):
        while len(heard(receiver)) < count:
            await asyncio.sleep(0.01)
    return [block["block_height"] for block in heard(receiver)]


async def kept(folder: Path, height: int) -> None:
    """Wait until it is on disk that the observer has taken the block at a height."""
    async with asyncio.timeout(20):
        while [places[0][0] for places in json.loads((folder / "observers.json").read_text()).values()] != [height]:
            await asyncio.sleep(0.01)


def names(house: House, first: int) -> list[str]:
    archive = house.service.chain.archive
    return [block.header.hash for block in archive.blocks(first, archive.tip.height)]


async def attempts_after(receiver: Receiver, count: int) -> None:
    async with asyncio.timeout(20):
        while receiver.attempts < count:
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("refusal", [204, 302, 500])
async def test_an_observer_is_never_given_up_and_only_200_counts(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, refusal: int
) -> None:
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        receiver.answer = refusal
        await house.control("mine", count=3)
        await attempts_after(receiver, 30)
        assert house.service.chain.archive.tip.height == 4
        receiver.answer = 200
        assert await heights_after(receiver, 3) == [2, 3, 4]


async def test_after_a_restart_an_observer_hears_what_it_has_not_heard(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account
) -> None:
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.control("mine")
        await heights_after(receiver, 1)
        receiver.answer = 503
        await house.mined(alice.deploy("counter", COUNTER))
        await house.control("mine")
        await attempts_after(receiver, 2)
    receiver.answer = 200
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        assert await heights_after(receiver, 3) == [2, 3, 4]
        [deployed] = heard(receiver)[1]["transactions"]
        assert "increment" in {one["name"] for one in deployed["contract_interface"]["functions"]}
        await kept(tmp_path, 4)
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.control("mine")
        assert await heights_after(receiver, 4) == [2, 3, 4, 5]


async def test_a_new_observer_begins_with_the_next_block(receiver: Receiver, tmp_path: Path, genesis: Genesis) -> None:
    async with serving(tmp_path, genesis) as house:
        await house.control("mine", count=3)
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.control("mine")
        assert await heights_after(receiver, 1) == [5]


async def test_after_a_reorganisation_an_observer_hears_the_new_blocks(
    receiver: Receiver, tmp_path: Path, genesis: Genesis
) -> None:
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.control("mine", count=4)
        await heights_after(receiver, 4)
        await house.control("reorg", depth=2)
        assert await heights_after(receiver, 7) == [2, 3, 4, 5, 4, 5, 6]
        assert [block["index_block_hash"] for block in heard(receiver)[4:]] == names(house, 4)
        assert heard(receiver)[4]["parent_index_block_hash"] == heard(receiver)[1]["index_block_hash"]


async def test_an_observer_that_is_away_during_reorganisations_ends_on_the_chain(
    receiver: Receiver, tmp_path: Path, genesis: Genesis
) -> None:
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.control("mine", count=4)
        await heights_after(receiver, 4)
        receiver.answer = 503
        await house.control("mine")
        await attempts_after(receiver, 6)
        for depth in (2, 4):
            await house.control("reorg", depth=depth)
        receiver.answer = 200
        # the block that was being delivered, a block of the past by now, and then all those that are there
        await heights_after(receiver, 10)
        assert [block["index_block_hash"] for block in heard(receiver)[5:]] == names(house, 4)


@pytest.mark.parametrize("depth", [1, 5, 9])
async def test_what_was_replaced_out_of_an_observers_sight_is_told_when_it_is_back(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, depth: int
) -> None:
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.control("mine", count=10)
        await kept(tmp_path, 11)
    async with serving(tmp_path, genesis) as house:
        await house.control("reorg", depth=depth)
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await kept(tmp_path, 12)
        told = {block["block_height"]: block["index_block_hash"] for block in heard(receiver)}
        assert [told[height] for height in sorted(told)] == names(house, 2)


async def test_what_post_conditions_undid_is_told_as_not_committed_and_not_believed(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account, bob: Account
) -> None:
    payer = f"{alice.address}.payer"
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.mined(alice.deploy("payer", PAYER))
        pay = [principal(bob.address)]
        good = alice.call(payer, "pay", pay)
        bad = alice.call(payer, "pay", pay, [StxPostCondition(None, Compare.EQ, 9)])
        paid, undone, again = await house.mined(good, bad, alice.call(payer, "pay", pay))
        await heights_after(receiver, 2)
        shown = await house.get(f"/extended/v3/transactions/{undone}")
        logs = await house.get(f"/extended/v2/smart-contracts/{payer}/logs")
    block = heard(receiver)[1]
    told = [(event["txid"], event["type"], event["committed"], event["event_index"]) for event in block["events"]]
    kinds = ("contract_event", "stx_transfer_event")
    assert [one[:3] for one in told] == [
        (txid, kind, txid != undone) for txid in (paid, undone, again) for kind in kinds
    ]
    assert [one[3] for one in told] == list(range(6))
    assert (shown["status"], shown["event_count"]) == ("abort_by_post_condition", 0)
    assert {one["tx_id"] for one in logs["results"]} == {paid, again}
    [read] = read_arrival(block).blocks
    assert [(receipt.txid, receipt.status, len(receipt.events)) for receipt in read.transactions] == [
        (paid, TransactionStatus.SUCCESS, 1),
        (undone, TransactionStatus.ABORT_BY_POST_CONDITION, 0),
        (again, TransactionStatus.SUCCESS, 1),
    ]


async def test_what_post_conditions_undid_is_still_known_after_a_restart(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account, bob: Account
) -> None:
    receiver.answer = 503
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.mined(alice.deploy("payer", PAYER))
        forbidden = [StxPostCondition(None, Compare.EQ, 9)]
        await house.mined(alice.call(f"{alice.address}.payer", "pay", [principal(bob.address)], forbidden))
    receiver.answer = 200
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await heights_after(receiver, 2)
        assert (await house.get(f"/extended/v3/principals/{bob.address}/balances/stx"))["balance"] == "0"
    assert [event["committed"] for event in heard(receiver)[1]["events"]] == [False, False]


async def test_what_was_held_back_comes_when_the_habits_change(
    receiver: Receiver, tmp_path: Path, genesis: Genesis
) -> None:
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.control("misbehave", habits={"reorder": 1.0})
        await house.control("mine", count=3)
        assert await heights_after(receiver, 2) == [3, 2]
        await house.control("misbehave", habits={})
        assert await heights_after(receiver, 3) == [3, 2, 4]
        await house.control("mine")
        assert await heights_after(receiver, 4) == [3, 2, 4, 5]


async def test_what_is_held_back_at_the_end_comes_after_the_restart(
    receiver: Receiver, tmp_path: Path, genesis: Genesis
) -> None:
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.control("misbehave", habits={"reorder": 1.0})
        await house.control("mine", count=3)
        await kept(tmp_path, 3)
    async with serving(tmp_path, genesis, given=observed(receiver)):
        assert await heights_after(receiver, 3) == [3, 2, 4]


async def test_a_partial_block_lacks_transactions_with_their_events(
    receiver: Receiver, tmp_path: Path, genesis: Genesis, alice: Account, bob: Account
) -> None:
    async with serving(tmp_path, genesis, given=observed(receiver)) as house:
        await house.control("misbehave", habits={"partial": 1.0, "seed": 5})
        mined = [await house.mined(*(alice.transfer(bob.address, 1) for _ in range(count))) for count in (1, 1, 1, 4)]
        await heights_after(receiver, 4)
    for block, txids in zip(heard(receiver), mined, strict=True):
        left = [one["txid"] for one in block["transactions"]]
        assert len(left) < len(txids)
        assert [event["txid"] for event in block["events"]] == left
