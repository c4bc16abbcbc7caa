"""A story on the real contracts, told to the ledger block by block."""

import hashlib
import random
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from tests.contracts.world import PEOPLE, Account, Refused, World, points

from bitpay.ledger.source import SourceError
from bitpay.localchain.vm import Vm
from bitpay.stacks import clarity
from bitpay.stacks.client.errors import ApiNotFound
from bitpay.stacks.model import Block, BlockHeader, ContractLog, TransactionReceipt, TransactionStatus


class Told(World):
    """A world that keeps, as a node's API would tell it, everything that its calls did."""

    def __init__(self, vm: Vm, deployer: Account) -> None:
        super().__init__(vm, deployer)
        self.blocks: list[Block] = []
        self._receipts: list[TransactionReceipt] = []

    def call(self, contract_id: str, function: str, args: Sequence[Any], by: Account) -> Any:  # noqa: ANN401
        """Call, and note what happened whether it was refused or not."""
        try:
            return super().call(contract_id, function, args, by)
        finally:
            self._receipts.append(self._receipt(by))

    def close_block(self) -> None:
        """Seal what was called since the last time, and let time go on."""
        parent = self.blocks[-1].header if self.blocks else None
        height = parent.height + 1 if parent else 1
        name = "0x" + hashlib.sha256(f"{height}".encode()).hexdigest()
        parent_hash = parent.hash if parent else "0x" + "00" * 32
        header = BlockHeader(height, name, parent_hash, self.time, 100 + height // 9, name, self.time, 1)
        self.blocks.append(Block(header, tuple(self._receipts)))
        self._receipts = []
        self.pass_blocks(1)

    def _receipt(self, by: Account) -> TransactionReceipt:
        number = len(self._receipts)
        txid = "0x" + hashlib.sha256(f"{len(self.blocks)} {number}".encode()).hexdigest()
        logs = [event for event in self.outcome.events if event.kind == "contract_log"]
        events = tuple(ContractLog(at, log.contract_id, "print", log.raw_value) for at, log in enumerate(logs))
        status = TransactionStatus.SUCCESS if self.outcome.succeeded else TransactionStatus.ABORT_BY_RESPONSE
        return TransactionReceipt(txid, number, status, by.address, None, 300, 0, self.outcome.result or b"", events)


class Story:
    """Random people do random things with streams; what is refused is refused."""

    def __init__(self, world: Told, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)  # noqa: S311 - a seed that replays is the point
        self.opened = 0

    def happen(self) -> None:
        """Do one thing."""
        acts = [self.open, self.withdraw, self.cancel, self.hand_on, self.change_sender, self.renounce, self.top_up]
        act = self.random.choices([*acts, self.burn, self.pass_time], [4, 6, 2, 2, 2, 1, 2, 1, 3])[0]
        with suppress(Refused):
            act()
        if self.random.random() < 0.3:
            self.world.close_block()

    def open(self) -> None:
        draw, world = self.random, self.world
        sender, recipient = draw.sample([world.people[name] for name in PEOPLE], 2)
        if draw.random() < 0.2:
            curve = points((10, 100), (20, 700), (draw.randint(30, 90), 1_000))
            terms = {"cancelable": True, "transferable": True, "memo": "a curve"}
            world.core.open_curve_stream(recipient, 1_000, "seconds", None, curve, terms, by=sender)
        else:
            duration = draw.randint(2, 300)
            cliff = draw.choice([0, duration // 3])
            world.open(
                sender,
                recipient,
                draw.randint(100, 10**9),
                clock=draw.choice(["seconds", "blocks"]),
                duration=duration,
                cliff=cliff,
                upfront=draw.choice([0, 10]),
                at_cliff=draw.choice([0, 20]) if cliff else 0,
                step=draw.choice([1, 1, max(1, (duration - cliff) // 4)]),
                cancelable=draw.random() < 0.8,
                transferable=draw.random() < 0.8,
                memo=draw.choice(["", "rent ⚡"]),
            )
        self.opened += 1

    def withdraw(self) -> None:
        self.world.core.withdraw_from_stream(self.any_stream(), by=self.anybody())

    def cancel(self) -> None:
        number = self.any_stream()
        self.world.core.cancel_stream(number, by=self.sender_of(number))

    def hand_on(self) -> None:
        number = self.any_stream()
        self.world.core.withdraw_and_transfer(number, self.anybody(), by=self.holder_of(number))

    def change_sender(self) -> None:
        number, somebody = self.any_stream(), self.anybody()
        self.world.core.propose_sender(number, somebody, by=self.sender_of(number))
        if self.random.random() < 0.6:
            self.world.core.accept_sender(number, by=somebody)

    def renounce(self) -> None:
        number = self.any_stream()
        self.world.core.renounce_cancel(number, by=self.sender_of(number))

    def top_up(self) -> None:
        number = self.any_stream()
        self.world.core.top_up_stream(number, self.random.randint(1, 10**6), by=self.sender_of(number))

    def burn(self) -> None:
        number = self.any_stream()
        self.world.core.burn_obligation(number, by=self.holder_of(number))

    def pass_time(self) -> None:
        self.world.pass_seconds(self.random.randint(1, 120))

    def any_stream(self) -> int:
        return self.random.randint(1, max(1, self.opened))

    def anybody(self) -> Account:
        return self.world.people[self.random.choice(PEOPLE)]

    def sender_of(self, number: int) -> Account:
        stream = self.world.core.get_stream(number)
        return self._known(stream["sender"]) if stream and self.random.random() < 0.9 else self.anybody()

    def holder_of(self, number: int) -> Account:
        holder = self.world.core.get_holder(number)
        return self._known(holder) if holder and self.random.random() < 0.9 else self.anybody()

    def _known(self, address: str) -> Account:
        return next(person for person in self.world.people.values() if person.address == str(address))


class ToldNode:
    """The told world as the ledger and the audit ask a node."""

    def __init__(self, world: Told) -> None:
        self._world = world

    async def tip(self) -> BlockHeader:
        if not self._world.blocks:
            raise SourceError("no block yet")
        return self._world.blocks[-1].header

    async def headers(self, first: int, last: int) -> Sequence[BlockHeader]:
        return [block.header for block in self._world.blocks if first <= block.header.height <= last]

    async def block(self, header: BlockHeader) -> Block:
        return self._world.blocks[header.height - 1]

    async def call_read(
        self, contract_id: str, function: str, args: Sequence[clarity.Value] = (), *, tip: str | None = None
    ) -> clarity.Value:
        if tip not in (None, self._world.blocks[-1].header.hash):
            raise ApiNotFound(f"Chain tip {tip} not found", status=404)
        return self._world.vm.read(contract_id, function, args).value
