"""A Stacks chain of one node: takes signed transactions, makes blocks of them, and never forgets one.

Everything here is synchronous and belongs to one thread. The journal is the truth: a block counts once its record is
on disk. The VM can be lost at any moment and is then rebuilt from a snapshot and the journal.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bitpay.kit.errors import InvalidInput
from bitpay.localchain import blocks
from bitpay.localchain.admission import Admission, decode
from bitpay.localchain.archive import Archive
from bitpay.localchain.assembly import Assembler
from bitpay.localchain.blocks import Block, Change
from bitpay.localchain.clock import MAX_OFFSET, ChainClock
from bitpay.localchain.holdings import STX
from bitpay.localchain.journal import Journal, JournalDamaged
from bitpay.localchain.machine import Machine
from bitpay.localchain.mempool import Mempool, Pending
from bitpay.localchain.reorganization import Fork, Reorganization, Switch
from bitpay.localchain.vm import SBTC
from bitpay.stacks.transactions import SmartContract

SBTC_ASSET = f"{SBTC}::sbtc-token"


@dataclass(frozen=True)
class Genesis:
    """How a new chain begins: who owns uSTX, who owns sats of sBTC, and when (Unix seconds; None: now)."""

    stx: Mapping[str, int] = field(default_factory=dict)
    sbtc: Mapping[str, int] = field(default_factory=dict)
    time: int | None = None


class Chain:
    """A chain in a folder. `listener` hears of every change of the canonical chain, after it is on disk."""

    def __init__(
        self,
        folder: Path,
        genesis: Genesis,
        *,
        clock: ChainClock | None = None,
        burn_seconds: int = 600,
        listener: Callable[[Change], None] = lambda _: None,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.clock = clock or ChainClock()
        self.mempool = Mempool()
        self.fork = 0
        """Reorganisations so far."""
        self.exclusively: Callable[[Callable[[], object]], object] = lambda change: change()
        """Carries out what changes the archive and the mempool while nobody else looks at them."""
        self._burn_seconds = burn_seconds
        self._listener = listener
        self._interfaces: dict[str, Mapping[str, Any]] = {}
        self._branch: dict[int, Block] = {}
        self._journal = Journal(folder / "journal")
        try:
            self.archive = Archive(self._journal)
            beginning = self._read_journal() or self._write_genesis(genesis)
            self.machine = Machine(self.archive, folder / "snapshots", beginning)
            self._assembler = Assembler(self.machine)
        except BaseException:
            self._journal.close()
            raise

    def close(self) -> None:
        """Let go of the folder and the VM. Nothing is lost without it."""
        self.machine.close()
        self._journal.close()

    def _read_journal(self) -> dict[str, Any] | None:
        first: dict[str, Any] | None = None
        for place, record in self._journal.replay():
            if first is None:
                first = record["genesis"]
                self._endow(first)
            self._read_record(record, place)
        return first

    def _endow(self, genesis: Mapping[str, Any]) -> None:
        for owner, amount in genesis["sbtc"].items():
            self.archive.holdings.endow(owner, SBTC_ASSET, amount)
        for owner, amount in genesis["stx"].items():
            self.archive.holdings.endow(owner, STX, amount)

    def _read_record(self, record: Mapping[str, Any], place: int) -> None:
        if "block" in record:
            block = Block.from_json(record["block"])
            if "genesis" not in record and block.header.parent_hash != self.archive.tip.hash:
                raise JournalDamaged(f"Block {block.header.height}, at byte {place}, does not follow the one before.")
            self._land(block, place, record.get("too_expensive", ()))
        elif "branch" in record:
            self._branch[place] = Block.from_json(record["branch"])
        elif "switch" in record:
            self._land_branch(Switch.from_json(record["switch"]), self._branch)
            self._branch.clear()
        elif "waits" in record:
            self.mempool.restore([Pending.from_json(record["waits"])])
        elif "offset" in record:
            self.clock.offset = record["offset"]

    def _write_genesis(self, genesis: Genesis) -> dict[str, Any]:
        time = self.clock.now() if genesis.time is None else genesis.time
        place = {"height": 1, "time": time, "burn_height": 1, "burn_time": time - 10}
        block = blocks.genesis(**place)
        record = {"place": place, "stx": dict(genesis.stx), "sbtc": dict(genesis.sbtc)}
        [at] = self._journal.append([{"genesis": record, "block": block.to_json()}])
        self.archive.add(block, at)
        self._endow(record)
        return record

    # Transactions

    def submit(self, raw: bytes) -> str:
        """Take a transaction into the mempool. Returns its id (0x). Raises Undecodable or Rejected.

        Killing the process does not lose it; if the machine fails, what came since the last block may be lost.
        """
        entry = Pending.of(decode(raw), raw, self.clock.now(), self.archive.tip)
        if self.mempool.get(entry.txid) is None:
            Admission(self.archive.nonces, self.stx_balance, self.interface).check(entry.tx, len(raw))
            self.mempool.check(entry)
            self._journal.append([{"waits": entry.to_json()}], sync=False)
            self.mempool.add(entry)
        return entry.txid

    def has_work(self) -> bool:
        """Tell whether a transaction waits whose nonces are next, and that was not left out of the last block."""
        nonces = self.archive.nonces
        fits = (one for one in self.mempool if all(nonces.get(who, 0) == nonce for who, nonce in one.claims))
        return any(one.txid not in self._assembler.left_out for one in fits)

    def stx_balance(self, account: str) -> int:
        """Return the uSTX of a principal at the tip."""
        return self.machine.ask(lambda vm: vm.stx_balance(account))

    def interface(self, contract_id: str) -> Mapping[str, Any] | None:
        """Return a contract's interface, None when there is no such contract."""
        known = self._interfaces.get(contract_id)
        if known is None:
            known = self.machine.ask(lambda vm: vm.interface(contract_id))
            if known is not None:
                self._interfaces[contract_id] = known
        return known

    def known_interface(self, contract_id: str) -> Mapping[str, Any] | None:
        """Return a contract's interface if it was asked for before; may be called from any thread."""
        return self._interfaces.get(contract_id)

    def _learn(self, block: Block) -> None:
        """Ask for the interfaces of new contracts, which those who hear of the block may want."""
        for mined in block.transactions:
            if mined.succeeded and isinstance(mined.tx.payload, SmartContract):
                self.interface(f"{mined.tx.origin_address}.{mined.tx.payload.name}")

    # Blocks

    def mine(self, *, burn: bool = False) -> Block:
        """Make a block of what waits (it may be empty). `burn` puts a burn block under it, due or not.

        Raises JournalUnwritable, and then all is as before.
        """
        parent = self.archive.tip
        time = self.clock.next_block(parent.time)
        burn = burn or time - parent.burn_time >= self._burn_seconds
        waiting = list(self.mempool)
        assemble = self._assembler.assemble
        block = self.machine.build(lambda: assemble(self.archive, time, waiting, burn=burn, fork=self.fork))
        too_expensive = [one.txid for one in waiting if one.txid in self.machine.too_expensive]
        dropped = {"too_expensive": too_expensive} if too_expensive else {}
        try:
            [place] = self._journal.append([{"block": block.to_json(), **dropped}])
        except BaseException:
            self.machine.rebuild()  # the VM is a block ahead of what counts
            raise
        self.exclusively(lambda: self._land(block, place, too_expensive))
        self._learn(block)
        self._listener(Change((), (block,)))
        self.machine.count(block)
        return block

    def _land(self, block: Block, place: int, too_expensive: Iterable[str]) -> None:
        self.archive.add(block, place)
        self.mempool.mined(block)
        for txid in too_expensive:
            self.mempool.drop(txid, "dropped_too_expensive")
        self.mempool.settle(self.archive.nonces, block.header.burn_height)

    # Time

    def warp(self, seconds: int) -> int:
        """Put the clock forward, seen from the tip: a burst of blocks may have carried its time beyond the clock.

        Returns how far the clock is ahead of the wall clock. The next block shows it.
        """
        ahead = max(0, self.archive.tip.time - self.clock.now()) if seconds else 0
        offset = self.clock.offset + ahead + seconds
        if seconds < 0 or offset > MAX_OFFSET:
            raise InvalidInput(f"The clock can go forward by 0 to {MAX_OFFSET - self.clock.offset - ahead} seconds.")
        self._journal.append([{"offset": offset}])
        self.clock.offset = offset
        return offset

    # Other histories

    def reorganize(self, plan: Reorganization) -> Change:
        """Replace the latest blocks by others, as when another fork of the real chain wins.

        Raises InvalidInput or Rejected, and then nothing is changed, when the plan is not possible.
        """
        fork = Fork(plan, self.archive, self.machine, self._assembler, self._journal, self.clock)
        switch = fork.make(self.fork + 1)
        landed: list[Change] = []
        self.exclusively(lambda: landed.append(self._land_branch(switch, fork.blocks)))
        self._interfaces.clear()
        for block in landed[0].apply:
            self._learn(block)
        self._listener(landed[0])
        return landed[0]

    def _land_branch(self, switch: Switch, branch: Mapping[int, Block]) -> Change:
        self.fork = switch.fork
        return switch.land(self.archive, self.mempool, branch)
