"""Stories: seeded, told in words when they fail, and cut down to the steps that matter."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from time import monotonic

from tests.properties.machine import Machine
from tests.properties.pen import Pen
from tests.properties.script import PROFILES, write_step
from tests.properties.stage import Stage, Step

SHRINK_SECONDS = 60.0

Tally = Counter[tuple[str, str, str]]
"""(contract, function, "ok" or the reason of its refusal) -> how often."""


@dataclass(frozen=True, slots=True)
class Failure(Exception):
    """A story that shows a difference, and how to see it again."""

    seed: object
    steps: tuple[Step, ...]
    length: int
    message: str

    def __str__(self) -> str:
        lines = [f"seed {self.seed}: {len(self.steps)} of {self.length} steps are enough", *map(tell, self.steps)]
        literal = ",\n    ".join(map(repr, self.steps))
        return "\n  ".join(lines) + f"\n-> {self.message}\nreplay((\n    {literal},\n))"


def run_story(stage: Stage, seed: int, length: int) -> Tally:
    """Write and take `length` steps from `seed`; the same seed gives the same story. Raises Failure."""
    machine = Machine(stage)
    try:
        play_on(machine, Random(seed), length)  # noqa: S311 - a story, not a secret
        machine.finish()
    except AssertionError as error:
        raise failure(stage, seed, machine.steps, str(error)) from error
    return machine.tally


def play_on(machine: Machine, random: Random, length: int) -> None:
    """Write and take so many more steps, about one thing mostly."""
    families = PROFILES[random.choice(list(PROFILES))]
    for _ in range(length):
        pen = Pen(random, machine.state, machine.time, machine.height)
        machine.take(write_step(pen, machine.stage.public, families))


def replay(stage: Stage, steps: Sequence[Step]) -> Machine:
    """Take the steps of a story that is already written. Raises AssertionError."""
    machine = Machine(stage)
    for step in steps:
        machine.take(step)
    machine.finish()
    return machine


def failure(stage: Stage, seed: object, steps: Sequence[Step], message: str) -> Failure:
    """Return the failure of a story, cut down."""
    shortest, shortest_message = shrink(steps, lambda fewer: _complaint(stage, fewer))
    return Failure(seed, tuple(shortest), len(steps), shortest_message or message)


def shrink(
    steps: Sequence[Step], complaint: Callable[[Sequence[Step]], str | None]
) -> tuple[Sequence[Step], str | None]:
    """Leave out steps, in ever smaller parts, as long as there is still a complaint."""
    end = monotonic() + SHRINK_SECONDS
    found: str | None = None
    part = max(1, len(steps) // 2)
    while monotonic() < end:
        at = 0
        before = len(steps)
        while at < len(steps) and monotonic() < end:
            fewer = [*steps[:at], *steps[at + part :]]
            said = complaint(fewer)
            if said is None:
                at += part
            else:
                steps, found = fewer, said
        if part == 1 and len(steps) == before:
            break
        part = max(1, part // 2)
    return steps, found


def tell(step: Step) -> str:
    """Return a step as a sentence."""
    via = {"": "", "router": " through the router", "own": " as the router"}[step.via]
    when = "in the same block" if step.blocks == 0 else f"{step.blocks} block(s), {step.seconds} s later"
    args = ", ".join(map(repr, step.args))
    return f"{when}: {step.who}{via} calls {step.contract}.{step.function}({args})"


def _complaint(stage: Stage, steps: Sequence[Step]) -> str | None:
    try:
        replay(stage, steps)
    except AssertionError as error:
        return str(error)
    return None
