"""Blocks of the local chain: what they hold, how they are named, how the journal writes them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

from bitpay.localchain.outcomes import Cost, Event
from bitpay.stacks.hashes import sha512_256
from bitpay.stacks.model import BlockHeader, TransactionStatus
from bitpay.stacks.transactions import ContractCall, SmartContract, TokenTransfer, Transaction

OK_TRUE = bytes.fromhex("0703")
ERR_NONE = bytes.fromhex("0809")
GENESIS_PARENT = "0x" + "00" * 32


@dataclass(frozen=True)
class MinedTransaction:
    """A transaction in a block and what came of it. `error` says why it failed, in the VM's or the node's words.

    `undone` are the events of one that its post-conditions aborted: only a node's event observer hears of them.
    """

    raw: bytes
    status: TransactionStatus
    result: bytes
    events: tuple[Event, ...] = ()
    error: str | None = None
    cost: Cost | None = None
    undone: tuple[Event, ...] = ()

    @cached_property
    def tx(self) -> Transaction:
        """The transaction itself."""
        return Transaction.decode(self.raw)

    @cached_property
    def txid(self) -> str:
        """Its id: "0x" and 64 hex digits."""
        return "0x" + sha512_256(self.raw).hex()

    @property
    def succeeded(self) -> bool:
        """Whether what it did counts."""
        return self.status is TransactionStatus.SUCCESS

    def to_json(self) -> dict[str, Any]:
        """Return the journal's form."""
        return {
            "raw": self.raw.hex(),
            "status": self.status.value,
            "result": self.result.hex(),
            "events": _told(self.events),
            "error": self.error,
            "cost": self.cost and asdict(self.cost),
            **({"undone": _told(self.undone)} if self.undone else {}),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the journal's form."""
        return cls(
            bytes.fromhex(document["raw"]),
            TransactionStatus(document["status"]),
            bytes.fromhex(document["result"]),
            _heard(document["events"]),
            document["error"],
            Cost(**document["cost"]) if document["cost"] else None,
            _heard(document.get("undone", ())),
        )


def _told(events: Iterable[Event]) -> list[list[Any]]:
    return [[event.kind, dict(event.data)] for event in events]


def _heard(events: Iterable[Sequence[Any]]) -> tuple[Event, ...]:
    return tuple(Event(kind, data) for kind, data in events)


def accounts_of(mined: MinedTransaction) -> set[str]:
    """Return the accounts whose nonce a transaction uses."""
    return {mined.tx.origin_address, mined.tx.sponsor_address or mined.tx.origin_address}


def named_in(tx: Transaction) -> set[str]:
    """Return who sends a transaction, and whom it calls, deploys or sends to."""
    match tx.payload:
        case ContractCall(contract=contract):
            return {tx.origin_address, str(contract)}
        case SmartContract(name=name):
            return {tx.origin_address, f"{tx.origin_address}.{name}"}
        case TokenTransfer(recipient=recipient):
            return {tx.origin_address, str(recipient)}
    return {tx.origin_address}


def principals_of(mined: MinedTransaction) -> set[str]:
    """Return everybody whom a transaction in a block concerns.

    These are who signed it, whom it names, and who gave or got anything in it.
    """
    moved = {who for event in mined.events for who in (event.sender, event.recipient) if who}
    return named_in(mined.tx) | accounts_of(mined) | moved


@dataclass(frozen=True)
class Block:
    """A block. `header.hash` is the index block hash; `block_hash` the other name that a block has."""

    header: BlockHeader
    block_hash: str
    fork: int
    transactions: tuple[MinedTransaction, ...]

    @property
    def opens_tenure(self) -> bool:
        """Whether a new burn block came with it."""
        return self.header.burn_time == self.header.time - 1

    def to_json(self) -> dict[str, Any]:
        """Return the journal's form."""
        return {
            "header": asdict(self.header),
            "block_hash": self.block_hash,
            "fork": self.fork,
            "transactions": [one.to_json() for one in self.transactions],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the journal's form."""
        return cls(
            BlockHeader(**document["header"]),
            document["block_hash"],
            document["fork"],
            tuple(MinedTransaction.from_json(one) for one in document["transactions"]),
        )


@dataclass(frozen=True, slots=True)
class Change:
    """What became of the canonical chain: blocks taken off (newest first), then blocks put on (oldest first)."""

    rollback: tuple[Block, ...]
    apply: tuple[Block, ...]


def seal(
    parent: BlockHeader, place: Mapping[str, int], transactions: Sequence[MinedTransaction], *, fork: int
) -> Block:
    """Make the block after `parent`. `place` has height, time, burn_height and burn_time.

    Its hash is a hash over its parent and all that is in it, so that the same history has the same hashes.
    `fork` counts the reorganisations so far: a block that is mined again is another block.
    """
    burn_height = place["burn_height"]
    facts = [parent.hash, fork, dict(sorted(place.items())), [one.txid for one in transactions]]
    block_hash = _hash("block", facts)
    new_tenure = burn_height != parent.burn_height
    burn_hash = (
        _hash("burn", [parent.burn_hash, fork, burn_height, place["burn_time"]]) if new_tenure else parent.burn_hash
    )
    header = BlockHeader(
        hash=_hash("index", [block_hash, burn_hash]),
        parent_hash=parent.hash,
        burn_hash=burn_hash,
        tenure_height=parent.tenure_height + new_tenure,
        **place,
    )
    return Block(header, block_hash, fork, tuple(transactions))


def genesis(height: int, time: int, burn_height: int, burn_time: int) -> Block:
    """Make the first block of a chain."""
    facts = [height, time, burn_height, burn_time]
    header = BlockHeader(
        height=height,
        hash=_hash("index", facts),
        parent_hash=GENESIS_PARENT,
        time=time,
        burn_height=burn_height,
        burn_hash=_hash("burn", facts),
        burn_time=burn_time,
        tenure_height=1,
    )
    return Block(header, _hash("block", facts), 0, ())


def derived_hash(kind: str, of: str) -> str:
    """Return a hash that follows from another: what a real chain has and a local one can only name."""
    return _hash(kind, [of])


def _hash(kind: str, facts: Sequence[Any]) -> str:
    return "0x" + sha512_256(json.dumps([kind, *facts], separators=(",", ":")).encode()).hex()
