"""What documents that are folded from events have in common: when they changed, where, and how that is told."""

from collections.abc import Mapping
from typing import Any, TypedDict

from bitpay.ledger.projection import LedgerEvent
from bitpay.store import Document, storable


class BlockRef(TypedDict):
    """The block of the last change; what it says is confirmed once the block is deep enough."""

    hash: str
    height: int
    burnHeight: int
    time: int


class Dated(TypedDict):
    """When a document was made and changed last (block times, unix seconds), and by which transactions."""

    createdAt: int
    updatedAt: int
    txid: str
    lastTxid: str
    block: BlockRef


def block_of(event: LedgerEvent) -> BlockRef:
    """Return the event's block."""
    block = event.block
    return {"hash": block.hash, "height": block.height, "burnHeight": block.burn_height, "time": block.time}


def made_by(event: LedgerEvent) -> Dated:
    """Return the dates of a document that this event makes."""
    return {
        "createdAt": event.block.time,
        "updatedAt": event.block.time,
        "txid": event.txid,
        "lastTxid": event.txid,
        "block": block_of(event),
    }


def changed_by(event: LedgerEvent, document: Document, change: Mapping[str, Any]) -> Document:
    """Return the document with the change that this event makes, dated."""
    return {
        **document,
        **change,
        "updatedAt": event.block.time,
        "lastTxid": event.txid,
        "block": block_of(event),
    }


def told(event: LedgerEvent) -> dict[str, Any]:
    """Return what every message about a change says of the event behind it."""
    change = {"name": event.name, **{camel(name): value for name, value in event.fields.items()}}
    return {"change": change, "txid": event.txid, "block": block_of(event)}


def shown(document: Document) -> Document:
    """Return the document as a message carries it."""
    return {name: value for name, value in document.items() if name != "_id"}


def camel(name: str) -> str:
    """Return the JSON name of a Clarity name: `stream-id` is `streamId`."""
    head, *rest = name.split("-")
    return head + "".join(part.capitalize() for part in rest)


def raised(document: Document, amounts: Mapping[str, int]) -> dict[str, int | str]:
    """Return the named fields raised by so much; a field that is not there counts as 0.

    They come as they are stored, huge ones as text: whether two are equal must not depend on where a run ended.
    """
    return {name: storable(int(document.get(name, 0)) + amount) for name, amount in amounts.items()}
