"""Rules that hold whatever has happened before: pausing, refusing, and being left alone by strangers.

Each example begins with a story of its own, told from a seed.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.properties.cast import PEOPLE, PRINCIPALS
from tests.properties.ground import Ground, everything
from tests.properties.machine import Machine
from tests.properties.model import Call, Refusal, State, perform
from tests.properties.pen import Pen
from tests.properties.plain import Code
from tests.properties.script import any_value, write_step
from tests.properties.stage import Seen, Stage, Step
from tests.properties.story import play_on

STORIES = settings(
    max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None
)
SEEDS = st.integers(0, (1 << 32) - 1)
PROLOGUE = 40
"""Steps before what an example is about."""
SCENES = 6
READS = 60

NEW_BUSINESS = {
    *("create-stream", "open-stream", "open-streams", "open-curve-stream", "top-up-stream"),
    *("list-stream", "update-listing", "purchase-stream", "make-offer", "accept-offer"),
}
"""What pausing stops. Everything else goes on."""
ANYONES = {
    *("withdraw-to", "withdraw-from-stream", "withdraw-many", "withdraw-and-transfer", "burn-obligation"),
    *("cancel-offer", "execute-proposal"),
}
"""What anyone may do in somebody's stead, and what then has nothing left to do: the money is where it belongs."""


def prologue(stage: Stage, seed: int) -> tuple[Machine, Random]:
    """Play a story; returns where it came to, and what goes on from there."""
    random = Random(seed)  # noqa: S311 - a story, not a secret
    machine = Machine(stage)
    play_on(machine, random, PROLOGUE)
    return machine, random


def scenes(machine: Machine, random: Random, fits: Callable[[Step], bool]) -> Iterator[Step]:
    """Yield some steps that could come next, in the present block."""
    functions = machine.stage.public
    pen = Pen(random, machine.state, machine.time, machine.height)
    found = (replace(write_step(pen, functions), blocks=0, seconds=0) for _ in range(60 * SCENES))
    fitting = (step for step in found if fits(step))
    for _, step in zip(range(SCENES), fitting, strict=False):
        yield step


@contextmanager
def snapshot(stage: Stage) -> Iterator[Callable[[], None]]:
    """Provide what brings the present back as often as wanted."""
    number = stage.vm.snapshot()
    try:
        yield lambda: stage.vm.restore(number)
    finally:
        stage.vm.restore(number)
        stage.vm.forget(number)


def effects(seen: Seen) -> tuple[object, ...]:
    return seen.answer, seen.events, seen.sats_moved, seen.tokens_moved


def pauser(state: State) -> str | None:
    """Return somebody who may pause and can sign, if BitPay is open."""
    able = [who for who in (*state.admins, *sorted(state.operators)) if who in PEOPLE]
    return able[0] if able and state.phase == "open" else None


@STORIES
@given(seed=SEEDS)
def test_pausing_stops_new_business_and_nothing_else(stage: Stage, seed: int) -> None:
    machine, random = prologue(stage, seed)
    who = pauser(machine.state)
    if who is None:
        return
    with snapshot(stage) as come_back:
        for step in scenes(machine, random, lambda step: step.contract != "access-control"):
            open_outcome = stage.perform(step)
            come_back()
            assert stage.perform(Step(who, "access-control", "pause", (), blocks=0)).answer is True
            paused_outcome = stage.perform(step)
            come_back()
            if step.function not in NEW_BUSINESS:
                assert effects(paused_outcome) == effects(open_outcome), f"seed {seed}: {step}"
            elif isinstance(open_outcome.answer, Code):
                assert isinstance(paused_outcome.answer, Code), f"seed {seed}: {step}"
            else:
                assert stage.reason(paused_outcome.answer) == "PAUSED", f"seed {seed}: {step}"


@STORIES
@given(seed=SEEDS)
def test_a_refused_call_changes_nothing_anywhere(stage: Stage, seed: int) -> None:
    machine, random = prologue(stage, seed)
    before = everything(stage)
    for step in scenes(machine, random, lambda _step: True):
        refused = isinstance(stage.perform(step).answer, Code)
        after = everything(stage)
        assert not refused or after == before, f"seed {seed}: {step}"
        before = after


def involved(state: State) -> set[str]:
    """Return everyone who has a right in anything."""
    streams = state.streams.values()
    found = {*state.admins, *state.operators, *(listing.seller for listing in state.listings.values())}
    found |= {who for stream in streams for who in (stream.sender, stream.holder, stream.proposed_sender) if who}
    return found | {offer.maker for offer in state.offers.values()}


@STORIES
@given(seed=SEEDS)
def test_a_stranger_can_make_nobodys_call_fail(stage: Stage, seed: int) -> None:
    machine, random = prologue(stage, seed)
    strangers = [who for who in PEOPLE if who not in involved(machine.state)]
    if not strangers or machine.state.phase == "unfinalized":
        return
    with snapshot(stage) as come_back:
        for step in scenes(machine, random, lambda step: step.payer not in strangers and _succeeds(machine, step)):
            hostile = list(scenes(machine, random, _is_hostile))
            for attack in hostile:
                stage.perform(replace(attack, who=random.choice(strangers), via=""))
            answer = stage.perform(step).answer
            come_back()
            assert not isinstance(answer, Code), f"seed {seed}: {step} after {hostile}: {stage.reason(answer)}"


def _succeeds(machine: Machine, step: Step) -> bool:
    call = Call(step.caller, step.payer, machine.time, machine.height)
    answer, _ = perform(machine.state, call, step.contract, step.function, step.args)
    return step.function not in ANYONES and not isinstance(answer, Refusal)


def _is_hostile(step: Step) -> bool:
    # buying first is a right of one's own; what admins decided is theirs
    return step.function not in {"purchase-stream", "execute-proposal"} and step.contract != "sbtc"


@STORIES
@given(seed=SEEDS)
def test_no_read_panics_whatever_it_is_asked(stage: Stage, seed: int) -> None:
    machine, random = prologue(stage, seed)
    pen = Pen(random, machine.state, machine.time, machine.height)
    for _ in range(READS):
        contract, function = pen.pick(stage.readable)
        stage.read(contract, function["name"], [any_value(pen, each["type"]) for each in function["args"]])


@pytest.mark.parametrize("name", [name for name in PRINCIPALS if name not in PEOPLE])
def test_everything_but_the_vault_can_receive(ground: Ground, name: str) -> None:
    ground.again()
    opened = ground.do("sam", "core", "create-stream", name, 1_000, 5)
    assert ground.reason(opened) == ("VAULT_AS_RECIPIENT" if name == "vault" else "ok")
    stream_id = ground.do("sam", "core", "create-stream", "hal", 1_000, 5)
    ground.pass_ticks("blocks", 2)
    paid = ground.do("hal", "core", "withdraw-to", stream_id, 100, name)
    assert ground.reason(paid) == ("VAULT_AS_RECIPIENT" if name == "vault" else "ok")
    handed = ground.do("hal", "core", "withdraw-and-transfer", stream_id, name)
    assert ground.reason(handed) == ("VAULT_AS_RECIPIENT" if name == "vault" else "ok")
