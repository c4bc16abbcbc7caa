"""Bodies of deliveries as they came: compressed, in pieces that fit a document."""

import asyncio
import zlib
from collections.abc import Callable
from datetime import datetime
from typing import ParamSpec, TypeVar

from bson import ObjectId

from bitpay.store import Database, Document, Kind, collection, index

PIECES = collection("delivery_pieces", Kind.CHAINS)
RETENTION_SECONDS = 30 * 86_400
"""How long a delivery is kept."""

PIECE_BYTES = 8 * 1024 * 1024 - 1
"""Well below MongoDB's 16 MiB a document."""
_INLINE_PIECE = 0
NOT_KEPT: Document = {"pieces": 0, "data": b""}
"""What the row of a delivery says whose body was too large to keep."""
_IN_THREAD_BYTES = 256 * 1024

index(PIECES, [("receivedAt", 1)], expireAfterSeconds=RETENTION_SECONDS)

P = ParamSpec("P")
T = TypeVar("T")


class Bodies:
    """The bodies of one database's deliveries."""

    def __init__(self, database: Database) -> None:
        self._pieces = database[PIECES]

    async def put(self, delivery_id: ObjectId, now: datetime, body: bytes) -> Document:
        """Store all pieces of a body but the first, and return what the delivery's own row says of it."""
        packed = await aside(len(body), zlib.compress, body, 1)
        pieces = [packed[start : start + PIECE_BYTES] for start in range(0, len(packed), PIECE_BYTES)]
        for number, piece in enumerate(pieces[1:], 1):
            await self._pieces.insert_one(
                {"_id": {"delivery": delivery_id, "piece": number}, "receivedAt": now, "data": piece}
            )
        return {"bytes": len(body), "pieces": len(pieces), "data": pieces[_INLINE_PIECE]}

    async def get(self, row: Document) -> bytes | None:
        """Return the body of a delivery; None where it was not kept, for it was too large."""
        if not row["pieces"]:
            return None
        pieces = [row["data"]]
        for number in range(1, row["pieces"]):
            piece = await self._pieces.find_one({"_id": {"delivery": row["_id"], "piece": number}}) or {}
            pieces.append(piece["data"])
        return await aside(row["bytes"], zlib.decompress, b"".join(pieces))


def is_heavy(size: int) -> bool:
    """Tell whether work on so many bytes belongs into a thread."""
    return size > _IN_THREAD_BYTES


async def aside(size: int, work: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
    """Do heavy work in a thread, light work at once."""
    if is_heavy(size):
        return await asyncio.to_thread(work, *arguments, **options)
    return work(*arguments, **options)
