"""Scenes of admins, operators and the treasury."""

from collections.abc import Callable

from tests.properties.cast import ADMINS, OPERATORS, PEOPLE
from tests.properties.model import treasury
from tests.properties.model.state import TREASURY, VAULT, Proposal
from tests.properties.model.vault import balance
from tests.properties.pen import Pen
from tests.properties.stage import Step

KINDS = {
    "withdrawal": 8,
    "add-admin": 4,
    "remove-admin": 4,
    "threshold": 4,
    "grant-operator": 2,
    "revoke-operator": 2,
    "fees": 3,
    "limit": 2,
    "sweep-surplus": 2,
    "unpause": 3,
}
DESCRIPTIONS = ("", "audit", "給" * 256)


def finalize(pen: Pen) -> Step:
    """The deployer names the first admins."""
    admins = [*pen.random.sample(ADMINS, pen.random.randint(1, 4))]
    crowd = pen.random.sample(PEOPLE, 10)
    admins = crowd if pen.chance(5) else admins + pen.some(ADMINS, 1) if pen.chance(5) else admins
    operators = pen.some(OPERATORS, 2) if pen.chance(20) else [*OPERATORS[: pen.random.randint(0, 2)]]
    threshold = pen.mostly(pen.random.randint(1, max(1, len(admins))))
    return pen.step("deployer", "access-control", "finalize", admins, threshold, operators)


def pause(pen: Pen) -> Step:
    """An admin or operator stops new business."""
    return pen.step(pen.pick((*pen.state.admins, *sorted(pen.state.operators), "mallory")), "access-control", "pause")


def propose(pen: Pen) -> Step:
    """An admin proposes something."""
    kind = "unpause" if pen.state.phase == "paused" and pen.chance(50) else pen.weighted(KINDS)
    return pen.step(_admin(pen), "treasury", f"propose-{kind}", *_proposed(pen, kind))


def _proposed(pen: Pen, kind: str) -> tuple[object, ...]:
    state = pen.state
    held = max(1, min(state.accounts[TREASURY], state.limit))
    proposed: dict[str, Callable[[], tuple[object, ...]]] = {
        "withdrawal": lambda: (pen.somebody(), pen.mostly(pen.number(1, held)), pen.pick(DESCRIPTIONS)),
        "add-admin": lambda: (pen.somebody(),),
        "remove-admin": lambda: (pen.pick((*state.admins, "mallory")),),
        "threshold": lambda: (pen.mostly(pen.random.randint(0, len(state.admins) + 1)),),
        "grant-operator": lambda: (pen.somebody(),),
        "revoke-operator": lambda: (pen.pick((*sorted(state.operators), "mallory")),),
        "fees": lambda: (pen.mostly(pen.random.randint(0, 101)), pen.mostly(pen.random.randint(0, 501))),
        "limit": lambda: (pen.mostly(pen.number(0, 10_000_000), 10),),
    }
    return proposed.get(kind, tuple)()


def approve(pen: Pen, chosen: int | None = None) -> Step:
    """An admin approves."""
    proposal_id = chosen or pen.key(
        pen.state.proposals, lambda proposal: _open(pen, proposal) and bool(_missing(pen, proposal))
    )
    proposal = pen.state.proposals.get(proposal_id)
    missing = _missing(pen, proposal) if proposal and pen.chance(92) else []
    return pen.step(pen.pick(missing) if missing else _admin(pen), "treasury", "approve-proposal", proposal_id)


def _missing(pen: Pen, proposal: Proposal) -> list[str]:
    return [admin for admin in pen.state.admins if not treasury.counts(pen.state, proposal, admin)]


def revoke(pen: Pen) -> Step:
    """An admin takes his approval back."""
    proposal_id = pen.key(pen.state.proposals, lambda proposal: _open(pen, proposal))
    proposal = pen.state.proposals.get(proposal_id)
    given = list(proposal.approvals) if proposal else []
    return pen.step(pen.pick(given) if given else _admin(pen), "treasury", "revoke-approval", proposal_id)


def cancel(pen: Pen) -> Step:
    """The proposer withdraws his proposal."""
    proposal_id = pen.key(pen.state.proposals, lambda proposal: _open(pen, proposal))
    proposal = pen.state.proposals.get(proposal_id)
    return pen.step(proposal.proposer if proposal else None, "treasury", "cancel-proposal", proposal_id)


def execute(pen: Pen, chosen: int | None = None) -> Step:
    """Anyone executes what was decided."""
    proposal_id = chosen or pen.key(pen.state.proposals, lambda proposal: _ripe(pen, proposal))
    return pen.step(None, "treasury", "execute-proposal", proposal_id)


def stray(pen: Pen) -> Step:
    """Somebody sends sBTC around, perhaps to the vault unasked."""
    who = pen.person()
    to = VAULT if pen.chance(60) else pen.somebody()
    held = balance(pen.state, who)
    return Step(who, "sbtc", "transfer", (pen.mostly(pen.number(1, min(held, 1_000_000))), who, to, None))


def _admin(pen: Pen) -> str | None:
    return pen.pick(pen.state.admins) if pen.state.admins else None


def _open(pen: Pen, proposal: Proposal) -> bool:
    return proposal.status == "open" and pen.time < proposal.created_at + treasury.LIFETIME


def _ripe(pen: Pen, proposal: Proposal) -> bool:
    ready = proposal.ready_at is not None and pen.time >= proposal.ready_at + treasury.TIMELOCK
    return ready and _open(pen, proposal)
