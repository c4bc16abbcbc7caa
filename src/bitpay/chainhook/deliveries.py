"""Deliveries: stored first, answered then, read by whoever follows the chain.

Every arrival is kept as it came; duplicates too, for they are testimony.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import structlog
from bson import ObjectId
from pydantic import ValidationError
from pydantic_core import from_json
from pymongo.errors import PyMongoError

from bitpay.chainhook import chainhook1, chainhooks2, node
from bitpay.chainhook.arrivals import Arrival, Format, Unreadable
from bitpay.chainhook.bodies import NOT_KEPT, RETENTION_SECONDS, Bodies, aside, is_heavy
from bitpay.kit.errors import BitPayError, InvalidInput, TooLarge, Unavailable
from bitpay.protocol.ids import Contracts
from bitpay.stacks.model import Block
from bitpay.store import Database, Document, Kind, changes, collection, index

DELIVERIES = collection("deliveries", Kind.CHAINS)

MAX_BLOCKS = 10_000
"""A delivery that names more blocks is not read."""
_BATCH = 100
_TAKEN_BYTES = 32 * 1024 * 1024
"""What is read between two steps of the ledger ends with the delivery that reaches this."""
_WAITING_BYTES = 128 * 1024 * 1024
"""Heavy bodies that wait to be parsed: one is at a time, for that takes more than twenty times its size."""
_REASON_CHARACTERS = 500

NODE_TOPIC = "new_block"
"""The route, on an internal port, where a node of our own delivers; nobody else may speak as a node."""

NEW = "new"
TAKEN = "taken"
SETTLED = "settled"
UNREADABLE = "unreadable"

index(DELIVERIES, [("state", 1), ("_id", 1)])
index(DELIVERIES, [("sha256", 1)], partialFilterExpression={"state": UNREADABLE})
index(DELIVERIES, [("receivedAt", 1)], expireAfterSeconds=RETENTION_SECONDS)

_log = structlog.get_logger(__name__)


class _Form(Protocol):
    def looks_like(self, body: dict[str, Any]) -> bool: ...

    def read(self, body: dict[str, Any]) -> Arrival: ...


_FORMS: tuple[_Form, ...] = (chainhooks2, chainhook1, node)


@dataclass(frozen=True, slots=True)
class Stored:
    """What the sender is told: the arrival's id, and how much we found in it. `unreadable` is the reason, if it is."""

    id: str
    blocks: int = 0
    rolled_back: int = 0
    events: int = 0
    unreadable: str = ""


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
        self._bodies = Bodies(database)
        self._contracts = contracts
        self._trust = frozenset(trust)
        self._parsing = asyncio.Lock()
        self._waiting = 0
        self._reopen = False

    async def receive(self, topic: str, body: bytes) -> Stored:
        """Store an arrival of the route `topic` and return what is in it.

        Raises InvalidInput when the body is not JSON (nothing is stored then), Unreadable when it is JSON of no shape
        that this route takes (it is stored, for whoever must find out why), Unavailable when too much is being read.
        """
        try:
            summary = await self._summary(topic, body)
        except Unreadable as error:
            delivery = await self._store(topic, body, _unreadable(error))
            _log.error("delivery_unreadable", delivery=delivery, topic=topic, reason=error.message)
            raise Unreadable(error.message, delivery=delivery) from error
        return _stored(await self._store(topic, body, summary), topic, summary)

    async def receive_from_node(self, body: bytes) -> Stored:
        """Store what our own node sent as a block, and return what is in it.

        A node repeats what is refused and goes no further, so nothing is: what cannot be read is stored once,
        and the follower reads that block from the API. Raises Unavailable when too much is being read.
        """
        try:
            summary = await self._summary(NODE_TOPIC, body)
        except InvalidInput as error:
            return await self._puzzle(error, hashlib.sha256(body).hexdigest(), len(body), body)
        return _stored(await self._store(NODE_TOPIC, body, summary), NODE_TOPIC, summary)

    async def note_oversized(self, sha256: str, size: int) -> Stored:
        """Note that our own node sent a block of `size` bytes, more than is read or kept."""
        return await self._puzzle(TooLarge(f"This block has {size} bytes."), sha256, size, None)

    async def reopen(self) -> None:
        """Offer again, when somebody takes next, what was taken and never settled."""
        self._reopen = True

    async def take(self, held: Container[str] = ()) -> AsyncIterator[Delivery]:
        """Yield arrivals that nobody has taken, oldest first, each marked taken; those in `held` are only marked.

        One is in memory at a time, and some are left for the next call when there are many or large ones. What cannot
        be read is marked so and passed over. Raises database errors.
        """
        if self._reopen:
            await self._deliveries.update_many({"state": TAKEN}, {"$set": {"state": NEW}})
            self._reopen = False
        read = 0
        offered = self._deliveries.find({"state": NEW}, {"_id": 1}).sort("_id", 1).limit(_BATCH)
        for delivery_id in [row["_id"] async for row in offered]:
            if read >= _TAKEN_BYTES:
                return
            if str(delivery_id) in held:
                await self._mark(delivery_id, TAKEN)
                continue
            size, delivery = await self._take(delivery_id)
            read += size
            if delivery is not None:
                yield delivery
                del delivery

    async def settle(self, delivery_id: str, outcome: str) -> None:
        """Note what became of an arrival."""
        await self._mark(ObjectId(delivery_id), SETTLED, outcome=outcome)

    async def reject(self, delivery_id: str, error: Exception) -> None:
        """Note that an arrival cannot be read, and why."""
        reason = f"{type(error).__name__}: {error}"[:_REASON_CHARACTERS]
        _log.error("delivery_unreadable", delivery=delivery_id, reason=reason)
        await self._mark(ObjectId(delivery_id), UNREADABLE, reason=reason)

    async def arrivals(self) -> AsyncIterator[str]:
        """Yield the id of every arrival from now on, whichever process stored it."""
        only_ids: list[Document] = [{"$match": {"operationType": "insert"}}, {"$project": {"documentKey": 1}}]
        async for change in changes(self._deliveries, only_ids):
            yield str(change["documentKey"]["_id"])

    async def body(self, delivery_id: str) -> bytes | None:
        """Return an arrival as it came, or None when it is not (or no longer) kept."""
        row = await self._deliveries.find_one({"_id": ObjectId(delivery_id)})
        return await self._bodies.get(row) if row else None

    async def _summary(self, topic: str, body: bytes) -> Document:
        """Return what the row of a readable arrival says of it. Raises InvalidInput, Unreadable and Unavailable."""
        if not is_heavy(len(body)):
            return self._summarized(topic, body)
        if self._waiting + len(body) > _WAITING_BYTES:
            raise Unavailable("Too many large deliveries arrive at once; try again in a moment.")
        self._waiting += len(body)
        try:
            async with self._parsing:
                return await asyncio.to_thread(self._summarized, topic, body)
        finally:
            self._waiting -= len(body)

    def _summarized(self, topic: str, body: bytes) -> Document:
        parsed = parse_json(body)
        try:
            arrival = read_arrival(parsed)
        except Unreadable:
            raise
        except Exception as error:
            raise Unreadable(f"This delivery cannot be read: {type(error).__name__}.") from error
        if (arrival.format is Format.NODE) is not (topic == NODE_TOPIC):  # a webhook's secret is known outside
            raise Unreadable("A node's blocks are taken from our own node only, and from it nothing else.")
        return {
            "state": NEW,
            "format": arrival.format.value,
            "hook": arrival.hook,
            "blocks": [block.header.hash for block in arrival.blocks],
            "rolledBack": list(arrival.rolled_back),
            "transactions": sum(len(block.transactions) for block in arrival.blocks),
            "events": arrival.events_of(self._contracts),
        }

    async def _store(self, topic: str, body: bytes, summary: Document) -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        delivery_id, now = ObjectId(), datetime.now(UTC)
        kept = await self._bodies.put(delivery_id, now, body)
        # Last, so that whoever sees the row finds all its pieces.
        row = {"_id": delivery_id, "receivedAt": now, "topic": topic, "sha256": sha256, **kept, **summary}
        await self._deliveries.insert_one(row)
        return str(delivery_id)

    async def _puzzle(self, error: BitPayError, sha256: str, size: int, body: bytes | None) -> Stored:
        """Keep once what our node sent and nobody can read, where it fits."""
        known = await self._deliveries.find_one({"state": UNREADABLE, "sha256": sha256}, {"_id": 1})
        told = _unreadable(error)
        if body is None:
            told |= {"sha256": sha256, "bytes": size, **NOT_KEPT}
        delivery = str(known["_id"]) if known else await self._store(NODE_TOPIC, body or b"", told)
        _log.error("delivery_unreadable", delivery=delivery, topic=NODE_TOPIC, reason=told["reason"])
        return Stored(delivery, unreadable=told["reason"])

    async def _take(self, delivery_id: ObjectId) -> tuple[int, Delivery | None]:
        """Return an arrival's size in bytes and what it says; None where it cannot be read or somebody was faster."""
        size, query = 0, {"_id": delivery_id, "state": NEW}
        try:
            row = await self._deliveries.find_one_and_update(query, {"$set": {"state": TAKEN}})
            if row is None:
                return size, None
            size = row["bytes"]
            return size, await self._read(row)
        except PyMongoError:
            with suppress(PyMongoError):
                await self._mark(delivery_id, NEW)
            raise
        except Exception as error:  # noqa: BLE001 - one that cannot be read keeps nobody from the next
            await self.reject(str(delivery_id), error)
            return size, None

    async def _read(self, row: Document) -> Delivery:
        body = await self._bodies.get(row)
        if body is None:
            raise Unreadable("This delivery was not kept.")
        arrival = await aside(len(body), lambda: read_arrival(parse_json(body)))
        whole = arrival.complete and arrival.format in self._trust
        return Delivery(str(row["_id"]), arrival.blocks, whole)

    async def _mark(self, delivery_id: ObjectId, state: str, **fields: str) -> None:
        await self._deliveries.update_one({"_id": delivery_id}, {"$set": {"state": state, **fields}})


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
                return _bounded(form.read(body))
            except ValidationError as error:
                first = error.errors(include_url=False, include_input=False)[0]
                place = ".".join(str(part) for part in first["loc"])
                raise Unreadable(f"This delivery is not readable at {place}: {first['msg']}.") from error
    raise Unreadable("This delivery has the shape of no format that we know.")


def _bounded(arrival: Arrival) -> Arrival:
    """Return the arrival. Raises Unreadable when it names more blocks than anybody has to tell at once."""
    if len(arrival.blocks) + len(arrival.rolled_back) > MAX_BLOCKS:
        raise Unreadable(f"A delivery names at most {MAX_BLOCKS} blocks.")
    return arrival


def _unreadable(error: BitPayError) -> Document:
    return {"state": UNREADABLE, "reason": error.message[:_REASON_CHARACTERS]}


def _stored(delivery: str, topic: str, summary: Document) -> Stored:
    blocks, rolled_back, events = len(summary["blocks"]), len(summary["rolledBack"]), summary["events"]
    if not events and not rolled_back and topic != NODE_TOPIC:
        counts = {"blocks": blocks, "transactions": summary["transactions"]}
        _log.warning("delivery_yields_nothing", delivery=delivery, topic=topic, format=summary["format"], **counts)
    return Stored(delivery, blocks, rolled_back, events)
