"""Documents of people: who they are, their sessions, the sign-ins they have begun."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SESSION_LIFETIME = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Session:
    """A signed-in browser. `id` is the hash under which its token is stored, safe to name elsewhere."""

    id: str
    address: str
    created_at: datetime
    expires_at: datetime

    def document(self) -> dict[str, Any]:
        """Return the session as it is stored."""
        return {"_id": self.id, "address": self.address, "createdAt": self.created_at, "expiresAt": self.expires_at}


def new_session(address: str, now: datetime) -> tuple[str, Session]:
    """Return a new random token, which only the browser keeps, and its session."""
    token = f"bitpay_session_{secrets.token_urlsafe(32)}"
    return token, Session(session_id(token), address, now, now + SESSION_LIFETIME)


def session_id(token: str) -> str:
    """Return the hash that stands for a token; 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_user(address: str, now: datetime) -> dict[str, Any]:
    """Return the document of somebody who signs in for the first time."""
    return {
        "walletAddress": address,
        "email": None,
        "username": None,
        "createdAt": now,
        "updatedAt": now,
        "preferences": {"notifications": True, "theme": "system"},
    }
