"""Twenty-five seeds of the simulator: real processes, killed, cut off and lied to, and right in the end."""

import pytest
from tests.ledger.simulator.many import play_all, summed
from tests.ledger.simulator.plan import plan_for

SEEDS = range(25)


@pytest.mark.long
def test_whatever_goes_wrong_the_ledger_ends_right() -> None:
    reports = list(play_all(SEEDS, processes=2))

    assert {report["seed"]: report["wrong"] for report in reports if report["wrong"]} == {}
    assert sorted(report["seed"] for report in reports) == list(SEEDS)
    counts = summed(reports)
    assert counts["kill -9"] > 0
    assert counts["commit applied, and the reply cut"] + counts["commit cut before it arrived"] > 0


def test_a_seed_draws_the_same_plan_always() -> None:
    assert [plan_for(seed) for seed in SEEDS] == [plan_for(seed) for seed in SEEDS]
