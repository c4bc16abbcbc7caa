"""The contract defects of an earlier implementation of the same idea, each tried on ours."""

import re
from pathlib import Path

import pytest
from tests.contracts.governance import approved, decided, ripe
from tests.contracts.world import FUNDS, Account, Contract, Refused, World, points, terms

from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import SIMNET_SBTC, source

BTC = 100_000_000
DAY = 86_400
RECIPIENTS_BURDEN = 205
"""More streams than the lists of the earlier implementation could hold."""


def public_names(contract: Contract) -> set[str]:
    return {name for name, function in contract.functions.items() if function["access"] == "public"}


def test_c1_fees_and_treasury_withdrawals_never_touch_streams(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, BTC)
    other = world.open(alice, bob, BTC)
    fees = world.treasury.get_balance()
    world.core.cancel_stream(other, by=alice)
    decided(world, "withdrawal", world.erin, fees, "all there is")
    one_more = ripe(world, "withdrawal", world.erin, 1, "")

    with world.refused("sbtc-helper", "ACCOUNT_SHORT"):
        world.treasury.execute_proposal(one_more, by=world.ann)
    assert world.vault.get_vault_balance() == world.vault.get_liabilities() == BTC
    assert world.core.withdraw_from_stream(stream, by=bob) == BTC


def test_c2_no_admin_can_authorise_anyone_to_move_the_vaults_money(world: World) -> None:
    assert not [name for name in public_names(world.access) if "authoriz" in name or "contract" in name]
    for caller in (world.deployer, world.ann, world.olga, world.mallory):
        with world.refused("sbtc-helper", "NOT_ALLOWED"):
            world.vault.payout(1, caller, by=caller)


def test_c3_nobody_becomes_unpayable_by_being_paid_often(world: World, alice: Account, bob: Account) -> None:
    for _ in range(RECIPIENTS_BURDEN):
        world.core.create_stream(bob, 1, 10, by=world.mallory)
    for _ in range(3):
        stream = world.open(alice, bob, 1_000)
        world.core.propose_sender(stream, world.carol, by=alice)
        world.core.accept_sender(stream, by=world.carol)

    assert world.core.create_stream(bob, 1, 10, by=alice) == RECIPIENTS_BURDEN + 4


def test_c4_the_treasury_spends_by_proposal_only(world: World) -> None:
    assert public_names(world.treasury) == {
        "approve-proposal",
        "revoke-approval",
        "cancel-proposal",
        "execute-proposal",
        *(
            f"propose-{kind}"
            for kind in (
                "withdrawal",
                "add-admin",
                "remove-admin",
                "threshold",
                "grant-operator",
                "revoke-operator",
                "fees",
                "limit",
                "sweep-surplus",
                "unpause",
            )
        ),
    }


def test_c5_what_was_decided_is_checked_again_when_it_is_done(world: World) -> None:
    twice = [ripe(world, "add_admin", world.dave) for _ in range(2)]
    world.treasury.execute_proposal(twice[0], by=world.ann)
    with world.refused("access-control", "ALREADY_ADMIN"):
        world.treasury.execute_proposal(twice[1], by=world.ann)
    thrice = [approved(world, "remove_admin", world.dave) for _ in range(3)]
    world.pass_seconds(DAY)
    world.treasury.execute_proposal(thrice[0], by=world.ann)
    for again in thrice[1:]:
        with world.refused("access-control", "UNKNOWN_ADMIN"):
            world.treasury.execute_proposal(again, by=world.ann)
    assert (len(world.access.get_admins()), world.access.get_threshold()) == (3, 2)

    stale = approved(world, "limit", 0)
    decided(world, "remove_admin", world.ben)
    with world.refused("treasury", "TOO_FEW_APPROVALS"):
        world.treasury.execute_proposal(stale, by=world.ann)


def test_c6_the_right_moves_with_the_token_and_the_senders_side_with_consent(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    stream = world.open(alice, bob, 1_000)
    world.obligations.transfer(stream, bob, carol, by=bob)
    world.pass_seconds(50)
    with world.refused("core", "NOT_HOLDER"):
        world.core.withdraw_to(stream, None, bob, by=bob)
    assert world.core.withdraw_to(stream, None, carol, by=carol) == 500

    world.core.propose_sender(stream, world.dave, by=alice)
    assert world.core.get_stream(stream)["sender"] == alice.address
    world.core.accept_sender(stream, by=world.dave)
    with world.refused("core", "NOT_SENDER"):
        world.core.cancel_stream(stream, by=alice)


def test_c7_a_sale_completes_both_ways(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 100_000)
    listing = world.marketplace.list_stream(stream, 10_000, None, by=bob)
    assert world.marketplace.purchase_stream(listing, 10_000, 1, True, by=carol) == stream
    offer = world.marketplace.make_offer(stream, 9_000, 1, True, world.time + 60, by=bob)
    assert world.marketplace.accept_offer(offer, by=carol) is True
    assert world.core.get_holder(stream) == bob.address


def test_c8_no_admin_acts_alone_and_nobody_owns_bitpay(world: World) -> None:
    for admin in (world.ann, world.deployer):
        with world.refused("access-control", "NOT_TREASURY"):
            world.access.add_admin(world.mallory, by=admin)
    decided(world, "remove_admin", world.cleo)
    last = ripe(world, "remove_admin", world.ben)
    with world.refused("access-control", "THRESHOLD_OUT_OF_RANGE"):
        world.treasury.execute_proposal(last, by=world.ann)
    with world.refused("access-control", "ALREADY_FINALIZED"):
        world.access.finalize([world.deployer], 1, [], by=world.deployer)


def test_c9_a_pause_stops_new_business_only(world: World, alice: Account, bob: Account, carol: Account) -> None:
    streams = [world.open(alice, bob, 1_000, duration=100) for _ in range(4)]
    offer = world.marketplace.make_offer(streams[0], 5_000, 1, True, world.time + 60, by=carol)
    listing = world.marketplace.list_stream(streams[0], 5_000, None, by=bob)
    world.pass_seconds(10)
    world.access.pause(by=world.olga)

    assert world.core.withdraw_from_stream(streams[0], by=carol) == 100
    assert world.core.withdraw_to(streams[1], 50, carol, by=bob) == 50
    assert world.core.withdraw_and_transfer(streams[1], carol, by=bob) == 50
    assert world.core.withdraw_many([streams[2]], by=carol) == [100]
    assert world.core.renounce_cancel(streams[2], by=alice) is True
    assert world.core.cancel_stream(streams[3], by=alice) == {"refunded": 900, "vested": 100}
    assert world.core.cancel_many([streams[1]], by=alice) == [{"refunded": 900, "vested": 100}]
    assert world.core.propose_sender(streams[2], carol, by=alice) is True
    assert world.core.accept_sender(streams[2], by=carol) is True
    assert world.obligations.transfer(streams[2], bob, carol, by=bob) is True
    assert world.marketplace.cancel_listing(listing, by=bob) is True
    assert world.marketplace.cancel_offer(offer, by=carol) is True
    assert world.core.withdraw_from_stream(streams[3], by=bob) == 100
    assert world.core.burn_obligation(streams[3], by=bob) is True


def test_c10_waits_are_seconds_however_fast_blocks_come(world: World) -> None:
    proposal = approved(world, "limit", 5)
    for _ in range(200):
        world.pass_seconds(1)
    with world.refused("treasury", "TIMELOCK"):
        world.treasury.execute_proposal(proposal, by=world.ann)
    world.pass_seconds(DAY)
    assert world.treasury.execute_proposal(proposal, by=world.ann) is True


def test_c11_neither_cancelling_early_nor_a_backward_span_underflows(
    world: World, alice: Account, bob: Account
) -> None:
    stream = world.open(alice, bob, 1_000, start=world.time + 1_000)
    world.core.cancel_stream(stream, by=alice)

    assert world.core.get_withdrawable_amount(stream) == 0
    with world.refused("core", "NOTHING_DUE"):
        world.core.withdraw_from_stream(stream, by=bob)
    with world.refused("core", "DURATION_OUT_OF_RANGE"):
        world.open(alice, bob, 1_000, duration=0)


def test_c12_start_now_is_no_race(world: World, alice: Account, bob: Account) -> None:
    past = world.open(alice, bob, 1_000, clock="blocks", start=world.height - 1)
    now = world.open(alice, bob, 1_000)

    assert world.core.get_schedule(past)["start"] == world.height - 1
    assert world.core.get_schedule(now)["start"] == world.time


def test_c13_the_limit_is_one_bitcoin_in_any_24_hours(world: World, alice: Account, bob: Account) -> None:
    world.vm.mint_ft(alice.address, 10_000 * BTC)
    world.open(alice, bob, 5_000 * BTC)
    assert world.treasury.get_limit() == BTC
    proposals = [approved(world, "withdrawal", world.erin, BTC // 2, "") for _ in range(3)]
    world.pass_seconds(DAY)
    world.treasury.execute_proposal(proposals[0], by=world.ann)
    world.pass_seconds(DAY // 2)
    world.treasury.execute_proposal(proposals[1], by=world.ann)

    world.pass_seconds(DAY // 2 - 1)
    with world.refused("treasury", "ABOVE_LIMIT"):
        world.treasury.execute_proposal(proposals[2], by=world.ann)
    world.pass_seconds(1)
    assert world.treasury.execute_proposal(proposals[2], by=world.ann) is True


def test_c14_a_stream_is_listed_as_often_as_one_likes(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 100_000)

    for number in range(1, 61):
        assert world.marketplace.list_stream(stream, 10_000, None, by=bob) == number
        world.marketplace.cancel_listing(number, by=bob)


def test_c15_nobody_can_lock_a_listing_and_no_price_surprises_a_buyer(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    assert not [name for name in public_names(world.marketplace) if "initiate" in name or "complete" in name]
    stream = world.open(alice, bob, 100_000)
    listing = world.marketplace.list_stream(stream, 10_000, None, by=bob)
    world.marketplace.make_offer(stream, 5_000, 0, True, world.time + 60, by=world.mallory)
    world.marketplace.update_listing(listing, 10_001, by=bob)

    with world.refused("marketplace", "PRICE_ABOVE_MAX"):
        world.marketplace.purchase_stream(listing, 10_000, 0, True, by=carol)
    world.marketplace.update_listing(listing, 10_000, by=bob)
    assert world.marketplace.purchase_stream(listing, 10_000, 0, True, by=carol) == stream


def test_c16_the_cheapest_sale_still_has_a_fee_and_works(
    world: World, alice: Account, bob: Account, carol: Account
) -> None:
    stream = world.open(alice, bob, 100_000)
    listing = world.marketplace.list_stream(stream, 1_000, None, by=bob)

    world.marketplace.purchase_stream(listing, 1_000, 0, True, by=carol)

    assert world.told("listing-sold")["fee"] == 3


def test_c17_the_token_of_a_living_stream_cannot_be_burned(world: World, alice: Account, bob: Account) -> None:
    stream = world.open(alice, bob, 1_000)

    with world.refused("core", "NOT_DEPLETED"):
        world.core.burn_obligation(stream, by=bob)
    with world.refused("obligation-nft", "NOT_CORE"):
        world.obligations.burn(stream, bob, by=bob)
    assert "{id}" in world.obligations.get_token_uri(stream)


def test_c18_what_is_sold_is_the_future_income(world: World, alice: Account, bob: Account, carol: Account) -> None:
    stream = world.open(alice, bob, 100_000)
    world.pass_seconds(30)
    listing = world.marketplace.list_stream(stream, 10_000, None, by=bob)
    world.marketplace.purchase_stream(listing, 10_000, 70_000, True, by=carol)
    world.pass_seconds(70)

    assert world.core.withdraw_from_stream(stream, by=carol) == 70_000
    assert world.balance(carol) == FUNDS - 10_000 + 70_000


def test_c19_the_fees_are_the_documented_ones_and_nobody_else_collects(world: World) -> None:
    assert world.access.get_fees() == {"creation": 10, "marketplace": 25}
    every_name = {name for contract in NAMES for name in public_names(world.contract(contract))}
    assert not [name for name in every_name if "collect" in name]


def test_c20_nothing_is_missing_any_more(world: World) -> None:
    assert public_names(world.core) >= {
        "open-curve-stream",
        "open-streams",
        "top-up-stream",
        "withdraw-many",
        "withdraw-to",
        "withdraw-and-transfer",
        "renounce-cancel",
        "propose-sender",
        "accept-sender",
        "cancel-many",
    }
    allowed = {"bitpay-sbtc-helper"}
    assert {name for name in NAMES if SIMNET_SBTC in source(name)} == allowed


@pytest.mark.parametrize("contract", NAMES)
def test_authority_is_the_caller_except_where_money_comes_from(contract: str) -> None:
    code = re.sub(r";;.*", "", source(contract))
    used = {line.strip() for line in code.splitlines() if "tx-sender" in line}

    assert used == {
        "bitpay-access-control": {"(define-constant DEPLOYER tx-sender)"},
        "bitpay-obligation-nft": {
            "(asserts! (or (is-eq sender tx-sender) (is-eq sender contract-caller)) ERR_NOT_OWN_CALL)"
        },
        "bitpay-sbtc-helper": {
            "(try! (move-sbtc (+ amount fee) tx-sender current-contract))",
            "(try! (move-sbtc amount tx-sender to))",
            "(and (> fee u0) (try! (move-sbtc fee tx-sender current-contract)))",
        },
        "bitpay-core": {
            "(map-insert parties id { payer: tx-sender, sender: tx-sender, recipient: recipient })",
            "sender: tx-sender,",
        },
        "bitpay-marketplace": {
            "(asserts! (not (is-eq tx-sender seller)) ERR_OWN_TRADE)",
            "(try! (contract-call? .bitpay-obligation-nft move stream-id seller tx-sender))",
            "buyer: tx-sender,",
            "(asserts! (not (is-eq (some tx-sender) (get holder title))) ERR_OWN_TRADE)",
        },
    }.get(contract, set())


@pytest.mark.parametrize("contract", NAMES)
def test_no_contract_unwraps_in_panic(contract: str) -> None:
    assert "-panic" not in source(contract)


def test_a_curve_with_no_points_is_an_error_and_not_a_panic(world: World, alice: Account, bob: Account) -> None:
    with pytest.raises(Refused):
        world.core.open_curve_stream(bob, 1, "seconds", None, points(), terms(), by=alice)


def test_the_project_lists_the_contracts_in_order_of_deployment() -> None:
    manifest = (Path(__file__).parents[2] / "contracts" / "Clarinet.toml").read_text()

    assert tuple(re.findall(r"^\[contracts\.([a-z-]+)\]$", manifest, re.MULTILINE)) == NAMES
