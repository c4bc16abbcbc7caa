"""Documents from nothing: the fold of all canonical events, to compare with what we have or to put in its place."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bson import ObjectId
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.cursor import AsyncCursor
from pymongo.errors import OperationFailure, PyMongoError

from bitpay.kit.errors import NotFound
from bitpay.ledger.book import (
    BLOCKS,
    EVENTS,
    HEAD,
    IMAGES,
    Book,
    Head,
    HeadMoved,
    floor_in,
    head_of,
    header_of,
    image_document,
    write_of,
)
from bitpay.ledger.events import DecodedBlock, event_from
from bitpay.ledger.fold import Documents, fold, keys_of
from bitpay.ledger.portions import Portion
from bitpay.ledger.projection import Key, LedgerEvent, Projection, silent
from bitpay.stacks.model import BlockHeader
from bitpay.store import Database, Document, Kind, collection, create_indexes_as, transaction

VERSIONS = collection("ledger_projections", Kind.CHAINS)

_COMPARED, _REPLACING = "__verify_", "__replay_"
_BESIDE = re.compile(f"({_COMPARED}|{_REPLACING})([0-9a-f]{{24}})$")
_LEFT_OVER = timedelta(days=1)
"""Older collections beside the real ones were left by a comparison that was killed."""
_BLOCKS_AT_ONCE = 200
_IMAGES_AT_ONCE = 1_000
_NO_SUCH_COLLECTION = 26
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

    mark: str
    last: BlockHeader | None = None
    head: Head | None = None
    blocks: int = 0
    events: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some blocks of our chain in which something of ours happened. Those above the height `floor` have images."""

    head: Head
    blocks: tuple[DecodedBlock, ...]
    floor: int


Check = Callable[[], Awaitable[None]]
"""Raises where the documents are no longer ours to replace."""


async def _unasked() -> None:
    """Check nothing."""


async def stretch_after(database: Database, last: BlockHeader | None) -> Stretch | None:
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
    return Stretch(head_of(head), blocks, floor_in(head))


async def _events_of(
    database: Database, headers: Mapping[str, BlockHeader], session: AsyncClientSession
) -> dict[str, list[LedgerEvent]]:
    events: dict[str, list[LedgerEvent]] = {block_hash: [] for block_hash in headers}
    found = database[EVENTS].find({"block": {"$in": list(headers)}}, session=session)
    async for row in found.sort([("height", 1), ("txIndex", 1), ("index", 1)]):
        events[row["block"]].append(event_from(row, headers[row["block"]]))
    return events


def _beside(mark: str) -> str:
    """Return what the names of collections beside the real ones end with, never used before."""
    return f"{mark}{ObjectId()}"


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
        self._suffix = _beside(_COMPARED)
        self._tell = tell
        self._session: AsyncClientSession | None = None
        # Nothing is said: whoever heard it the first time need not hear it again.
        self._projections = [silent(one) for one in projections]
        self._names = [one.collection for one in projections]

    async def verify(self) -> list[Difference]:
        """Return the documents that differ from the fold of their events, at one moment of the database."""
        progress = await self._begin(_COMPARED)
        try:
            while True:
                progress = await self._go_on(progress)
                async with self._database.client.start_session(snapshot=True) as session:
                    head = head_of(await self._database[HEAD].find_one({}, session=session) or {})
                    if head == progress.head:
                        return [difference async for difference in self._differences(session)]
        finally:
            await self._drop()

    async def replace(
        self, book: Book, check: Check = _unasked, *, session: AsyncClientSession | None = None
    ) -> Progress:
        """Put the fold of all events in the place of the documents. Call it while nobody else writes.

        `check` is asked before each step that cannot be undone. Raises HeadMoved when somebody else writes all the
        same. From beginning to end the documents are marked as outdated: an interruption has whoever follows next fold
        them again before anything else. Whoever begins moves the head, and so ends what others began. All transactions
        are of `session`, if there is one.
        """
        self._session = session
        await book.prune(await book.head())
        head = await self._outdate(book, await book.head())
        try:
            progress = await self._go_on(await self._begin(_REPLACING))
            head = await self._replace_images(book, head)
            try:
                await self._replace_documents(book, head, check)
            except HeadMoved:
                await order(self._database, self._projections)
                raise
            return progress
        finally:
            with suppress(PyMongoError):
                await self._drop()

    async def _begin(self, mark: str) -> Progress:
        await self._sweep(mark)
        self._suffix = _beside(mark)
        for projection in self._projections:
            await create_indexes_as(self._database, projection.collection, projection.collection + self._suffix)
        return Progress(mark)

    async def _go_on(self, progress: Progress) -> Progress:
        """Fold until nothing is left; from the beginning where the chain left what was folded."""
        while True:
            stretch = await stretch_after(self._database, progress.last)
            if stretch is None:
                await self._drop()
                progress = await self._begin(progress.mark)
            elif stretch.blocks:
                await self._fold(stretch, progress)
                self._tell(progress)
            else:
                return replace(progress, head=stretch.head)

    async def _fold(self, stretch: Stretch, progress: Progress) -> None:
        events = [event for block in stretch.blocks for event in block.events]
        documents = {
            projection.collection: await self._read(projection, keys_of(projection, events))
            for projection in self._projections
        }
        floor = stretch.floor if progress.mark == _REPLACING else stretch.head.height
        folded = fold(
            self._projections, documents, stretch.blocks, keep_image=lambda block: block.header.height > floor
        )
        for name, changed in folded.changed.items():
            if writes := [write_of(key, document) for key, document in changed.items()]:
                await self._database[name + self._suffix].bulk_write(writes, ordered=False)
        if images := [image_document(*image) for image in folded.images]:
            await self._database[IMAGES + self._suffix].insert_many(images)
        progress.last = stretch.blocks[-1].header
        progress.blocks += len(stretch.blocks)
        progress.events += len(events)

    async def _read(self, projection: Projection, keys: Sequence[Key]) -> Documents:
        rows = self._database[projection.collection + self._suffix].find({"_id": {"$in": list(keys)}})
        return {row["_id"]: row async for row in rows}

    async def _outdate(self, book: Book, head: Head) -> Head:
        """Have the documents folded again by whoever comes after us, unless we come to our end."""

        async def work(session: AsyncClientSession) -> Head:
            await self._database[VERSIONS].delete_many({"_id": {"$in": self._names}}, session=session)
            return await book.touch(head, session)

        return await transaction(self._database.client, work, session=self._session)

    async def _replace_images(self, book: Book, head: Head) -> Head:
        """Replace the before-images in portions that a transaction holds, and return the head after the last."""
        images = self._database[IMAGES]

        async def forget(rows: list[Document], session: AsyncClientSession) -> None:
            await images.delete_many({"_id": {"$in": [row["_id"] for row in rows]}}, session=session)

        async def keep(rows: list[Document], session: AsyncClientSession) -> None:
            await images.insert_many(rows, session=session)

        old = images.find({"collection": {"$in": self._names}}, {"_id": 1}).sort("height", 1)
        head = await self._in_portions(book, head, old, forget)
        return await self._in_portions(book, head, self._database[IMAGES + self._suffix].find(), keep)

    async def _in_portions(
        self,
        book: Book,
        head: Head,
        found: AsyncCursor[Document],
        write: Callable[[list[Document], AsyncClientSession], Awaitable[None]],
    ) -> Head:
        size = Portion(_IMAGES_AT_ONCE)
        while rows := await found.to_list(_IMAGES_AT_ONCE):
            while rows:
                some = rows[: size.size]
                try:
                    head = await self._write(book, head, some, write)
                except OperationFailure as error:
                    size.shrink(error, len(some))
                else:
                    size.fits()
                    rows = rows[len(some) :]
        return head

    async def _write(
        self,
        book: Book,
        head: Head,
        rows: list[Document],
        write: Callable[[list[Document], AsyncClientSession], Awaitable[None]],
    ) -> Head:
        async def work(session: AsyncClientSession) -> Head:
            touched = await book.touch(head, session)
            await write(rows, session)
            return touched

        return await transaction(self._database.client, work, session=self._session)

    async def _replace_documents(self, book: Book, head: Head, check: Check) -> None:
        """Rename what lies aside into its place. Raises HeadMoved where somebody else wrote meanwhile."""
        for name in self._names:
            await check()
            if await book.head() != head:
                raise HeadMoved("The ledger went on while its documents were folded anew.")
            try:
                await self._database[name + self._suffix].rename(name, dropTarget=True)
            except OperationFailure as error:
                if error.code != _NO_SUCH_COLLECTION:
                    raise
                raise HeadMoved("Somebody else folds the documents anew.") from error

        async def work(session: AsyncClientSession) -> None:
            await book.touch(head, session)
            await book.begin_epoch(session)  # no message told what changed
            await record_versions(self._database, self._projections, session)

        await transaction(self._database.client, work, session=self._session)

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
        for name in (IMAGES, *self._names):
            await self._database.drop_collection(name + self._suffix)

    async def _sweep(self, mark: str) -> None:
        """Drop what others have left. Who replaces is alone: what another meant to put in place never gets there."""
        for name in await self._database.list_collection_names():
            if found := _BESIDE.search(name):
                old = datetime.now(UTC) - ObjectId(found[2]).generation_time > _LEFT_OVER
                if old or mark == found[1] == _REPLACING:
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


async def record_versions(
    database: Database, projections: Sequence[Projection], session: AsyncClientSession | None = None
) -> None:
    """Note that the documents of these projections are folded by their present code."""
    for projection in projections:
        version = {"$set": {"version": projection.version}}
        await database[VERSIONS].update_one({"_id": projection.collection}, version, upsert=True, session=session)


async def forget_versions(database: Database, *, but: Sequence[Projection]) -> None:
    """Note that documents of other projections than these are not folded on: they miss what is applied from now on."""
    await database[VERSIONS].delete_many({"_id": {"$nin": [projection.collection for projection in but]}})


async def folded_by_others(database: Database, projections: Sequence[Projection]) -> list[str]:
    """Return the collections whose documents were folded by another version of the code; not those that never were."""
    versions = {one.collection: one.version for one in projections}
    rows = database[VERSIONS].find({"_id": {"$in": list(versions)}})
    return [row["_id"] async for row in rows if row["version"] != versions[row["_id"]]]


async def outdated(database: Database, projections: Sequence[Projection]) -> list[Projection]:
    """Return the projections whose documents were folded by another version of their code, or never."""
    versions = {row["_id"]: row["version"] async for row in database[VERSIONS].find()}
    return [projection for projection in projections if versions.get(projection.collection) != projection.version]
