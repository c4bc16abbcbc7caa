"""A contract as a party: it may be called by anybody, and what it then does is its own, with its own money.

`agent.core_cancel_stream(1, by=mallory)`: mallory signs, the agent passes the call on, so it is `contract-caller`.
`agent.own_core_...`: the agent is also who pays (`tx-sender`).
"""

import pytest
from tests.contracts.governance import TIMELOCK, decided, propose
from tests.contracts.stand_ins import router_source
from tests.contracts.world import FUNDS, Account, Contract, World, schedule, terms

from bitpay.protocol.ids import NAMES

PURSE = 1_000_000


@pytest.fixture
def mallory(world: World) -> Account:
    """Somebody who has no part in anything."""
    return world.mallory


@pytest.fixture
def agent(world: World, mallory: Account) -> Contract:
    """A contract with a purse that passes on whatever it is told."""
    world.deploy("agent", router_source([world.contract(name) for name in NAMES]), by=mallory)
    agent = world.contract("agent", by=mallory)
    world.sbtc.transfer(PURSE, world.erin, agent, None, by=world.erin)
    return agent


def test_what_a_contract_cancels_comes_back_to_it(
    world: World, agent: Contract, bob: Account, mallory: Account
) -> None:
    stream = agent.own_core_open_stream(bob, 100_000, schedule(), terms(), by=mallory)
    assert world.told("stream-created")["sender"] == agent.address
    world.pass_seconds(40)

    cancelled = agent.core_cancel_stream(stream, by=mallory)

    assert cancelled == {"refunded": 60_000, "vested": 40_000}
    assert world.told("stream-cancelled")["sender"] == agent.address
    assert world.balance(agent.address) == PURSE - 100_000 - 100 + 60_000
    assert world.balance(mallory) == FUNDS


def test_a_contract_gives_up_tops_up_and_hands_over(
    world: World, agent: Contract, bob: Account, mallory: Account
) -> None:
    stream = agent.own_core_open_stream(bob, 100_000, schedule(), terms(), by=mallory)

    agent.core_renounce_cancel(stream, by=mallory)
    assert world.told("stream-renounced")["sender"] == agent.address
    agent.own_core_top_up_stream(stream, 1_000, by=mallory)
    assert world.told("stream-topped-up")["sender"] == agent.address
    agent.core_propose_sender(stream, bob, by=mallory)
    assert world.told("sender-proposed")["sender"] == agent.address
    world.core.accept_sender(stream, by=bob)
    world.core.propose_sender(stream, agent, by=bob)
    agent.core_accept_sender(stream, by=mallory)
    assert world.told("sender-changed")["new-sender"] == agent.address
    assert world.core.get_stream(stream)["sender"] == agent.address


def test_a_contract_that_only_passes_a_top_up_on_does_not_pay_for_it(
    world: World, agent: Contract, bob: Account, mallory: Account
) -> None:
    stream = agent.own_core_open_stream(bob, 100_000, schedule(), terms(), by=mallory)
    before = world.balance(agent.address)

    agent.core_top_up_stream(stream, 10_000, by=mallory)

    assert world.told("stream-topped-up")["sender"] == agent.address
    assert world.balance(agent.address) == before
    assert world.balance(mallory) == FUNDS - 10_000 - 10


def test_a_contract_is_paid_and_passes_its_right_on(
    world: World, agent: Contract, alice: Account, carol: Account, mallory: Account
) -> None:
    stream = world.open(alice, agent.address, 100_000)
    world.pass_seconds(10)

    assert agent.core_withdraw_to(stream, 4_000, carol, by=mallory) == 4_000
    assert {name: world.told("stream-withdrawal")[name] for name in ("holder", "to", "by")} == {
        "holder": agent.address,
        "to": carol.address,
        "by": agent.address,
    }
    assert agent.core_withdraw_and_transfer(stream, carol, by=mallory) == 6_000
    assert {name: world.told("stream-withdrawal")[name] for name in ("holder", "to", "by")} == {
        "holder": agent.address,
        "to": agent.address,
        "by": agent.address,
    }
    assert world.balance(agent.address) == PURSE + 6_000
    assert world.obligations.get_owner(stream) == carol.address


def test_a_contract_burns_its_token(world: World, agent: Contract, alice: Account, mallory: Account) -> None:
    stream = world.open(alice, agent.address, 100_000)
    world.pass_seconds(100)
    world.core.withdraw_from_stream(stream, by=alice)

    agent.core_burn_obligation(stream, by=mallory)

    assert world.told("obligation-burned")["holder"] == agent.address


def test_a_contract_sells_by_listing(world: World, agent: Contract, alice: Account, mallory: Account) -> None:
    stream = world.open(alice, agent.address, 100_000, start=world.time + 50)

    listing = agent.marketplace_list_stream(stream, 9_000, None, by=mallory)
    assert world.told("listing-created")["seller"] == agent.address
    agent.marketplace_update_listing(listing, 8_000, by=mallory)
    assert world.told("listing-updated")["seller"] == agent.address
    agent.marketplace_cancel_listing(listing, by=mallory)
    assert world.told("listing-cancelled")["seller"] == agent.address
    listing = agent.marketplace_list_stream(stream, 8_000, None, by=mallory)
    world.marketplace.purchase_stream(listing, 8_000, 1, True, by=mallory)
    assert world.balance(agent.address) == PURSE + 8_000 - 20
    assert world.obligations.get_owner(stream) == mallory.address


def test_whoever_signs_buys_through_a_contract(
    world: World, agent: Contract, alice: Account, bob: Account, mallory: Account
) -> None:
    stream = world.open(alice, bob, 100_000, start=world.time + 50)
    listing = world.marketplace.list_stream(stream, 8_000, None, by=bob)

    agent.marketplace_purchase_stream(listing, 8_000, 1, True, by=mallory)

    assert world.told("listing-sold")["buyer"] == mallory.address
    assert world.obligations.get_owner(stream) == mallory.address
    assert (world.balance(mallory), world.balance(agent.address)) == (FUNDS - 8_000, PURSE)


def test_whoever_signs_hands_on_through_a_contract(
    world: World, agent: Contract, alice: Account, bob: Account, mallory: Account
) -> None:
    stream = world.open(alice, bob, 100_000)
    with world.refused("obligation-nft", "NOT_OWN_CALL"):
        agent.obligation_nft_transfer(stream, bob, mallory, by=mallory)

    agent.obligation_nft_transfer(stream, bob, mallory, by=bob)

    assert world.obligations.get_owner(stream) == mallory.address


def test_nobody_buys_their_own_through_a_contract(
    world: World, agent: Contract, alice: Account, bob: Account, mallory: Account
) -> None:
    stream = world.open(alice, bob, 100_000, start=world.time + 50)
    listing = world.marketplace.list_stream(stream, 8_000, None, by=bob)
    with world.refused("marketplace", "OWN_TRADE"):
        agent.marketplace_purchase_stream(listing, 8_000, 1, True, by=bob)

    stream = world.open(alice, agent.address, 100_000, start=world.time + 50)
    listing = agent.marketplace_list_stream(stream, 8_000, None, by=mallory)
    with world.refused("marketplace", "OWN_TRADE"):
        agent.own_marketplace_purchase_stream(listing, 8_000, 1, True, by=mallory)


def test_a_contract_sells_to_an_offer(
    world: World, agent: Contract, alice: Account, carol: Account, mallory: Account
) -> None:
    stream = world.open(alice, agent.address, 100_000, start=world.time + 50)
    offer = world.marketplace.make_offer(stream, 8_000, 1, True, world.time + 60, by=carol)

    agent.marketplace_accept_offer(offer, by=mallory)

    assert world.told("offer-accepted")["seller"] == agent.address
    assert world.balance(agent.address) == PURSE + 8_000 - 20
    assert world.balance(mallory) == FUNDS
    assert world.obligations.get_owner(stream) == carol.address


def test_a_contract_takes_its_offer_back(
    world: World, agent: Contract, alice: Account, bob: Account, mallory: Account
) -> None:
    stream = world.open(alice, bob, 100_000)
    offer = agent.own_marketplace_make_offer(stream, 8_000, 1, True, world.time + 60, by=mallory)
    assert world.told("offer-made")["buyer"] == agent.address
    assert world.balance(agent.address) == PURSE - 8_000

    agent.marketplace_cancel_offer(offer, by=mallory)

    assert world.told("offer-cancelled")["by"] == agent.address
    assert (world.balance(mallory), world.balance(agent.address)) == (FUNDS, PURSE)


def test_a_contract_does_not_trade_with_itself(
    world: World, agent: Contract, alice: Account, bob: Account, mallory: Account
) -> None:
    stream = world.open(alice, bob, 100_000)
    offer = agent.own_marketplace_make_offer(stream, 8_000, 1, True, world.time + 60, by=mallory)
    world.obligations.transfer(stream, bob, agent, by=bob)

    with world.refused("marketplace", "OWN_TRADE"):
        agent.marketplace_accept_offer(offer, by=mallory)


def test_a_contract_governs(world: World, agent: Contract, mallory: Account) -> None:
    decided(world, "add_admin", agent)

    proposal = agent.treasury_propose_limit(1, by=mallory)
    assert world.told("proposal-created")["proposer"] == agent.address
    assert world.treasury.has_approved(proposal, agent)
    agent.treasury_revoke_approval(proposal, by=mallory)
    assert world.told("approval-revoked")["admin"] == agent.address
    agent.treasury_approve_proposal(proposal, by=mallory)
    assert world.told("proposal-approved")["admin"] == agent.address
    agent.treasury_cancel_proposal(proposal, by=mallory)
    assert world.told("proposal-cancelled")["by"] == agent.address

    proposal = propose(world, "limit", 2)
    agent.treasury_approve_proposal(proposal, by=mallory)
    world.pass_seconds(TIMELOCK)
    agent.treasury_execute_proposal(proposal, by=mallory)
    assert world.told("proposal-executed")["by"] == agent.address
    agent.access_control_pause(by=mallory)
    assert world.told("paused")["by"] == agent.address
