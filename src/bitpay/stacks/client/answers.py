"""What nodes and the Hiro API answer, typed.

Amounts in micro-STX or the token's smallest unit, times in Unix seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from bitpay.stacks.client.fields import Fields
from bitpay.stacks.model import ContractLog


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """Where a node stands."""

    network_id: int
    height: int
    burn_height: int
    tenure_height: int
    synced: bool
    version: str

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/v2/info`."""
        return cls(
            network_id=fields.number("network_id"),
            height=fields.number("stacks_tip_height"),
            burn_height=fields.number("burn_block_height"),
            tenure_height=fields.number("tenure_height") if "tenure_height" in fields else 0,
            synced=fields.flag("is_fully_synced") if "is_fully_synced" in fields else True,
            version=fields.text("server_version"),
        )


@dataclass(frozen=True, slots=True)
class Account:
    """An account's confirmed state. `balance` can be spent, `locked` not; `nonce` is the next one."""

    balance: int
    locked: int
    unlock_height: int
    nonce: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/v2/accounts/{principal}`."""
        return cls(*(fields.number(name) for name in ("balance", "locked", "unlock_height", "nonce")))


@dataclass(frozen=True, slots=True)
class Nonces:
    """An account's nonces: the one to use next, the last in a block, those that wait, and the gaps between them.

    All ascending. Of an account without a nonce in a block, Hiro tells only the highest one that waits.
    """

    next: int
    confirmed: int | None
    waiting: tuple[int, ...]
    missing: tuple[int, ...]

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/extended/v3/principals/{principal}/nonces`."""
        mempool = fields.object("mempool")
        return cls(
            next=fields.number("next_nonce"),
            confirmed=fields.optional_number("last_confirmed_nonce"),
            waiting=_waiting(mempool.numbers("pending_nonces"), mempool.optional_number("last_nonce")),
            missing=tuple(sorted(mempool.numbers("missing_nonces"))),
        )

    @classmethod
    def read_v1(cls, fields: Fields) -> Self:
        """Read `/extended/v1/address/{principal}/nonces`."""
        between, last = fields.numbers("detected_mempool_nonces"), fields.optional_number("last_mempool_tx_nonce")
        return cls(
            next=fields.number("possible_next_nonce"),
            confirmed=fields.optional_number("last_executed_tx_nonce"),
            waiting=_waiting(between, last),
            missing=tuple(sorted(fields.numbers("detected_missing_nonces"))),
        )


def _waiting(between: tuple[int, ...], last: int | None) -> tuple[int, ...]:
    """Return all nonces that wait: servers list those below the last one, and it by itself."""
    return tuple(sorted({*between, *(() if last is None else (last,))}))


@dataclass(frozen=True, slots=True)
class StxLock:
    """STX that were locked at a Bitcoin height and can be spent from `unlock_height`, another one."""

    amount: int
    pox_version: int
    txid: str
    height: int
    burn_height: int
    unlock_height: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the lock of a balance."""
        return cls(
            amount=fields.number("amount"),
            pox_version=fields.number("pox_version"),
            txid=fields.hash("lock_tx_id"),
            height=fields.number("stacks_lock_height"),
            burn_height=fields.number("burn_lock_height"),
            unlock_height=fields.number("burn_unlock_height"),
        )


@dataclass(frozen=True, slots=True)
class StxWaiting:
    """What waiting transactions would bring and take (fees included), and what could be spent then."""

    estimated: int
    inbound: int
    outbound: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the waiting part of a balance."""
        return cls(*(fields.number(name) for name in ("estimated_balance", "inbound", "outbound")))


@dataclass(frozen=True, slots=True)
class StxBalance:
    """An account's micro-STX: `balance` is all of it, `available` what is not locked. None: nothing is, or waits."""

    balance: int
    available: int
    lock: StxLock | None = None
    waiting: StxWaiting | None = None

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/extended/v3/principals/{principal}/balances/stx`."""
        return cls(
            balance=fields.number("balance"),
            available=fields.number("available"),
            lock=StxLock.read(fields.object("locked")) if "locked" in fields else None,
            waiting=StxWaiting.read(fields.object("mempool")) if "mempool" in fields else None,
        )


@dataclass(frozen=True, slots=True)
class BurnBlock:
    """A Bitcoin block and the Stacks blocks on it: their block hashes, newest first, and mean seconds between them.

    A block's hash is not its index block hash, by which everything else names it.
    """

    height: int
    hash: str
    time: int
    blocks: tuple[str, ...]
    block_seconds: int
    transactions: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read a block of `/extended/v2/burn-blocks`."""
        return cls(
            height=fields.number("burn_block_height"),
            hash=fields.hash("burn_block_hash"),
            time=fields.number("burn_block_time"),
            blocks=fields.hashes("stacks_blocks"),
            block_seconds=fields.number("avg_block_time"),
            transactions=fields.number("total_tx_count"),
        )


@dataclass(frozen=True, slots=True)
class BlockTimes:
    """Mean seconds between blocks in the last hour, day, week and month; 0 where there were fewer than two."""

    hour: float
    day: float
    week: float
    month: float

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/extended/v2/blocks/average-times`."""
        return cls(*(fields.decimal(f"last_{name}") for name in ("1h", "24h", "7d", "30d")))


@dataclass(frozen=True, slots=True)
class Gift:
    """The transaction with which a faucet pays, as its id and its bytes. It waits for a block."""

    txid: str
    raw: bytes

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read the answer of `/extended/v1/faucets/{token}`."""
        return cls(fields.hash("txId"), fields.data("txRaw"))


@dataclass(frozen=True, slots=True)
class ContractSource:
    """A contract's source and the Stacks height it was published at."""

    source: str
    height: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/v2/contracts/source/{address}/{name}`."""
        return cls(fields.text("source"), fields.number("publish_height"))


@dataclass(frozen=True, slots=True)
class FeeLevels:
    """Fees in micro-STX by how soon the transaction should be in a block."""

    none: int
    low: int
    medium: int
    high: int

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read one kind of `/extended/v2/mempool/fees`."""
        return cls(*(fields.number(f"{name}_priority") for name in ("no", "low", "medium", "high")))


@dataclass(frozen=True, slots=True)
class Fees:
    """What waiting transactions pay, by kind; a kind nobody waits with is as `all`."""

    all: FeeLevels
    token_transfer: FeeLevels
    contract_call: FeeLevels
    smart_contract: FeeLevels

    @classmethod
    def read(cls, fields: Fields) -> Self:
        """Read `/extended/v2/mempool/fees`."""
        names = ("all", "token_transfer", "contract_call", "smart_contract")
        return cls(*(FeeLevels.read(fields.object(name if name in fields else "all")) for name in names))


@dataclass(frozen=True, slots=True)
class TransactionBlock:
    """The block a transaction is in. `hash` is the index block hash."""

    height: int
    hash: str
    time: int
    index: int
    burn_height: int


PENDING = "pending"


@dataclass(frozen=True, slots=True)
class TransactionState:
    """What became of a transaction.

    `status` is "pending", "dropped_...", or how it ended in its block (`model.TransactionStatus`). `result` is the
    Clarity bytes it answered, `error` the VM's words when it failed, `events` how many events it has (None: not told).
    """

    txid: str
    status: str
    sender: str
    nonce: int
    fee: int
    sponsor: str | None
    block: TransactionBlock | None
    result: bytes | None
    error: str | None
    replaced_by: str | None
    contract_id: str | None
    function: str | None
    events: int | None

    @property
    def pending(self) -> bool:
        """Whether it waits."""
        return self.status == PENDING

    @property
    def succeeded(self) -> bool:
        """Whether it is in a block and did what it should."""
        return self.status == "success"

    @property
    def dropped(self) -> bool:
        """Whether it will not come into a block."""
        return self.status.startswith("dropped")


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A contract's print and the transaction that caused it ("0x" and 64 hex digits)."""

    txid: str
    log: ContractLog


@dataclass(frozen=True, slots=True)
class LogsPage:
    """A part of the list of a contract's prints, newest first. `last`: no older one is left."""

    logs: tuple[LoggedEvent, ...]
    cursor: str | None
    """Names the page's first print, whatever comes on top; None where the server names no cursors."""
    last: bool
