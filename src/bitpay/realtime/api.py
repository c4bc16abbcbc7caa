"""`POST /broadcast`: another server of ours says something in a room. It goes through the log like everything else."""

import re
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Header
from pydantic import BaseModel, ConfigDict, Field

from bitpay.kit.errors import InvalidInput
from bitpay.realtime.log import RoomLog
from bitpay.store import Client, transaction

EVENTS = frozenset(
    {
        "stream:created",
        "stream:withdrawal",
        "stream:cancelled",
        "stream:updated",
        "marketplace:new-listing",
        "marketplace:listing-updated",
        "marketplace:listing-cancelled",
        "marketplace:sale",
        "marketplace:offer",
        "treasury:proposal-created",
        "treasury:proposal-approved",
        "treasury:proposal-executed",
        "treasury:balance-updated",
        "notification",
    }
)
"""What may be said in rooms."""

_ROOM = re.compile(r"user:S[0-9A-Z]{28,41}|stream:[1-9][0-9]{0,15}|marketplace|treasury")
_MAX_MEMBERS = 64


class Broadcast(BaseModel):
    """One message for one room."""

    model_config = ConfigDict(extra="forbid")

    room: str = Field(max_length=64)
    event: str = Field(max_length=64)
    data: dict[str, Any] = Field(max_length=_MAX_MEMBERS)


def broadcast_router(client: Client, log: RoomLog, authorize: Callable[[str], None]) -> APIRouter:
    """Return the route. `authorize` takes the Authorization header and raises Unauthenticated."""
    router = APIRouter(tags=["sockets"])

    @router.post("/broadcast", status_code=202)
    async def broadcast(message: Broadcast, authorization: Annotated[str, Header()] = "") -> dict[str, str]:
        """Say something in a room (server to server). Everybody in it is told, on every node."""
        authorize(authorization)
        if message.event not in EVENTS or not _ROOM.fullmatch(message.room):
            raise InvalidInput("There is no such event or room.")
        entry = {"room": message.room, "event": message.event, "data": message.data, "block": None}
        await transaction(client, lambda session: log.append([entry], session))
        return {"status": "accepted"}

    return router
