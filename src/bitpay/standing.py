"""How an instance stands: its ledger against the chain, what waits, what is wrong."""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from bitpay.chainhook.deliveries import DELIVERIES
from bitpay.chainhook.registration import definition
from bitpay.foundation import Foundation, hooks_client
from bitpay.kit.errors import NotFound
from bitpay.ledger.book import Head
from bitpay.ledger.lease import FOLLOWER, holder
from bitpay.ledger.replay import outdated
from bitpay.ledger.source import SourceError
from bitpay.registry import PROJECTIONS
from bitpay.stacks.client.errors import ApiError
from bitpay.store import Database
from bitpay.store.outbox import OUTBOX

Json = dict[str, Any]


async def standing(ground: Foundation) -> Json:
    """Return everything as JSON. What cannot be asked is said under `error`, and nothing is raised for it."""
    head = await _head(ground)
    node, hooks = await asyncio.gather(_node(ground), _hooks(ground))
    lease = await holder(ground.database, FOLLOWER)
    return {
        "network": ground.settings.network,
        "deployer": ground.contracts.deployer,
        "startHeight": ground.settings.start_height,
        "head": None if head is None else _block(head.height, head.hash, head.time, head.burn_height),
        "node": node,
        "lag": _lag(head, node),
        "leader": None if lease is None or not lease.holds else {"owner": lease.owner, "until": _iso(lease.expires)},
        "foldingAnew": await _folding_anew(ground, head),
        "collections": await _counts(ground),
        "deliveries": await by_state(ground.database, DELIVERIES, ["state"]),
        "outbox": await by_state(ground.database, OUTBOX, ["kind", "state"]),
        "alerts": [_json(alert) for alert in await ground.ledger.alerts.open()],
        "hooks": hooks,
    }


async def _head(ground: Foundation) -> Head | None:
    try:
        return await ground.ledger.book.head()
    except NotFound:
        return None


async def _folding_anew(ground: Foundation, head: Head | None) -> list[str]:
    """Return the collections whose documents this code has not folded yet."""
    if head is None or head.empty:
        return []
    return [projection.collection for projection in await outdated(ground.database, PROJECTIONS)]


async def _node(ground: Foundation) -> Json:
    if not ground.settings.stacks_api_url:
        return {"error": "The local chain is not running."}
    try:
        tip = await ground.source.tip()
    except SourceError as error:
        return {"error": str(error)}
    return _block(tip.height, tip.hash, tip.time, tip.burn_height)


async def _hooks(ground: Foundation) -> list[Json] | Json:
    """Return our hooks at the registration API; none are known where nobody says where that is."""
    settings = ground.settings
    if not settings.chainhooks_url:
        return []
    try:
        async with hooks_client(settings) as client:
            name = definition(ground.contracts, network="", url="")["name"]
            ours = [hook for hook in await client.hooks() if hook.definition.get("name") == name]
    except ApiError as error:
        return {"error": str(error)}
    return [{"uuid": hook.uuid, "status": hook.status, "enabled": hook.enabled, "url": hook.url} for hook in ours]


async def by_state(database: Database, name: str, fields: list[str]) -> list[Json]:
    """Return how many documents of a collection have which values in `fields`, with which one of its indexes begins.

    Only that index is read: raw deliveries are large.
    """
    wanted = dict.fromkeys(fields, 1)
    group = {"$group": {"_id": {field: f"${field}" for field in fields}, "count": {"$sum": 1}}}
    pipeline: list[Json] = [{"$sort": wanted}, {"$project": {"_id": 0, **wanted}}, group, {"$sort": {"_id": 1}}]
    counted = await database[name].aggregate(pipeline)
    return [{**row["_id"], "count": row["count"]} async for row in counted]


async def _counts(ground: Foundation) -> dict[str, int]:
    database = ground.database
    names = sorted(await database.list_collection_names())
    return {name: await database[name].estimated_document_count() for name in names}


def _block(height: int, block_hash: str, time: int, burn_height: int) -> Json:
    return {"height": height, "hash": block_hash, "time": time, "burnHeight": burn_height}


def _lag(head: Head | None, node: Json) -> Json | None:
    """Return how many blocks, and seconds of the chain's time, the ledger lies behind the node."""
    if head is None or head.empty or "error" in node:
        return None
    return {"blocks": node["height"] - head.height, "seconds": max(0, node["time"] - head.time)}


def _json(document: Mapping[str, Any]) -> Json:
    return {
        "id" if name == "_id" else name: _iso(value) if isinstance(value, datetime) else value
        for name, value in document.items()
    }


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
