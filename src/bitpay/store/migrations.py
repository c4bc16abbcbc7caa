"""Numbered steps that bring an older database to the shape that this code expects."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bitpay.kit.errors import BitPayError
from bitpay.store.connection import Database
from bitpay.store.indexes import collection

Step = Callable[[Database], Awaitable[None]]

MIGRATIONS = collection("migrations")
_STEPS: dict[int, tuple[str, Step]] = {}


class DatabaseTooNew(BitPayError):
    """The database was migrated by newer code than this."""

    code = "database_too_new"


def migration(version: int, why: str) -> Callable[[Step], Step]:
    """Register the step to `version` (1, 2, 3 ...). A step must be safe to run again after it was interrupted."""

    def register(step: Step) -> Step:
        if version in _STEPS:
            raise ValueError(f"two migrations are numbered {version}")
        _STEPS[version] = (why, step)
        return step

    return register


def known_version() -> int:
    """Return the version to which this code brings a database."""
    return max(_STEPS, default=0)


async def migrate(database: Database) -> int:
    """Run the steps that this database has not seen, in order, and return its version afterwards.

    Raises DatabaseTooNew when the database has seen steps that this code does not know.
    """
    done = {row["_id"] async for row in database[MIGRATIONS].find({}, {"_id": 1})}
    if unknown := sorted(done - _STEPS.keys()):
        raise DatabaseTooNew(f"This database is at version {unknown[-1]}; start a newer BitPay.", versions=unknown)
    for version, (why, step) in sorted(_STEPS.items()):
        if version not in done:
            await step(database)
            row = {"why": why, "at": datetime.now(UTC)}
            await database[MIGRATIONS].update_one({"_id": version}, {"$setOnInsert": row}, upsert=True)
    return known_version()
