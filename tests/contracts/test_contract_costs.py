"""What calls cost: within budget, no more than when docs/costs.json was written, and the same first and last.

Reads are what is scarce on mainnet (30,000 in a tenure of about ten minutes); runtime is plentiful. Measured with the
contracts as they are deployed, comments and all. `make costs` writes the table and the baseline anew.
"""

from dataclasses import asdict

import pytest
from tests.contracts.cost_cases import BATCHED, CASES, Case, crowd
from tests.contracts.costs import ALL_CASES, BASELINE, grown, measure, read_baseline
from tests.contracts.stand_ins import public_functions
from tests.contracts.world import World

from bitpay.protocol.ids import NAMES

FLAT = [case for case in CASES if case not in BATCHED]


def test_there_is_a_case_for_every_public_function(costed: World) -> None:
    contracts = {name.removeprefix("bitpay-"): costed.contract(name) for name in NAMES}
    every = {(name, one["name"]) for name, contract in contracts.items() for one in public_functions(contract)}

    assert {(case.contract, case.function) for case in ALL_CASES} == every


def test_the_baseline_knows_every_case() -> None:
    assert set(read_baseline()) == {case.name for case in ALL_CASES}, "run `make costs`"


@pytest.mark.parametrize("case", ALL_CASES, ids=lambda case: case.name)
def test_a_call_costs_no_more_than_it_may_and_did(costed: World, case: Case) -> None:
    now = measure(costed, case)

    assert case.reads is None or now.read_count <= case.reads
    assert case.runtime is None or now.runtime <= case.runtime
    more = grown(now, read_baseline()[case.name])
    assert not more, f"costs more than in {BASELINE.name}: {more}; if that is meant to be, run `make costs`"


def test_what_a_call_costs_does_not_depend_on_how_much_there_is(costed: World) -> None:
    crowd(costed, streams=50, others=1)  # so that every number that is counted up has been written once
    few = costed.vm.snapshot()
    measures = {case.name: measured_at(costed, few, case) for case in FLAT}
    crowd(costed, streams=100, others=20)
    many = costed.vm.snapshot()

    assert {case.name: measured_at(costed, many, case) for case in FLAT} == measures


def measured_at(costed: World, snapshot: int, case: Case) -> dict[str, int]:
    costed.vm.restore(snapshot)
    return asdict(measure(costed, case))
