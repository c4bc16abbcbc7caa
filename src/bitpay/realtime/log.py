"""The log of every room: what was said there, numbered, written in the transaction that made it true.

Rooms are `user:{address}`, `stream:{id}`, `marketplace` and `treasury`. A position is `(epoch, offset)`: offsets of one
room rise by one; a new epoch begins for all rooms when something changed that was not said message by message.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

from pymongo import InsertOne, UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.store import Database, Document, Kind, changes, collection, index

ROOMS = collection("rooms", Kind.CHAINS)
LOG = collection("room_log", Kind.CHAINS)

MAX_MISSED = 300
"""A client that missed more reloads instead."""
_MAX_RETRACTED = 1_000
_RETENTION_SECONDS = 86_400
_EPOCH = "*"

index(LOG, [("room", 1), ("offset", 1)], unique=True)
index(LOG, [("block", 1), ("offset", -1)])
index(LOG, [("at", 1)], expireAfterSeconds=_RETENTION_SECONDS)


@dataclass(frozen=True, slots=True)
class Position:
    """How far a room's log has come, or how far a client has read it."""

    epoch: str
    offset: int


@dataclass(frozen=True, slots=True)
class Said:
    """One message of one room. `data` is JSON-ready; `retracted` says that its block left the chain."""

    room: str
    epoch: str
    offset: int
    event: str
    data: dict[str, Any]
    retracted: bool = False

    def payload(self) -> dict[str, Any]:
        """Return what a client gets: the data and the position in the room."""
        return {**self.data, "room": self.room, "epoch": self.epoch, "offset": self.offset, "retracted": self.retracted}


class RoomLog:
    """Writes and reads the rooms' logs of one database."""

    def __init__(self, database: Database) -> None:
        self._rooms = database[ROOMS]
        self._log = database[LOG]

    async def append(self, entries: Sequence[Document], session: AsyncClientSession) -> None:
        """Append in order, in the transaction of `session`. An entry has `room`, `event`, `data` and `block`."""
        if not entries:
            return
        epoch = await self._epoch(session)
        offsets = await self._offsets({entry["room"] for entry in entries}, session)
        now = datetime.now(UTC)
        rows = []
        for entry in entries:
            offsets[entry["room"]] += 1
            rows.append(InsertOne({**entry, "epoch": epoch, "offset": offsets[entry["room"]], "at": now}))
        counters = [
            UpdateOne({"_id": room}, {"$set": {"offset": offset}}, upsert=True) for room, offset in offsets.items()
        ]
        await self._rooms.bulk_write(counters, session=session)
        await self._log.bulk_write(rows, session=session)

    async def retract(self, blocks: Sequence[str], session: AsyncClientSession) -> None:
        """Say of everything said because of these blocks (their hashes), newest first, that it no longer holds.

        Where that is very much, everybody reloads instead.
        """
        query = {"block": {"$in": list(blocks)}, "retracted": None}
        if await self._log.count_documents(query, limit=_MAX_RETRACTED + 1, session=session) > _MAX_RETRACTED:
            await self.begin_epoch(session)
            return
        said = [row async for row in self._log.find(query, session=session).sort("offset", -1)]
        entries = [{key: row[key] for key in ("room", "event", "data", "block")} | {"retracted": True} for row in said]
        await self.append(entries, session)
        await self._log.update_many(query, {"$set": {"retracted": False}}, session=session)

    async def begin_epoch(self, session: AsyncClientSession) -> None:
        """Make every client reload: something changed that no message tells."""
        await self._rooms.update_one({"_id": _EPOCH}, {"$set": {"epoch": token_hex(8)}}, upsert=True, session=session)

    async def position(self, room: str) -> Position:
        """Return where the room's log stands. Read it before the state that it goes with: repeats are harmless."""
        epoch = await self._epoch(None)
        row = await self._rooms.find_one({"_id": room})
        return Position(epoch, row["offset"] if row else 0)

    async def since(self, room: str, epoch: str, offset: int) -> list[Said] | None:
        """Return all that was said in the room after `(epoch, offset)`, in order; None means: reload.

        None when the position is of another epoch or of the future, or when the log no longer holds everything.
        """
        now = await self.position(room)
        if epoch != now.epoch or not 0 <= offset <= now.offset or now.offset - offset > MAX_MISSED:
            return None
        query = {"room": room, "offset": {"$gt": offset, "$lte": now.offset}}
        rows = [_said(row) async for row in self._log.find(query).sort("offset", 1)]
        return rows if len(rows) == now.offset - offset else None

    async def follow(self) -> AsyncIterator[Said]:
        """Yield what is said in any room from now on, as it is committed. Ends only by an error or cancellation."""
        async for change in changes(self._log, [{"$match": {"operationType": "insert"}}]):
            yield _said(change["fullDocument"])

    async def _epoch(self, session: AsyncClientSession | None) -> str:
        row = await self._rooms.find_one({"_id": _EPOCH}, session=session)
        if row is None:
            fresh = {"$setOnInsert": {"epoch": token_hex(8)}}
            await self._rooms.update_one({"_id": _EPOCH}, fresh, upsert=True, session=session)
            row = await self._rooms.find_one({"_id": _EPOCH}, session=session) or {}
        return str(row["epoch"])

    async def _offsets(self, rooms: set[str], session: AsyncClientSession) -> dict[str, int]:
        offsets = dict.fromkeys(rooms, 0)
        async for row in self._rooms.find({"_id": {"$in": list(rooms)}}, session=session):
            offsets[row["_id"]] = row["offset"]
        return offsets


def _said(row: Document) -> Said:
    return Said(row["room"], row["epoch"], row["offset"], row["event"], row["data"], bool(row.get("retracted")))
