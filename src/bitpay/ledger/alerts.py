"""What a person must look at: raised once per cause, counted when it comes again, closed when it is over."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog
from pymongo import UpdateOne
from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.ledger.events import Problem
from bitpay.store import Database, Document, Kind, collection, index

ALERTS = collection("alerts", Kind.CHAINS)
index(ALERTS, [("open", 1), ("lastAt", -1)])

_log = structlog.get_logger(__name__)


class Alerts:
    """The alerts of one database."""

    def __init__(self, database: Database) -> None:
        self._alerts = database[ALERTS]

    async def record(self, problems: Sequence[Problem], session: AsyncClientSession | None = None) -> None:
        """Raise an alert for each problem, in the transaction of `session` where there is one."""
        if problems:
            await self._alerts.bulk_write([_upsert(problem) for problem in problems], session=session)
        for problem in problems:
            _log.error(problem.kind, message=problem.message, **problem.details)

    async def raise_once(self, kind: str, message: str, **details: Any) -> None:  # noqa: ANN401 - any JSON value
        """Raise the one alert of this kind."""
        await self.record([Problem(kind, kind, message, details)])

    async def close(self, *ids: str) -> int:
        """Say that what raised these alerts is over, and return how many of them were open."""
        query = {"_id": {"$in": ids}, "open": True}
        return (await self._alerts.update_many(query, {"$set": {"open": False}})).modified_count

    async def open_among(self, ids: Sequence[str]) -> set[str]:
        """Return which of these alerts are open."""
        query = {"_id": {"$in": list(ids)}, "open": True}
        return {row["_id"] async for row in self._alerts.find(query, {"_id": 1})}

    async def find(self, alert: str) -> Document | None:
        """Return an alert while it is open."""
        return await self._alerts.find_one({"_id": alert, "open": True})

    async def open(self) -> list[Document]:
        """Return the alerts that nobody has closed, newest first."""
        return [row async for row in self._alerts.find({"open": True}).sort("lastAt", -1).limit(100)]


def _upsert(problem: Problem) -> UpdateOne:
    now = datetime.now(UTC)
    fields = {"kind": problem.kind, "message": problem.message, "details": problem.details, "open": True, "lastAt": now}
    return UpdateOne(
        {"_id": problem.id}, {"$set": fields, "$setOnInsert": {"firstAt": now}, "$inc": {"count": 1}}, upsert=True
    )
