"""The ledger's books in MongoDB: which blocks we have, what happened in them, and where we stand.

Every change is one transaction that moves the head by compare-and-swap before it does anything else, so two writers
can never both apply a block, and a reader never sees half of one.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from pymongo import DeleteOne, InsertOne, ReplaceOne, ReturnDocument
from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.kit.errors import BitPayError, Conflict, NotFound
from bitpay.ledger.alerts import Alerts
from bitpay.ledger.events import DecodedBlock, event_document, storable_fields
from bitpay.ledger.fold import Documents, Folded, fold, keys_of
from bitpay.ledger.projection import Key, LedgerEvent, Message, Projection
from bitpay.stacks.model import BlockHeader
from bitpay.store import Database, Document, Kind, collection, index, migration, outbox, patiently, transaction

HEAD = collection("ledger_head", Kind.CHAINS)
BLOCKS = collection("blocks", Kind.CHAINS)
EVENTS = collection("events", Kind.CHAINS)
IMAGES = collection("ledger_images", Kind.CHAINS)

index(BLOCKS, [("height", 1)], unique=True, partialFilterExpression={"canonical": True})
index(BLOCKS, [("canonical", 1), ("height", 1)])
index(BLOCKS, [("burnHeight", 1), ("events", 1)])
index(EVENTS, [("block", 1), ("txIndex", 1), ("index", 1)])
index(EVENTS, [("txid", 1)])
index(EVENTS, [("fields.stream-id", 1), ("height", 1), ("txIndex", 1), ("index", 1)])
index(IMAGES, [("height", 1)])

_ID = "head"
_NEVER_QUIET = -1
_NO_FLOOR = -1
"""No block is final."""

UNFINAL_BURN_BLOCKS = 12
"""Headers stay linked and documents' before-images are kept for this many Bitcoin blocks below the highest that the
head has reached; older ones are final."""


def final_up_to(highest_burn: int) -> int:
    """Return the Bitcoin height up to which blocks are final where the chain has come to `highest_burn`."""
    return highest_burn - UNFINAL_BURN_BLOCKS - 1


class HeadMoved(Conflict):
    """Somebody else moved the ledger's head first: read it again and decide anew."""

    code = "ledger_head_moved"


class OtherLedger(BitPayError):
    """The database belongs to another deployment of the contracts."""

    code = "other_ledger"


class NoImages(BitPayError):
    """Blocks to be undone are final here: their before-images are gone."""

    code = "no_before_images"


class Rooms(Protocol):
    """The rooms' log, as the ledger writes it inside its own transactions."""

    async def append(self, entries: Sequence[Document], session: AsyncClientSession) -> None:
        """Append entries with `room`, `event`, `data` and `block`."""

    async def retract(self, blocks: Sequence[str], session: AsyncClientSession) -> None:
        """Say of everything said because of these blocks that it no longer holds."""

    async def begin_epoch(self, session: AsyncClientSession) -> None:
        """Make every client reload."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last block applied (hash "" before the first). `nonce` counts changes of the head.

    `highest_burn` is the highest Bitcoin height that the head ever had: no rollback lowers it.
    """

    hash: str
    height: int
    time: int
    burn_height: int
    nonce: int
    highest_burn: int = 0

    @property
    def empty(self) -> bool:
        """Whether no block is applied."""
        return not self.hash


class Book:
    """Reads and writes the books of one database for one deployment of the contracts."""

    def __init__(self, database: Database, projections: Sequence[Projection], rooms: Rooms) -> None:
        self.database = database
        self.alerts = Alerts(database)
        self._projections = tuple(projections)
        self._rooms = rooms
        self._head = database[HEAD]
        self._blocks = database[BLOCKS]
        self._events = database[EVENTS]
        self._images = database[IMAGES]

    async def open(self, deployer: str, start_height: int) -> Head:
        """Return the head, made if the database is new. Raises OtherLedger where the books are another deployment's."""
        fresh = {"hash": "", "height": start_height - 1, "time": 0, "burnHeight": 0, "nonce": 0}
        bounds = {"highestBurn": 0, "imageFloor": start_height - 1}
        root = {"deployer": deployer, "startHeight": start_height}
        await self._head.update_one({"_id": _ID}, {"$setOnInsert": fresh | bounds | root}, upsert=True)
        row = await self._head.find_one({"_id": _ID}) or {}
        check_root(row, deployer, start_height)
        return head_of(row)

    async def be_quiet_until(self, burn_height: int) -> None:
        """Let no message of blocks up to this Bitcoin height leave the house: it left before these books began."""
        await self._head.update_one({"_id": _ID}, {"$set": {"quietUntil": burn_height}})

    async def head(self) -> Head:
        """Return the head as it is now. Raises NotFound where `open` never was called."""
        row = await self._head.find_one({"_id": _ID})
        if row is None:
            raise NotFound("This database has no ledger yet.")
        return head_of(row)

    async def block(self, block_hash: str) -> BlockHeader | None:
        """Return the header of a block on our chain, or None when it is not (or no longer) there."""
        row = await self._blocks.find_one({"_id": block_hash, "canonical": True})
        return header_of(row) if row else None

    async def block_at(self, height: int) -> BlockHeader | None:
        """Return the header of our chain's block at a height, or None where we keep none."""
        row = await self._blocks.find_one({"height": height, "canonical": True})
        return header_of(row) if row else None

    async def image_floor(self) -> int:
        """Return the Stacks height down to which blocks can be undone: no before-images are kept at or below it."""
        return await floor_of(self.database)

    async def apply(
        self, head: Head, run: Sequence[DecodedBlock], *, final_burn: int, session: AsyncClientSession | None = None
    ) -> Head:
        """Apply consecutive blocks on top of `head` in one transaction and return the new head.

        Blocks at or below the Bitcoin height `final_burn` are final: no before-images, no messages to rooms (whoever
        looks reloads), and blocks between them in which nothing of ours happened may be left out.
        Raises HeadMoved when `head` is not the head, and ValueError when the blocks do not link.
        """
        _check_links(head, run, final_burn)
        last = run[-1].header
        highest = max(head.highest_burn, last.burn_height)
        moved = Head(last.hash, last.height, last.time, last.burn_height, head.nonce + 1, highest)
        floor = max((block.header.height for block in run if block.header.burn_height <= final_burn), default=None)

        async def work(session: AsyncClientSession) -> None:
            before = await self._move(head, moved, session, floor=floor)
            quiet = int(before.get("quietUntil", _NEVER_QUIET))
            applies = await self._write_blocks(run, session)
            await self._write_events(run, applies, session)
            folded = await self._fold(run, final_burn, session)
            await self._write_documents(folded.changed, session)
            await self._write_images(folded, session)
            await self._say(folded, applies, final_burn, quiet, session)
            if any(block.events and block.header.burn_height <= final_burn for block in run):
                await self._rooms.begin_epoch(session)
            await self.alerts.record([problem for block in run for problem in block.problems], session)

        await transaction(self.database.client, work, session=session)
        return moved

    async def rollback(
        self, head: Head, target: BlockHeader | None, *, session: AsyncClientSession | None = None
    ) -> Head:
        """Undo every block above `target` (None: all of them) in one transaction and return the new head.

        Raises HeadMoved when `head` is not the head, NoImages when a block to undo is final.
        """
        moved = await self._rolled_back_head(head, target)

        async def work(session: AsyncClientSession) -> None:
            before = await self._move(head, moved, session)
            if moved.height < before["imageFloor"]:
                raise NoImages("Blocks that are to be undone are final here.", above=moved.height)
            blocks = await self._unmark(moved.height, session)
            await self._restore(moved.height, session)
            await self._rooms.retract(blocks, session)
            await outbox.retract(self.database, blocks, session)

        await transaction(self.database.client, work, session=session)
        return moved

    async def touch(self, head: Head, session: AsyncClientSession) -> Head:
        """Make sure, in the transaction of `session`, that `head` is the head, and return it as it is then.

        Raises HeadMoved.
        """
        touched = replace(head, nonce=head.nonce + 1)
        await self._move(head, touched, session)
        return touched

    async def begin_epoch(self, session: AsyncClientSession) -> None:
        """Make whoever looks at documents reload: they were changed as a whole."""
        await self._rooms.begin_epoch(session)

    async def prune(self, head: Head) -> None:
        """Forget before-images of final blocks, and but for the newest those in which nothing of ours happened.

        The floor rises first: from then on nobody looks for what is about to go. Does nothing where `head` has moved.
        """
        final = {"burnHeight": {"$lte": final_up_to(head.highest_burn)}}
        newest = await self._blocks.find_one({"canonical": True, **final}, {"height": 1}, sort=[("height", -1)])
        if newest is None:
            return
        here, floor = {"_id": _ID, "nonce": head.nonce}, {"$max": {"imageFloor": newest["height"]}}
        row = await self._head.find_one_and_update(here, floor, return_document=ReturnDocument.AFTER)
        if row is not None:
            await self._images.delete_many({"height": {"$lte": row["imageFloor"]}})
            await self._blocks.delete_many({**final, "events": 0, "_id": {"$nin": [head.hash, newest["_id"]]}})

    async def _move(
        self, head: Head, moved: Head, session: AsyncClientSession, *, floor: int | None = None
    ) -> Mapping[str, Any]:
        """Move the head, raise the floor of the before-images if need be, and return the head's document before."""
        fields = {
            "hash": moved.hash,
            "height": moved.height,
            "time": moved.time,
            "burnHeight": moved.burn_height,
            "nonce": moved.nonce,
            "highestBurn": moved.highest_burn,
        }
        here = {"_id": _ID, "nonce": head.nonce}
        change = {"$set": fields} if floor is None else {"$set": fields, "$max": {"imageFloor": floor}}
        row = await self._head.find_one_and_update(here, change, session=session)
        if row is None:
            raise HeadMoved("The ledger's head moved.")
        return row

    async def _write_blocks(self, run: Sequence[DecodedBlock], session: AsyncClientSession) -> dict[str, int]:
        """Write the headers and return how often each block, now included, has been applied."""
        hashes = [block.header.hash for block in run]
        known = self._blocks.find({"_id": {"$in": hashes}}, {"applies": 1}, session=session)
        applies = dict.fromkeys(hashes, 1) | {row["_id"]: row["applies"] + 1 async for row in known}
        rows = [_block_document(block, applies[block.header.hash]) for block in run]
        writes = [
            InsertOne(row) if row["applies"] == 1 else ReplaceOne({"_id": row["_id"]}, row, upsert=True) for row in rows
        ]
        await self._blocks.bulk_write(writes, session=session)
        return applies

    async def _write_events(
        self, run: Sequence[DecodedBlock], applies: dict[str, int], session: AsyncClientSession
    ) -> None:
        if again := [block_hash for block_hash, times in applies.items() if times > 1]:
            await self._events.delete_many({"block": {"$in": again}}, session=session)
        if rows := [event_document(event) for block in run for event in block.events]:
            await self._events.insert_many(rows, session=session)

    async def _fold(self, run: Sequence[DecodedBlock], final_burn: int, session: AsyncClientSession) -> Folded:
        events = [event for block in run for event in block.events]
        documents: dict[str, Documents] = {}
        for projection in self._projections:
            keys = keys_of(projection, events)
            documents[projection.collection] = await self._read(projection.collection, keys, session) if keys else {}
        return fold(self._projections, documents, run, keep_image=lambda block: block.header.burn_height > final_burn)

    async def _read(self, name: str, keys: Sequence[Key], session: AsyncClientSession) -> Documents:
        cursor = self.database[name].find({"_id": {"$in": list(keys)}}, session=session)
        return {row["_id"]: row async for row in cursor}

    async def _write_documents(self, changed: dict[str, Documents], session: AsyncClientSession) -> None:
        for name, documents in changed.items():
            if writes := [write_of(key, document) for key, document in documents.items()]:
                await self.database[name].bulk_write(writes, ordered=False, session=session)

    async def _write_images(self, folded: Folded, session: AsyncClientSession) -> None:
        rows = [image_document(*image) for image in folded.images]
        if rows:
            await self._images.insert_many(rows, session=session)

    async def _say(
        self, folded: Folded, applies: dict[str, int], final_burn: int, quiet: int, session: AsyncClientSession
    ) -> None:
        entries: list[Document] = []
        rows: list[outbox.Row] = []
        alike: Counter[tuple[str, str]] = Counter()
        for number, (event, message) in enumerate(folded.messages):
            told = message.rooms if event.block.burn_height > final_burn else ()
            if not told and not message.kinds:
                continue
            data = dict(storable_fields(message.data))
            common = {"event": message.event, "data": data, "block": event.block.hash}
            entries += [{"room": room, **common} for room in told]
            if message.kinds and event.block.burn_height > quiet:
                name = f"{event.id}:{message.event}:{alike[event.id, message.event]}:{applies[event.block.hash]}"
                alike[event.id, message.event] += 1
                rows += _outbox_rows(name, event, message, data, number)
        await self._rooms.append(entries, session)
        await outbox.add(self.database, rows, session)

    async def _rolled_back_head(self, head: Head, target: BlockHeader | None) -> Head:
        if target is not None:
            at = (target.hash, target.height, target.time, target.burn_height)
            return Head(*at, head.nonce + 1, head.highest_burn)
        row = await self._head.find_one({"_id": _ID}) or {}
        return Head("", int(row["startHeight"]) - 1, 0, 0, head.nonce + 1, head.highest_burn)

    async def _unmark(self, height: int, session: AsyncClientSession) -> list[str]:
        query = {"canonical": True, "height": {"$gt": height}}
        rows = [row async for row in self._blocks.find(query, {"_id": 1}, session=session)]
        await self._blocks.update_many(query, {"$set": {"canonical": False}}, session=session)
        return [row["_id"] for row in rows]

    async def _restore(self, height: int, session: AsyncClientSession) -> None:
        """Put back, for every document changed above `height`, what it was before the first of those changes."""
        query = {"height": {"$gt": height}}
        oldest: dict[str, dict[Key, Document | None]] = {}
        async for row in self._images.find(query, session=session).sort("height", -1):
            oldest.setdefault(row["collection"], {})[row["key"]] = row["before"]
        await self._write_documents(oldest, session)
        await self._images.delete_many(query, session=session)


def image_document(block: DecodedBlock, name: str, key: Key, before: Document | None) -> Document:
    """Return a before-image as it is stored: what the document was before the block."""
    return {
        "height": block.header.height,
        "burnHeight": block.header.burn_height,
        "collection": name,
        "key": key,
        "before": None if before is None else dict(storable_fields(before)),
    }


def _outbox_rows(name: str, event: LedgerEvent, message: Message, data: Document, number: int) -> Iterator[outbox.Row]:
    for kind in message.kinds:
        yield outbox.Row(
            id=f"{name}:{kind}",
            kind=kind,
            event=message.event,
            data=data,
            block=event.block.hash,
            burn_height=event.block.burn_height,
            order=f"{event.order}:{number:06}",
        )


def write_of(key: Key, document: Document | None) -> DeleteOne | ReplaceOne[Document]:
    """Return what writes a document as a fold left it; None: there is none."""
    if document is None:
        return DeleteOne({"_id": key})
    return ReplaceOne({"_id": key}, {**storable_fields(document), "_id": key}, upsert=True)


def _check_links(head: Head, run: Sequence[DecodedBlock], final_burn: int) -> None:
    if not run:
        raise ValueError("a run has at least one block")
    parent, height = head.hash, head.height
    for block in run:
        header = block.header
        leaps = header.burn_height <= final_burn and header.height > height + 1
        if not leaps and ((parent and header.parent_hash != parent) or header.height != height + 1):
            raise ValueError(f"block {header.hash} at {header.height} does not follow {parent} at {height}")
        parent, height = header.hash, header.height


def _block_document(block: DecodedBlock, applies: int) -> dict[str, Any]:
    header = block.header
    return {
        "_id": header.hash,
        "height": header.height,
        "parent": header.parent_hash,
        "time": header.time,
        "burnHeight": header.burn_height,
        "burnHash": header.burn_hash,
        "burnTime": header.burn_time,
        "tenureHeight": header.tenure_height,
        "canonical": True,
        "applies": applies,
        "events": len(block.events),
    }


def check_root(row: Document, deployer: str, start_height: int) -> None:
    """Raise OtherLedger unless the document of `ledger_head` is of this deployment's books."""
    if (row.get("deployer"), row.get("startHeight")) != (deployer, start_height):
        raise OtherLedger(f"This database follows {row.get('deployer')} from block {row.get('startHeight')}.")


def header_of(row: Document) -> BlockHeader:
    """Return the header that a document of `blocks` holds."""
    return BlockHeader(
        height=row["height"],
        hash=row["_id"],
        parent_hash=row["parent"],
        time=row["time"],
        burn_height=row["burnHeight"],
        burn_hash=row["burnHash"],
        burn_time=row["burnTime"],
        tenure_height=row["tenureHeight"],
    )


def head_of(row: Document) -> Head:
    """Return the head that the document of `ledger_head` holds."""
    highest = row["highestBurn" if "highestBurn" in row else "burnHeight"]  # it may be looked at before it is migrated
    return Head(row["hash"], row["height"], row["time"], row["burnHeight"], row["nonce"], highest)


def floor_in(row: Mapping[str, Any]) -> int:
    """Return the floor that the document of `ledger_head` holds: the Stacks height up to which blocks are final."""
    return int(row.get("imageFloor", _NO_FLOOR))


async def floor_of(database: Database) -> int:
    """Return the Stacks height up to which this database's blocks are final, their before-images gone."""
    return floor_in(await database[HEAD].find_one({"_id": _ID}, {"imageFloor": 1}) or {})


@migration(1, "how far back blocks can be undone stands in one place")
async def _note_bounds(database: Database) -> None:
    head = await database[HEAD].find_one({"_id": _ID})
    if head is not None and "imageFloor" not in head:
        top = await database[BLOCKS].find_one({}, {"burnHeight": 1}, sort=[("burnHeight", -1)])
        highest = top["burnHeight"] if top else 0
        # Images of these blocks were never made, or may have been forgotten since.
        gone = [{"imaged": False}, {"burnHeight": {"$lt": highest - UNFINAL_BURN_BLOCKS}}]
        newest = await database[BLOCKS].find_one({"canonical": True, "$or": gone}, sort=[("height", -1)])
        floor = newest["height"] if newest else head["startHeight"] - 1
        unnoted = {"_id": _ID, "imageFloor": {"$exists": False}}  # another process may have been faster, and gone on
        await database[HEAD].update_one(unnoted, {"$set": {"highestBurn": highest, "imageFloor": floor}})
    with patiently():
        await database[BLOCKS].update_many({"imaged": {"$exists": True}}, {"$unset": {"imaged": ""}})
