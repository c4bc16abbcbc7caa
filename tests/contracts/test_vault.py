"""The vault, called by stand-ins for core, marketplace and treasury that pass on whatever anybody says."""

import pytest
from tests.contracts.world import FUNDS, Account, World

from bitpay.protocol.sources import SIMNET_SBTC
from bitpay.stacks.clarity import UINT_MAX

MAX_SATS = 2_100_000_000_000_000


def accounts(stage: World) -> tuple[int, int, int]:
    """Sats of core, marketplace and treasury."""
    core, marketplace, treasury = (
        stage.vault.get_account(one) for one in (stage.core, stage.marketplace, stage.treasury)
    )
    assert stage.vault.get_liabilities() == core + marketplace + treasury
    return core, marketplace, treasury


def test_an_empty_vault_owes_nothing(stage: World, alice: Account) -> None:
    assert accounts(stage) == (0, 0, 0)
    assert stage.vault.get_vault_balance() == 0
    assert stage.vault.get_account(alice) == 0
    assert stage.vault.get_balance(alice) == FUNDS


def test_a_deposit_is_one_transfer_from_whoever_signed(stage: World, alice: Account, bob: Account) -> None:
    stage.core.sbtc_helper_deposit(1_000, 7, by=alice)
    (transfer,) = (event for event in stage.outcome.events if event.kind == "ft_transfer")
    stage.marketplace.sbtc_helper_deposit(50, 0, by=bob)

    assert (transfer.sender, transfer.recipient, transfer.amount) == (alice.address, stage.vault.address, 1_007)
    assert accounts(stage) == (1_000, 50, 7)
    assert stage.vault.get_vault_balance() == 1_057


def test_only_core_and_marketplace_take_deposits(stage: World, alice: Account) -> None:
    for deposit in (stage.vault.deposit, stage.treasury.sbtc_helper_deposit):
        with stage.refused("sbtc-helper", "NOT_ALLOWED"):
            deposit(1_000, 0, by=alice)


def test_a_deposit_that_sbtc_refuses_is_named_in_our_words(stage: World, alice: Account) -> None:
    with stage.refused("sbtc-helper", "PAYER_SHORT"):
        stage.core.sbtc_helper_deposit(FUNDS, 1, by=alice)
    with stage.refused("sbtc-helper", "SBTC_REFUSED"):
        stage.core.sbtc_helper_deposit(0, 0, by=alice)
    for amount, fee in [(MAX_SATS + 1, 0), (0, MAX_SATS + 1), (UINT_MAX, UINT_MAX)]:
        with stage.refused("sbtc-helper", "AMOUNT_OUT_OF_RANGE"):
            stage.core.sbtc_helper_deposit(amount, fee, by=alice)


def test_each_spends_its_own_account_and_no_other(stage: World, alice: Account, bob: Account) -> None:
    stage.core.sbtc_helper_deposit(1_000, 100, by=alice)

    stage.core.sbtc_helper_payout(400, bob, by=stage.mallory)
    stage.treasury.sbtc_helper_payout(100, bob, by=stage.mallory)

    assert stage.balance(bob) == FUNDS + 500
    assert accounts(stage) == (600, 0, 0)
    for poor in (stage.marketplace, stage.treasury):
        with stage.refused("sbtc-helper", "ACCOUNT_SHORT"):
            poor.sbtc_helper_payout(1, bob, by=alice)
    for too_much in (601, UINT_MAX):
        with stage.refused("sbtc-helper", "ACCOUNT_SHORT"):
            stage.core.sbtc_helper_payout(too_much, bob, by=alice)


def test_nobody_else_is_paid_out(stage: World, alice: Account) -> None:
    stage.core.sbtc_helper_deposit(1_000, 0, by=alice)

    for amount in (0, 1, 1_000, UINT_MAX):
        with stage.refused("sbtc-helper", "NOT_ALLOWED"):
            stage.vault.payout(amount, alice, by=alice)


def test_a_payout_goes_somewhere_and_is_something(stage: World, alice: Account, bob: Account) -> None:
    stage.core.sbtc_helper_deposit(1_000, 0, by=alice)

    with stage.refused("sbtc-helper", "VAULT_AS_RECIPIENT"):
        stage.core.sbtc_helper_payout(1, stage.vault, by=alice)
    with stage.refused("sbtc-helper", "SBTC_REFUSED"):
        stage.core.sbtc_helper_payout(0, bob, by=alice)


def test_a_payout_does_not_ask_whether_bitpay_is_paused_or_finalised(stage: World, alice: Account) -> None:
    assert not stage.access.is_finalized()
    stage.core.sbtc_helper_deposit(1_000, 0, by=alice)

    assert stage.core.sbtc_helper_payout(1_000, alice, by=alice) is True


def test_were_sbtc_to_take_the_vaults_sats_payouts_fail_with_an_error(stage: World, alice: Account) -> None:
    stage.core.sbtc_helper_deposit(1_000, 0, by=alice)
    signers = SIMNET_SBTC.partition(".")[0]
    burn = f"(contract-call? .sbtc-token protocol-burn u1 '{stage.vault.address} 0x02)"
    stage.vm.deploy("sbtc-withdrawal", f"(define-public (burn) {burn})", signers)
    assert stage.vm.call(f"{signers}.sbtc-withdrawal", "burn", [], alice.address).succeeded

    with stage.refused("sbtc-helper", "PAYER_SHORT"):
        stage.core.sbtc_helper_payout(1_000, alice, by=alice)
    assert stage.core.sbtc_helper_payout(999, alice, by=alice) is True


def test_a_sale_is_paid_by_whoever_signed_to_the_seller_directly(stage: World, alice: Account, bob: Account) -> None:
    stage.marketplace.sbtc_helper_pay(bob, 990, 10, by=alice)

    assert (stage.balance(alice), stage.balance(bob)) == (FUNDS - 1_000, FUNDS + 990)
    assert accounts(stage) == (0, 0, 10)
    stage.marketplace.sbtc_helper_pay(bob, 10, 0, by=alice)
    assert accounts(stage) == (0, 0, 10)


def test_a_sales_payment_has_its_bounds(stage: World, alice: Account, bob: Account) -> None:
    for pay in (stage.vault.pay, stage.core.sbtc_helper_pay, stage.treasury.sbtc_helper_pay):
        with stage.refused("sbtc-helper", "NOT_ALLOWED"):
            pay(bob, 990, 10, by=alice)
    with stage.refused("sbtc-helper", "VAULT_AS_RECIPIENT"):
        stage.marketplace.sbtc_helper_pay(stage.vault, 990, 10, by=alice)
    with stage.refused("sbtc-helper", "SBTC_REFUSED"):
        stage.marketplace.sbtc_helper_pay(alice, 990, 10, by=alice)
    for short in [(FUNDS + 1, 0), (FUNDS, 1)]:
        with stage.refused("sbtc-helper", "PAYER_SHORT"):
            stage.marketplace.sbtc_helper_pay(bob, *short, by=alice)
    for huge in [(UINT_MAX, 1), (1, UINT_MAX)]:
        with stage.refused("sbtc-helper", "AMOUNT_OUT_OF_RANGE"):
            stage.marketplace.sbtc_helper_pay(bob, *huge, by=alice)


def test_a_fee_moves_from_escrow_to_treasury_within_the_vault(stage: World, alice: Account) -> None:
    stage.marketplace.sbtc_helper_deposit(1_000, 0, by=alice)

    stage.marketplace.sbtc_helper_credit_treasury(30, by=alice)

    assert accounts(stage) == (0, 970, 30)
    for call in (stage.vault.credit_treasury, stage.core.sbtc_helper_credit_treasury):
        with stage.refused("sbtc-helper", "NOT_ALLOWED"):
            call(1, by=alice)
    for amount in (971, UINT_MAX):
        with stage.refused("sbtc-helper", "ACCOUNT_SHORT"):
            stage.marketplace.sbtc_helper_credit_treasury(amount, by=alice)


def test_stray_sats_are_the_treasurys_to_the_last_one_and_no_more(stage: World, alice: Account) -> None:
    stage.core.sbtc_helper_deposit(1_000, 5, by=alice)
    with stage.refused("sbtc-helper", "NO_SURPLUS"):
        stage.treasury.sbtc_helper_sweep(by=alice)
    stage.sbtc.transfer(77, alice, stage.vault, None, by=alice)

    for sweep in (stage.vault.sweep, stage.core.sbtc_helper_sweep, stage.marketplace.sbtc_helper_sweep):
        with stage.refused("sbtc-helper", "NOT_ALLOWED"):
            sweep(by=alice)
    assert stage.treasury.sbtc_helper_sweep(by=alice) == 77
    assert dict(stage.told("surplus-swept")) == {"amount": 77}
    assert accounts(stage) == (1_000, 0, 82)
    with stage.refused("sbtc-helper", "NO_SURPLUS"):
        stage.treasury.sbtc_helper_sweep(by=alice)


@pytest.mark.parametrize("contract", ["core", "marketplace", "treasury"])
def test_what_comes_out_of_the_vault_is_exactly_what_was_asked(
    stage: World, alice: Account, bob: Account, contract: str
) -> None:
    stage.core.sbtc_helper_deposit(1_000, 1_000, by=alice)
    stage.marketplace.sbtc_helper_deposit(1_000, 0, by=alice)

    getattr(stage, contract).sbtc_helper_payout(123, bob, by=alice)

    moves = [(event.sender, event.recipient, event.amount) for event in stage.outcome.events if "ft_" in event.kind]
    assert moves == [(stage.vault.address, bob.address, 123)]
