"""Putting an archive's collections in the place of a database's: aside first, then renamed one by one.

Until everything lies aside and was counted, the database stays as it was. From then on a mark in it says which archive
is being put in place and what of it is, nobody serves from it, and restoring the same archive goes on where it was
interrupted. Names aside and the mark bear the archive's digest: nothing of another archive is ever taken for its own.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from bitpay.kit.errors import Conflict
from bitpay.store.archive import Archive, Part, in_batches
from bitpay.store.connection import Database, Document
from bitpay.store.indexes import Kind, collection, create_indexes_as

RESTORES = collection("restores", Kind.PASSING)

Check = Callable[[], Awaitable[None]]
"""Raises where the database is no longer ours to change."""

_ASIDE = re.compile(r"__restored(_[0-9a-f]+)?$")
_ID = "restore"


class HalfRestored(Conflict):
    """A restore is at work, or was interrupted after it had begun to replace collections."""

    code = "half_restored"


async def check_whole(database: Database, session: AsyncClientSession | None = None) -> None:
    """Raise HalfRestored unless every restore that replaced anything in this database has ended."""
    mark = await _mark(database, session)
    if mark is not None and _has_replaced(mark):
        raise HalfRestored(
            f"The restore of the backup {mark['archive'][:12]} was interrupted; run `bitpay restore` with it again."
        )


async def loader(database: Database) -> str | None:
    """Return who (a lease's owner) loads an archive or was killed while loading it, None where nobody."""
    mark = await _mark(database)
    return None if mark is None or mark.get("loading") is None else str(mark["loading"])


async def forget(database: Database, owner: str) -> None:
    """Clear up after a restore that ended while it loaded and had replaced nothing; other restores are left alone."""
    mark = {"_id": _ID, "loading": owner, "mixed": False}
    if (await database[RESTORES].delete_one(mark)).deleted_count:
        await _sweep(database)


async def is_begun(database: Database, archive: Archive) -> bool:
    """Tell whether this archive, and no other since, is half in place."""
    return _places(await _mark(database), archive)


async def lay_aside(database: Database, archive: Archive, owner: str) -> None:
    """Load every collection beside the real ones, marked as the work of `owner`. What others left there is dropped."""
    before = await _mark(database)
    mixed = before is not None and _has_replaced(before)
    mark = {"archive": archive.digest, "loading": owner, "mixed": mixed}
    await database[RESTORES].replace_one({"_id": _ID}, mark, upsert=True)
    try:
        await _sweep(database)
        for part in archive.parts:
            await _lay(database, archive, part)
    except BaseException:
        with suppress(PyMongoError):
            await forget(database, owner)
        raise


async def put_in_place(database: Database, archive: Archive, kept: Sequence[str], check: Check) -> None:
    """Make the collections laid aside the real ones and drop every other, except `kept`.

    `check` is asked before each step that cannot be undone.
    """
    await check()
    mark = await _mark(database)
    if mark is None or not _places(mark, archive):
        mark = {"archive": archive.digest, "placed": []}
        await database[RESTORES].replace_one({"_id": _ID}, mark, upsert=True)
    for part in archive.parts:
        if part.name not in mark.get("placed", ()):
            await _put(database, archive, part, check)
    stays = {part.name for part in archive.parts} | {RESTORES, *kept}
    for name in await database.list_collection_names():
        if name not in stays and not name.startswith("system."):
            await check()
            await database.drop_collection(name)


async def done(database: Database) -> None:
    """Take the mark away: the database can be served from."""
    await database[RESTORES].delete_one({"_id": _ID})


async def _mark(database: Database, session: AsyncClientSession | None = None) -> Document | None:
    return await database[RESTORES].find_one({"_id": _ID}, session=session)


def _has_replaced(mark: Document) -> bool:
    """Whether collections were replaced: by this restore, or by one that it took the place of."""
    return mark.get("loading") is None or bool(mark.get("mixed"))


def _places(mark: Document | None, archive: Archive) -> bool:
    return mark is not None and mark.get("loading") is None and mark["archive"] == archive.digest


def _aside(archive: Archive, part: Part) -> str:
    return f"{part.name}__restored_{archive.digest[:16]}"


async def _sweep(database: Database) -> None:
    for name in await database.list_collection_names():
        if _ASIDE.search(name):
            await database.drop_collection(name)


async def _lay(database: Database, archive: Archive, part: Part) -> None:
    aside = _aside(archive, part)
    await database.drop_collection(aside)
    # While it is empty an index costs nothing. Those that make documents expire come when all is in place and counted.
    await create_indexes_as(database, part.name, aside, expiring=False)
    count = 0
    async for batch in in_batches(archive.documents(part)):
        await database[aside].insert_many(batch)
        count += len(batch)
    if count != part.documents:
        raise Conflict(f"Of {part.documents} documents of {part.name} the archive gave {count}.")


async def _put(database: Database, archive: Archive, part: Part, check: Check) -> None:
    """Rename one part into its place. What is not there whole is loaded again, also where it was renamed unrecorded."""
    aside = _aside(archive, part)
    if await database[aside].count_documents({}) != part.documents or not await _exists(database, aside):
        await _lay(database, archive, part)
    await check()
    await database[aside].rename(part.name, dropTarget=True)
    await database[RESTORES].update_one({"_id": _ID}, {"$addToSet": {"placed": part.name}})


async def _exists(database: Database, name: str) -> bool:
    return name in await database.list_collection_names(filter={"name": name})
