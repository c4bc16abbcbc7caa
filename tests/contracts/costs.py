"""Measures what calls cost, and compares it with what they cost when docs/costs.json was written."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from tests.contracts.contract_types import to_value
from tests.contracts.cost_cases import CASES, Case
from tests.contracts.cost_inner_cases import INNER_CASES
from tests.contracts.world import PEOPLE, Refused, World

from bitpay.localchain.vm import Outcome, Vm
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.clarity import Value
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Asset, Compare, FtPostCondition, NftPostCondition, PostCondition, Sent
from bitpay.stacks.transactions import contract_call, sign

BASELINE = Path(__file__).parents[2] / "docs" / "costs.json"
ALLOWANCE = 1.02
"""So many times the baseline a cost may be before a test fails."""

TENURE = {
    "runtime": 5_000_000_000,
    "read_count": 30_000,
    "read_length": 200_000_000,
    "write_count": 15_000,
    "write_length": 15_000_000,
}
"""What all transactions of a tenure together may use on mainnet in epoch 4.0. A block may not use more either."""
USTX_PER_BYTE = 1
"""The least fee that a node accepts."""
ALL_CASES = (*CASES, *INNER_CASES)
BOUNDED_ON_BOTH_SIDES = {"withdraw-from-stream", "withdraw-and-transfer", "withdraw-many", "accept-offer"}
"""Calls whose sats have two post-conditions."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What a call used, in the units of SIP-006, and the bytes of its signed transaction (0: nobody can send it)."""

    runtime: int
    read_count: int
    read_length: int
    write_count: int
    write_length: int
    transaction_bytes: int

    @property
    def share(self) -> tuple[float, str]:
        """The part of a tenure's budget that it takes in the dimension where it takes most, and which that is."""
        return max((getattr(self, name) / most, name) for name, most in TENURE.items())

    @property
    def fee(self) -> int:
        """uSTX at the minimum rate."""
        return self.transaction_bytes * USTX_PER_BYTE

    @classmethod
    def of(cls, outcome: Outcome, transaction_bytes: int) -> Self:
        """Take an outcome's costs. Raises AssertionError where they were not tracked."""
        assert outcome.cost is not None, "costs are not tracked"
        cost = outcome.cost
        return cls(
            cost.runtime, cost.read_count, cost.read_length, cost.write_count, cost.write_length, transaction_bytes
        )


@contextmanager
def fresh_world() -> Iterator[World]:
    """Give a world of its own, finalised, with costs tracked."""
    with Vm.start(track_costs=True) as vm:
        world = World.begin(vm)
        world.finalize()
        yield world


def measure(world: World, case: Case) -> Measure:
    """Bring a case about, make the call and return what it cost. Leaves the world changed."""
    scene = case.scene(world)
    plain = case.prepare(scene)
    contract_name, function = case.called
    contract = scene.contract(contract_name)
    args = [to_value(arg["type"], one) for arg, one in zip(contract.functions[function]["args"], plain, strict=True)]
    try:
        scene.call(contract.address, function, args, scene.people[case.by])
    except Refused:
        assert case.situation.startswith("refused"), case.name
    else:
        assert not case.situation.startswith("refused"), case.name
    size = 0 if case.via else transaction_bytes(scene, case, contract.address, args)
    return Measure.of(scene.outcome, size)


def measure_all(world: World) -> dict[str, Measure]:
    """Measure every case in the world as it is now."""
    measures = {}
    for case in ALL_CASES:
        with world.vm.undone():
            measures[case.name] = measure(world, case)
    return measures


def transaction_bytes(world: World, case: Case, contract: str, args: list[Value]) -> int:
    """Return the size of the signed transaction of the last call, with the post-conditions a wallet should set."""
    key = PrivateKey(case.by.encode().rjust(32, b"\x01"))
    assert case.by in PEOPLE
    conditions = post_conditions(world.outcome, case)
    call = contract_call(
        contract,
        case.function,
        args,
        network=Network.TESTNET,
        public_key=key.public_key,
        nonce=1,
        fee=1,
        post_conditions=conditions,
    )
    return len(sign(call, key).encode())


def post_conditions(outcome: Outcome, case: Case) -> list[PostCondition]:
    """Return conditions that allow just what the call moved, as many as its builder would set."""
    sent: dict[tuple[str, str], int] = {}
    tokens: list[PostCondition] = []
    for event in outcome.events:
        if event.kind == "ft_transfer":
            key = str(event.sender), event.asset
            sent[key] = sent.get(key, 0) + event.amount
        elif event.kind in {"nft_transfer", "nft_burn"}:
            who = parse_principal(str(event.sender))
            tokens.append(NftPostCondition(who, Asset.parse(event.asset), event.value, Sent.SENT))
    bounds = (Compare.GTE, Compare.LTE) if case.function in BOUNDED_ON_BOTH_SIDES else (Compare.LTE,)
    money: list[PostCondition] = [
        FtPostCondition(parse_principal(who), Asset.parse(asset), bound, amount)
        for (who, asset), amount in sent.items()
        for bound in bounds
    ]
    return [*money, *tokens]


def write_baseline(measures: Mapping[str, Measure]) -> None:
    """Write down what calls cost now."""
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(asdict(one))}" for name, one in measures.items())
    BASELINE.write_text(f"{{\n{lines}\n}}\n")


def read_baseline() -> dict[str, Measure]:
    """Return what calls cost when the baseline was written."""
    written: dict[str, dict[str, Any]] = json.loads(BASELINE.read_text())
    return {name: Measure(**one) for name, one in written.items()}


def grown(now: Measure, then: Measure) -> dict[str, tuple[int, int]]:
    """Return what has grown by more than the allowance: dimension -> (then, now)."""
    before, after = asdict(then), asdict(now)
    return {name: (before[name], after[name]) for name in before if after[name] > before[name] * ALLOWANCE}
