"""Calls of bitpay-treasury: what the admins decide together.

Proposing and deciding moves nothing; only executing a withdrawal does.
"""

from bitpay.protocol.calls.call import Call
from bitpay.protocol.calls.conditions import sends
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.stacks.post_conditions import Compare, PostCondition


def propose_withdrawal(contracts: Contracts, *, recipient: str, amount: int, description: str) -> Call:
    """Propose to pay `amount` sats out of the treasury; `description` says in at most 256 characters what for."""
    args = (clarity.principal(recipient), clarity.uint(amount), clarity.utf8(description))
    return Call(contracts.treasury, "propose-withdrawal", args)


def propose_add_admin(contracts: Contracts, *, who: str) -> Call:
    """Propose to admit an admin."""
    return Call(contracts.treasury, "propose-add-admin", (clarity.principal(who),))


def propose_remove_admin(contracts: Contracts, *, who: str) -> Call:
    """Propose to remove an admin."""
    return Call(contracts.treasury, "propose-remove-admin", (clarity.principal(who),))


def propose_threshold(contracts: Contracts, *, n: int) -> Call:
    """Propose how many approvals a proposal needs."""
    return Call(contracts.treasury, "propose-threshold", (clarity.uint(n),))


def propose_grant_operator(contracts: Contracts, *, who: str) -> Call:
    """Propose who may pause."""
    return Call(contracts.treasury, "propose-grant-operator", (clarity.principal(who),))


def propose_revoke_operator(contracts: Contracts, *, who: str) -> Call:
    """Propose who may no longer pause."""
    return Call(contracts.treasury, "propose-revoke-operator", (clarity.principal(who),))


def propose_fees(contracts: Contracts, *, creation_bps: int, marketplace_bps: int) -> Call:
    """Propose both rates in basis points: at most 100 for creation, 500 for sales."""
    return Call(contracts.treasury, "propose-fees", (clarity.uint(creation_bps), clarity.uint(marketplace_bps)))


def propose_limit(contracts: Contracts, *, sats: int) -> Call:
    """Propose how many sats may leave the treasury in any 24 hours."""
    return Call(contracts.treasury, "propose-limit", (clarity.uint(sats),))


def propose_sweep_surplus(contracts: Contracts) -> Call:
    """Propose to credit the treasury with what was sent to the vault without being asked for."""
    return Call(contracts.treasury, "propose-sweep-surplus")


def propose_unpause(contracts: Contracts) -> Call:
    """Propose to open for new business again."""
    return Call(contracts.treasury, "propose-unpause")


def approve_proposal(contracts: Contracts, *, proposal_id: int) -> Call:
    """Approve; the approval that makes enough of them starts the timelock."""
    return Call(contracts.treasury, "approve-proposal", (clarity.uint(proposal_id),))


def revoke_approval(contracts: Contracts, *, proposal_id: int) -> Call:
    """Take an approval back."""
    return Call(contracts.treasury, "revoke-approval", (clarity.uint(proposal_id),))


def cancel_proposal(contracts: Contracts, *, proposal_id: int) -> Call:
    """Take back a proposal of one's own."""
    return Call(contracts.treasury, "cancel-proposal", (clarity.uint(proposal_id),))


def execute_proposal(contracts: Contracts, *, proposal_id: int, withdrawal: int | None) -> Call:
    """Carry out a ripe proposal. The vault pays exactly the sats of a `withdrawal`; None for every other kind."""
    conditions: tuple[PostCondition, ...] = ()
    if withdrawal is not None:
        conditions = (sends(contracts, contracts.vault, Compare.EQ, withdrawal),)
    return Call(contracts.treasury, "execute-proposal", (clarity.uint(proposal_id),), conditions)
