import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.contracts.stand_ins import backstage
from tests.contracts.world import Account, World

from bitpay.localchain import sdk
from bitpay.localchain.vm import Vm

COVERAGE = os.environ.get("BITPAY_CONTRACT_COVERAGE")
"""Where `make coverage` wants to find what was evaluated; tracking it takes ten times as long."""


@pytest.fixture(scope="session")
def _vm() -> Iterator[Vm]:
    sdk.install()
    with Vm.start(track_coverage=COVERAGE is not None) as vm:
        yield vm
        if COVERAGE is not None:
            _write_coverage(vm, Path(COVERAGE))


def _write_coverage(vm: Vm, path: Path) -> None:
    counts = {contract: [(*at, times) for at, times in one.items()] for contract, one in vm.coverage().items()}
    path.write_text(json.dumps(counts))


@pytest.fixture(scope="session")
def _costed(_vm: Vm) -> Iterator[tuple[World, int]]:
    with Vm.start(track_costs=True) as vm:
        world = World.begin(vm)
        world.finalize()
        yield world, vm.snapshot()


@pytest.fixture(scope="session")
def _base(_vm: Vm) -> tuple[World, int]:
    world = World.begin(_vm)
    world.finalize()
    return world, _vm.snapshot()


@pytest.fixture
def world(_base: tuple[World, int]) -> World:
    """BitPay, just finalised: what other tests did never happened."""
    world, beginning = _base
    world.vm.restore(beginning)
    return world


@pytest.fixture
def costed(_costed: tuple[World, int]) -> World:
    """BitPay, just finalised, in a world that tells costs (and takes twice as long)."""
    world, beginning = _costed
    world.vm.restore(beginning)
    return world


@pytest.fixture
def alice(world: World) -> Account:
    return world.alice


@pytest.fixture
def bob(world: World) -> Account:
    return world.bob


@pytest.fixture
def carol(world: World) -> Account:
    return world.carol


@pytest.fixture
def stage(world: World) -> World:
    """The inner contracts with stand-ins for those that they trust, deployed by dave."""
    return backstage(world, world.dave)
