"""What happened on the chain, found by height, hash, transaction id, account or contract.

Headers and indexes are in memory, bodies in the journal; the latest blocks are kept at hand.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bitpay.localchain.blocks import Block, MinedTransaction, accounts_of, principals_of
from bitpay.localchain.holdings import Holdings
from bitpay.localchain.journal import Journal
from bitpay.stacks.model import BlockHeader
from bitpay.stacks.transactions import SmartContract

_KEPT_BLOCKS = 512


@dataclass(frozen=True, slots=True)
class Found:
    """A transaction and where it is."""

    block: Block
    index: int

    @property
    def mined(self) -> MinedTransaction:
        """The transaction."""
        return self.block.transactions[self.index]


@dataclass(frozen=True, slots=True)
class _Entry:
    header: BlockHeader
    block_hash: str
    place: int  # in the journal
    transactions: int


class Archive:
    """The canonical blocks. Written by one thread; others may read meanwhile."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._entries: list[_Entry] = []
        self._heights: dict[str, int] = {}
        self._places: dict[str, tuple[int, int]] = {}
        self._kept: OrderedDict[str, Block] = OrderedDict()
        self.nonces: dict[str, int] = defaultdict(int)
        """The next nonce of every account that has used one."""
        self._deployments: dict[str, list[tuple[str, bool]]] = defaultdict(list)
        self._logs: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
        self._involved: dict[str, list[tuple[int, int]]] = defaultdict(list)
        self.holdings = Holdings()
        self.transaction_count = 0

    @property
    def first(self) -> BlockHeader:
        """The header of the genesis block."""
        return self._entries[0].header

    @property
    def tip(self) -> BlockHeader:
        """The header of the latest block."""
        return self._entries[-1].header

    def add(self, block: Block, place: int) -> None:
        """Put a block on top; its record stands at `place` in the journal.

        The block comes first and what leads to it afterwards, for others read meanwhile.
        """
        height = block.header.height
        self._keep(block)
        self._entries.append(_Entry(block.header, block.block_hash, place, len(block.transactions)))
        self._heights[block.header.hash] = self._heights[block.block_hash] = height
        self.transaction_count += len(block.transactions)
        for index, mined in enumerate(block.transactions):
            place_of_tx = self._places[mined.txid] = (height, index)
            self._count(mined, 1)
            for who in principals_of(mined):
                self._involved[who].append(place_of_tx)
            if isinstance(mined.tx.payload, SmartContract):
                self._deployments[_contract_id(mined, mined.tx.payload)].append((mined.txid, mined.succeeded))
            if mined.succeeded:
                self._index(mined, height, index)

    def _index(self, mined: MinedTransaction, height: int, index: int) -> None:
        for number, event in enumerate(mined.events):
            if event.kind == "contract_log":
                self._logs[event.contract_id].append((height, index, number))

    def _count(self, mined: MinedTransaction, step: int) -> None:
        for account in accounts_of(mined):
            self.nonces[account] += step
        self.holdings.count(mined, step)

    def remove_tip(self) -> tuple[Block, int]:
        """Take the latest block off. Returns it and where its record stands."""
        block = self.block(self.tip.height)
        del self._heights[block.header.hash], self._heights[block.block_hash]
        for mined in reversed(block.transactions):
            del self._places[mined.txid]
            self._count(mined, -1)
            for who in principals_of(mined):
                self._involved[who].pop()
            if isinstance(mined.tx.payload, SmartContract):
                self._deployments[_contract_id(mined, mined.tx.payload)].pop()
            if mined.succeeded:
                self._forget(mined)
        self.transaction_count -= len(block.transactions)
        self._kept.pop(block.header.hash, None)
        return block, self._entries.pop().place

    def switch(self, height: int, branch: Sequence[tuple[Block, int]]) -> list[Block]:
        """Take off what is above `height` and put on a branch with its places. Returns what was taken, newest first."""
        gone = [self.remove_tip()[0] for _ in range(self.tip.height - height)]
        for block, place in branch:
            self.add(block, place)
        return gone

    def _forget(self, mined: MinedTransaction) -> None:
        for event in mined.events:
            if event.kind == "contract_log":
                self._logs[event.contract_id].pop()

    def header(self, height: int) -> BlockHeader | None:
        """Return the header at a height, None where there is none."""
        number = height - self._entries[0].header.height if self._entries else -1
        return self._entries[number].header if 0 <= number < len(self._entries) else None

    def block_hash(self, height: int) -> str:
        """Return the hash of the block at a height of the chain, which is not its index block hash."""
        return self._entries[height - self._entries[0].header.height].block_hash

    def headers(self, below: int, count: int) -> list[tuple[BlockHeader, int]]:
        """Return up to `count` headers with their numbers of transactions, from height `below` downwards."""
        first = self._entries[0].header.height
        last = min(below, self.tip.height) - first
        entries = self._entries[max(0, last - count + 1) : last + 1]
        return [(entry.header, entry.transactions) for entry in reversed(entries)]

    def height_of(self, block_hash: str) -> int | None:
        """Return the height of a block named by its hash or its index block hash."""
        return self._heights.get(block_hash)

    def block(self, height: int) -> Block:
        """Return a block. Raises KeyError."""
        header = self.header(height)
        if header is None:
            raise KeyError(height)
        kept = self._kept.get(header.hash)
        if kept is not None:
            return kept
        entry = self._entries[height - self._entries[0].header.height]
        record = self._journal.read(entry.place)
        block = Block.from_json(record.get("block") or record["branch"])
        self._keep(block)
        return block

    def blocks(self, first: int, last: int) -> Iterator[Block]:
        """Yield the blocks from height `first` to `last`."""
        for height in range(first, last + 1):
            yield self.block(height)

    def transaction(self, txid: str) -> Found | None:
        """Find a transaction by its id ("0x" and 64 hex digits)."""
        place = self._places.get(txid)
        return None if place is None else Found(self.block(place[0]), place[1])

    def deployment(self, contract_id: str) -> Found | None:
        """Find the transaction that deployed a contract."""
        attempts = self._deployments.get(contract_id, [])
        return next((self.transaction(txid) for txid, succeeded in attempts if succeeded), None)

    def last_deployment(self, contract_id: str) -> Found | None:
        """Find the last transaction that was to deploy a contract, however it ended."""
        attempts = self._deployments.get(contract_id)
        return self.transaction(attempts[-1][0]) if attempts else None

    def logs(self, contract_id: str) -> list[tuple[int, int, int]]:
        """Return where a contract printed: (height, transaction index, event index), oldest first."""
        return self._logs.get(contract_id, [])

    def involving(self, principal: str) -> list[tuple[int, int]]:
        """Return where the transactions are that concern a principal: (height, index), oldest first."""
        return self._involved.get(principal, [])

    def latest(self) -> Iterator[tuple[int, int]]:
        """Yield where all transactions are: (height, index), newest first."""
        for entry in reversed(list(self._entries)):
            for index in reversed(range(entry.transactions)):
                yield entry.header.height, index

    def _keep(self, block: Block) -> None:
        self._kept[block.header.hash] = block
        while len(self._kept) > _KEPT_BLOCKS:
            self._kept.popitem(last=False)


def _contract_id(mined: MinedTransaction, contract: SmartContract) -> str:
    return f"{mined.tx.origin_address}.{contract.name}"
