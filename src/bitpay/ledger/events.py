"""From a block to BitPay's events: only our contracts, only transactions that succeeded, only versions we know."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bitpay.ledger.projection import LedgerEvent
from bitpay.protocol.events import UnknownEvent, decode_event
from bitpay.protocol.ids import Contracts
from bitpay.stacks.errors import StacksError
from bitpay.stacks.model import Block, BlockHeader, ContractLog, TransactionReceipt
from bitpay.store import Document, storable
from bitpay.store.connection import MAX_INT

PRINT = "print"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a block that a person must look at; it never stops the ledger."""

    id: str
    kind: str
    message: str
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DecodedBlock:
    """A block as the ledger applies it: its header, our events in chain order, and what could not be believed."""

    header: BlockHeader
    events: tuple[LedgerEvent, ...]
    problems: tuple[Problem, ...] = ()


def decode_block(block: Block, contracts: Contracts) -> DecodedBlock:
    """Return our events of a block. What a contract of ours printed in no known form becomes a Problem."""
    events: list[LedgerEvent] = []
    problems: list[Problem] = []
    for receipt in sorted(block.transactions, key=lambda receipt: receipt.index):
        if not receipt.succeeded:
            continue
        for number, (contract, log) in enumerate(_our_logs(receipt, contracts)):
            event_id = f"{block.header.hash}:{receipt.index}:{number}"
            try:
                event = _event(event_id, block.header, receipt, number, contract, log)
            except (UnknownEvent, StacksError) as error:
                details = {"txid": receipt.txid, "contract": log.contract_id, "raw": "0x" + log.raw.hex()}
                problems.append(Problem(event_id, "unknown_event", str(error), details))
            else:
                events.append(event)
                problems += _out_of_range(event)
    return DecodedBlock(block.header, tuple(events), tuple(problems))


def _our_logs(receipt: TransactionReceipt, contracts: Contracts) -> Iterator[tuple[str, ContractLog]]:
    """Yield our prints in order. Reporters number events differently, but all keep this order."""
    for event in sorted(receipt.events, key=lambda event: event.index):
        if isinstance(event, ContractLog) and event.topic == PRINT:
            contract = contracts.name_of(event.contract_id)
            if contract is not None:
                yield contract, event


def _event(
    event_id: str, header: BlockHeader, receipt: TransactionReceipt, number: int, contract: str, log: ContractLog
) -> LedgerEvent:
    decoded = decode_event(contract, log.raw)
    return LedgerEvent(
        id=event_id,
        block=header,
        txid=receipt.txid,
        tx_index=receipt.index,
        index=number,
        sender=receipt.sender,
        contract=contract,
        name=decoded.name,
        version=decoded.version,
        fields=decoded.fields,
    )


def _out_of_range(event: LedgerEvent) -> Iterator[Problem]:
    for name, value in event.fields.items():
        if isinstance(value, int) and storable(value) != value:
            details = {"txid": event.txid, "field": name, "value": str(value)}
            yield Problem(f"{event.id}:{name}", "value_out_of_range", f"{event.name} has a huge {name}.", details)


def event_document(event: LedgerEvent) -> Document:
    """Return the event as it is stored; immutable from then on."""
    return {
        "_id": event.id,
        "block": event.block.hash,
        "height": event.block.height,
        "txIndex": event.tx_index,
        "index": event.index,
        "txid": event.txid,
        "sender": event.sender,
        "contract": event.contract,
        "name": event.name,
        "version": event.version,
        "fields": storable_fields(event.fields),
    }


def event_from(document: Document, header: BlockHeader) -> LedgerEvent:
    """Return the event that `event_document` stored, given its block's header."""
    return LedgerEvent(
        id=document["_id"],
        block=header,
        txid=document["txid"],
        tx_index=document["txIndex"],
        index=document["index"],
        sender=document["sender"],
        contract=document["contract"],
        name=document["name"],
        version=document["version"],
        fields=document["fields"],
    )


def storable_fields(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a document whose integers BSON can hold: beyond 63 bits they become decimal text.

    It is the same object when nothing has to change, as nearly always.
    """
    return value if _fits(value.values()) else {key: _storable(item) for key, item in value.items()}


def _fits(items: Iterable[Any]) -> bool:
    for item in items:
        kind = type(item)
        if kind is int:
            if not -MAX_INT <= item <= MAX_INT:
                return False
        elif kind is dict:
            if not _fits(item.values()):
                return False
        elif kind is list and not _fits(item):
            return False
    return True


def _storable(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, Mapping):
        return {key: _storable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_storable(item) for item in value]
    return storable(value) if type(value) is int else value
