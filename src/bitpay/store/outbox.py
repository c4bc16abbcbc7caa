"""What must leave the house because of a change, written in the change's own transaction.

A row waits until its consumer's finality delay has passed (counted in Bitcoin blocks from `burnHeight`), is leased,
delivered at least once, and kept for a while. Its `_id` never changes and lets a receiver drop duplicates.
When its block leaves the chain, a row that nobody has tried to deliver is taken back; for any other a retraction
follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymongo import DeleteOne, InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.store.connection import Database, Document
from bitpay.store.indexes import Kind, collection, index

OUTBOX = collection("outbox", Kind.CHAINS)
_RETENTION_SECONDS = 14 * 86_400

index(OUTBOX, [("kind", 1), ("state", 1), ("order", 1)])
index(OUTBOX, [("block", 1)])
index(OUTBOX, [("state", 1), ("leaseUntil", 1)])
index(OUTBOX, [("finishedAt", 1)], expireAfterSeconds=_RETENTION_SECONDS)

WAITING = "waiting"
LEASED = "leased"
DONE = "done"
FAILED = "failed"
WITHDRAWN = "withdrawn"
"""Tried without success when its block left the chain; only its retraction is still delivered."""


@dataclass(frozen=True, slots=True)
class Row:
    """One message to one kind of consumer. `order` sorts rows as their events lie in the chain."""

    id: str
    kind: str
    event: str
    data: dict[str, Any]
    block: str
    burn_height: int
    order: str

    def document(self) -> Document:
        """Return the row as it is stored."""
        return {
            "_id": self.id,
            "kind": self.kind,
            "event": self.event,
            "data": self.data,
            "block": self.block,
            "burnHeight": self.burn_height,
            "order": self.order,
            **_fresh(),
        }


async def add(database: Database, rows: Sequence[Row], session: AsyncClientSession) -> None:
    """Write new rows in the transaction of `session`."""
    if rows:
        await database[OUTBOX].insert_many([row.document() for row in rows], session=session)


async def retract(database: Database, blocks: Sequence[str], session: AsyncClientSession) -> None:
    """Take back, in the transaction of `session`, what was to be said because of these blocks (their hashes)."""
    # A block can come and go more than once: what was taken back with its first going is not taken back again.
    query = {"block": {"$in": list(blocks)}, "retracts": None, "retracted": {"$ne": True}}
    rows = [row async for row in database[OUTBOX].find(query, session=session).sort("order", -1)]
    changes = [change for row in rows for change in _unsaid(row)]
    if changes:
        await database[OUTBOX].bulk_write(changes, session=session)


def _unsaid(row: Document) -> list[DeleteOne | InsertOne[Document] | UpdateOne]:
    if row["state"] == WAITING and not row["attempts"]:
        return [DeleteOne({"_id": row["_id"]})]
    # At once: whoever may have heard the news must not wait for the correction.
    kept = {name: row[name] for name in ("kind", "event", "data", "block", "order")}
    retraction = {"_id": f"{row['_id']}:retracted", "retracts": row["_id"], "burnHeight": 0, **kept, **_fresh()}
    change: Document = {"$set": {"retracted": True}}
    if row["state"] == WAITING:
        change = {"$set": {"retracted": True, "state": WITHDRAWN}, "$currentDate": {"finishedAt": True}}
    return [UpdateOne({"_id": row["_id"]}, change), InsertOne(retraction)]


def _fresh() -> Document:
    return {"state": WAITING, "attempts": 0, "leaseUntil": None, "notBefore": None, "owner": None}
