"""Deliveries: stored first, answered then, read by whoever follows the chain.

Every arrival is kept as it came, compressed, in pieces that fit a document; duplicates too, for they are testimony.
"""

import asyncio
import hashlib
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ParamSpec, Protocol, TypeVar

import structlog
from bson import ObjectId
from pydantic import ValidationError
from pydantic_core import from_json

from bitpay.chainhook import chainhook1, chainhooks2, node
from bitpay.chainhook.arrivals import Arrival, Format, Unreadable
from bitpay.kit.errors import InvalidInput
from bitpay.protocol.ids import Contracts
from bitpay.stacks.model import Block
from bitpay.store import Database, Document, Kind, changes, collection, index

DELIVERIES = collection("deliveries", Kind.CHAINS)
PIECES = collection("delivery_pieces", Kind.CHAINS)

PIECE_BYTES = 8 * 1024 * 1024 - 1
"""Well below MongoDB's 16 MiB a document."""
_INLINE_PIECE = 0
_RETENTION_SECONDS = 30 * 86_400
_IN_THREAD_BYTES = 256 * 1024
_BATCH = 100

NODE_TOPIC = "new_block"
"""The route, on an internal port, where a node of our own delivers; nobody else may speak as a node."""

NEW = "new"
TAKEN = "taken"
SETTLED = "settled"
UNREADABLE = "unreadable"

index(DELIVERIES, [("state", 1), ("_id", 1)])
index(DELIVERIES, [("receivedAt", 1)], expireAfterSeconds=_RETENTION_SECONDS)
index(PIECES, [("receivedAt", 1)], expireAfterSeconds=_RETENTION_SECONDS)

P = ParamSpec("P")
T = TypeVar("T")

_log = structlog.get_logger(__name__)


class _Form(Protocol):
    def looks_like(self, body: dict[str, Any]) -> bool: ...

    def read(self, body: dict[str, Any]) -> Arrival: ...


_FORMS: tuple[_Form, ...] = (chainhooks2, chainhook1, node)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the sender is told: the arrival's id, and how much we found in it."""

    id: str
    blocks: int
    rolled_back: int
    events: int


@dataclass(frozen=True, slots=True)
class Delivery:
    """One stored arrival as the ledger reads it. `whole`: its blocks may be applied as they are."""

    id: str
    blocks: tuple[Block, ...]
    whole: bool


class Deliveries:
    """The arrivals of one database.

    `trust` names the formats whose complete blocks hold every event of our contracts: a node of our own always
    does; hosted hooks are known to drop events silently, so they only wake the follower and are compared.
    """

    def __init__(self, database: Database, contracts: Contracts, *, trust: Sequence[Format] = (Format.NODE,)) -> None:
        self._deliveries = database[DELIVERIES]
        self._pieces = database[PIECES]
        self._contracts = contracts
        self._trust = frozenset(trust)

    async def receive(self, topic: str, body: bytes) -> Stored:
        """Store an arrival of the route `topic` and return what is in it.

        Raises InvalidInput when the body is not JSON (nothing is stored then), Unreadable when it is JSON of no shape
        that this route takes (it is stored, for whoever must find out why).
        """
        parsed = await _aside(len(body), parse_json, body)
        try:
            arrival: Arrival | None = _spoken_by_right(topic, await _aside(len(body), read_arrival, parsed))
            reason = ""
        except Unreadable as error:
            arrival, reason = None, error.message
        delivery_id = await self._store(topic, body, arrival, reason)
        if arrival is None:
            _log.error("delivery_unreadable", delivery=delivery_id, topic=topic, reason=reason)
            raise Unreadable(reason, delivery=delivery_id)
        return self._stored(delivery_id, topic, arrival)

    async def reopen(self) -> None:
        """Offer again what was taken and never settled."""
        await self._deliveries.update_many({"state": TAKEN}, {"$set": {"state": NEW}})

    async def take(self) -> list[Delivery]:
        """Return arrivals that nobody has taken, oldest first, and mark them taken."""
        rows = [row async for row in self._deliveries.find({"state": NEW}).sort("_id", 1).limit(_BATCH)]
        if rows:
            query = {"_id": {"$in": [row["_id"] for row in rows]}}
            await self._deliveries.update_many(query, {"$set": {"state": TAKEN}})
        return [await self._read(row) for row in rows]

    async def settle(self, delivery_id: str, outcome: str) -> None:
        """Note what became of an arrival."""
        change = {"$set": {"state": SETTLED, "outcome": outcome}}
        await self._deliveries.update_one({"_id": ObjectId(delivery_id)}, change)

    async def arrivals(self) -> AsyncIterator[str]:
        """Yield the id of every arrival from now on, whichever process stored it."""
        async for change in changes(self._deliveries, [{"$match": {"operationType": "insert"}}]):
            yield str(change["documentKey"]["_id"])

    async def body(self, delivery_id: str) -> bytes | None:
        """Return an arrival as it came, or None when it is not (or no longer) kept."""
        row = await self._deliveries.find_one({"_id": ObjectId(delivery_id)})
        return await self._body(row) if row else None

    async def _store(self, topic: str, body: bytes, arrival: Arrival | None, reason: str) -> str:
        delivery_id, now = ObjectId(), datetime.now(UTC)
        packed = await _aside(len(body), zlib.compress, body, 1)
        pieces = [packed[start : start + PIECE_BYTES] for start in range(0, len(packed), PIECE_BYTES)]
        for number, piece in enumerate(pieces[1:], 1):
            await self._pieces.insert_one(
                {"_id": {"delivery": delivery_id, "piece": number}, "receivedAt": now, "data": piece}
            )
        row = {
            "_id": delivery_id,
            "receivedAt": now,
            "topic": topic,
            "sha256": hashlib.sha256(body).hexdigest(),
            "bytes": len(body),
            "pieces": len(pieces),
            "data": pieces[_INLINE_PIECE],
            **self._summary(arrival, reason),
        }
        await self._deliveries.insert_one(row)  # last, so whoever sees it finds all its pieces
        return str(delivery_id)

    def _summary(self, arrival: Arrival | None, reason: str) -> Document:
        if arrival is None:
            return {"state": UNREADABLE, "reason": reason}
        return {
            "state": NEW,
            "format": arrival.format.value,
            "hook": arrival.hook,
            "blocks": [block.header.hash for block in arrival.blocks],
            "rolledBack": list(arrival.rolled_back),
            "events": arrival.events_of(self._contracts),
        }

    def _stored(self, delivery_id: str, topic: str, arrival: Arrival) -> Stored:
        events = arrival.events_of(self._contracts)
        if not events and not arrival.rolled_back and arrival.format is not Format.NODE:
            _log.warning(
                "delivery_yields_nothing",
                delivery=delivery_id,
                topic=topic,
                format=arrival.format.value,
                blocks=len(arrival.blocks),
                transactions=sum(len(block.transactions) for block in arrival.blocks),
            )
        return Stored(delivery_id, len(arrival.blocks), len(arrival.rolled_back), events)

    async def _read(self, row: Document) -> Delivery:
        body = await self._body(row)
        arrival = await _aside(len(body), lambda: read_arrival(parse_json(body)))
        whole = arrival.complete and arrival.format in self._trust
        return Delivery(str(row["_id"]), arrival.blocks, whole)

    async def _body(self, row: Document) -> bytes:
        pieces = [row["data"]]
        for number in range(1, row["pieces"]):
            piece = await self._pieces.find_one({"_id": {"delivery": row["_id"], "piece": number}}) or {}
            pieces.append(piece["data"])
        return await _aside(row["bytes"], zlib.decompress, b"".join(pieces))


def parse_json(body: bytes) -> dict[str, Any]:
    """Return the JSON object in the body. Raises InvalidInput."""
    try:
        parsed = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise InvalidInput(f"A delivery is a JSON object; this body is not JSON: {error}") from error
    if not isinstance(parsed, dict):
        raise InvalidInput("A delivery is a JSON object; this body is JSON of another kind.")
    return parsed


def read_arrival(body: dict[str, Any]) -> Arrival:
    """Tell the format by its shape and return what the delivery says. Raises Unreadable."""
    for form in _FORMS:
        if form.looks_like(body):
            try:
                return form.read(body)
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                place = ".".join(str(part) for part in first["loc"])
                raise Unreadable(f"This delivery is not readable at {place}: {first['msg']}.") from error
    raise Unreadable("This delivery has the shape of no format that we know.")


def _spoken_by_right(topic: str, arrival: Arrival) -> Arrival:
    """Return the arrival. Raises Unreadable for a node's block at a webhook: its secret is known outside the house."""
    if (arrival.format is Format.NODE) is not (topic == NODE_TOPIC):
        raise Unreadable("A node's blocks are taken from our own node only, and from it nothing else.")
    return arrival


async def _aside(size: int, work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Do heavy work in a thread, light work at once."""
    if size > _IN_THREAD_BYTES:
        return await asyncio.to_thread(work, *arguments, **options)
    return work(*arguments, **options)
