"""The stacks-node event observer: `/new_block` as a node of our own sends it. Its blocks are whole.

Source of the format: stacks-core, docs/event-dispatcher.md.
"""

from typing import Any

from pydantic import Field

from bitpay.chainhook.arrivals import Arrival, Format
from bitpay.chainhook.wire import KNOWN_STATUSES, Hash, Height, Index, Raw, Seconds, Wire
from bitpay.stacks.errors import StacksError
from bitpay.stacks.model import Block, BlockHeader, ContractLog, TransactionReceipt, TransactionStatus
from bitpay.stacks.transactions import Transaction


class _ContractEvent(Wire):
    contract_identifier: str
    topic: str
    raw_value: Raw


class _Event(Wire):
    txid: Hash
    event_index: Index
    committed: bool
    type: str
    contract_event: _ContractEvent | None = None


class _Transaction(Wire):
    txid: Hash
    tx_index: Index
    status: str
    raw_result: Raw
    raw_tx: str


class _NewBlock(Wire):
    index_block_hash: Hash
    parent_index_block_hash: Hash
    block_height: Height
    block_time: Seconds | None = None
    burn_block_hash: Hash
    burn_block_height: Height
    burn_block_time: Seconds
    tenure_height: Height | None = None
    transactions: list[_Transaction] = Field(default_factory=list)
    events: list[_Event] = Field(default_factory=list)


def looks_like(body: dict[str, Any]) -> bool:
    """Whether the body has the shape of a node's block."""
    return isinstance(body.get("index_block_hash"), str) and isinstance(body.get("transactions"), list)


def read(body: dict[str, Any]) -> Arrival:
    """Return what the node says. Raises pydantic's ValidationError when it is not a block."""
    block = _NewBlock.model_validate(body)
    logs: dict[str, list[ContractLog]] = {}
    for event in block.events:
        if event.committed and event.contract_event is not None:
            log = event.contract_event
            logs.setdefault(event.txid, []).append(
                ContractLog(event.event_index, log.contract_identifier, log.topic, log.raw_value)
            )
    known = [transaction for transaction in block.transactions if transaction.status in KNOWN_STATUSES]
    receipts = tuple(_receipt(transaction, logs.get(transaction.txid, [])) for transaction in known)
    return Arrival(Format.NODE, "node", (Block(_header(block), receipts),), (), complete=True)


def _header(block: _NewBlock) -> BlockHeader:
    return BlockHeader(
        height=block.block_height,
        hash=block.index_block_hash,
        parent_hash=block.parent_index_block_hash,
        time=block.block_time if block.block_time is not None else block.burn_block_time,
        burn_height=block.burn_block_height,
        burn_hash=block.burn_block_hash,
        burn_time=block.burn_block_time,
        tenure_height=block.tenure_height or 0,
    )


def _receipt(transaction: _Transaction, events: list[ContractLog]) -> TransactionReceipt:
    sender, nonce, fee = _origin(transaction.raw_tx)
    return TransactionReceipt(
        txid=transaction.txid,
        index=transaction.tx_index,
        status=TransactionStatus(transaction.status),
        sender=sender,
        sponsor=None,
        fee=fee,
        nonce=nonce,
        result=transaction.raw_result,
        events=tuple(sorted(events, key=lambda event: event.index)),
    )


def _origin(raw: str) -> tuple[str, int, int]:
    """Return sender, nonce and fee; operations that come from Bitcoin have none of them (their bytes are 0x00)."""
    try:
        decoded = Transaction.decode(bytes.fromhex(raw.removeprefix("0x")))
    except (StacksError, ValueError):
        return "", 0, 0
    return decoded.origin_address, decoded.nonce, decoded.fee
