"""Getting a treasury proposal through."""

from typing import Any

from tests.contracts.world import Account, World

TIMELOCK = 86_400
LIFETIME = 604_800


def propose(world: World, kind: str, *args: Any, by: Account | None = None) -> int:  # noqa: ANN401 - by kind
    """Propose, as ann unless said otherwise; returns the proposal's id."""
    proposal: int = getattr(world.treasury, f"propose_{kind}")(*args, by=by or world.ann)
    return proposal


def approved(world: World, kind: str, *args: Any) -> int:  # noqa: ANN401 - by kind
    """Propose as ann and approve as ben, which is enough; returns the proposal's id."""
    proposal = propose(world, kind, *args)
    world.treasury.approve_proposal(proposal, by=world.ben)
    return proposal


def ripe(world: World, kind: str, *args: Any) -> int:  # noqa: ANN401 - by kind
    """Propose, approve and wait for the timelock; returns the proposal's id."""
    proposal = approved(world, kind, *args)
    world.pass_seconds(TIMELOCK)
    return proposal


def decided(world: World, kind: str, *args: Any) -> int:  # noqa: ANN401 - by kind
    """Bring a proposal to execution; returns its id."""
    proposal = ripe(world, kind, *args)
    world.treasury.execute_proposal(proposal, by=world.mallory)
    return proposal
