"""Each mode and condition on the real VM: what is allowed happens, what is not costs its fee and changes nothing."""

from collections.abc import Sequence

import pytest
from tests.localchain.accounts import Account
from tests.localchain.contracts import BATCH, VAULT

from bitpay.localchain.chain import Chain
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.clarity import list_, principal, uint
from bitpay.stacks.model import TransactionStatus
from bitpay.stacks.post_conditions import (
    Asset,
    Compare,
    FtPostCondition,
    Mode,
    NftPostCondition,
    Performs,
    PostCondition,
    PoxPostCondition,
    Sent,
    StakingPostCondition,
    StxPostCondition,
)

SUCCESS, ABORTED = TransactionStatus.SUCCESS, TransactionStatus.ABORT_BY_POST_CONDITION
ALICE = "ST1WV0048ERKB55592H81MK6J4TTRP8TSGE8VSTHJ"
VAULT_ID = f"{ALICE}.vault"
GOLD, DEED = Asset.parse(f"{VAULT_ID}::gold"), Asset.parse(f"{VAULT_ID}::deed")
CONTRACT = parse_principal(VAULT_ID)
ALLOW, DENY, ORIGINATOR = Mode.ALLOW, Mode.DENY, Mode.ORIGINATOR


def stx(condition: Compare, amount: int, who: str | None = None) -> PostCondition:
    return StxPostCondition(parse_principal(who) if who else None, condition, amount)


def gold(condition: Compare, amount: int) -> PostCondition:
    return FtPostCondition(None, GOLD, condition, amount)


def deed(condition: Sent, number: int = 1) -> PostCondition:
    return NftPostCondition(None, DEED, uint(number), condition)


@pytest.fixture
def vault(chain: Chain, alice: Account) -> Chain:
    assert alice.address == ALICE
    chain.submit(alice.deploy("vault", VAULT))
    chain.mine()
    chain.submit(alice.call(VAULT_ID, "fund"))
    chain.submit(alice.call(VAULT_ID, "deposit"))
    assert all(mined.succeeded for mined in chain.mine().transactions)
    return chain


STX_CASES: list[tuple[str, Mode, Sequence[PostCondition], TransactionStatus]] = [
    ("give-stx", ALLOW, [], SUCCESS),
    ("give-stx", DENY, [], ABORTED),
    ("give-stx", ORIGINATOR, [], ABORTED),
    ("give-stx", DENY, [stx(Compare.EQ, 10)], SUCCESS),
    ("give-stx", DENY, [stx(Compare.EQ, 10, ALICE)], SUCCESS),
    ("give-stx", ALLOW, [stx(Compare.EQ, 9)], ABORTED),
    ("give-stx", ALLOW, [stx(Compare.GT, 10)], ABORTED),
    ("give-stx", ALLOW, [stx(Compare.GT, 9)], SUCCESS),
    ("give-stx", ALLOW, [stx(Compare.GTE, 11)], ABORTED),
    ("give-stx", ALLOW, [stx(Compare.GTE, 10)], SUCCESS),
    ("give-stx", ALLOW, [stx(Compare.LT, 10)], ABORTED),
    ("give-stx", ALLOW, [stx(Compare.LT, 11)], SUCCESS),
    ("give-stx", ALLOW, [stx(Compare.LTE, 9)], ABORTED),
    ("give-stx", DENY, [stx(Compare.LTE, 10)], SUCCESS),
    ("give-stx", ALLOW, [stx(Compare.EQ, 10), stx(Compare.LT, 10)], ABORTED),
    ("burn-stx", DENY, [], ABORTED),
    ("burn-stx", DENY, [stx(Compare.EQ, 10)], SUCCESS),
    ("pay-out", DENY, [], ABORTED),
    ("pay-out", DENY, [stx(Compare.EQ, 50, VAULT_ID)], SUCCESS),
    ("pay-out", ORIGINATOR, [], SUCCESS),
    ("pay-out", ALLOW, [stx(Compare.EQ, 50)], ABORTED),
]
TOKEN_CASES: list[tuple[str, Mode, Sequence[PostCondition], TransactionStatus]] = [
    ("give-gold", DENY, [], ABORTED),
    ("give-gold", DENY, [stx(Compare.EQ, 0)], ABORTED),
    ("give-gold", DENY, [gold(Compare.EQ, 10)], SUCCESS),
    ("give-gold", ALLOW, [gold(Compare.LTE, 9)], ABORTED),
    ("burn-gold", DENY, [], ABORTED),
    ("burn-gold", DENY, [gold(Compare.GTE, 1)], SUCCESS),
    ("give-deed", DENY, [], ABORTED),
    ("give-deed", DENY, [deed(Sent.SENT)], SUCCESS),
    ("give-deed", DENY, [deed(Sent.MAYBE_SENT)], SUCCESS),
    ("give-deed", DENY, [deed(Sent.MAYBE_SENT, 2)], ABORTED),
    ("give-deed", ALLOW, [deed(Sent.NOT_SENT)], ABORTED),
    ("give-deed", ALLOW, [deed(Sent.NOT_SENT, 2)], SUCCESS),
    ("give-deed", ALLOW, [deed(Sent.SENT, 2)], ABORTED),
    ("give-gold", DENY, [gold(Compare.EQ, 10), StakingPostCondition(None, Compare.EQ, 0)], SUCCESS),
    ("give-gold", DENY, [gold(Compare.EQ, 10), StakingPostCondition(None, Compare.GT, 0)], ABORTED),
    ("give-gold", DENY, [gold(Compare.EQ, 10), PoxPostCondition(None, Performs.WILL_NOT_PERFORM)], SUCCESS),
    ("give-gold", DENY, [gold(Compare.EQ, 10), PoxPostCondition(None, Performs.WILL_PERFORM)], ABORTED),
]


def attempt(
    chain: Chain, alice: Account, bob: Account, function: str, mode: Mode, conditions: Sequence[PostCondition]
) -> TransactionStatus:
    """Make a call in a block of its own; check that its fee is paid and that its effect is there or is not."""
    before = chain.stx_balance(alice.address), chain.stx_balance(bob.address)
    args = [] if function.startswith("burn") else [principal(bob.address)]
    chain.submit(alice.call(VAULT_ID, function, args, conditions, mode))
    [mined] = chain.mine().transactions
    given = {"give-stx": 10, "burn-stx": 10}.get(function, 0) if mined.succeeded else 0
    received = {"give-stx": 10, "pay-out": 50}.get(function, 0) if mined.succeeded else 0
    assert chain.stx_balance(alice.address) == before[0] - alice.fee - given
    assert chain.stx_balance(bob.address) == before[1] + received
    assert bool(mined.events) is mined.succeeded
    assert (mined.error is None) is mined.succeeded
    return mined.status


@pytest.mark.parametrize("cases", [STX_CASES, TOKEN_CASES], ids=["stx", "tokens"])
def test_conditions_and_modes(
    vault: Chain,
    alice: Account,
    bob: Account,
    cases: list[tuple[str, Mode, Sequence[PostCondition], TransactionStatus]],
) -> None:
    bob_fund = bob.call(VAULT_ID, "give-stx", [principal(alice.address)])
    vault.submit(bob_fund)
    vault.mine()
    for function, mode, conditions, status in cases:
        if function == "pay-out":
            vault.submit(alice.call(VAULT_ID, "deposit"))
            vault.mine()
        assert attempt(vault, alice, bob, function, mode, conditions) is status, (function, mode, conditions)
        if function == "give-deed" and status is SUCCESS:
            vault.submit(bob.call(VAULT_ID, "give-deed", [principal(alice.address)]))
            vault.mine()


def test_a_refused_call_can_still_break_its_conditions(vault: Chain, alice: Account, bob: Account) -> None:
    """A node checks conditions whatever the call answered: nothing was sent, so "sent 10" does not hold."""
    poor = [gold(Compare.EQ, 10)]
    vault.submit(bob.call(VAULT_ID, "give-gold", [principal(alice.address)], poor, DENY))
    vault.submit(bob.call(VAULT_ID, "give-gold", [principal(alice.address)], [], DENY))
    first, second = vault.mine().transactions
    assert (first.status, second.status) == (ABORTED, TransactionStatus.ABORT_BY_RESPONSE)
    assert first.result == second.result


def test_what_an_inner_call_moved_and_took_back_does_not_count(chain: Chain, alice: Account, bob: Account) -> None:
    chain.submit(alice.deploy("batch", BATCH))
    chain.mine()
    before = chain.stx_balance(bob.address)
    args = [list_([uint(20), uint(5), uint(30)]), principal(bob.address)]
    for sent, status in ((55, ABORTED), (50, SUCCESS)):
        chain.submit(alice.call(f"{alice.address}.batch", "pay-all", args, [stx(Compare.EQ, sent)], DENY))
        [mined] = chain.mine().transactions
        assert (mined.status, [event.amount for event in mined.events]) == (status, [20, 30] if sent == 50 else [])
    assert chain.stx_balance(bob.address) == before + 50


def test_a_contract_that_moves_its_owners_money_when_deployed_is_unmade(chain: Chain, alice: Account) -> None:
    greedy = "(define-read-only (f) true) (stx-burn? u100 tx-sender)"
    before = chain.stx_balance(alice.address)
    chain.submit(alice.deploy("greedy", greedy))
    [mined] = chain.mine().transactions
    assert mined.status is ABORTED
    assert chain.interface(f"{alice.address}.greedy") is None
    assert chain.stx_balance(alice.address) == before - mined.tx.fee
    chain.submit(alice.deploy("greedy", greedy, Mode.ALLOW))
    [mined] = chain.mine().transactions
    assert mined.status is SUCCESS
    assert [event.kind for event in mined.events] == ["stx_burn"]
    assert chain.interface(f"{alice.address}.greedy") is not None
