"""Another history for the latest blocks: which transactions it has, in which order, in how many blocks."""

import random
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from bitpay.kit.errors import InvalidInput
from bitpay.localchain.admission import check_alone, decode
from bitpay.localchain.archive import Archive
from bitpay.localchain.assembly import Assembler
from bitpay.localchain.blocks import Block, Change, accounts_of
from bitpay.localchain.clock import ChainClock
from bitpay.localchain.journal import Journal
from bitpay.localchain.machine import Machine
from bitpay.localchain.mempool import Mempool, Pending
from bitpay.stacks.model import BlockHeader

Order = Literal["same", "reversed", "shuffled"]


@dataclass(frozen=True, slots=True)
class Reorganization:
    """What replaces the latest `depth` blocks.

    Their transactions are mined again in `order` (those of one account keep theirs), except `drop` (ids with 0x) and
    those that `include`, signed transactions put in front, takes the nonces of. `blocks` is how many blocks there will
    be instead, one more than before when None. With `seed` shuffling is always the same.
    """

    depth: int
    order: Order = "same"
    drop: Collection[str] = ()
    include: Sequence[bytes] = ()
    blocks: int | None = None
    seed: int = 0

    @property
    def new_blocks(self) -> int:
        """How many blocks replace the old ones."""
        return self.depth + 1 if self.blocks is None else self.blocks

    def candidates(self, archive: Archive, now: int) -> tuple[list[Pending], list[Pending]]:
        """Return the transactions of the other history in the order in which they are tried, and those given up.

        Raises Undecodable or Rejected for a transaction to include that no chain would take, InvalidInput for one to
        drop that is not there.
        """
        tip = archive.tip
        new = [_pending(raw, now, tip) for raw in self.include]
        for one in new:
            check_alone(one.tx, len(one.raw))
        claimed = set().union(*(one.claims for one in new))
        old = [
            _pending(mined.raw, now, tip)
            for block in archive.blocks(tip.height - self.depth + 1, tip.height)
            for mined in block.transactions
        ]
        strangers = sorted(set(self.drop) - {one.txid for one in old})
        if strangers:
            raise InvalidInput(f"{strangers[0]} is in none of the blocks that are replaced.")
        lost = [one for one in old if one.txid in self.drop or one.claims & claimed]
        return new + self._ordered([one for one in old if one not in lost]), lost

    def _ordered(self, entries: list[Pending]) -> list[Pending]:
        if self.order == "reversed":
            return entries[::-1]
        if self.order == "shuffled":
            random.Random(self.seed).shuffle(entries)  # noqa: S311 - not for secrets
        return entries


def _pending(raw: bytes, now: int, tip: BlockHeader) -> Pending:
    return Pending.of(decode(raw), raw, now, tip)


@dataclass(frozen=True)
class Switch:
    """The step from one history to another: what is above `height` gives way to the branch at `places`.

    `fork` counts the reorganisations with this one. `waiting` transactions are in no block any more, `lost` ones are
    given up.
    """

    height: int
    fork: int
    places: Sequence[int]
    waiting: Sequence[Pending]
    lost: Sequence[Pending]

    def to_json(self) -> dict[str, Any]:
        """Return the journal's form."""
        return {
            "height": self.height,
            "fork": self.fork,
            "places": list(self.places),
            "waiting": [entry.to_json() for entry in self.waiting],
            "lost": [entry.to_json() for entry in self.lost],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the journal's form."""
        waiting, lost = ([Pending.from_json(one) for one in document.get(name, ())] for name in ("waiting", "lost"))
        return cls(document["height"], document["fork"], document["places"], waiting, lost)

    def land(self, archive: Archive, mempool: Mempool, branch: Mapping[int, Block]) -> Change:
        """Make a branch, blocks by their places in the journal, the chain."""
        blocks = [(branch[place], place) for place in self.places]
        gone = archive.switch(self.height, blocks)
        for entry in self.lost:
            mempool.bury(entry, "dropped_replace_across_fork")
        mempool.restore(self.waiting)
        for block, _ in blocks:
            mempool.mined(block)
        mempool.settle(archive.nonces, archive.tip.burn_height)
        return Change(tuple(gone), tuple(block for block, _ in blocks))


class Branch:
    """Blocks that grow beside the chain, from the block at `base`."""

    def __init__(self, archive: Archive, base: int) -> None:
        self.tip: BlockHeader = archive.block(base).header
        self.nonces: dict[str, int] = dict(archive.nonces)
        self.blocks: dict[int, Block] = {}
        """By their places in the journal."""
        self.txids: set[str] = set()
        for block in archive.blocks(base + 1, archive.tip.height):
            self._count(block, -1)

    def add(self, block: Block, place: int) -> None:
        """Put a block on top."""
        self.blocks[place] = block
        self.tip = block.header
        self.txids |= {mined.txid for mined in block.transactions}
        self._count(block, 1)

    def _count(self, block: Block, step: int) -> None:
        for mined in block.transactions:
            for account in accounts_of(mined):
                self.nonces[account] = self.nonces.get(account, 0) + step


class Fork:
    """Carries out a plan: makes other blocks beside the chain, until one step of the journal switches to them."""

    def __init__(
        self,
        plan: Reorganization,
        archive: Archive,
        machine: Machine,
        assembler: Assembler,
        journal: Journal,
        clock: ChainClock,
    ) -> None:
        self._plan = plan
        self._archive = archive
        self._machine = machine
        self._assembler = assembler
        self._journal = journal
        self._clock = clock
        self._base = archive.tip.height - plan.depth
        if self._base < archive.first.height or plan.depth < 1 or plan.new_blocks < 1:
            raise InvalidInput(f"There are {archive.tip.height - archive.first.height} blocks that can be replaced.")
        self._candidates, self._lost = plan.candidates(archive, clock.now())
        self._branch = Branch(archive, self._base)

    def make(self, fork: int) -> Switch:
        """Make the other blocks; `fork` counts the reorganisations with this one. On an error all is as before.

        Once this returns, they are the chain on disk.
        """
        old = list(self._archive.blocks(self._base + 1, self._archive.tip.height))
        try:
            self._machine.rewind(self._base)
            for number in range(self._plan.new_blocks):
                self._extend(number, old, fork)
            switch = Switch(self._base, fork, list(self._branch.blocks), self._left(), self._lost)
            self._journal.append([{"switch": switch.to_json()}])
        except BaseException:
            self._machine.rebuild()
            raise
        return switch

    @property
    def blocks(self) -> Mapping[int, Block]:
        """The other blocks, by their places in the journal."""
        return self._branch.blocks

    def _extend(self, number: int, old: Sequence[Block], fork: int) -> None:
        parent = self._branch.tip
        model = old[number] if number < len(old) else None
        time = max(parent.time + 1, model.header.time) if model else self._clock.next_block(parent.time)
        waiting = self._left()
        limit = -(-len(waiting) // (self._plan.new_blocks - number))
        burn = model is not None and model.opens_tenure
        block = self._assembler.assemble(self._branch, time, waiting, burn=burn, fork=fork, limit=limit)
        [place] = self._journal.append([{"branch": block.to_json()}], sync=False)
        self._branch.add(block, place)
        self._machine.count(block)

    def _left(self) -> list[Pending]:
        return [one for one in self._candidates if one.txid not in self._branch.txids]
