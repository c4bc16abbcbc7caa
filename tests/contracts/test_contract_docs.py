"""docs/contracts.md says what the contracts' interfaces say, and something of its own about every function."""

import pytest
from scripts.contract_docs import DOCUMENT, Interfaces, interfaces, prose, refreshed
from tests.contracts.stand_ins import public_functions
from tests.contracts.world import World

from bitpay.protocol.ids import NAMES


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
