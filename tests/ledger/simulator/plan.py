"""What one seed draws: the world, and everything that goes wrong in it. The same seed draws the same, always."""

import random
from dataclasses import dataclass

_SHORT = 4
"""Stacks blocks in a Bitcoin block: so few that a chain of some dozens is deeper than a reorganisation may be."""


@dataclass(frozen=True, slots=True)
class Rates:
    """How often things go wrong, each between 0 and 1: per step of the world, per request, or per commit."""

    fork: float
    deep_fork: float
    drop: float
    duplicate: float
    truncate: float
    partial: float
    api_error: float
    rate_limit: float
    slow: float
    command_error: float
    commit_fault: float
    step_down: float
    kill: float
    lag: float


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: `history` blocks exist before the ledger starts, then `steps` things happen.

    With `two_waves` the chain is reorganised twice at the end, the second time right after the first and before the
    new branch is read: each goes as deep as is believed, both together go deeper.
    """

    seed: int
    history: int
    steps: int
    burn_every: int
    events_per_block: int
    followers: int
    racing: bool
    two_waves: bool
    rates: Rates


def plan_for(seed: int) -> Plan:
    """Draw the plan of a seed."""
    draw = random.Random(f"plan {seed}")  # noqa: S311 - a seed that replays is the point
    rates = Rates(
        fork=draw.choice([0, 0.05, 0.1]),
        deep_fork=draw.choice([0, 0, 0.02]),
        drop=draw.choice([0, 0.2, 0.5, 1.0]),
        duplicate=draw.choice([0, 0.1, 0.3]),
        truncate=draw.choice([0, 0.05]),
        partial=draw.choice([0, 0.1, 0.3]),
        api_error=draw.choice([0, 0.01, 0.02]),
        rate_limit=draw.choice([0, 0, 0.01]),
        slow=draw.choice([0, 0.05]),
        command_error=draw.choice([0, 0.03, 0.1]),
        commit_fault=draw.choice([0, 0.1, 0.3, 0.5]),
        step_down=draw.choice([0, 0, 0, 0.01]),
        kill=draw.choice([0, 0.04, 0.08]),
        lag=random.Random(f"lag {seed}").choice([0, 0, 0.1, 0.3]),  # noqa: S311 - the same
    )
    followers = draw.choice([1, 1, 1, 2])
    history, steps, burn_every = draw.choice([1, 10, 40]), draw.randint(20, 40), draw.choice([_SHORT, 10, 30])
    events_per_block = draw.choice([1, 3, 5])
    racing = followers > 1 and draw.random() < 0.5
    return Plan(
        seed=seed,
        history=history,
        steps=steps,
        burn_every=burn_every,
        events_per_block=events_per_block,
        followers=followers,
        racing=racing,
        two_waves=burn_every == _SHORT and not racing and draw.random() < 0.7,
        rates=rates,
    )
