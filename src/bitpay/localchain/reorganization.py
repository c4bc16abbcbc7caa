"""Another history for the latest blocks: which transactions it has, in which order, in how many blocks."""

import contextlib
import random
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from bitpay.kit.errors import InvalidInput
from bitpay.localchain.admission import check_alone, decode
from bitpay.localchain.archive import Archive
from bitpay.localchain.assembly import Assembler
from bitpay.localchain.blocks import Block, Change
from bitpay.localchain.clock import ChainClock
from bitpay.localchain.journal import Journal
from bitpay.localchain.machine import Machine
from bitpay.localchain.mempool import Mempool, Pending
from bitpay.localchain.rejections import Rejected

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

        Raises Undecodable or Rejected for a transaction to include that no chain would take.
        """
        tip = archive.tip
        new = [_pending(raw, now, tip.burn_height) for raw in self.include]
        for one in new:
            check_alone(one.tx, len(one.raw))
        claimed = set().union(*(one.claims for one in new))
        old = [
            _pending(mined.raw, now, tip.burn_height)
            for block in archive.blocks(tip.height - self.depth + 1, tip.height)
            for mined in block.transactions
        ]
        lost = [one for one in old if one.txid in self.drop or one.claims & claimed]
        return new + self._ordered([one for one in old if one not in lost]), lost

    def _ordered(self, entries: list[Pending]) -> list[Pending]:
        if self.order == "reversed":
            return entries[::-1]
        if self.order == "shuffled":
            random.Random(self.seed).shuffle(entries)  # noqa: S311 - not for secrets
        return entries


def _pending(raw: bytes, now: int, burn_height: int) -> Pending:
    tx = decode(raw)
    return Pending("0x" + tx.txid(), raw, tx, now, burn_height)


class Fork:
    """Carries out a plan: takes blocks off, makes others, and switches to them in one step of the journal."""

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

    def switch(self, fork: int) -> Change:
        """Replace the blocks; `fork` counts the reorganisations with this one. On an error all is as before."""
        gone = [self._archive.remove_tip() for _ in range(self._plan.depth)]
        old = [block for block, _ in reversed(gone)]
        try:
            self._machine.rewind(self._base)
            made = [self._replace(number, old, fork) for number in range(self._plan.new_blocks)]
            places = [place for _, place in made]
            self._journal.append([{"switch": {"height": self._base, "fork": fork, "places": places}}])
        except BaseException:
            self._undo(gone)
            raise
        return Change(tuple(block for block, _ in gone), tuple(block for block, _ in made))

    def _replace(self, number: int, old: Sequence[Block], fork: int) -> tuple[Block, int]:
        parent = self._archive.tip
        model = old[number] if number < len(old) else None
        time = max(parent.time + 1, model.header.time) if model else self._clock.next_block(parent.time)
        waiting = self._left()
        limit = -(-len(waiting) // (self._plan.new_blocks - number))
        burn = model is not None and model.opens_tenure
        block = self._assembler.assemble(time, waiting, burn=burn, fork=fork, limit=limit)
        [place] = self._journal.append([{"branch": block.to_json()}], sync=False)
        self._archive.add(block, place)
        self._machine.count(block)
        return block, place

    def _left(self) -> list[Pending]:
        return [one for one in self._candidates if self._archive.transaction(one.txid) is None]

    def _undo(self, gone: Sequence[tuple[Block, int]]) -> None:
        while self._archive.tip.height > self._base:
            self._archive.remove_tip()
        for block, place in reversed(gone):
            self._archive.add(block, place)
        self._machine.rebuild()

    def return_to(self, mempool: Mempool) -> None:
        """Let wait again what the other history has not; what it cannot have any more is dropped."""
        for entry in self._lost:
            mempool.bury(entry, "dropped_replace_across_fork")
        for entry in self._left():
            with contextlib.suppress(Rejected):  # another transaction waits with its nonce
                mempool.add(entry)
        for entry in mempool:
            if self._archive.transaction(entry.txid) is not None:
                mempool.remove(entry.txid)
        mempool.settle(self._archive.nonces, self._archive.tip.burn_height)
