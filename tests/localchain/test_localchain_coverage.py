"""Which expressions of a contract were evaluated."""

from collections.abc import Iterator

import pytest

from bitpay.localchain.vm import Vm, VmRefused
from bitpay.stacks.clarity import uint

ALICE = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
GATE_ID = f"{ALICE}.gate"
GATE = """(define-public (pass (height uint))
  (begin
    (asserts! (> height u1) (err u7))
    (ok (if (> height u9)
      u100
      u200))))
(define-read-only (look) u3)
"""
TOO_LOW, HIGH, LOW = (3, 29), (5, 7), (6, 7)


@pytest.fixture(scope="module")
def watched() -> Iterator[Vm]:
    with Vm.start(track_coverage=True) as vm:
        assert vm.deploy("gate", GATE, ALICE).succeeded
        yield vm


def test_refused_undone_and_read_only_calls_count_too(watched: Vm) -> None:
    for height in (0, 5):
        watched.call(GATE_ID, "pass", [uint(height)], ALICE)
    with watched.undone():
        watched.call(GATE_ID, "pass", [uint(5)], ALICE)
    watched.read(GATE_ID, "look")

    seen = watched.coverage()[GATE_ID]

    assert seen[3, 5] == 3
    assert (seen[TOO_LOW], seen[LOW]) == (1, 2)
    assert HIGH not in seen
    assert seen[7, 26] == 1


def test_it_must_be_asked_for(vm: Vm) -> None:
    with pytest.raises(VmRefused, match="not tracked"):
        vm.coverage()
