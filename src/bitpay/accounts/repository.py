"""Every query on users, sessions and sign-in challenges, each with its index."""

from datetime import datetime

from bitpay.accounts.challenges import Challenge
from bitpay.accounts.models import Session, new_user
from bitpay.store import Database, Document, Kind, collection, index

USERS = collection("users")
SESSIONS = collection("sessions")
CHALLENGES = collection("challenges", Kind.PASSING)

index(USERS, [("walletAddress", 1)], unique=True)
index(SESSIONS, [("address", 1)])
index(SESSIONS, [("expiresAt", 1)], expireAfterSeconds=0)
index(CHALLENGES, [("expiresAt", 1)], expireAfterSeconds=0)


class AccountRepository:
    """Reads and writes what people bring along; none of it can be rebuilt from the chain."""

    def __init__(self, database: Database) -> None:
        self._users = database[USERS]
        self._sessions = database[SESSIONS]
        self._challenges = database[CHALLENGES]

    async def add_challenge(self, challenge: Challenge) -> None:
        """Remember a sign-in that has begun."""
        document = {"_id": challenge.nonce, "message": challenge.message(), "address": challenge.address}
        await self._challenges.insert_one({**document, "expiresAt": challenge.expires_at})

    async def take_challenge(self, nonce: str) -> Document | None:
        """Return {message, address, expiresAt} and forget it: a nonce serves once, also when the try fails."""
        return await self._challenges.find_one_and_delete({"_id": nonce})

    async def ensure_user(self, address: str, now: datetime) -> None:
        """Make the user's document if this is the first sign-in."""
        await self._users.update_one({"walletAddress": address}, {"$setOnInsert": new_user(address, now)}, upsert=True)

    async def add_session(self, session: Session) -> None:
        """Store a new session."""
        await self._sessions.insert_one(session.document())

    async def session(self, session_id: str, now: datetime) -> Session | None:
        """Return the session if it exists and has not expired."""
        found = await self._sessions.find_one({"_id": session_id, "expiresAt": {"$gt": now}})
        return (
            None if found is None else Session(found["_id"], found["address"], found["createdAt"], found["expiresAt"])
        )

    async def delete_session(self, session_id: str) -> None:
        """Revoke one session."""
        await self._sessions.delete_one({"_id": session_id})
