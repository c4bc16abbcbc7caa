"""Where deliveries arrive: the webhooks of Chainhook, and, on a separate internal port, a node's event observer."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Request

from bitpay.chainhook.deliveries import NODE_TOPIC, Deliveries, Stored
from bitpay.chainhook.secrets import WebhookSecrets
from bitpay.kit.errors import NotFound, TooLarge

MAX_BODY_BYTES = 32 * 1024 * 1024
"""A delivery may be large; every other route has a far smaller bound."""


TOPICS = frozenset({"streams", "marketplace", "treasury", "nft", "access-control"})
"""What a hook was registered for; any hook may carry events of all contracts."""


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


def observer_router(deliveries: Deliveries, stored: Callable[[], None]) -> APIRouter:
    """Return the routes of a stacks-node's event observer. They have no secret: serve them on an internal port only."""
    router = APIRouter(tags=["node"])

    @router.post("/new_block", summary="Take a block from our node")
    async def new_block(request: Request) -> dict[str, Any]:
        answer = await deliveries.receive(NODE_TOPIC, await read_bounded(request))
        stored()
        return _told(answer)

    @router.post("/new_burn_block", summary="Be told of a Bitcoin block")
    @router.post("/new_mempool_tx", summary="Be told of pending transactions")
    @router.post("/drop_mempool_tx", summary="Be told of dropped transactions")
    @router.post("/attachments/new", summary="Be told of attachments")
    async def heard(request: Request) -> dict[str, Any]:
        await read_bounded(request)
        stored()  # whatever the node noticed, the follower may look
        return {}

    return router


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
