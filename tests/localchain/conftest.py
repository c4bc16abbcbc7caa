from collections.abc import Iterator

import pytest

from bitpay.localchain import sdk
from bitpay.localchain.vm import Vm


@pytest.fixture(scope="session")
def _session_vm() -> Iterator[Vm]:
    sdk.install()
    with Vm.start() as vm:
        yield vm


@pytest.fixture
def vm(_session_vm: Vm) -> Iterator[Vm]:
    """A VM as it was at genesis; what a test does is undone."""
    with _session_vm.undone():
        yield _session_vm
