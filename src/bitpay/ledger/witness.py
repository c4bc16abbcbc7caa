"""What deliveries told, held against what the books say once the blocks are there."""

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from bitpay.ledger.book import BLOCKS, EVENTS, Head
from bitpay.ledger.events import DecodedBlock, Problem
from bitpay.stacks.model import BlockHeader
from bitpay.store import Database

APPLIED = "applied"
ORPHANED = "orphaned"
CONTRADICTED = "contradicted"
BEYOND = "beyond"
LAPSED = "lapsed"

AHEAD_BLOCKS = 1_000
"""How far above the newest block that we know of a delivery may speak: an API may lag behind who delivers."""
CAPACITY = 50_000
"""Blocks and events of which testimony is kept; beyond it the oldest is let go unjudged."""
_JUDGED_BLOCKS = 10_000
"""Blocks that are looked up at once."""

Told = Counter[tuple[str, str, str]]
"""How often a transaction was said to have made an event: (txid, contract, event name)."""


@dataclass(frozen=True, slots=True)
class _Testimony:
    whole: bool
    highest: int
    told: Mapping[str, Told]

    @property
    def weight(self) -> int:
        return 1 + len(self.told) + sum(map(len, self.told.values()))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a delivery: applied, orphaned (its blocks are not on our chain), or contradicted.

    Or nothing could be said: beyond (it tells of blocks far above the chain's tip), lapsed (too much waits).
    """

    delivery: str
    outcome: str
    problems: tuple[Problem, ...] = ()


class Witness:
    """Deliveries whose blocks are not all decided yet."""

    def __init__(self, database: Database) -> None:
        self._blocks = database[BLOCKS]
        self._events = database[EVENTS]
        self._open: dict[str, _Testimony] = {}
        self._weight = 0
        self._tip: int | None = None

    @property
    def held(self) -> Container[str]:
        """The deliveries that wait for a verdict."""
        return self._open.keys()

    def see(self, tip: BlockHeader | None) -> None:
        """Remember the chain's newest block, where it is known."""
        self._tip = tip.height if tip else self._tip

    def hear(self, delivery: str, blocks: Sequence[DecodedBlock], *, whole: bool) -> None:
        """Remember what a delivery told."""
        self._forget(delivery)
        highest = max((block.header.height for block in blocks), default=0)
        testimony = _Testimony(whole, highest, {block.header.hash: _told(block) for block in blocks})
        self._open[delivery] = testimony
        self._weight += testimony.weight

    async def judge(self, head: Head) -> list[Verdict]:
        """Return, and forget, the deliveries whose every block lies at or below the head, and those given up.

        When there are many, some are left for the next call.
        """
        ready = self._ready(head)
        known = await self._known([block_hash for testimony in ready.values() for block_hash in testimony.told])
        written = await self._written(known)
        verdicts = [_verdict(delivery, testimony, known, written) for delivery, testimony in ready.items()]
        verdicts += [Verdict(delivery, BEYOND) for delivery in self._beyond(head)]
        for verdict in verdicts:
            self._forget(verdict.delivery)
        return verdicts + [Verdict(delivery, LAPSED) for delivery in self._lapsing()]

    def _ready(self, head: Head) -> dict[str, _Testimony]:
        ready: dict[str, _Testimony] = {}
        blocks = 0
        for delivery, testimony in self._open.items():
            if testimony.highest <= head.height:
                ready[delivery] = testimony
                blocks += len(testimony.told)
                if blocks >= _JUDGED_BLOCKS:
                    break
        return ready

    def _beyond(self, head: Head) -> list[str]:
        if self._tip is None:
            return []
        limit = max(self._tip, head.height) + AHEAD_BLOCKS
        return [delivery for delivery, testimony in self._open.items() if testimony.highest > limit]

    def _lapsing(self) -> list[str]:
        lapsing = []
        while self._weight > CAPACITY:
            lapsing.append(next(iter(self._open)))
            self._forget(lapsing[-1])
        return lapsing

    def _forget(self, delivery: str) -> None:
        if testimony := self._open.pop(delivery, None):
            self._weight -= testimony.weight

    async def _known(self, hashes: Sequence[str]) -> set[str]:
        if not hashes:
            return set()
        return {row["_id"] async for row in self._blocks.find({"_id": {"$in": list(hashes)}}, {"_id": 1})}

    async def _written(self, hashes: set[str]) -> dict[str, Told]:
        written: dict[str, Told] = {}
        if hashes:
            fields = {"block": 1, "txid": 1, "contract": 1, "name": 1}
            async for row in self._events.find({"block": {"$in": list(hashes)}}, fields):
                written.setdefault(row["block"], Counter())[row["txid"], row["contract"], row["name"]] += 1
        return written


def _told(block: DecodedBlock) -> Told:
    return Counter((event.txid, event.contract, event.name) for event in block.events)


def _verdict(delivery: str, testimony: _Testimony, known: set[str], written: Mapping[str, Told]) -> Verdict:
    problems = []
    for block_hash, told in testimony.told.items():
        ours = written.get(block_hash, Counter())
        if block_hash in known and not (told == ours if testimony.whole else told <= ours):
            problems.append(_contradiction(delivery, block_hash, told - ours, ours - told))
    if problems:
        return Verdict(delivery, CONTRADICTED, tuple(problems))
    return Verdict(delivery, APPLIED if testimony.told.keys() <= known else ORPHANED)


def _contradiction(delivery: str, block_hash: str, more: Told, less: Told) -> Problem:
    """Return one problem for all deliveries that differ from a block in the same kinds of events."""
    kinds = [sorted({f"{contract}.{name}" for _, contract, name in told}) for told in (more, less)]
    what = sha256(repr(kinds).encode()).hexdigest()[:16]
    details = {"block": block_hash, "delivery": delivery, "told": _listed(more), "written": _listed(less)}
    message = "A delivery tells other events than the chain's API."
    return Problem(f"{block_hash}:{what}", "delivery_contradicts", message, details)


def _listed(told: Told) -> list[str]:
    return [f"{txid} {contract} {name} x{times}" for (txid, contract, name), times in told.items()][:20]
