"""The document of a relayed transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

GIVEN_UP_AFTER = timedelta(hours=48)
"""Nodes forget a waiting transaction after about 42 hours."""
DOUBTED_FOR = timedelta(minutes=10)
"""A nonce that is used may have been used by this very transaction: the API learns of it later than the node."""

_FIRST_LOOK = timedelta(milliseconds=300)
_LONGEST_PAUSE = timedelta(seconds=30)


class Status(StrEnum):
    """What has become of a transaction."""

    PENDING = "pending"
    SUCCESS = "success"
    ABORT_BY_RESPONSE = "abort_by_response"
    ABORT_BY_POST_CONDITION = "abort_by_post_condition"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a transaction ended: `reason` in words where it failed, `block` where it is in one."""

    status: Status
    reason: str | None = None
    block: dict[str, Any] | None = None


def new_document(txid: str, raw: bytes, sender: str, call: tuple[str, str], now: datetime) -> dict[str, Any]:
    """Return the document of a transaction that is about to be relayed; `call` is contract id and function."""
    return {
        "_id": txid,
        "raw": raw,
        "sender": sender,
        "contract": call[0],
        "function": call[1],
        "status": Status.PENDING,
        "reason": None,
        "block": None,
        "sent": False,
        "looks": 0,
        "submittedAt": now,
        "updatedAt": now,
        "nextLookAt": now + _FIRST_LOOK,
    }


def next_look(looks: int, now: datetime) -> datetime:
    """Return when to look again after `looks` looks: soon at first, every 30 s in the end."""
    pause = _FIRST_LOOK * (1 << min(looks, 8))
    return now + min(_LONGEST_PAUSE, pause)
