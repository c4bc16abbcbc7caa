"""What a Stacks chain says happened: blocks, transactions and events, whoever reported them.

Hashes and transaction ids are "0x" and 64 lower-case hex digits. Times are Unix seconds, amounts the token's smallest
unit (micro-STX for STX), values raw Clarity bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from bitpay.stacks import clarity


@dataclass(frozen=True, slots=True)
class BlockHeader:
    """A block's place in the chain. `hash` is the index block hash, which names the block and all its past."""

    height: int
    hash: str
    parent_hash: str
    time: int
    burn_height: int
    burn_hash: str
    burn_time: int
    tenure_height: int


class TransactionStatus(StrEnum):
    """How a transaction in a block ended."""

    SUCCESS = "success"
    ABORT_BY_RESPONSE = "abort_by_response"
    ABORT_BY_POST_CONDITION = "abort_by_post_condition"
    PROBLEMATIC_SKIPPED = "problematic_skipped"
    """Not run at all, but fee and nonce are used up (since epoch 4.0)."""


class EventKind(StrEnum):
    """What an event says."""

    CONTRACT_LOG = "contract_log"
    FT_TRANSFER = "ft_transfer"
    FT_MINT = "ft_mint"
    FT_BURN = "ft_burn"
    NFT_TRANSFER = "nft_transfer"
    NFT_MINT = "nft_mint"
    NFT_BURN = "nft_burn"
    STX_TRANSFER = "stx_transfer"
    STX_MINT = "stx_mint"
    STX_BURN = "stx_burn"
    STX_LOCK = "stx_lock"


@dataclass(frozen=True)
class ContractLog:
    """A contract printed a value. `raw` is its Clarity bytes; `value` decodes them (raises `DecodeError`)."""

    index: int
    contract_id: str
    topic: str
    raw: bytes

    kind = EventKind.CONTRACT_LOG

    @cached_property
    def value(self) -> clarity.Value:
        """The printed value."""
        return clarity.decode(self.raw)


@dataclass(frozen=True)
class FtEvent:
    """A fungible token moved. A mint has no sender, a burn no recipient."""

    index: int
    kind: EventKind
    asset: str
    sender: str | None
    recipient: str | None
    amount: int


@dataclass(frozen=True)
class NftEvent:
    """A non-fungible token moved. `raw` is its id as Clarity bytes."""

    index: int
    kind: EventKind
    asset: str
    sender: str | None
    recipient: str | None
    raw: bytes

    @cached_property
    def value(self) -> clarity.Value:
        """The token's id."""
        return clarity.decode(self.raw)


@dataclass(frozen=True)
class StxEvent:
    """STX moved. `memo` is what the sender wrote, without trailing zero bytes."""

    index: int
    kind: EventKind
    sender: str | None
    recipient: str | None
    amount: int
    memo: bytes = b""


@dataclass(frozen=True)
class StxLockEvent:
    """STX of an account were locked until a Bitcoin height."""

    index: int
    address: str
    amount: int
    unlock_height: int

    kind = EventKind.STX_LOCK


Event = ContractLog | FtEvent | NftEvent | StxEvent | StxLockEvent


@dataclass(frozen=True, slots=True)
class TransactionReceipt:
    """A transaction and what came of it. `fee` in micro-STX; `result` is the Clarity bytes it answered."""

    txid: str
    index: int
    status: TransactionStatus
    sender: str
    sponsor: str | None
    fee: int
    nonce: int
    result: bytes
    events: tuple[Event, ...]
    contract_id: str | None = None
    function: str | None = None
    raw: bytes | None = None

    @property
    def succeeded(self) -> bool:
        """Whether what it did counts."""
        return self.status is TransactionStatus.SUCCESS


@dataclass(frozen=True, slots=True)
class Block:
    """A block and its transactions, in chain order."""

    header: BlockHeader
    transactions: tuple[TransactionReceipt, ...]
