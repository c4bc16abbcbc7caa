"""Where deliveries arrive: the webhooks of Chainhook, and, on a separate internal port, a node's event observer."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request

from bitpay.chainhook.alerts import Alerts
from bitpay.chainhook.deliveries import Deliveries, Stored
from bitpay.chainhook.secrets import WebhookSecrets
from bitpay.kit.errors import NotFound, TooLarge

MAX_BODY_BYTES = 32 * 1024 * 1024
"""A delivery may be large; every other route has a far smaller bound."""


TOPICS = frozenset({"streams", "marketplace", "treasury", "nft", "access-control"})
"""What a hook was registered for; any hook may carry events of all contracts."""
NODE_UNREADABLE = "node_unreadable"
_UNREADABLE = "Our node sent a block that cannot be read; the ledger reads it from the API."
_NO_BLOCKS = {
    "/new_mempool_tx": "pending transactions",
    "/drop_mempool_tx": "dropped transactions",
    "/attachments/new": "attachments",
    "/new_microblocks": "microblocks",
    "/mined_block": "a block that it mined",
    "/mined_microblock": "a microblock that it mined",
    "/mined_nakamoto_block": "a block that it mined",
    "/stackerdb_chunks": "messages of signers",
    "/proposal_response": "a block that was proposed",
}
"""What else a node tells: no new block, so nobody has to look."""


def webhook_router(deliveries: Deliveries, secrets: WebhookSecrets, stored: Callable[[], None]) -> APIRouter:
    """Return the routes `POST /api/webhooks/chainhook/{topic}`. `stored()` is called after each stored arrival.

    200 only after the arrival is stored; 401 without the secret, 413 above 32 MiB, 400 for what cannot be read.
    """
    router = APIRouter(prefix="/api/webhooks/chainhook", tags=["webhooks"])

    @router.post("/{topic}", summary="Take a Chainhook delivery")
    async def take(topic: str, request: Request) -> dict[str, Any]:
        secrets.check(request.headers)
        if topic not in TOPICS:
            raise NotFound(f"There is no webhook {topic}.")
        answer = await deliveries.receive(topic, await read_bounded(request))
        stored()
        return _told(answer)

    return router


def observer_router(deliveries: Deliveries, alerts: Alerts, stored: Callable[[], None]) -> APIRouter:
    """Return the routes of a stacks-node's event observer. They have no secret: serve them on an internal port only.

    A node repeats what is not answered with 200, and goes no further until it is: whatever it sends is taken, an alert
    is raised where it cannot be read, and `stored()` is called where it tells of a block.
    """
    router = APIRouter(tags=["node"])

    @router.post("/new_block", summary="Take a block from our node")
    async def new_block(request: Request) -> dict[str, Any]:
        body = await read_whole(request)
        if body.content is None:
            answer = await deliveries.note_oversized(body.sha256, body.size)
        else:
            answer = await deliveries.receive_from_node(body.content)
        stored()
        if answer.unreadable:
            details = {"delivery": answer.id, "reason": answer.unreadable, "bytes": body.size, "sha256": body.sha256}
            await alerts.raise_once(NODE_UNREADABLE, _UNREADABLE, **details)
        return _told(answer)

    @router.post("/new_burn_block", summary="Be told of a Bitcoin block")
    async def new_burn_block(request: Request) -> dict[str, Any]:
        await read_whole(request, 0)
        stored()
        return {}

    for path, what in _NO_BLOCKS.items():
        router.add_api_route(path, _heard, methods=["POST"], summary=f"Be told of {what}")
    return router


async def _heard(request: Request) -> dict[str, Any]:
    await read_whole(request, 0)
    return {}


@dataclass(frozen=True, slots=True)
class WholeBody:
    """A body that was read to its end. `content` is None where it has more bytes than were to be kept."""

    size: int
    sha256: str
    content: bytes | None


async def read_whole(request: Request, limit: int = MAX_BODY_BYTES) -> WholeBody:
    """Read the body to its end, however long it is, and keep it where it has at most `limit` bytes."""
    digest, size, kept = hashlib.sha256(), 0, bytearray()
    async for chunk in request.stream():
        digest.update(chunk)
        size += len(chunk)
        if size > limit:
            kept = bytearray()
        else:
            kept += chunk
    return WholeBody(size, digest.hexdigest(), bytes(kept) if size <= limit else None)


async def read_bounded(request: Request, limit: int = MAX_BODY_BYTES) -> bytes:
    """Return the body, refusing it as soon as it exceeds `limit` bytes. Raises TooLarge."""
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise TooLarge(f"A delivery has at most {limit} bytes.", limit=limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise TooLarge(f"A delivery has at most {limit} bytes.", limit=limit)
    return bytes(body)


def _told(stored: Stored) -> dict[str, Any]:
    return {
        "delivery": stored.id,
        "blocks": stored.blocks,
        "rolledBack": stored.rolled_back,
        "events": stored.events,
    }
