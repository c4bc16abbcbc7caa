"""What deliveries told, held against what the books say once the blocks are there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bitpay.ledger.book import BLOCKS, EVENTS, Head
from bitpay.ledger.events import DecodedBlock, Problem
from bitpay.store import Database

APPLIED = "applied"
ORPHANED = "orphaned"
CONTRADICTED = "contradicted"

Told = Counter[tuple[str, str, str]]
"""How often a transaction was said to have made an event: (txid, contract, event name)."""


@dataclass(slots=True)
class _Testimony:
    whole: bool
    blocks: dict[str, DecodedBlock] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a delivery: applied, orphaned (its blocks are not on our chain), or contradicted."""

    delivery: str
    outcome: str
    problems: tuple[Problem, ...] = ()


class Witness:
    """Deliveries whose blocks are not all decided yet."""

    def __init__(self, database: Database) -> None:
        self._blocks = database[BLOCKS]
        self._events = database[EVENTS]
        self._open: dict[str, _Testimony] = {}

    def hear(self, delivery: str, blocks: Sequence[DecodedBlock], *, whole: bool) -> None:
        """Remember what a delivery told."""
        self._open[delivery] = _Testimony(whole, {block.header.hash: block for block in blocks})

    async def judge(self, head: Head) -> list[Verdict]:
        """Return, and forget, the deliveries whose every block lies at or below the head."""
        ready = {
            delivery: testimony
            for delivery, testimony in self._open.items()
            if all(block.header.height <= head.height for block in testimony.blocks.values())
        }
        if not ready:
            return []
        hashes = [block_hash for testimony in ready.values() for block_hash in testimony.blocks]
        known = {row["_id"] async for row in self._blocks.find({"_id": {"$in": hashes}}, {"_id": 1})}
        written = await self._written(known)
        for delivery in ready:
            del self._open[delivery]
        return [_verdict(delivery, testimony, known, written) for delivery, testimony in ready.items()]

    async def _written(self, hashes: set[str]) -> dict[str, Told]:
        written: dict[str, Told] = {}
        fields = {"block": 1, "txid": 1, "contract": 1, "name": 1}
        async for row in self._events.find({"block": {"$in": list(hashes)}}, fields):
            written.setdefault(row["block"], Counter())[row["txid"], row["contract"], row["name"]] += 1
        return written


def _verdict(delivery: str, testimony: _Testimony, known: set[str], written: Mapping[str, Told]) -> Verdict:
    problems = []
    for block_hash, block in testimony.blocks.items():
        told = Counter((event.txid, event.contract, event.name) for event in block.events)
        ours = written.get(block_hash, Counter())
        if block_hash in known and not (told == ours if testimony.whole else told <= ours):
            details = {"block": block_hash, "told": _listed(told - ours), "written": _listed(ours - told)}
            message = "A delivery tells other events than the chain's API."
            problems.append(Problem(f"{delivery}:{block_hash}", "delivery_contradicts", message, details))
    if problems:
        return Verdict(delivery, CONTRADICTED, tuple(problems))
    return Verdict(delivery, APPLIED if testimony.blocks.keys() <= known else ORPHANED)


def _listed(told: Told) -> list[str]:
    return [f"{txid} {contract} {name} x{times}" for (txid, contract, name), times in told.items()][:20]
