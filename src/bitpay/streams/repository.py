"""Every query on streams, each with its index; lists are ranges over what is stored, at the chain's time now."""

from dataclasses import dataclass

from bitpay.access.clock import Moment
from bitpay.store import Database, Document, index
from bitpay.streams.models import STREAMS
from bitpay.streams.state import CANCELLED, DEPLETED, PENDING, SETTLED, STATUSES, STREAMING

ACTIVE = "active"
COMPLETED = "completed"
FILTERS = (*STATUSES, ACTIVE, COMPLETED)
"""The five statuses, and two wider words: active (pending, streaming or settled), completed (depleted)."""

index(STREAMS, [("depleted", 1), ("cancelled", 1), ("_id", -1)])


@dataclass(frozen=True, slots=True)
class StreamFilter:
    """Which streams: `account` is sender, first recipient or present holder; all that is given must hold."""

    account: str | None = None
    sender: str | None = None
    recipient: str | None = None
    holder: str | None = None
    status: str | None = None

    def query(self, now: Moment, before: int | None) -> Document:
        """Return the MongoDB query at a moment; `before` continues below a stream's number."""
        parties = {"sender": self.sender, "recipient": self.recipient, "holder": self.holder}
        clauses: list[Document] = [{role: who} for role, who in parties.items() if who is not None]
        if self.account is not None:
            clauses.append({"$or": [{role: self.account} for role in parties]})
        if self.status is not None:
            clauses.append(_by_status(self.status, now))
        if before is not None:
            clauses.append({"_id": {"$lt": before}})
        return {"$and": clauses} if clauses else {}


class StreamRepository:
    """Reads the `streams` collection; only the ledger writes it."""

    def __init__(self, database: Database) -> None:
        self._streams = database[STREAMS]

    async def get(self, stream_id: int) -> Document | None:
        """Return one stream, or None."""
        return await self._streams.find_one({"_id": stream_id})

    async def page(self, chosen: StreamFilter, now: Moment, *, before: int | None, limit: int) -> list[Document]:
        """Return up to `limit` streams, newest first."""
        found = self._streams.find(chosen.query(now, before)).sort("_id", -1).limit(limit)
        return [row async for row in found]


def _by_status(status: str, now: Moment) -> Document:
    if status in {DEPLETED, COMPLETED}:
        return {"depleted": True}
    if status == CANCELLED:
        return {"depleted": False, "cancelled": True}
    still_open = {"depleted": False, "cancelled": False}
    if status == ACTIVE:
        return still_open
    return {**still_open, "$or": [_at("seconds", status, now.time), _at("blocks", status, now.height)]}


def _at(clock: str, status: str, tick: int) -> Document:
    ranges: dict[str, Document] = {
        PENDING: {"start": {"$gt": tick}, "settlesAt": {"$gt": tick}},
        STREAMING: {"start": {"$lte": tick}, "settlesAt": {"$gt": tick}},
        SETTLED: {"settlesAt": {"$lte": tick}},
    }
    return {"clock": clock, **ranges[status]}
