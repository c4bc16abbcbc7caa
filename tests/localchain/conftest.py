from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.localchain.accounts import Account, account

from bitpay.localchain import sdk
from bitpay.localchain.blocks import Change
from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.clock import ChainClock
from bitpay.localchain.vm import Vm

GENESIS_TIME = 1_800_000_000


@pytest.fixture(scope="session", autouse=True)
def _installed() -> None:
    sdk.install()


@pytest.fixture(scope="session")
def _session_vm() -> Iterator[Vm]:
    with Vm.start() as vm:
        yield vm


@pytest.fixture
def vm(_session_vm: Vm) -> Iterator[Vm]:
    """A VM as it was at genesis; what a test does is undone."""
    with _session_vm.undone():
        yield _session_vm


class Wall:
    """A wall clock that stands still unless it is told to go on."""

    def __init__(self) -> None:
        self.time = float(GENESIS_TIME + 60)

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def alice() -> Account:
    return account(1)


@pytest.fixture
def bob() -> Account:
    return account(2)


OpenChain = Callable[[], Chain]


@pytest.fixture
def changes() -> list[Change]:
    """What the chain of `open_chain` told its listener."""
    return []


@pytest.fixture
def open_chain(tmp_path: Path, wall: Wall, changes: list[Change], alice: Account, bob: Account) -> Iterator[OpenChain]:
    """Opens a chain in the test's folder, the one before having been closed."""
    opened: list[Chain] = []
    genesis = Genesis(stx={alice.address: 10**12, bob.address: 10**9}, sbtc={alice.address: 10**9}, time=GENESIS_TIME)

    def open_() -> Chain:
        while opened:
            opened.pop().close()
        opened.append(Chain(tmp_path / "chain", genesis, clock=ChainClock(wall=wall), listener=changes.append))
        return opened[0]

    yield open_
    for chain in opened:
        chain.close()


@pytest.fixture
def chain(open_chain: OpenChain) -> Chain:
    return open_chain()
