"""Who may do what: bitpay-access-control."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tests.properties.model.state import DEPLOYER, Call, Refusal, State, refuse

CONTRACT = "bitpay-access-control"
MAX_ADMINS = 10
MAX_CREATION_BPS = 100
MAX_MARKETPLACE_BPS = 500


def finalize(
    state: State, call: Call, admins: Sequence[str], threshold: int, operators: Sequence[str]
) -> tuple[bool, State]:
    """Name the first admins and operators; the deployer's, once."""
    refuse(_wrong_with_finalize(state, call, admins, threshold, operators))
    finalized = replace(
        state,
        admins=tuple(admins),
        terms={admin: term for term, admin in enumerate(admins, start=1)},
        last_term=len(admins),
        threshold=threshold,
        operators=frozenset(operators),
        phase="open",
    )
    told = {"admins": list(admins), "threshold": threshold, "operators": list(operators)}
    return True, finalized.telling(CONTRACT, "finalized", **told)


def _wrong_with_finalize(
    state: State, call: Call, admins: Sequence[str], threshold: int, operators: Sequence[str]
) -> Iterable[str]:
    if call.caller != DEPLOYER:
        yield "NOT_DEPLOYER"
    if state.phase != "unfinalized":
        yield "ALREADY_FINALIZED"
    if not admins:
        yield "NO_ADMINS"
    if len(set(admins)) < len(admins):
        yield "ALREADY_ADMIN"
    if len(set(operators)) < len(operators):
        yield "ALREADY_OPERATOR"
    yield from wrong_threshold(threshold, len(admins))


def wrong_threshold(threshold: int, members: int) -> Iterable[str]:
    """Yield what is wrong with a threshold for so many admins."""
    if not 1 <= threshold <= members:
        yield "THRESHOLD_OUT_OF_RANGE"


def pause(state: State, call: Call) -> tuple[bool, State]:
    """Stop new business: an admin's or an operator's."""
    nobody = call.caller not in state.terms and call.caller not in state.operators
    refuse([*(["NOT_ADMIN_OR_OPERATOR"] if nobody else []), *state.closed()])
    return True, replace(state, phase="paused").telling(CONTRACT, "paused", by=call.caller)


def unpause(state: State, by: str) -> State:
    """Let new business begin again."""
    if state.phase != "paused":
        raise Refusal("NOT_PAUSED")
    return replace(state, phase="open").telling(CONTRACT, "unpaused", by=by)


def add_admin(state: State, who: str) -> State:
    """Admit an admin, in a new term."""
    refuse(_wrong_with_admission(state, who))
    term = state.last_term + 1
    admitted = replace(state, admins=(*state.admins, who), terms={**state.terms, who: term}, last_term=term)
    return admitted.telling(CONTRACT, "admin-added", admin=who, term=term)


def _wrong_with_admission(state: State, who: str) -> Iterable[str]:
    if who in state.terms:
        yield "ALREADY_ADMIN"
    if len(state.admins) >= MAX_ADMINS:
        yield "TOO_MANY_ADMINS"


def remove_admin(state: State, who: str) -> State:
    """Remove an admin where enough remain for the threshold."""
    if who not in state.terms:
        raise Refusal("UNKNOWN_ADMIN")
    refuse(wrong_threshold(state.threshold, len(state.admins) - 1))
    removed = replace(
        state,
        admins=tuple(admin for admin in state.admins if admin != who),
        terms={admin: term for admin, term in state.terms.items() if admin != who},
    )
    return removed.telling(CONTRACT, "admin-removed", admin=who)


def set_threshold(state: State, threshold: int) -> State:
    """Change how many approvals a proposal needs."""
    refuse(wrong_threshold(threshold, len(state.admins)))
    return replace(state, threshold=threshold).telling(CONTRACT, "threshold-changed", threshold=threshold)


def grant_operator(state: State, who: str) -> State:
    """Let `who` pause."""
    if who in state.operators:
        raise Refusal("ALREADY_OPERATOR")
    granted = replace(state, operators=state.operators | {who})
    return granted.telling(CONTRACT, "operator-granted", operator=who)


def revoke_operator(state: State, who: str) -> State:
    """Let `who` pause no longer."""
    if who not in state.operators:
        raise Refusal("UNKNOWN_OPERATOR")
    revoked = replace(state, operators=state.operators - {who})
    return revoked.telling(CONTRACT, "operator-revoked", operator=who)


def wrong_fees(creation: int, marketplace: int) -> Iterable[str]:
    """Yield what is wrong with fees in basis points."""
    if creation > MAX_CREATION_BPS or marketplace > MAX_MARKETPLACE_BPS:
        yield "FEE_ABOVE_CAP"


def set_fees(state: State, creation: int, marketplace: int) -> State:
    """Change the fees of what begins from now on."""
    changed = replace(state, creation_bps=creation, marketplace_bps=marketplace)
    return changed.telling(CONTRACT, "fees-changed", creation=creation, marketplace=marketplace)
