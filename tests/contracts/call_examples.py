"""One call or two of every builder, as wallets would sign them."""

from types import ModuleType

from tests.contracts.world import account

from bitpay.protocol.calls import access_control, core, marketplace, obligation_nft, treasury
from bitpay.protocol.calls.call import Call
from bitpay.protocol.calls.core import Due
from bitpay.protocol.calls.terms import NewStream, Schedule, Terms
from bitpay.protocol.curves import Point
from bitpay.protocol.ids import Contracts
from bitpay.protocol.sources import SIMNET_SBTC

CONTRACTS = Contracts(account("deployer").address, SIMNET_SBTC)
ALICE, BOB, CAROL = (account(name).address for name in ("alice", "bob", "carol"))

BUILDERS: dict[str, ModuleType] = {
    "bitpay-access-control": access_control,
    "bitpay-core": core,
    "bitpay-marketplace": marketplace,
    "bitpay-obligation-nft": obligation_nft,
    "bitpay-treasury": treasury,
}

UNCALLED = {
    "bitpay-access-control unpause": "only bitpay-treasury, executing a proposal",
    "bitpay-access-control add-admin": "only bitpay-treasury, executing a proposal",
    "bitpay-access-control remove-admin": "only bitpay-treasury, executing a proposal",
    "bitpay-access-control set-threshold": "only bitpay-treasury, executing a proposal",
    "bitpay-access-control grant-operator": "only bitpay-treasury, executing a proposal",
    "bitpay-access-control revoke-operator": "only bitpay-treasury, executing a proposal",
    "bitpay-access-control set-fees": "only bitpay-treasury, executing a proposal",
    "bitpay-nft transfer": "nobody: receipts cannot be transferred, SIP-009 wants the function",
    "bitpay-nft mint": "only bitpay-core, when a stream is depleted",
    "bitpay-obligation-nft mint": "only bitpay-core, opening a stream",
    "bitpay-obligation-nft burn": "only bitpay-core, when its holder asks",
    "bitpay-obligation-nft move": "only bitpay-core and bitpay-marketplace",
    "bitpay-sbtc-helper deposit": "only bitpay-core and bitpay-marketplace",
    "bitpay-sbtc-helper pay": "only bitpay-marketplace",
    "bitpay-sbtc-helper payout": "only the three contracts that have an account",
    "bitpay-sbtc-helper credit-treasury": "only bitpay-marketplace",
    "bitpay-sbtc-helper sweep": "only bitpay-treasury, executing a proposal",
    "bitpay-core settle-for-sale": "only bitpay-marketplace, within a sale",
}
"""Public functions without a builder, and who calls them instead of a person."""

_LINE = Schedule("seconds", None, 1_000)
_SHAPED = Schedule("blocks", 9, 1_000, cliff=100, upfront=5, at_cliff=6, step=10)
_NOTED = Terms(cancelable=False, transferable=False, memo="for March")


def examples() -> list[Call]:
    """Return the calls of all builders."""
    return [*_opening(), *_withdrawing(), *_sides(), *_sales(), *_governing()]


def _opening() -> list[Call]:
    orders = [NewStream(BOB, 700, _LINE, Terms()), NewStream(CAROL, 800, _SHAPED, _NOTED)]
    points = [Point(10, 20), Point(100, 1_000)]
    return [
        core.create_stream(CONTRACTS, sender=ALICE, recipient=BOB, amount=1_000, fee=1, duration=50),
        core.open_stream(CONTRACTS, sender=ALICE, recipient=BOB, amount=1_000, fee=1, schedule=_SHAPED, terms=_NOTED),
        core.open_streams(CONTRACTS, sender=ALICE, orders=orders, fee=0),
        core.open_curve_stream(
            CONTRACTS,
            sender=ALICE,
            recipient=BOB,
            amount=1_000,
            fee=1,
            clock="seconds",
            start=7,
            points=points,
            terms=Terms(),
        ),
        core.top_up_stream(CONTRACTS, sender=ALICE, stream_id=1, amount=500, fee=0),
    ]


def _withdrawing() -> list[Call]:
    return [
        core.withdraw_from_stream(CONTRACTS, stream_id=1, shown=10, owed=90),
        core.withdraw_to(CONTRACTS, stream_id=1, amount=10, to=CAROL),
        core.withdraw_to(CONTRACTS, stream_id=1, amount=Due(10, 90), to=CAROL),
        core.withdraw_and_transfer(CONTRACTS, stream_id=1, holder=BOB, to=CAROL, shown=10, owed=90),
        core.withdraw_many(CONTRACTS, {1: Due(10, 90), 2: Due(20, 80)}),
    ]


def _sides() -> list[Call]:
    return [
        core.cancel_stream(CONTRACTS, stream_id=1, refundable=90),
        core.cancel_many(CONTRACTS, {1: 90, 2: 80}),
        core.renounce_cancel(CONTRACTS, stream_id=1),
        core.propose_sender(CONTRACTS, stream_id=1, new_sender=CAROL),
        core.propose_sender(CONTRACTS, stream_id=1, new_sender=None),
        core.accept_sender(CONTRACTS, stream_id=1),
        core.burn_obligation(CONTRACTS, stream_id=1, holder=BOB),
        obligation_nft.transfer(CONTRACTS, stream_id=1, holder=BOB, to=CAROL),
    ]


def _sales() -> list[Call]:
    return [
        marketplace.list_stream(CONTRACTS, stream_id=1, price=1_000, expires_at=None),
        marketplace.list_stream(CONTRACTS, stream_id=1, price=1_000, expires_at=2_000_000_000),
        marketplace.update_listing(CONTRACTS, listing_id=1, price=1_100),
        marketplace.cancel_listing(CONTRACTS, listing_id=1),
        marketplace.purchase_stream(
            CONTRACTS,
            buyer=CAROL,
            seller=BOB,
            listing_id=1,
            stream_id=1,
            max_price=1_000,
            owed=90,
            min_remaining=50,
            accept_cancelable=True,
        ),
        marketplace.make_offer(
            CONTRACTS,
            buyer=CAROL,
            stream_id=1,
            price=1_000,
            min_remaining=50,
            accept_cancelable=False,
            expires_at=2_000_000_000,
        ),
        marketplace.cancel_offer(CONTRACTS, offer_id=1, price=1_000),
        marketplace.accept_offer(CONTRACTS, holder=BOB, offer_id=1, stream_id=1, price=1_000, fee=3, owed=90),
    ]


def _governing() -> list[Call]:
    return [
        access_control.finalize(CONTRACTS, admins=[ALICE, BOB], threshold=2, operators=[CAROL]),
        access_control.pause(CONTRACTS),
        treasury.propose_withdrawal(CONTRACTS, recipient=CAROL, amount=5, description="audit"),
        treasury.propose_add_admin(CONTRACTS, who=CAROL),
        treasury.propose_remove_admin(CONTRACTS, who=CAROL),
        treasury.propose_threshold(CONTRACTS, n=3),
        treasury.propose_grant_operator(CONTRACTS, who=CAROL),
        treasury.propose_revoke_operator(CONTRACTS, who=CAROL),
        treasury.propose_fees(CONTRACTS, creation_bps=20, marketplace_bps=50),
        treasury.propose_limit(CONTRACTS, sats=7),
        treasury.propose_sweep_surplus(CONTRACTS),
        treasury.propose_unpause(CONTRACTS),
        treasury.approve_proposal(CONTRACTS, proposal_id=1),
        treasury.revoke_approval(CONTRACTS, proposal_id=1),
        treasury.cancel_proposal(CONTRACTS, proposal_id=1),
        treasury.execute_proposal(CONTRACTS, proposal_id=1, withdrawal=None),
        treasury.execute_proposal(CONTRACTS, proposal_id=1, withdrawal=5),
    ]
