"""docs/contracts.md says what the contracts' interfaces say, and something of its own about every function."""

import re
from pathlib import Path

import pytest
from scripts.contract_docs import DOCUMENT, Interfaces, interfaces, prose, refreshed
from tests.contracts.stand_ins import public_functions
from tests.contracts.world import World

from bitpay.protocol.ids import NAMES

TESTS = Path(__file__).parents[1]
INVARIANT = re.compile(
    r"^\| (?P<number>[0-9]+) \| [^|]+ \| (?P<stories>[^|]+) \| (?P<rendezvous>[^|]+) \| (?P<units>[^|]+) \|$",
    re.MULTILINE,
)


@pytest.fixture
def known(world: World) -> Interfaces:
    return interfaces(lambda name: world.vm.interface(f"{world.deployer.address}.{name}"))


def test_what_it_says_of_signatures_refusals_and_events_is_so(known: Interfaces) -> None:
    written = DOCUMENT.read_text()

    assert refreshed(written, known) == written, "run `make reference`"


def test_every_function_is_explained(world: World, known: Interfaces) -> None:
    said = prose(DOCUMENT.read_text())

    assert not [what for name in NAMES for one in known[name] if not said[what := f"{name} {one}"]]
    for name in NAMES:
        for function in public_functions(world.contract(name)):
            text = said[f"{name} {function['name']}"]
            assert "**Who:**" in text, function["name"]
            assert "**Post-conditions:**" in text, function["name"]


def test_each_invariant_is_checked_where_it_says() -> None:
    rows = list(INVARIANT.finditer(DOCUMENT.read_text()))
    clarity = "".join(path.read_text() for path in (TESTS / "fuzz" / "rendezvous").glob("*.clar"))

    assert [int(row["number"]) for row in rows] == list(range(1, 17))
    for row in rows:
        assert all((TESTS / "properties" / f"{name}.py").exists() for name in _quoted(row["stories"]))
        assert all((TESTS / "contracts" / f"{name}.py").exists() for name in _quoted(row["units"]))
        assert all(re.search(rf"\({name}[\s)]", clarity) for name in _quoted(row["rendezvous"]))


def _quoted(cell: str) -> list[str]:
    found = re.findall(r"`([^`]+)`", cell)
    assert found or cell == "cannot be asked, below", cell
    return found
