"""What `make fuzz` hands to @stacks/rendezvous still fits the contracts, and its record is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.fuzz.rendezvous_part import counts_of
from tests.fuzz.rendezvous_project import PEOPLE, SATS, TARGETS, clarity_tests, finalizing, lay_out
from tests.fuzz.rendezvous_record import Record

from bitpay.localchain import sdk
from bitpay.localchain.vm import Vm
from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source
from bitpay.stacks.clarity import TRUE, uint

SAID = """
EXECUTION STATISTICS

│ PUBLIC FUNCTION CALLS
│
├─ + SUCCESSFUL
│    ├─ any-open: x7
│    └─ withdraw-to: x1204
│
├─ - IGNORED
│    ├─ any-open: x2
│
│ INVARIANT CHECKS
│
├─ + PASSED
│    ├─ invariant-vested-rises: x3
└─ - FAILED
     └─ invariant-vested-rises: x0
"""


@pytest.fixture(scope="module")
def vm() -> Iterator[Vm]:
    sdk.install()
    with Vm.start() as vm:
        for who in PEOPLE.values():
            vm.mint_ft(who, SATS)
        yield vm


@pytest.mark.parametrize("target", TARGETS)
def test_every_invariant_holds_before_anything_happened(vm: Vm, target: str) -> None:
    with vm.undone():
        for name in NAMES:
            text = source(name) + (finalizing() if name == "bitpay-access-control" else "")
            deployed = vm.deploy(name, text + (clarity_tests(target) if name == target else ""), PEOPLE["deployer"])
            assert deployed.result is not None, deployed.error
        contract_id = f"{PEOPLE['deployer']}.{target}"
        interface = vm.interface(contract_id)
        assert interface is not None
        invariants = [one for one in interface["functions"] if one["name"].startswith("invariant-")]
        assert len(invariants) >= 5
        for one in invariants:
            args = [uint(7) for _ in one["args"]]
            assert vm.read(contract_id, one["name"], args, PEOPLE["sam"]).value == TRUE, one["name"]


def test_a_project_has_the_products_contracts_and_leaves_them_alone(tmp_path: Path) -> None:
    lay_out("bitpay-core", tmp_path / "project")
    laid = {path.stem: path.read_text() for path in (tmp_path / "project").glob("*.clar") if ".tests" not in path.name}
    finalized = laid.pop("bitpay-access-control")
    assert finalized == source("bitpay-access-control") + finalizing()
    assert laid == {name: source(name) for name in NAMES if name != "bitpay-access-control"}


def test_statistics_are_read() -> None:
    counts = counts_of(SAID)
    assert counts["any-open"] == {"SUCCESSFUL": 7, "IGNORED": 2}
    assert counts["withdraw-to"] == {"SUCCESSFUL": 1204}
    assert counts["invariant-vested-rises"]["PASSED"] == 3


def test_the_record_goes_on_where_it_ended(tmp_path: Path) -> None:
    path = tmp_path / "rendezvous.md"
    record = Record(next_seed=4, failed_seeds=[3])
    record.add("bitpay-core", "invariant", 250, counts_of(SAID))
    record.save(path)
    again = Record.load(path)
    assert again == record
    again.add("bitpay-core", "invariant", 250, counts_of(SAID))
    assert again.counts["bitpay-core"]["any-open"]["SUCCESSFUL"] == 14
    assert "seeds that showed something: 3" in path.read_text()


def test_for_another_version_only_the_seeds_go_on(tmp_path: Path) -> None:
    path = tmp_path / "rendezvous.md"
    record = Record(next_seed=4, version="another")
    record.add("bitpay-core", "test", 250, counts_of(SAID))
    record.save(path)
    assert Record.load(path) == Record(next_seed=4)
