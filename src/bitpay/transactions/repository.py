"""Every query on relayed transactions, with its index."""

from datetime import datetime, timedelta

from pymongo import ReturnDocument

from bitpay.store import Database, Document, collection, index
from bitpay.transactions.models import Outcome, Status, next_look

TRANSACTIONS = collection("transactions")

index(TRANSACTIONS, [("nextLookAt", 1)])
index(TRANSACTIONS, [("status", 1), ("nextLookAt", 1)])

_LEASE = timedelta(seconds=30)
_RECHECK = timedelta(seconds=30)


class TransactionRepository:
    """Relayed transactions of one database. Several processes may follow them: each look is leased."""

    def __init__(self, database: Database) -> None:
        self._transactions = database[TRANSACTIONS]

    async def add(self, document: Document) -> Document:
        """Store a transaction unless it is known, and return it as stored."""
        stored = await self._transactions.find_one_and_update(
            {"_id": document["_id"]}, {"$setOnInsert": document}, upsert=True, return_document=ReturnDocument.AFTER
        )
        return stored or document

    async def get(self, txid: str) -> Document | None:
        """Return a transaction by its id, or None."""
        return await self._transactions.find_one({"_id": txid})

    async def remove(self, txid: str) -> None:
        """Forget a transaction that the network refused."""
        await self._transactions.delete_one({"_id": txid, "sent": False})

    async def mark_sent(self, txid: str) -> None:
        """Note that the network took it."""
        await self._transactions.update_one({"_id": txid}, {"$set": {"sent": True}})

    async def mark_refused(self, txid: str, now: datetime) -> datetime:
        """Note that the network refuses it for its nonce, and return since when it does."""
        since = [{"$set": {"refusedAt": {"$ifNull": ["$refusedAt", now]}}}]
        row = await self._transactions.find_one_and_update({"_id": txid}, since, return_document=ReturnDocument.AFTER)
        return row["refusedAt"] if row else now

    async def take_due(self, now: datetime) -> Document | None:
        """Lease the transaction that has waited longest to be looked at."""
        return await self._transactions.find_one_and_update(
            {"nextLookAt": {"$lte": now}}, {"$set": {"nextLookAt": now + _LEASE}}, sort=[("nextLookAt", 1)]
        )

    async def expedite(self, now: datetime) -> None:
        """Make every pending transaction due: a block has come."""
        due = {"status": Status.PENDING, "nextLookAt": {"$gt": now}}
        await self._transactions.update_many(due, {"$set": {"nextLookAt": now}})

    async def postpone(self, document: Document, now: datetime) -> None:
        """Look again later."""
        looks = document["looks"] + 1
        await self._transactions.update_one(
            {"_id": document["_id"]}, {"$set": {"looks": looks, "nextLookAt": next_look(looks, now)}}
        )

    async def settle(self, txid: str, outcome: Outcome, now: datetime, *, final: bool) -> None:
        """Note how it stands; one that is not final is looked at again, for its block may leave the chain."""
        fields = {
            "status": outcome.status,
            "reason": outcome.reason,
            "block": outcome.block,
            "updatedAt": now,
            "nextLookAt": None if final else now + _RECHECK,
        }
        await self._transactions.update_one({"_id": txid}, {"$set": fields})

    async def next_due(self) -> datetime | None:
        """Return when the next look is due, None where nothing is followed."""
        row = await self._transactions.find_one(
            {"nextLookAt": {"$ne": None}}, {"nextLookAt": 1}, sort=[("nextLookAt", 1)]
        )
        return row["nextLookAt"] if row else None
