"""Stream documents as the ledger folds them."""

import hashlib
from typing import Any

from bitpay.access.clock import Moment
from bitpay.ledger.book import HEAD
from bitpay.ledger.projection import LedgerEvent
from bitpay.protocol.ids import Contracts
from bitpay.stacks.addresses import encode
from bitpay.stacks.model import BlockHeader
from bitpay.store import Database, Document
from bitpay.streams.models import STREAMS
from bitpay.streams.projection import CORE, PROJECTION

NOW = Moment(height=1_000, time=1_800_000_000, hash="0x" + "aa" * 32, burn_height=900_000)
HEADER = BlockHeader(900, "0x" + "bb" * 32, "0x" + "cc" * 32, NOW.time - 1_000, 899_000, "0x", 0, 0)


def address(number: int, version: int = 26) -> str:
    return encode(version, hashlib.sha256(f"account {number}".encode()).digest()[:20])


ALICE, BOB, CAROL = address(1), address(2), address(3)
SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token"
CONTRACTS = Contracts(address(0), SBTC)


def event(name: str, **fields: Any) -> LedgerEvent:  # noqa: ANN401 - fields of any event
    given = {key.replace("_", "-"): value for key, value in fields.items()}
    return LedgerEvent("0x:0:0", HEADER, "0x" + "dd" * 32, 0, 0, ALICE, CORE, name, 1, given)


def opened(stream_id: int = 1, **changes: Any) -> Document:  # noqa: ANN401 - fields of the event
    """Return a stream of 1,000 sats over 1,000 seconds that began 250 seconds ago, with changes."""
    fields = {
        "sender": ALICE,
        "recipient": BOB,
        "amount": 1_000,
        "fee": 1,
        "clock": "seconds",
        "start": NOW.time - 250,
        "end": NOW.time + 750,
        "cliff": 0,
        "upfront": 0,
        "at_cliff": 0,
        "step": 1,
        "points": [],
        "cancelable": True,
        "transferable": True,
        "memo": "",
    }
    document = PROJECTION.step(None, event("stream-created", stream_id=stream_id, **{**fields, **changes}))
    assert document is not None
    return document


def withdrawn(document: Document, total: int, *, depleted: bool = False) -> Document:
    fields = {"stream_id": document["_id"], "withdrawn": total, "depleted": depleted}
    return PROJECTION.step(document, event("stream-withdrawal", **fields)) or document


def cancelled(document: Document, refunded: int, *, depleted: bool = False) -> Document:
    fields = {"stream_id": document["_id"], "refunded": refunded, "at": NOW.time, "depleted": depleted}
    return PROJECTION.step(document, event("stream-cancelled", **fields)) or document


async def store(database: Database, *documents: Document) -> None:
    """Put the ledger's head at NOW, with these streams."""
    head = {"hash": NOW.hash, "height": NOW.height, "time": NOW.time, "burnHeight": NOW.burn_height, "nonce": 1}
    await database[HEAD].replace_one({"_id": "head"}, head, upsert=True)
    if documents:
        await database[STREAMS].insert_many(documents)
