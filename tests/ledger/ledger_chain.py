"""A generated chain: blocks with real events of ours, forks included, and the truth about what they mean."""

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.ledger.any_events import KINDS, Facts

from bitpay.ledger.source import SourceError
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.stacks.addresses import encode
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.model import Block, BlockHeader, ContractLog, Event, TransactionReceipt, TransactionStatus
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import contract_call


def address(number: int) -> str:
    return encode(26, hashlib.sha256(f"account {number}".encode()).digest()[:20])


CONTRACTS = Contracts(address(0), f"{address(9)}.sbtc-token")
PEOPLE = [address(number) for number in range(1, 6)]

KEY = PrivateKey(b"\x07" * 32)
CALLER = KEY.address(Network.TESTNET)
RAW = contract_call(
    CONTRACTS.core, "withdraw-many", [], network=Network.TESTNET, public_key=KEY.public_key, nonce=0, fee=300
).encode()


def printed(index: int, contract: str, name: str, fields: dict[str, clarity.Value], version: int = 1) -> ContractLog:
    raw = clarity.encode(clarity.tuple_({"event": clarity.ascii(name), "v": clarity.uint(version), **fields}))
    return ContractLog(index, f"{CONTRACTS.deployer}.{contract}", "print", raw)


def created(index: int, stream: int, *, sender: str, recipient: str, amount: int, start: int, end: int) -> ContractLog:
    fields: dict[str, clarity.Value] = {
        "stream-id": clarity.uint(stream),
        "sender": clarity.principal(sender),
        "recipient": clarity.principal(recipient),
        "amount": clarity.uint(amount),
        "fee": clarity.uint(amount // 1000),
        "clock": clarity.ascii("seconds" if stream % 2 else "blocks"),
        "start": clarity.uint(start),
        "end": clarity.uint(end),
        "cliff": clarity.uint(0),
        "upfront": clarity.uint(0),
        "at-cliff": clarity.uint(0),
        "step": clarity.uint(1),
        "points": clarity.list_([]),
        "cancelable": clarity.bool_(True),
        "transferable": clarity.bool_(True),
        "memo": clarity.utf8("rent ⚡"),
    }
    return printed(index, "bitpay-core", "stream-created", fields)


def withdrawn(index: int, stream: int, *, holder: str, amount: int, total: int, depleted: bool = False) -> ContractLog:
    fields: dict[str, clarity.Value] = {
        "stream-id": clarity.uint(stream),
        "holder": clarity.principal(holder),
        "to": clarity.principal(holder),
        "amount": clarity.uint(amount),
        "withdrawn": clarity.uint(total),
        "by": clarity.principal(holder),
        "depleted": clarity.bool_(depleted),
    }
    return printed(index, "bitpay-core", "stream-withdrawal", fields)


def cancelled(index: int, stream: int, *, sender: str, refunded: int, at: int) -> ContractLog:
    fields: dict[str, clarity.Value] = {
        "stream-id": clarity.uint(stream),
        "sender": clarity.principal(sender),
        "refunded": clarity.uint(refunded),
        "vested": clarity.uint(1),
        "at": clarity.uint(at),
        "depleted": clarity.bool_(False),
    }
    return printed(index, "bitpay-core", "stream-cancelled", fields)


def transferred(index: int, stream: int, *, old: str, new: str, moves: int) -> ContractLog:
    fields: dict[str, clarity.Value] = {
        "stream-id": clarity.uint(stream),
        "from": clarity.principal(old),
        "to": clarity.principal(new),
        "moves": clarity.uint(moves),
    }
    return printed(index, "bitpay-obligation-nft", "obligation-transferred", fields)


def receipt(
    txid: str, index: int, events: Sequence[Event], *, status: TransactionStatus = TransactionStatus.SUCCESS
) -> TransactionReceipt:
    return TransactionReceipt(txid, index, status, CALLER, None, 300, 0, b"", tuple(events), raw=RAW)


@dataclass
class Stream:
    sender: str
    holder: str
    amount: int
    withdrawn: int = 0
    cancelled: bool = False
    moves: int = 0


@dataclass
class Branch:
    """What is true at the end of one block's history."""

    streams: dict[int, Stream] = field(default_factory=dict)

    def copy(self) -> "Branch":
        return Branch({number: Stream(**vars(stream)) for number, stream in self.streams.items()})


class Chain:
    """Grows blocks from a seed, on any parent. `burn_every` Stacks blocks share one Bitcoin block.

    So often as `facts` says, an event is any that the schema knows, whether it fits the others or not; without them
    `truth` tells what is true of the streams.
    """

    def __init__(
        self,
        seed: int,
        *,
        events_per_block: int = 4,
        burn_every: int = 3,
        burn_start: int = 100,
        facts: float = 0.0,
    ) -> None:
        self.random = random.Random(seed)  # noqa: S311 - a seed that replays is the point
        self.facts = facts
        self._facts = Facts(self.random, [*PEOPLE, CONTRACTS.treasury], ids=6, huge=0.005)
        self.events_per_block = events_per_block
        self.burn_every = burn_every
        self.burn_start = burn_start
        self.blocks: dict[str, Block] = {}
        self._branches: dict[str, Branch] = {"": Branch()}
        self._made = 0

    def grow(self, parent: Block | None, count: int = 1, *, events: int | None = None) -> Block:
        """Return the last of `count` new blocks on `parent`."""
        assert count
        for _ in range(count):
            parent = self._grow_one(parent, self.random.randint(0, self.events_per_block) if events is None else events)
        assert parent is not None
        return parent

    def path(self, block: Block | None) -> list[Block]:
        """Return the history that ends with the block, oldest first."""
        found: list[Block] = []
        while block is not None:
            found.append(block)
            block = self.blocks.get(block.header.parent_hash)
        return found[::-1]

    def ancestor(self, block: Block, steps: int) -> Block | None:
        found: Block | None = block
        for _ in range(steps):
            if found is None:
                return None
            found = self.blocks.get(found.header.parent_hash)
        return found

    def truth(self, block: Block) -> dict[int, Stream]:
        return self._branches[block.header.hash].streams

    def _grow_one(self, parent: Block | None, count: int) -> Block:
        self._made += 1
        block_hash = "0x" + hashlib.sha256(f"{self._made} {self.random.random()}".encode()).hexdigest()
        height = parent.header.height + 1 if parent else 1
        header = self._header(height, block_hash, parent)
        branch = self._branches[parent.header.hash if parent else ""].copy()
        receipts: list[TransactionReceipt] = []
        logs = [self._event(branch, header) for _ in range(count)]
        while logs:
            size = self.random.randint(1, len(logs))
            txid = "0x" + hashlib.sha256(f"{block_hash} {len(receipts)}".encode()).hexdigest()
            # Reporters number events differently: only their order is sure.
            numbered = [
                ContractLog(3 * number + 1, log.contract_id, log.topic, log.raw)
                for number, log in enumerate(logs[:size])
            ]
            receipts.append(receipt(txid, len(receipts), numbered))
            logs = logs[size:]
        block = Block(header, tuple(receipts))
        self.blocks[block_hash] = block
        self._branches[block_hash] = branch
        return block

    def _header(self, height: int, block_hash: str, parent: Block | None) -> BlockHeader:
        burn = self.burn_start + height // self.burn_every
        burn_hash = "0x" + hashlib.sha256(f"burn {burn}".encode()).hexdigest()
        parent_hash = parent.header.hash if parent else "0x" + "00" * 32
        time = (parent.header.time if parent else 1_700_000_000) + self.random.randint(1, 20)
        return BlockHeader(height, block_hash, parent_hash, time, burn, burn_hash, time - 5, burn)

    def _event(self, branch: Branch, header: BlockHeader) -> ContractLog:
        if self.facts and self.random.random() < self.facts:
            contract, name = self.random.choice(KINDS)
            return printed(0, contract, name, self._facts.of(contract, name))
        open_streams = [number for number, stream in branch.streams.items() if stream.withdrawn < stream.amount]
        choice = self.random.random()
        if choice < 0.4 or not open_streams:
            return self._create(branch, header)
        number = self.random.choice(open_streams)
        stream = branch.streams[number]
        if choice < 0.8:
            amount = self.random.randint(1, stream.amount - stream.withdrawn)
            stream.withdrawn += amount
            return withdrawn(0, number, holder=stream.holder, amount=amount, total=stream.withdrawn)
        if choice < 0.9:
            old, stream.holder = stream.holder, self.random.choice(PEOPLE)
            stream.moves += 1
            return transferred(0, number, old=old, new=stream.holder, moves=stream.moves)
        stream.cancelled = True
        return cancelled(0, number, sender=stream.sender, refunded=1, at=header.time)

    def _create(self, branch: Branch, header: BlockHeader) -> ContractLog:
        number = len(branch.streams) + 1
        sender, recipient = self.random.sample(PEOPLE, 2)
        amount = self.random.randint(1000, 10**12)
        branch.streams[number] = Stream(sender, recipient, amount)
        start = header.time if number % 2 else header.height
        return created(0, number, sender=sender, recipient=recipient, amount=amount, start=start, end=start + 5000)


class View:
    """A node's view of a generated chain: what it takes for canonical. Counts what it is asked."""

    def __init__(self, chain: Chain, tip: Block | None = None) -> None:
        self.chain = chain
        self._path: list[Block] = []
        self.reads = 0
        self.failures: list[SourceError] = []
        if tip is not None:
            self.show(tip)

    def show(self, tip: Block) -> None:
        self._path = self.chain.path(tip)

    async def tip(self) -> BlockHeader:
        self._ask()
        return self._path[-1].header

    async def headers(self, first: int, last: int) -> Sequence[BlockHeader]:
        self._ask()
        return [block.header for block in self._path if first <= block.header.height <= last]

    async def block(self, header: BlockHeader) -> Block:
        self._ask()
        self.reads += 1
        return self.chain.blocks[header.hash]

    def _ask(self) -> None:
        if self.failures:
            raise self.failures.pop()
        if not self._path:
            raise SourceError("the node has no blocks yet")
