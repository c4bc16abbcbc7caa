"""Stories by many accounts: whatever anyone does, the contracts do what the model does, and the invariants hold.

BITPAY_PROPERTY_STEPS sets how many steps are taken in all, BITPAY_PROPERTY_SEED makes hypothesis take the same again.
A failure prints the few steps that are enough, as text and as a call of `replay`.
"""

import os
from collections import Counter
from random import Random

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from tests.properties.machine import Machine
from tests.properties.model import PUBLIC
from tests.properties.pen import Pen
from tests.properties.script import FAMILIES, write_step
from tests.properties.stage import Stage
from tests.properties.story import Failure, Tally, failure

STEPS = int(os.environ.get("BITPAY_PROPERTY_STEPS", "20000"))
LENGTH = 100
"""Steps of one story."""
SEED = int(os.environ.get("BITPAY_PROPERTY_SEED", Random().getrandbits(32)))  # noqa: S311 - a story, not a secret
MOSTLY = 1_000.0
"""How much more a rule's own family weighs than the others, which come where that one has nothing to do."""
ENOUGH_FOR_EVERYTHING = 15_000
"""In so many steps nearly always every function has succeeded; else as many again are taken, at most."""
MORE = 2_000
"""Steps that are taken at once where a function has not succeeded yet."""


class Stories(RuleBasedStateMachine):
    """Hypothesis chooses who comes next and a seed; the scene is written from the seed and the present state."""

    stage: Stage
    told: Tally
    failed: Failure | None

    def __init__(self) -> None:
        super().__init__()
        self.machine = Machine(self.stage)
        self.functions = self.stage.public

    def _act(self, family: str, seed: int) -> None:
        machine = self.machine
        pen = Pen(Random(seed), machine.state, machine.time, machine.height)  # noqa: S311 - a story, not a secret
        try:
            machine.take(write_step(pen, self.functions, {**FAMILIES, family: MOSTLY}))
        except AssertionError as error:
            self._fail(error)

    def _fail(self, error: AssertionError) -> None:
        # hypothesis takes a failing story twice: it is cut down only once
        if self.failed is None:
            type(self).failed = failure(self.stage, SEED, self.machine.steps, str(error))
        raise AssertionError(str(self.failed)) from error

    seeds = st.integers(0, (1 << 32) - 1)

    @rule(seed=seeds)
    def somebody_opens(self, seed: int) -> None:
        self._act("opening", seed)

    @rule(seed=seeds)
    def a_holder_acts(self, seed: int) -> None:
        self._act("holder", seed)

    @rule(seed=seeds)
    def a_sender_acts(self, seed: int) -> None:
        self._act("sender", seed)

    @rule(seed=seeds)
    def somebody_trades(self, seed: int) -> None:
        self._act("sales", seed)

    @rule(seed=seeds)
    def admins_decide(self, seed: int) -> None:
        self._act("council", seed)

    @rule(seed=seeds)
    def anyone_does_anything(self, seed: int) -> None:
        self._act("garbage", seed)

    def teardown(self) -> None:
        if self.failed is None:
            try:
                self.machine.finish()
            except AssertionError as error:
                self._fail(error)
        self.told.update(self.machine.tally)


@pytest.mark.long
def test_the_contracts_do_what_the_model_does(stage: Stage) -> None:
    Stories.stage, Stories.told, Stories.failed = stage, Counter(), None
    seed = SEED
    while (missing := _steps_to_go()) > 0:  # hypothesis ends some stories early
        stories = settings(
            max_examples=-(-missing // LENGTH),
            stateful_step_count=LENGTH,
            deadline=None,
            database=None,
            phases=[Phase.generate],  # a failing story is cut down by its steps, not by hypothesis's seeds
            suppress_health_check=list(HealthCheck),
        )
        run_state_machine_as_test(hypothesis.seed(seed)(Stories), settings=stories)
        seed += 1
    if STEPS >= ENOUGH_FOR_EVERYTHING:
        assert not _never_succeeded(), f"seed {SEED}, {seed - SEED} rounds of {Stories.told.total()} steps in all"


def _steps_to_go() -> int:
    taken = Stories.told.total()
    if taken >= STEPS >= ENOUGH_FOR_EVERYTHING and _never_succeeded() and taken < 2 * STEPS:
        return MORE
    return STEPS - taken


def _never_succeeded() -> set[tuple[str, str]]:
    """Return the public functions that nobody has called with success, but for the one that always refuses."""
    succeeded = {(contract, function) for contract, function, outcome in Stories.told if outcome == "ok"}
    everything = {(contract, name) for contract, names in PUBLIC.items() for name in names}
    return everything - succeeded - {("nft", "transfer")}
