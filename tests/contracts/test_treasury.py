from typing import Any

import pytest
from tests.contracts.governance import LIFETIME, TIMELOCK, approved, decided, propose, ripe
from tests.contracts.world import FUNDS, Account, World

from bitpay.stacks.clarity import UINT_MAX

MAX_SATS = 2_100_000_000_000_000
BTC = 100_000_000
DAY = 86_400


@pytest.fixture
def rich(world: World, alice: Account, bob: Account) -> World:
    """A world whose treasury has taken 10 BTC of fees."""
    world.vm.mint_ft(alice.address, 20_000 * BTC)
    world.open(alice, bob, 10_000 * BTC, duration=1_000_000_000)
    assert world.treasury.get_balance() == 10 * BTC
    return world


# Proposing


def test_a_proposal_says_what_it_is_and_is_its_proposers_approval(world: World) -> None:
    proposal = propose(world, "withdrawal", world.erin, 5_000, "For the audit ü")

    assert proposal == 1
    now = world.time
    about = {
        "kind": "withdrawal",
        "proposer": world.ann.address,
        "subject": world.erin.address,
        "value": 5_000,
        "value-2": 0,
        "description": "For the audit ü",
        "created-at": now,
        "expires-at": now + LIFETIME,
        "ready-at": None,
    }
    assert world.told("proposal-created") == {"proposal-id": 1, **about}
    assert world.treasury.get_proposal(1) == {**about, "approvals": 1, "status": "pending"}
    assert world.treasury.get_proposal_count() == 1
    assert world.treasury.has_approved(1, world.ann) is True
    assert world.treasury.has_approved(1, world.ben) is False
    assert world.treasury.has_approved(1, world.mallory) is False
    assert world.treasury.get_proposal(2) is None


KINDS: list[tuple[str, str, tuple[Any, ...], tuple[str | None, int, int]]] = [
    ("add_admin", "add-admin", ("dave",), ("dave", 0, 0)),
    ("remove_admin", "remove-admin", ("cleo",), ("cleo", 0, 0)),
    ("threshold", "threshold", (3,), (None, 3, 0)),
    ("grant_operator", "grant-operator", ("dave",), ("dave", 0, 0)),
    ("revoke_operator", "revoke-operator", ("olga",), ("olga", 0, 0)),
    ("fees", "fees", (7, 8), (None, 7, 8)),
    ("limit", "limit", (9,), (None, 9, 0)),
    ("sweep_surplus", "sweep-surplus", (), (None, 0, 0)),
    ("unpause", "unpause", (), (None, 0, 0)),
]


@pytest.mark.parametrize(("function", "kind", "args", "meaning"), KINDS)
def test_every_kind_is_proposed_by_admins_only(
    world: World, function: str, kind: str, args: tuple[Any, ...], meaning: tuple[str | None, int, int]
) -> None:
    given = [world.people.get(arg, arg) if isinstance(arg, str) else arg for arg in args]

    proposal = world.treasury.get_proposal(propose(world, function, *given))

    subject = None if meaning[0] is None else world.people[meaning[0]].address
    assert (proposal["kind"], proposal["subject"]) == (kind, subject)
    assert (proposal["value"], proposal["value-2"], proposal["description"]) == (*meaning[1:], "")
    for nobody in (world.deployer, world.olga, world.mallory):
        with world.refused("treasury", "NOT_ADMIN"):
            propose(world, function, *given, by=nobody)


def test_what_can_never_be_executed_is_not_proposed(world: World) -> None:
    for amount in (0, MAX_SATS + 1, UINT_MAX):
        with world.refused("treasury", "AMOUNT_OUT_OF_RANGE"):
            propose(world, "withdrawal", world.erin, amount, "")
    for limit in (MAX_SATS + 1, UINT_MAX):
        with world.refused("treasury", "AMOUNT_OUT_OF_RANGE"):
            propose(world, "limit", limit)
    with world.refused("treasury", "VAULT_AS_RECIPIENT"):
        propose(world, "withdrawal", world.vault, 1, "")
    for n in (0, 11, UINT_MAX):
        with world.refused("treasury", "THRESHOLD_OUT_OF_RANGE"):
            propose(world, "threshold", n)
    for fees in [(101, 0), (0, 501), (UINT_MAX, UINT_MAX)]:
        with world.refused("access-control", "FEE_ABOVE_CAP"):
            propose(world, "fees", *fees)
    with world.refused("treasury", "NOT_ADMIN"):
        propose(world, "withdrawal", world.mallory, 1, "", by=world.mallory)


# Approving


def test_enough_approvals_start_the_timelock(world: World) -> None:
    proposal = propose(world, "unpause")
    world.pass_seconds(100)

    assert world.treasury.approve_proposal(proposal, by=world.ben) is True

    assert world.told("proposal-approved") == {
        "proposal-id": proposal,
        "admin": world.ben.address,
        "approvals": 2,
        "ready-at": world.time,
    }
    ready_at = world.time
    assert world.treasury.get_proposal(proposal)["status"] == "approved"
    world.pass_seconds(100)
    world.treasury.approve_proposal(proposal, by=world.cleo)
    assert world.treasury.get_proposal(proposal)["ready-at"] == ready_at
    assert world.treasury.get_proposal(proposal)["approvals"] == 3


def test_an_admin_approves_once(world: World) -> None:
    proposal = propose(world, "unpause")

    with world.refused("treasury", "ALREADY_APPROVED"):
        world.treasury.approve_proposal(proposal, by=world.ann)
    for nobody in (world.deployer, world.olga, world.mallory):
        with world.refused("treasury", "NOT_ADMIN"):
            world.treasury.approve_proposal(proposal, by=nobody)
    with world.refused("treasury", "UNKNOWN_PROPOSAL"):
        world.treasury.approve_proposal(99, by=world.ben)


def test_a_revoked_approval_no_longer_counts_and_the_clock_starts_anew(world: World) -> None:
    proposal = approved(world, "limit", 5)
    world.pass_seconds(DAY)

    assert world.treasury.revoke_approval(proposal, by=world.ann) is True

    assert world.told("approval-revoked") == {
        "proposal-id": proposal,
        "admin": world.ann.address,
        "approvals": 1,
    }
    assert world.treasury.get_proposal(proposal)["status"] == "pending"
    assert world.treasury.has_approved(proposal, world.ann) is False
    with world.refused("treasury", "TOO_FEW_APPROVALS"):
        world.treasury.execute_proposal(proposal, by=world.mallory)
    for nobody in (world.ann, world.cleo, world.mallory):
        with world.refused("treasury", "NOT_APPROVED"):
            world.treasury.revoke_approval(proposal, by=nobody)
    world.treasury.approve_proposal(proposal, by=world.ann)
    with world.refused("treasury", "TIMELOCK"):
        world.treasury.execute_proposal(proposal, by=world.mallory)
    world.pass_seconds(DAY)
    assert world.treasury.execute_proposal(proposal, by=world.mallory) is True


def test_the_approval_of_a_former_admin_does_not_count_even_when_he_returns(world: World) -> None:
    late = approved(world, "limit", 5)
    decided(world, "remove_admin", world.ben)
    assert world.treasury.get_proposal(late)["approvals"] == 1
    assert world.treasury.has_approved(late, world.ben) is False
    with world.refused("treasury", "TOO_FEW_APPROVALS"):
        world.treasury.execute_proposal(late, by=world.ann)
    with world.refused("treasury", "NOT_APPROVED"):
        world.treasury.revoke_approval(late, by=world.ben)

    back = propose(world, "add_admin", world.ben)
    world.treasury.approve_proposal(back, by=world.cleo)
    world.pass_seconds(DAY)
    world.treasury.execute_proposal(back, by=world.erin)

    assert world.treasury.get_proposal(late)["approvals"] == 1
    assert world.treasury.approve_proposal(late, by=world.ben) is True
    assert world.treasury.get_proposal(late)["approvals"] == 2
    with world.refused("treasury", "TIMELOCK"):
        world.treasury.execute_proposal(late, by=world.ann)


def test_a_lowered_threshold_does_not_shorten_the_wait(world: World) -> None:
    alone = propose(world, "limit", 5)
    decided(world, "threshold", 1)
    assert world.treasury.get_proposal(alone)["status"] == "approved"

    with world.refused("treasury", "TOO_FEW_APPROVALS"):
        world.treasury.execute_proposal(alone, by=world.ann)
    world.treasury.approve_proposal(alone, by=world.ben)
    assert world.treasury.get_proposal(alone)["ready-at"] == world.time
    world.pass_seconds(DAY)
    assert world.treasury.execute_proposal(alone, by=world.ann) is True


def test_a_raised_threshold_asks_for_more(world: World) -> None:
    waiting = approved(world, "limit", 5)
    decided(world, "threshold", 3)

    with world.refused("treasury", "TOO_FEW_APPROVALS"):
        world.treasury.execute_proposal(waiting, by=world.ann)
    world.treasury.approve_proposal(waiting, by=world.cleo)
    assert world.treasury.get_proposal(waiting)["ready-at"] == world.time


def test_with_a_threshold_of_one_proposing_starts_the_clock(world: World) -> None:
    decided(world, "threshold", 1)

    proposal = propose(world, "limit", 5)

    assert world.told("proposal-created")["ready-at"] == world.time
    with world.refused("treasury", "TIMELOCK"):
        world.treasury.execute_proposal(proposal, by=world.ann)
    world.pass_seconds(DAY)
    assert world.treasury.execute_proposal(proposal, by=world.mallory) is True


# Closing


def test_its_proposer_cancels_a_proposal(world: World) -> None:
    proposal = approved(world, "limit", 5)

    with world.refused("treasury", "NOT_PROPOSER"):
        world.treasury.cancel_proposal(proposal, by=world.ben)
    with world.refused("treasury", "NOT_ADMIN"):
        world.treasury.cancel_proposal(proposal, by=world.mallory)
    with world.refused("treasury", "UNKNOWN_PROPOSAL"):
        world.treasury.cancel_proposal(99, by=world.ann)
    assert world.treasury.cancel_proposal(proposal, by=world.ann) is True
    assert dict(world.told("proposal-cancelled")) == {"proposal-id": proposal, "by": world.ann.address}
    assert world.treasury.get_proposal(proposal)["status"] == "cancelled"
    closed(world, proposal, "PROPOSAL_CLOSED")


def test_a_former_admin_cannot_cancel_what_he_proposed(world: World) -> None:
    proposal = propose(world, "limit", 5, by=world.cleo)
    decided(world, "remove_admin", world.cleo)

    with world.refused("treasury", "NOT_ADMIN"):
        world.treasury.cancel_proposal(proposal, by=world.cleo)


def closed(world: World, proposal: int, reason: str) -> None:
    """Nothing can be done with the proposal any more."""
    for call in ("approve_proposal", "revoke_approval", "cancel_proposal", "execute_proposal"):
        with world.refused("treasury", reason):
            getattr(world.treasury, call)(proposal, by=world.ann)


def test_a_proposal_expires_after_a_week(world: World) -> None:
    proposal = approved(world, "limit", 5)
    world.pass_seconds(LIFETIME - 1)
    assert world.treasury.get_proposal(proposal)["status"] == "approved"
    world.pass_seconds(1)

    assert world.treasury.get_proposal(proposal)["status"] == "expired"
    closed(world, proposal, "PROPOSAL_EXPIRED")


def test_a_proposal_is_executed_by_anyone_after_the_timelock_and_once(world: World) -> None:
    proposal = approved(world, "limit", 5)
    world.pass_seconds(TIMELOCK - 1)
    with world.refused("treasury", "TIMELOCK"):
        world.treasury.execute_proposal(proposal, by=world.ann)
    world.pass_seconds(1)

    assert world.treasury.execute_proposal(proposal, by=world.mallory) is True

    assert world.told("proposal-executed") == {"proposal-id": proposal, "kind": "limit", "by": world.mallory.address}
    assert world.treasury.get_proposal(proposal)["status"] == "executed"
    closed(world, proposal, "PROPOSAL_CLOSED")
    with world.refused("treasury", "UNKNOWN_PROPOSAL"):
        world.treasury.execute_proposal(99, by=world.ann)


def test_if_the_action_fails_the_proposal_stays(world: World) -> None:
    proposal = ripe(world, "unpause")

    with world.refused("access-control", "NOT_PAUSED"):
        world.treasury.execute_proposal(proposal, by=world.ann)
    assert world.treasury.get_proposal(proposal)["status"] == "approved"
    world.access.pause(by=world.olga)
    assert world.treasury.execute_proposal(proposal, by=world.ann) is True
    assert world.access.is_paused() is False


# What proposals do


def test_proposals_change_admins_operators_threshold_and_fees(world: World) -> None:
    decided(world, "add_admin", world.dave)
    assert world.access.is_admin(world.dave) is True
    decided(world, "remove_admin", world.cleo)
    assert world.access.get_admins() == [one.address for one in (world.ann, world.ben, world.dave)]
    decided(world, "grant_operator", world.erin)
    decided(world, "revoke_operator", world.olga)
    assert [world.access.is_operator(who) for who in (world.erin, world.olga)] == [True, False]
    decided(world, "fees", 100, 500)
    assert world.access.get_fees() == {"creation": 100, "marketplace": 500}
    decided(world, "threshold", 3)
    assert world.access.get_threshold() == 3


def test_the_state_is_looked_at_when_a_proposal_is_executed(world: World) -> None:
    for reason, kind, args in [
        ("ALREADY_ADMIN", "add_admin", (world.ann,)),
        ("UNKNOWN_ADMIN", "remove_admin", (world.mallory,)),
        ("THRESHOLD_OUT_OF_RANGE", "threshold", (4,)),
        ("ALREADY_OPERATOR", "grant_operator", (world.olga,)),
        ("UNKNOWN_OPERATOR", "revoke_operator", (world.mallory,)),
    ]:
        proposal = ripe(world, kind, *args)
        with world.refused("access-control", reason):
            world.treasury.execute_proposal(proposal, by=world.ann)
        assert world.treasury.get_proposal(proposal)["status"] == "approved"


def test_removing_below_the_threshold_is_refused(world: World) -> None:
    first, second = (ripe(world, "remove_admin", who) for who in (world.cleo, world.ben))
    world.treasury.execute_proposal(first, by=world.ann)

    with world.refused("access-control", "THRESHOLD_OUT_OF_RANGE"):
        world.treasury.execute_proposal(second, by=world.ann)


def test_money_leaves_the_treasury_by_proposal(rich: World) -> None:
    proposal = decided(rich, "withdrawal", rich.erin, BTC, "rent")

    assert rich.told("treasury-withdrawal") == {"proposal-id": proposal, "recipient": rich.erin.address, "amount": BTC}
    assert rich.balance(rich.erin) == FUNDS + BTC
    assert rich.treasury.get_balance() == 9 * BTC
    assert rich.treasury.get_spent_in_window() == BTC
    assert rich.treasury.get_limit() == BTC


def test_the_limit_holds_over_any_24_hours(rich: World) -> None:
    half, rest, more = (approved(rich, "withdrawal", rich.erin, sats, "") for sats in (BTC // 2, BTC // 2, 1))
    rich.pass_seconds(DAY)
    rich.treasury.execute_proposal(half, by=rich.ann)
    rich.pass_seconds(3_600)
    rich.treasury.execute_proposal(rest, by=rich.ann)
    with rich.refused("treasury", "ABOVE_LIMIT"):
        rich.treasury.execute_proposal(more, by=rich.ann)
    rich.pass_seconds(DAY - 3_601)
    assert rich.treasury.get_spent_in_window() == BTC
    with rich.refused("treasury", "ABOVE_LIMIT"):
        rich.treasury.execute_proposal(more, by=rich.ann)
    rich.pass_seconds(1)

    assert rich.treasury.get_spent_in_window() == BTC // 2
    assert rich.treasury.execute_proposal(more, by=rich.ann) is True
    assert rich.treasury.get_spent_in_window() == BTC // 2 + 1


def test_a_25th_withdrawal_in_24_hours_is_refused(rich: World) -> None:
    proposals = [approved(rich, "withdrawal", rich.erin, 1, "") for _ in range(25)]
    rich.pass_seconds(DAY)
    for proposal in proposals[:24]:
        rich.treasury.execute_proposal(proposal, by=rich.ann)

    with rich.refused("treasury", "TOO_MANY_WITHDRAWALS"):
        rich.treasury.execute_proposal(proposals[24], by=rich.ann)
    rich.pass_seconds(DAY)
    assert rich.treasury.execute_proposal(proposals[24], by=rich.ann) is True
    assert rich.treasury.get_spent_in_window() == 1


def test_the_limit_itself_is_changed_by_proposal(rich: World) -> None:
    too_much = approved(rich, "withdrawal", rich.erin, 2 * BTC, "")
    decided(rich, "limit", 2 * BTC)
    assert dict(rich.told("limit-changed")) == {"limit": 2 * BTC}
    assert rich.treasury.execute_proposal(too_much, by=rich.ann) is True

    decided(rich, "limit", 0)
    nothing = ripe(rich, "withdrawal", rich.erin, 1, "")
    with rich.refused("treasury", "ABOVE_LIMIT"):
        rich.treasury.execute_proposal(nothing, by=rich.ann)


def test_the_treasury_spends_only_what_it_has(world: World, alice: Account, bob: Account) -> None:
    world.open(alice, bob, 1_000_000)
    assert world.treasury.get_balance() == 1_000
    too_much = ripe(world, "withdrawal", world.erin, 1_001, "")

    with world.refused("sbtc-helper", "ACCOUNT_SHORT"):
        world.treasury.execute_proposal(too_much, by=world.ann)


def test_stray_sats_are_swept_by_proposal(world: World, alice: Account, bob: Account) -> None:
    world.open(alice, bob, 1_000_000)
    sweep = ripe(world, "sweep_surplus")
    with world.refused("sbtc-helper", "NO_SURPLUS"):
        world.treasury.execute_proposal(sweep, by=world.ann)
    world.sbtc.transfer(77, alice, world.vault, None, by=alice)

    assert world.treasury.execute_proposal(sweep, by=world.ann) is True

    assert dict(world.told("surplus-swept")) == {"amount": 77}
    assert world.treasury.get_balance() == 1_077


def test_the_whole_treasury_works_while_paused(rich: World) -> None:
    rich.access.pause(by=rich.olga)

    decided(rich, "withdrawal", rich.erin, 1_000, "")
    mistaken = propose(rich, "limit", 1)
    rich.treasury.approve_proposal(mistaken, by=rich.ben)
    rich.treasury.revoke_approval(mistaken, by=rich.ben)
    rich.treasury.cancel_proposal(mistaken, by=rich.ann)
    decided(rich, "add_admin", rich.dave)
    decided(rich, "unpause")

    assert dict(rich.told("unpaused")) == {"by": rich.treasury.address}
    assert rich.access.is_paused() is False
