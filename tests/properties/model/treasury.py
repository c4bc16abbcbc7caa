"""What the admins decide together: bitpay-treasury."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from tests.properties.model import access, vault
from tests.properties.model.opening import wrong_amount
from tests.properties.model.state import DAY, MAX_SATS, TREASURY, VAULT, Call, Proposal, Refusal, State, refuse

CONTRACT = "bitpay-treasury"
TIMELOCK = DAY
LIFETIME = 7 * DAY
MAX_WITHDRAWALS = 24


def propose_withdrawal(state: State, call: Call, recipient: str, amount: int, description: str) -> tuple[int, State]:
    """Propose to pay `amount` out of the treasury's account."""
    wrong = [*wrong_amount(amount), *vault.vault_as_receiver(recipient)]
    return _propose(state, call, "withdrawal", wrong, recipient, amount, description=description)


def propose_add_admin(state: State, call: Call, who: str) -> tuple[int, State]:
    """Propose an admission."""
    return _propose(state, call, "add-admin", (), who)


def propose_remove_admin(state: State, call: Call, who: str) -> tuple[int, State]:
    """Propose a removal."""
    return _propose(state, call, "remove-admin", (), who)


def propose_threshold(state: State, call: Call, threshold: int) -> tuple[int, State]:
    """Propose another threshold; one that no number of admins could allow is refused at once."""
    return _propose(state, call, "threshold", access.wrong_threshold(threshold, access.MAX_ADMINS), None, threshold)


def propose_grant_operator(state: State, call: Call, who: str) -> tuple[int, State]:
    """Propose an operator."""
    return _propose(state, call, "grant-operator", (), who)


def propose_revoke_operator(state: State, call: Call, who: str) -> tuple[int, State]:
    """Propose to dismiss an operator."""
    return _propose(state, call, "revoke-operator", (), who)


def propose_fees(state: State, call: Call, creation: int, marketplace: int) -> tuple[int, State]:
    """Propose other fees, in basis points."""
    return _propose(state, call, "fees", access.wrong_fees(creation, marketplace), None, creation, marketplace)


def propose_limit(state: State, call: Call, sats: int) -> tuple[int, State]:
    """Propose another withdrawal limit."""
    return _propose(state, call, "limit", ["AMOUNT_OUT_OF_RANGE"] if sats > MAX_SATS else [], None, sats)


def propose_sweep_surplus(state: State, call: Call) -> tuple[int, State]:
    """Propose to credit what somebody sent to the vault unasked."""
    return _propose(state, call, "sweep-surplus", ())


def propose_unpause(state: State, call: Call) -> tuple[int, State]:
    """Propose to let new business begin again."""
    return _propose(state, call, "unpause", ())


def _propose(
    state: State,
    call: Call,
    kind: str,
    wrong: Iterable[str],
    subject: str | None = None,
    value: int = 0,
    value_2: int = 0,
    description: str = "",
) -> tuple[int, State]:
    refuse([*_not_admin(state, call), *wrong])
    proposal_id = len(state.proposals) + 1
    proposal = Proposal(
        kind=kind,
        proposer=call.caller,
        subject=subject,
        value=value,
        value_2=value_2,
        description=description,
        created_at=call.time,
        ready_at=call.time if state.threshold == 1 else None,
        approvals={call.caller: state.terms[call.caller]},
    )
    told = {
        "proposal_id": proposal_id,
        "kind": kind,
        "proposer": call.caller,
        "subject": subject,
        "value": value,
        "value_2": value_2,
        "description": description,
        "created_at": call.time,
        "expires_at": call.time + LIFETIME,
        "ready_at": proposal.ready_at,
    }
    return proposal_id, _with(state, proposal_id, proposal).telling(CONTRACT, "proposal-created", **told)


def approve_proposal(state: State, call: Call, proposal_id: int) -> tuple[bool, State]:
    """Give an admin's approval, for his present term."""
    refuse(_wrong_with_approval(state, call, proposal_id))
    proposal = state.proposals[proposal_id]
    before = approvals(state, proposal)
    approved = replace(proposal, approvals={**proposal.approvals, call.caller: state.terms[call.caller]})
    reached = before + 1 >= state.threshold and (before < state.threshold or proposal.ready_at is None)
    ready_at = call.time if reached else proposal.ready_at
    told = {"proposal_id": proposal_id, "admin": call.caller, "approvals": before + 1, "ready_at": ready_at}
    decided = _with(state, proposal_id, replace(approved, ready_at=ready_at))
    return True, decided.telling(CONTRACT, "proposal-approved", **told)


def _wrong_with_approval(state: State, call: Call, proposal_id: int) -> Iterable[str]:
    yield from _not_admin(state, call)
    yield from _not_open(state, call, proposal_id)
    proposal = state.proposals.get(proposal_id)
    if proposal is not None and counts(state, proposal, call.caller):
        yield "ALREADY_APPROVED"


def revoke_approval(state: State, call: Call, proposal_id: int) -> tuple[bool, State]:
    """Take an approval back while it counts."""
    reasons = list(_not_open(state, call, proposal_id))
    proposal = state.proposals.get(proposal_id)
    if proposal is not None and not counts(state, proposal, call.caller):
        reasons += ["NOT_APPROVED", *_not_admin(state, call)]
    refuse(reasons)
    proposal = state.proposals[proposal_id]
    kept = {admin: term for admin, term in proposal.approvals.items() if admin != call.caller}
    revoked = replace(proposal, approvals=kept)
    told = {"proposal_id": proposal_id, "admin": call.caller, "approvals": approvals(state, revoked)}
    return True, _with(state, proposal_id, revoked).telling(CONTRACT, "approval-revoked", **told)


def cancel_proposal(state: State, call: Call, proposal_id: int) -> tuple[bool, State]:
    """Withdraw a proposal: its proposer's, while he is an admin."""
    reasons = [*_not_admin(state, call), *_not_open(state, call, proposal_id)]
    proposal = state.proposals.get(proposal_id)
    if proposal is not None and proposal.proposer != call.caller:
        reasons.append("NOT_PROPOSER")
    refuse(reasons)
    cancelled = _with(state, proposal_id, replace(state.proposals[proposal_id], status="cancelled"))
    return True, cancelled.telling(CONTRACT, "proposal-cancelled", proposal_id=proposal_id, by=call.caller)


def execute_proposal(state: State, call: Call, proposal_id: int) -> tuple[bool, State]:
    """Do what was decided: anyone's."""
    refuse(_not_executable(state, call, proposal_id))
    proposal = state.proposals[proposal_id]
    marked = _with(state, proposal_id, replace(proposal, status="executed"))
    acted = _ACTIONS[proposal.kind](marked, call, proposal_id, proposal)
    told = {"proposal_id": proposal_id, "kind": proposal.kind, "by": call.caller}
    return True, acted.telling(CONTRACT, "proposal-executed", **told)


def _not_executable(state: State, call: Call, proposal_id: int) -> Iterable[str]:
    yield from _not_open(state, call, proposal_id)
    proposal = state.proposals.get(proposal_id)
    if proposal is None:
        return
    if approvals(state, proposal) < state.threshold or proposal.ready_at is None:
        yield "TOO_FEW_APPROVALS"
    if proposal.ready_at is not None and call.time < proposal.ready_at + TIMELOCK:
        yield "TIMELOCK"


def counts(state: State, proposal: Proposal, admin: str) -> bool:
    """Tell whether an approval was given in the term that its admin is in now."""
    return admin in proposal.approvals and state.terms.get(admin) == proposal.approvals[admin]


def approvals(state: State, proposal: Proposal) -> int:
    """Return how many approvals count now."""
    return sum(counts(state, proposal, admin) for admin in proposal.approvals)


def status(state: State, proposal: Proposal, time: int) -> str:
    """Return pending, approved, executed, cancelled or expired."""
    if proposal.status != "open":
        return proposal.status
    if time >= proposal.created_at + LIFETIME:
        return "expired"
    return "approved" if approvals(state, proposal) >= state.threshold else "pending"


def recent(state: State, time: int) -> list[int]:
    """Return the sats of each withdrawal of the last 24 hours."""
    return [amount for at, amount in state.withdrawals if time < at + DAY]


def _withdraw(state: State, call: Call, proposal_id: int, proposal: Proposal) -> State:
    refuse(_wrong_with_withdrawal(state, call, proposal.value))
    to, amount = str(proposal.subject), proposal.value
    paid = replace(vault.payout(state, TREASURY, amount, to), withdrawals=(*state.withdrawals, (call.time, amount)))
    return paid.telling(CONTRACT, "treasury-withdrawal", proposal_id=proposal_id, recipient=to, amount=amount)


def _wrong_with_withdrawal(state: State, call: Call, amount: int) -> Iterable[str]:
    spent = recent(state, call.time)
    if len(spent) >= MAX_WITHDRAWALS:
        yield "TOO_MANY_WITHDRAWALS"
    if sum(spent) + amount > state.limit:
        yield "ABOVE_LIMIT"
    if amount > state.accounts[TREASURY]:
        yield "ACCOUNT_SHORT"


def _set_limit(state: State, _call: Call, _id: int, proposal: Proposal) -> State:
    return replace(state, limit=proposal.value).telling(CONTRACT, "limit-changed", limit=proposal.value)


def _sweep(state: State, _call: Call, _id: int, _proposal: Proposal) -> State:
    surplus = vault.balance(state, VAULT) - vault.liabilities(state)
    if surplus <= 0:
        raise Refusal("NO_SURPLUS")
    return vault.credit(state, TREASURY, surplus).telling("bitpay-sbtc-helper", "surplus-swept", amount=surplus)


_ACTIONS: dict[str, Callable[[State, Call, int, Proposal], State]] = {
    "withdrawal": _withdraw,
    "add-admin": lambda state, _call, _id, proposal: access.add_admin(state, str(proposal.subject)),
    "remove-admin": lambda state, _call, _id, proposal: access.remove_admin(state, str(proposal.subject)),
    "threshold": lambda state, _call, _id, proposal: access.set_threshold(state, proposal.value),
    "grant-operator": lambda state, _call, _id, proposal: access.grant_operator(state, str(proposal.subject)),
    "revoke-operator": lambda state, _call, _id, proposal: access.revoke_operator(state, str(proposal.subject)),
    "fees": lambda state, _call, _id, proposal: access.set_fees(state, proposal.value, proposal.value_2),
    "limit": _set_limit,
    "sweep-surplus": _sweep,
    "unpause": lambda state, _call, _id, _proposal: access.unpause(state, TREASURY),
}


def _not_admin(state: State, call: Call) -> Iterable[str]:
    if call.caller not in state.terms:
        yield "NOT_ADMIN"


def _not_open(state: State, call: Call, proposal_id: int) -> Iterable[str]:
    proposal = state.proposals.get(proposal_id)
    if proposal is None:
        yield "UNKNOWN_PROPOSAL"
        return
    if proposal.status != "open":
        yield "PROPOSAL_CLOSED"
    if call.time >= proposal.created_at + LIFETIME:
        yield "PROPOSAL_EXPIRED"


def _with(state: State, proposal_id: int, proposal: Proposal) -> State:
    return replace(state, proposals={**state.proposals, proposal_id: proposal})
