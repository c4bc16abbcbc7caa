"""Documents from nothing: the fold of all canonical events, to compare with what we have or to put in its place."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.kit.errors import NotFound
from bitpay.ledger.book import BLOCKS, EVENTS, HEAD, IMAGES, Book, Head, head_of, header_of, image_document, write_of
from bitpay.ledger.events import DecodedBlock, event_from
from bitpay.ledger.fold import Documents, fold, keys_of
from bitpay.ledger.projection import Key, LedgerEvent, Projection, silent
from bitpay.stacks.model import BlockHeader
from bitpay.store import Database, Document, Kind, collection, create_indexes_as, transaction

VERSIONS = collection("ledger_projections", Kind.CHAINS)

_MARK = "__replay_"
_LEFT_OVER = timedelta(days=1)
"""Older collections beside the real ones were left by a replay that was killed."""
_BLOCKS_AT_ONCE = 200
MAX_DIFFERENCES = 1_000
"""So many are looked for; who finds them all wrong need not see each."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A document that is not the fold of its events: as it is, and as it should be (None: not there)."""

    collection: str
    key: Key
    found: Document | None
    folded: Document | None

    @property
    def fields(self) -> list[str]:
        """The names of the fields that differ."""
        found, folded = self.found or {}, self.folded or {}
        return sorted(name for name in found.keys() | folded.keys() if found.get(name) != folded.get(name))


@dataclass(slots=True)
class Progress:
    """How far a replay has come: the last block folded, and the head at which there was nothing more to fold."""

    last: BlockHeader | None = None
    head: Head | None = None
    blocks: int = 0
    events: int = 0
    images: list[Document] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Portion:
    """Some blocks of our chain in which something of ours happened. `unfinal` are the hashes of those with images."""

    head: Head
    blocks: tuple[DecodedBlock, ...]
    unfinal: frozenset[str]


async def portion_after(database: Database, last: BlockHeader | None) -> Portion | None:
    """Return the canonical blocks that follow `last`, as they are at one moment; None when `last` left the chain."""
    async with database.client.start_session(snapshot=True) as session:
        head = await database[HEAD].find_one({}, session=session)
        if head is None:
            raise NotFound("This database has no ledger yet.")
        if last is not None:
            query = {"_id": last.hash, "canonical": True}
            if await database[BLOCKS].find_one(query, {"_id": 1}, session=session) is None:
                return None
        query = {"canonical": True, "height": {"$gt": last.height if last else -1}, "events": {"$gt": 0}}
        cursor = database[BLOCKS].find(query, session=session).sort("height", 1).limit(_BLOCKS_AT_ONCE)
        rows = [row async for row in cursor]
        headers = {row["_id"]: header_of(row) for row in rows}
        events = await _events_of(database, headers, session)
    blocks = tuple(DecodedBlock(header, tuple(events[block_hash])) for block_hash, header in headers.items())
    return Portion(head_of(head), blocks, frozenset(row["_id"] for row in rows if row["imaged"]))


async def _events_of(
    database: Database, headers: Mapping[str, BlockHeader], session: AsyncClientSession
) -> dict[str, list[LedgerEvent]]:
    events: dict[str, list[LedgerEvent]] = {block_hash: [] for block_hash in headers}
    found = database[EVENTS].find({"block": {"$in": list(headers)}}, session=session)
    async for row in found.sort([("height", 1), ("txIndex", 1), ("index", 1)]):
        events[row["block"]].append(event_from(row, headers[row["block"]]))
    return events


def _unheard(_: Progress) -> None:
    """Hear of progress and do nothing."""


class Replay:
    """Folds every canonical event into collections beside the real ones, its own in every replay.

    `tell` hears of the progress after every portion of blocks.
    """

    def __init__(
        self, database: Database, projections: Sequence[Projection], *, tell: Callable[[Progress], None] = _unheard
    ) -> None:
        self._database = database
        self._suffix = f"{_MARK}{ObjectId()}"
        self._tell = tell
        # Nothing is said: whoever heard it the first time need not hear it again.
        self._projections = [silent(one) for one in projections]

    async def verify(self) -> list[Difference]:
        """Return the documents that differ from the fold of their events, at one moment of the database."""
        progress = await self._begin()
        try:
            while True:
                progress = await self._go_on(progress)
                async with self._database.client.start_session(snapshot=True) as session:
                    head = head_of(await self._database[HEAD].find_one({}, session=session) or {})
                    if head == progress.head:
                        return [difference async for difference in self._differences(session)]
        finally:
            await self._drop()

    async def replace(self, book: Book) -> Progress:
        """Put the fold of all events in the place of the documents. Call it while nobody else writes.

        Raises HeadMoved when somebody does. An interruption leaves documents that are right, or outdated as before.
        """
        progress = await self._go_on(await self._begin())
        await self._replace_images(book, progress)
        for projection in self._projections:
            name = projection.collection
            await self._database[name + self._suffix].rename(name, dropTarget=True)
        await transaction(self._database.client, book.begin_epoch)  # no message told what changed
        await record_versions(self._database, self._projections)
        return progress

    async def _begin(self) -> Progress:
        await self._drop()
        await self._sweep()
        for projection in self._projections:
            await create_indexes_as(self._database, projection.collection, projection.collection + self._suffix)
        return Progress()

    async def _go_on(self, progress: Progress) -> Progress:
        """Fold until nothing is left; from the beginning where the chain left what was folded."""
        while True:
            portion = await portion_after(self._database, progress.last)
            if portion is None:
                progress = await self._begin()
            elif portion.blocks:
                await self._fold(portion, progress)
                self._tell(progress)
            else:
                return replace(progress, head=portion.head)

    async def _fold(self, portion: Portion, progress: Progress) -> None:
        events = [event for block in portion.blocks for event in block.events]
        documents = {
            projection.collection: await self._read(projection, keys_of(projection, events))
            for projection in self._projections
        }
        folded = fold(
            self._projections, documents, portion.blocks, keep_image=lambda block: block.header.hash in portion.unfinal
        )
        for name, changed in folded.changed.items():
            if writes := [write_of(key, document) for key, document in changed.items()]:
                await self._database[name + self._suffix].bulk_write(writes, ordered=False)
        progress.images += [image_document(*image) for image in folded.images]
        progress.last = portion.blocks[-1].header
        progress.blocks += len(portion.blocks)
        progress.events += len(events)

    async def _read(self, projection: Projection, keys: Sequence[Key]) -> Documents:
        rows = self._database[projection.collection + self._suffix].find({"_id": {"$in": list(keys)}})
        return {row["_id"]: row async for row in rows}

    async def _replace_images(self, book: Book, progress: Progress) -> None:
        names = [projection.collection for projection in self._projections]

        async def work(session: AsyncClientSession) -> None:
            await book.touch(progress.head or await book.head(), session)
            await self._database[IMAGES].delete_many({"collection": {"$in": names}}, session=session)
            if progress.images:
                await self._database[IMAGES].insert_many(progress.images, session=session)

        await transaction(self._database.client, work)

    async def _differences(self, session: AsyncClientSession) -> AsyncIterator[Difference]:
        count = 0
        for projection in self._projections:
            name = projection.collection
            found = self._database[name].find(session=session).sort("_id", 1)
            folded = self._database[name + self._suffix].find(session=session).sort("_id", 1)
            async for difference in _merged(name, found, folded):
                yield difference
                count += 1
                if count == MAX_DIFFERENCES:
                    return

    async def _drop(self) -> None:
        for projection in self._projections:
            await self._database.drop_collection(projection.collection + self._suffix)

    async def _sweep(self) -> None:
        """Drop what replays that were killed have left."""
        for name in await self._database.list_collection_names():
            _, mark, made = name.rpartition(_MARK)
            if mark and datetime.now(UTC) - ObjectId(made).generation_time > _LEFT_OVER:
                await self._database.drop_collection(name)


async def _merged(
    name: str, found: AsyncIterator[Mapping[str, Any]], folded: AsyncIterator[Mapping[str, Any]]
) -> AsyncIterator[Difference]:
    """Walk two cursors in the order of `_id` side by side."""
    left, right = await anext(found, None), await anext(folded, None)
    while left is not None or right is not None:
        if right is None or (left is not None and _order(left) < _order(right)):
            yield Difference(name, (left or {})["_id"], dict(left or {}), None)
            left = await anext(found, None)
        elif left is None or _order(right) < _order(left):
            yield Difference(name, right["_id"], None, dict(right))
            right = await anext(folded, None)
        else:
            if left != right:
                yield Difference(name, left["_id"], dict(left), dict(right))
            left, right = await anext(found, None), await anext(folded, None)


def _order(row: Mapping[str, Any]) -> tuple[bool, Any]:
    """Sort numbers before texts, as MongoDB does."""
    return isinstance(row["_id"], str), row["_id"]


async def order(database: Database, projections: Sequence[Projection]) -> None:
    """Have the documents of these projections folded anew by whoever follows, before the next block is applied."""
    names = [projection.collection for projection in projections]

    async def work(session: AsyncClientSession) -> None:
        await database[VERSIONS].delete_many({"_id": {"$in": names}}, session=session)
        # Whoever stands at the head must begin again, and finds the order then.
        await database[HEAD].update_one({}, {"$inc": {"nonce": 1}}, session=session)

    await transaction(database.client, work)


async def record_versions(database: Database, projections: Sequence[Projection]) -> None:
    """Note that the documents of these projections are folded by their present code."""
    for projection in projections:
        version = {"$set": {"version": projection.version}}
        await database[VERSIONS].update_one({"_id": projection.collection}, version, upsert=True)


async def folded_by_others(database: Database, projections: Sequence[Projection]) -> list[str]:
    """Return the collections whose documents were folded by another version of the code; not those that never were."""
    versions = {one.collection: one.version for one in projections}
    rows = database[VERSIONS].find({"_id": {"$in": list(versions)}})
    return [row["_id"] async for row in rows if row["version"] != versions[row["_id"]]]


async def outdated(database: Database, projections: Sequence[Projection]) -> list[Projection]:
    """Return the projections whose documents were folded by another version of their code, or never."""
    versions = {row["_id"]: row["version"] async for row in database[VERSIONS].find()}
    return [projection for projection in projections if versions.get(projection.collection) != projection.version]
