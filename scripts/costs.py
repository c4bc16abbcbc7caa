"""Writes docs/costs.md and its baseline docs/costs.json: what every public function costs, measured on the VM."""

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from rich.progress import track
from tests.contracts.cost_cases import BATCHED, COUNCIL, OPENING, OTHERS, SALES, SENDING, WITHDRAWING, Case, crowd
from tests.contracts.cost_inner_cases import INNER_CASES
from tests.contracts.costs import ALL_CASES, TENURE, Measure, fresh_world, measure_all, write_baseline
from tests.contracts.world import World

from bitpay.localchain.vm import Vm
from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source

DOCUMENT = Path(__file__).parents[1] / "docs" / "costs.md"
CROWD = 10_000
"""Streams of one account that exist when everything is measured once more."""
OTHERS_IN_CROWD = 200
"""Listings, offers and proposals that exist then."""
BATCH = 50

GROUPS: Mapping[str, tuple[Case, ...]] = {
    "Opening and topping up": OPENING,
    "The holder": WITHDRAWING,
    "The sender": SENDING,
    "Batches": BATCHED,
    "Sales": SALES,
    "Treasury": COUNCIL,
    "Others": OTHERS,
    "Only for BitPay's own contracts": INNER_CASES,
}
DIMENSIONS = {
    "runtime": "runtime",
    "read_count": "reads",
    "read_length": "bytes read",
    "write_count": "writes",
    "write_length": "bytes written",
}
INTRODUCTION = """\
# What calls cost

Written by `make costs`; the figures behind it are in [costs.json](costs.json), and a test fails when one of them grows
by more than 2 %. Measured on the Clarity VM in epoch 4.0, with the contracts as they are deployed, comments and all.

- **Of a tenure** is the part of what all transactions of a tenure (about ten minutes, one Bitcoin block) may use
  together, in the dimension where the call takes most. {budget}
- **Fee** is the least that a node accepts, in uSTX (millionths of an STX): one per byte of the signed transaction,
  with the post-conditions that a wallet should set. More is paid only when blocks are full.
- **Later** is the same call once more, when {crowd} streams of one account, and {others} listings, offers and
  proposals, exist: `=` where nothing differs.
"""
INNER_NOTE = """
Nobody can send these alone: they are part of the calls above. Measured through a stand-in for the contract that calls
them, whose own cost (about 2,000 to 5,000 runtime and 3 reads) is included.
"""


def document(first: Mapping[str, Measure], late: Mapping[str, Measure], deployments: list[str]) -> str:
    """Return the whole page."""
    budget = ", ".join(f"{most:,} {DIMENSIONS[name]}" for name, most in TENURE.items())
    head = INTRODUCTION.format(budget=f"They are {budget}.", crowd=f"{CROWD:,}", others=OTHERS_IN_CROWD)
    sections = [head, *(section(title, cases, first, late) for title, cases in GROUPS.items()), *deployments]
    return "\n".join(sections)


def section(title: str, cases: tuple[Case, ...], first: Mapping[str, Measure], late: Mapping[str, Measure]) -> str:
    """Return one table."""
    names = " | ".join(DIMENSIONS.values())
    lines = [f"| call | {names} | of a tenure | bytes, fee | later |", "|---|--:|--:|--:|--:|--:|--:|--:|:--|"]
    lines += [row(case, first[case.name], late[case.name]) for case in cases]
    note = INNER_NOTE if cases is INNER_CASES else ""
    return f"## {title}\n{note}\n" + "\n".join(lines) + "\n"


def row(case: Case, first: Measure, late: Measure) -> str:
    """Return one line of a table."""
    what = " ".join(part for part in (f"`{case.function}`", _contract(case), case.situation) if part)
    figures = " | ".join(f"{getattr(first, name):,}" for name in DIMENSIONS)
    fee = f"{first.fee:,}" if first.transaction_bytes else "-"
    return f"| {what} | {figures} | {share(first)} | {fee} | {difference(first, late)} |"


def _contract(case: Case) -> str:
    """Return which contract's function a case is about, where more than one has it."""
    owners = {one.contract for one in ALL_CASES if one.function == case.function}
    return f"of `bitpay-{case.contract}`" if len(owners) > 1 else ""


def share(measure: Measure) -> str:
    """Return the largest part of a tenure's budget in percent."""
    part, name = measure.share
    return f"{part:.3%} of {DIMENSIONS[name]}"


def difference(first: Measure, late: Measure) -> str:
    """Return what differs later."""
    changes = {word: getattr(late, name) - getattr(first, name) for name, word in DIMENSIONS.items()}
    return ", ".join(f"{change:+,} {word}" for word, change in changes.items() if change) or "="


def deployment_table() -> Iterator[str]:
    """Yield the table of what deploying costs."""
    yield "## Deployment, once\n"
    names = " | ".join(DIMENSIONS.values())
    yield f"| contract | {names} | source bytes |\n|---|--:|--:|--:|--:|--:|--:|"
    with Vm.start(track_costs=True) as vm:
        world = World.begin(vm)
        again = World.bare(vm, world.dave)
        for name in NAMES:
            outcome = vm.deploy(name, source(name), again.deployer.address)
            measure = Measure.of(outcome, len(source(name).encode()))
            figures = " | ".join(f"{getattr(measure, dimension):,}" for dimension in DIMENSIONS)
            yield f"| {name} | {figures} | {measure.transaction_bytes:,} |"
    yield ""


def late_measures(world: World) -> dict[str, Measure]:
    """Let the crowd come, in batches, and measure again."""
    for _ in track(range(CROWD // BATCH), description=f"Opening {CROWD:,} streams"):
        crowd(world, BATCH, 0)
    crowd(world, 0, OTHERS_IN_CROWD)
    return measure_all(world)


def main() -> None:
    """Measure and write."""
    argparse.ArgumentParser(prog="make costs", description=__doc__).parse_args()
    print(f"Measuring {len(ALL_CASES)} calls...")
    with fresh_world() as world:
        first = measure_all(world)
        late = late_measures(world)
    write_baseline(first)
    DOCUMENT.write_text(document(first, late, ["\n".join(deployment_table())]))
    print(f"Wrote {DOCUMENT.name}.")


if __name__ == "__main__":
    main()
