"""Chainhooks 2.0: what Hiro hosts today, and what the local chain sends.

Source of the format: npm @hirosystems/chainhooks-client 2.1.1, schemas of payloads.
"""

from typing import Any, Literal

from pydantic import Field

from bitpay.chainhook.arrivals import Arrival, Format
from bitpay.chainhook.wire import KNOWN_STATUSES, Hash, Height, Identifier, Index, Name, Raw, Seconds, Wire
from bitpay.stacks.model import Block, BlockHeader, ContractLog, TransactionReceipt, TransactionStatus

_NO_HASH = "0x" + "0" * 64


class _Position(Wire):
    index: Index


class _LogMetadata(Wire):
    contract_identifier: str
    topic: str
    value: Raw


class _Operation(Wire):
    type: str
    operation_identifier: _Position
    metadata: dict[str, Any] | None = None


class _TransactionMetadata(Wire):
    status: str
    nonce: int
    fee_rate: int
    sender_address: str
    sponsor_address: str | None = None
    result: Raw | None = None
    position: _Position
    canonical: bool = True


class _TransactionIdentifier(Wire):
    hash: Hash


class _Transaction(Wire):
    transaction_identifier: _TransactionIdentifier
    metadata: _TransactionMetadata
    operations: list[_Operation] = Field(default_factory=list)


class _BlockMetadata(Wire):
    burn_block_identifier: Identifier
    burn_block_timestamp: Seconds
    tenure_height: Height
    block_time: Seconds | None = None


class _Block(Wire):
    block_identifier: Identifier
    parent_block_identifier: Identifier
    timestamp: Seconds
    transactions: list[_Transaction] = Field(default_factory=list)
    metadata: _BlockMetadata | None = None


class _Event(Wire):
    chain: Literal["stacks"]
    network: str
    apply: list[_Block] = Field(default_factory=list)
    rollback: list[_Block] = Field(default_factory=list)


class _Hook(Wire):
    uuid: Name


class _Delivery(Wire):
    chainhook: _Hook
    event: _Event


def looks_like(body: dict[str, Any]) -> bool:
    """Whether the body has the shape of a Chainhooks 2.0 delivery."""
    return isinstance(body.get("chainhook"), dict) and isinstance(body.get("event"), dict)


def read(body: dict[str, Any]) -> Arrival:
    """Return what the delivery says. Raises pydantic's ValidationError when it is not one."""
    delivery = _Delivery.model_validate(body)
    return Arrival(
        format=Format.CHAINHOOKS_2,
        hook=delivery.chainhook.uuid,
        blocks=tuple(_block(block) for block in delivery.event.apply),
        rolled_back=tuple(block.block_identifier.hash for block in delivery.event.rollback),
        complete=all(block.metadata is not None for block in delivery.event.apply),
    )


def _block(block: _Block) -> Block:
    transactions = [_receipt(transaction) for transaction in block.transactions if _is_in_chain(transaction)]
    return Block(_header(block), tuple(sorted(transactions, key=lambda receipt: receipt.index)))


def _header(block: _Block) -> BlockHeader:
    metadata = block.metadata
    return BlockHeader(
        height=block.block_identifier.index,
        hash=block.block_identifier.hash,
        parent_hash=block.parent_block_identifier.hash,
        time=metadata.block_time if metadata and metadata.block_time is not None else block.timestamp,
        burn_height=metadata.burn_block_identifier.index if metadata else 0,
        burn_hash=metadata.burn_block_identifier.hash if metadata else _NO_HASH,
        burn_time=metadata.burn_block_timestamp if metadata else 0,
        tenure_height=metadata.tenure_height if metadata else 0,
    )


def _is_in_chain(transaction: _Transaction) -> bool:
    return transaction.metadata.canonical and transaction.metadata.status in KNOWN_STATUSES


def _receipt(transaction: _Transaction) -> TransactionReceipt:
    metadata = transaction.metadata
    return TransactionReceipt(
        txid=transaction.transaction_identifier.hash,
        index=metadata.position.index,
        status=TransactionStatus(metadata.status),
        sender=metadata.sender_address,
        sponsor=metadata.sponsor_address,
        fee=metadata.fee_rate,
        nonce=metadata.nonce,
        result=metadata.result or b"",
        events=tuple(_log(operation) for operation in transaction.operations if operation.type == "contract_log"),
    )


def _log(operation: _Operation) -> ContractLog:
    log = _LogMetadata.model_validate(operation.metadata)
    return ContractLog(operation.operation_identifier.index, log.contract_identifier, log.topic, log.value)
