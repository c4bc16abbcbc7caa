"""The VM under a chain: brought to the state after any block, and rebuilt when it breaks."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from bitpay.localchain.archive import Archive
from bitpay.localchain.blocks import Block, MinedTransaction
from bitpay.localchain.channel import VmGone
from bitpay.localchain.execution import Executor, TooExpensive, effects
from bitpay.localchain.mempool import Pending
from bitpay.localchain.operations import PastBlock
from bitpay.localchain.snapshots import Snapshots
from bitpay.localchain.vm import Vm, VmBroken
from bitpay.stacks.model import BlockHeader

T = TypeVar("T")

_REPLAYED_AT_ONCE = 100
_SAVE_AFTER = 1_000
"""Blocks and transactions after which the state is worth a snapshot."""
_GUILTY = 2
_FAILURES = 3


class Machine:
    """A VM whose state follows from the archive. `genesis` tells its time and who owns what at the start."""

    def __init__(self, archive: Archive, folder: Path, genesis: Mapping[str, Any]) -> None:
        self._archive = archive
        self._genesis = genesis
        self._snapshots = Snapshots(folder)
        self._suspects: Counter[str] = Counter()
        self.too_expensive: set[str] = set()
        """Transactions that cost more than a block may."""
        self._unsaved = 0
        self.vm = self._start()

    def close(self) -> None:
        """End the VM, keeping its state if much happened since it was last kept."""
        if self._unsaved > _SAVE_AFTER // 4:
            self._save(self._archive.tip)
        self._snapshots.finish(self.vm)
        self.vm.close()

    def ask(self, question: Callable[[Vm], T]) -> T:
        """Ask the VM something that changes nothing. A VM that breaks is rebuilt; if it was gone, it is asked again."""
        try:
            return question(self.vm)
        except VmGone:
            self.rebuild()
            return question(self.vm)
        except VmBroken:
            self.rebuild()
            raise

    def build(self, action: Callable[[], T]) -> T:
        """Do something that fills a block, from the state at the tip; again from there when the VM breaks."""
        failures = 0
        while True:
            known = len(self.too_expensive)
            try:
                return action()
            except VmBroken:
                failures += len(self.too_expensive) == known
                if failures > len(self._suspects) + _FAILURES:
                    raise
                self.rebuild()

    def run(self, entry: Pending) -> MinedTransaction | None:
        """Run a transaction in the open block; None when it does not get into it.

        A transaction in which the VM panicked, or twice went away, is skipped the next time, for its fee. One that
        costs more than a block may does not get into any.
        """
        executor = Executor(self.vm)
        if entry.txid in self.too_expensive:
            return None
        if self._suspects[entry.txid] >= _GUILTY:
            return executor.skip(entry.tx, entry.raw)
        try:
            return executor.run(entry.tx, entry.raw)
        except VmGone:
            self._suspects[entry.txid] += 1
            raise
        except TooExpensive:
            self.too_expensive.add(entry.txid)
            raise
        except VmBroken:
            self._suspects[entry.txid] += _GUILTY
            raise

    def count(self, block: Block) -> None:
        """Note that the state is now the one after `block`. Keeps the state now and then."""
        self._unsaved += 1 + len(block.transactions)
        if self._unsaved >= _SAVE_AFTER:
            self._save(block.header)

    def _save(self, header: BlockHeader) -> None:
        self._snapshots.begin(self.vm, header)
        self._unsaved = 0

    def rebuild(self) -> None:
        """Start another VM in the state at the tip."""
        self.vm.close()
        self.vm = self._start()

    def rewind(self, height: int) -> None:
        """Bring the VM back to the state after the block at `height`; the archive may still be ahead."""
        self._snapshots.discard_above(self.vm, height)
        if not self._bring(self.vm, height):
            self.vm.close()
            self.vm = self._start(height)

    def _start(self, height: int | None = None) -> Vm:
        vm = Vm.start(genesis_time=self._genesis["place"]["time"])
        target = self._archive.tip.height if height is None else height
        try:
            if not self._bring(vm, target):
                self._endow(vm)
                self._replay(vm, self._archive.first.height, target)
        except BaseException:
            vm.close()
            raise
        return vm

    def _endow(self, vm: Vm) -> None:
        for recipient, amount in self._genesis["stx"].items():
            vm.mint_stx(recipient, amount)
        for recipient, amount in self._genesis["sbtc"].items():
            vm.mint_ft(recipient, amount)

    def _bring(self, vm: Vm, height: int) -> bool:
        reached = self._snapshots.restore(vm, self._archive.header, height)
        if reached is None:
            return False
        self._replay(vm, reached, height)
        return True

    def _replay(self, vm: Vm, reached: int, height: int) -> None:
        self._unsaved = 0
        while reached < height:
            until = min(height, reached + _REPLAYED_AT_ONCE)
            past = list(self._archive.blocks(reached + 1, until))
            vm.repeat([_past(block) for block in past])
            self._unsaved += len(past) + sum(len(block.transactions) for block in past)
            reached = until


def _past(block: Block) -> PastBlock:
    done = [effect for mined in block.transactions for effect in effects(mined)]
    return PastBlock(block.header.time, block.header.burn_time if block.opens_tenure else None, done)
