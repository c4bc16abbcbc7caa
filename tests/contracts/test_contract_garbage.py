"""No call, with any argument whatever, stops the VM: every function answers ok or one of our own codes.

A failure names its seed, BITPAY_GARBAGE_SEED replays it; BITPAY_GARBAGE_CALLS sets how many calls each function gets.
"""

import os
from random import Random
from typing import Any

import pytest
from tests.contracts.contract_types import Kind, Refusal, to_plain, to_value
from tests.contracts.error_constants import all_constants
from tests.contracts.governance import approved, propose
from tests.contracts.world import Account, World, points, terms

from bitpay.localchain.vm import Call
from bitpay.protocol.ids import NAMES
from bitpay.stacks.clarity import UINT_MAX

SEED = int(os.environ.get("BITPAY_GARBAGE_SEED", "20250601"))
CALLS = int(os.environ.get("BITPAY_GARBAGE_CALLS", "10"))

MAX_SATS = 2_100_000_000_000_000
NUMBERS = (0, 1, 2, 3, 10, 99, 100, 101, 1_000, 1 << 40, (1 << 40) + 1, MAX_SATS, MAX_SATS + 1)
EDGES = (253_402_300_799, 253_402_300_800, (1 << 64) - 1, 1 << 64, 1 << 127, UINT_MAX - 1, UINT_MAX)
WORDS = ("", "seconds", "blocks", "block", "Seconds")


class Garbage:
    """Arguments nobody should pass, many of them nearly right."""

    def __init__(self, world: World, seed: int) -> None:
        self._random = Random(seed)  # noqa: S311 - not a secret
        self._principals = [*world.people.values(), *(world.contract(name) for name in NAMES), world.sbtc]
        self._numbers = (*NUMBERS, *EDGES, world.time, world.time + 1, world.height, 5_000)

    def caller(self) -> Account:
        return self._random.choice([one for one in self._principals if isinstance(one, Account)])

    def of(self, kind: Kind) -> Any:  # noqa: ANN401 - the type decides
        """Return something of that type."""
        if isinstance(kind, str):
            simple = {"uint128": self._numbers, "bool": (True, False), "principal": self._principals}
            return self._random.choice(simple[kind])
        ((name, about),) = kind.items()
        if name == "tuple":
            return {field["name"]: self.of(field["type"]) for field in about}
        if name == "list":
            length = self._random.choice([0, 1, 2, 3, about["length"]])
            return [self.of(about["type"]) for _ in range(length)]
        return self._one_of(name, about)

    def _one_of(self, name: str, about: Any) -> Any:  # noqa: ANN401 - the type decides
        if name == "buffer":
            return None  # only ever optional
        if name == "optional":
            return self._random.choice([None, self.of(about)])
        if name == "string-ascii":
            return self._random.choice(WORDS)
        return self._random.choice(["", "salary", "\N{BITCOIN SIGN}" * about["length"]])


def fill(world: World) -> None:
    """Let there be one of each, so that some of the garbage hits."""
    stream = world.open(world.alice, world.bob, 100_000, duration=1_000)
    world.core.open_curve_stream(
        world.bob, 900, "blocks", None, points((10, 100), (20, 900)), terms(transferable=False), by=world.alice
    )
    world.open(world.alice, world.bob, 50_000, cliff=50, upfront=10, at_cliff=20, step=7)
    world.pass_seconds(20)
    world.core.withdraw_from_stream(stream, by=world.bob)
    world.pass_seconds(20)
    world.core.propose_sender(stream, world.carol, by=world.alice)
    world.marketplace.list_stream(stream, 5_000, None, by=world.bob)
    world.marketplace.make_offer(stream, 5_000, 1, True, world.time + 60, by=world.carol)
    propose(world, "limit", 1)
    approved(world, "withdrawal", world.erin, 1, "")


@pytest.mark.parametrize("name", NAMES)
def test_garbage_is_answered_and_never_stops_the_vm(world: World, name: str) -> None:
    fill(world)
    garbage = Garbage(world, SEED)
    contract = world.contract(name)
    for function in contract.functions.values():
        calls = []
        for _ in range(CALLS):
            args = [to_value(arg["type"], garbage.of(arg["type"])) for arg in function["args"]]
            calls.append((Call(contract.address, function["name"], args, garbage.caller().address), True))
        if function["access"] == "public":
            outcomes = world.vm.perform(calls)
        else:
            outcomes = [world.vm.read(call.contract_id, call.function, call.args) for call, _ in calls]
        for (call, _), outcome in zip(calls, outcomes, strict=True):
            assert outcome.result is not None, f"seed {SEED}: {call}: {outcome.error}"
            answer = to_plain(outcome.value)
            if isinstance(answer, Refusal):
                assert answer.code in all_constants(), f"seed {SEED}: {call}: {answer}"
