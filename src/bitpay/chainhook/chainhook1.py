"""Chainhook v1: the self-hosted service. Its blocks hold only the transactions that one predicate matched.

Source of the format: github.com/hirosystems/chainhook, components/chainhook-sdk.
"""

from typing import Any

from pydantic import Field

from bitpay.chainhook.arrivals import Arrival, Format
from bitpay.chainhook.wire import Hash, Height, Identifier, Index, Name, Raw, Seconds, Wire
from bitpay.stacks.model import Block, BlockHeader, ContractLog, TransactionReceipt, TransactionStatus


class _Position(Wire):
    index: Index


class _LogData(Wire):
    contract_identifier: str
    topic: str
    raw_value: Raw


class _Event(Wire):
    type: str
    position: _Position
    data: dict[str, Any] = Field(default_factory=dict)


class _Receipt(Wire):
    events: list[_Event] = Field(default_factory=list)


class _TransactionMetadata(Wire):
    success: bool
    sender: str
    nonce: int
    fee: int
    sponsor: str | None = None
    receipt: _Receipt
    position: _Position


class _TransactionIdentifier(Wire):
    hash: Hash


class _Transaction(Wire):
    transaction_identifier: _TransactionIdentifier
    metadata: _TransactionMetadata


class _BlockMetadata(Wire):
    bitcoin_anchor_block_identifier: Identifier
    tenure_height: Height | None = None
    block_time: Seconds | None = None


class _Block(Wire):
    block_identifier: Identifier
    parent_block_identifier: Identifier
    timestamp: Seconds
    transactions: list[_Transaction] = Field(default_factory=list)
    metadata: _BlockMetadata


class _Hook(Wire):
    uuid: Name


class _Delivery(Wire):
    chainhook: _Hook
    apply: list[_Block] = Field(default_factory=list)
    rollback: list[_Block] = Field(default_factory=list)


def looks_like(body: dict[str, Any]) -> bool:
    """Whether the body has the shape of a v1 delivery."""
    return isinstance(body.get("chainhook"), dict) and isinstance(body.get("apply"), list) and "event" not in body


def read(body: dict[str, Any]) -> Arrival:
    """Return what the delivery says. Raises pydantic's ValidationError when it is not one.

    A predicate with `decode_clarity_values` sends JSON instead of bytes: that cannot be believed and is refused.
    """
    delivery = _Delivery.model_validate(body)
    return Arrival(
        format=Format.CHAINHOOK_1,
        hook=delivery.chainhook.uuid,
        blocks=tuple(_block(block) for block in delivery.apply),
        rolled_back=tuple(block.block_identifier.hash for block in delivery.rollback),
        complete=False,
    )


def _block(block: _Block) -> Block:
    receipts = [_receipt(transaction) for transaction in block.transactions]
    return Block(_header(block), tuple(sorted(receipts, key=lambda receipt: receipt.index)))


def _header(block: _Block) -> BlockHeader:
    return BlockHeader(
        height=block.block_identifier.index,
        hash=block.block_identifier.hash,
        parent_hash=block.parent_block_identifier.hash,
        # `timestamp` is the parent Bitcoin block's time here, not the block's own.
        time=block.metadata.block_time if block.metadata.block_time is not None else block.timestamp,
        burn_height=block.metadata.bitcoin_anchor_block_identifier.index,
        burn_hash=block.metadata.bitcoin_anchor_block_identifier.hash,
        burn_time=block.timestamp,
        tenure_height=block.metadata.tenure_height or 0,
    )


def _receipt(transaction: _Transaction) -> TransactionReceipt:
    metadata = transaction.metadata
    return TransactionReceipt(
        txid=transaction.transaction_identifier.hash,
        index=metadata.position.index,
        status=TransactionStatus.SUCCESS if metadata.success else TransactionStatus.ABORT_BY_RESPONSE,
        sender=metadata.sender,
        sponsor=metadata.sponsor,
        fee=metadata.fee,
        nonce=metadata.nonce,
        result=b"",  # v1 gives the result as text only
        events=tuple(_log(event) for event in metadata.receipt.events if event.type == "SmartContractEvent"),
    )


def _log(event: _Event) -> ContractLog:
    log = _LogData.model_validate(event.data)
    return ContractLog(event.position.index, log.contract_identifier, log.topic, log.raw_value)
