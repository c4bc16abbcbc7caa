"""Putting an archive's collections in the place of a database's: aside first, then renamed one by one.

Until everything lies aside and was counted, the database stays as it was. From then on a mark in it says which archive
is being put in place, nobody serves from it, and restoring the same archive goes on where it was interrupted.
"""

from collections.abc import Sequence

from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.kit.errors import Conflict
from bitpay.store.archive import Archive, Part, in_batches
from bitpay.store.connection import Database
from bitpay.store.indexes import Kind, collection, create_indexes_as

RESTORES = collection("restores", Kind.PASSING)

_ASIDE = "__restored"
_ID = "restore"


class HalfRestored(Conflict):
    """A restore was interrupted after it had begun to replace collections."""

    code = "half_restored"


async def check_whole(database: Database, session: AsyncClientSession | None = None) -> None:
    """Raise HalfRestored unless every restore of this database has ended."""
    mark = await database[RESTORES].find_one({"_id": _ID}, session=session)
    if mark is not None:
        raise HalfRestored(
            f"The restore of the backup {mark['archive'][:12]} was interrupted; run `bitpay restore` with it again."
        )


async def unfinished(database: Database) -> str | None:
    """Return the digest of the archive that is half in place, None where none is."""
    mark = await database[RESTORES].find_one({"_id": _ID})
    return None if mark is None else str(mark["archive"])


async def lay_aside(database: Database, archive: Archive) -> None:
    """Load every collection beside the real ones, and count it. Raises Conflict where the database took less."""
    for part in archive.parts:
        aside = part.name + _ASIDE
        await database.drop_collection(aside)
        async for batch in in_batches(archive.documents(part)):
            await database[aside].insert_many(batch)
        count = await database[aside].count_documents({})
        if count != part.documents:
            raise Conflict(f"Of {part.documents} documents of {part.name} the database holds {count}.")
        await create_indexes_as(database, part.name, aside)  # last: some of them make documents expire


async def put_in_place(database: Database, archive: Archive, kept: Sequence[str]) -> None:
    """Make the collections laid aside the real ones and drop every other, except `kept`."""
    await database[RESTORES].update_one({"_id": _ID}, {"$set": {"archive": archive.digest}}, upsert=True)
    present = set(await database.list_collection_names())
    for part in archive.parts:
        await _put(database, part, present)
    stays = {part.name for part in archive.parts} | {RESTORES, *kept}
    for name in await database.list_collection_names():
        if name not in stays and not name.startswith("system."):
            await database.drop_collection(name)


async def done(database: Database) -> None:
    """Take the mark away: the database can be served from."""
    await database[RESTORES].delete_one({"_id": _ID})


async def _put(database: Database, part: Part, present: set[str]) -> None:
    if part.name + _ASIDE in present:
        await database[part.name + _ASIDE].rename(part.name, dropTarget=True)
