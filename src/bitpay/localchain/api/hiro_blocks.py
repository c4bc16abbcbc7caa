"""Hiro's API: blocks and burn blocks."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.blocks import block_json, block_v1, burn_blocks
from bitpay.localchain.api.guard import ApiError
from bitpay.localchain.api.paging import Page, page_of
from bitpay.localchain.api.views import Views
from bitpay.localchain.archive import Found
from bitpay.localchain.blocks import Block

_BLOCKS_LIMIT, _TRANSACTIONS_LIMIT = 30, 50
_SPANS = {"1h": 3_600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000}


def add_blocks(router: APIRouter, views: Views) -> None:
    """Add the endpoints."""

    @router.get("/v2/blocks")
    @router.get("/v2/blocks/")
    async def blocks(request: Request) -> JSONResponse:
        return JSONResponse(_listing(views, page_of(request, _BLOCKS_LIMIT)))

    @router.get("/v2/blocks/average-times")
    async def average_times() -> JSONResponse:
        tip = views.archive.tip
        return JSONResponse({f"last_{name}": _average(views, tip.time - span) for name, span in _SPANS.items()})

    @router.get("/v2/blocks/by-block-time/{timestamp}")
    async def by_time(timestamp: int) -> JSONResponse:
        headers = views.archive.headers(views.archive.tip.height, views.archive.tip.height)
        found = next((header for header, _ in headers if header.time <= timestamp), None)
        if found is None:
            raise ApiError(404, "Block not found")
        return JSONResponse(_said(views, views.archive.block(found.height)))

    @router.get("/v2/blocks/{name}")
    async def block(name: str) -> JSONResponse:
        return JSONResponse(_said(views, views.block(name)))

    @router.get("/v2/blocks/{name}/transactions")
    async def transactions(request: Request, name: str) -> JSONResponse:
        page, found = page_of(request, _TRANSACTIONS_LIMIT), views.block(name)
        indexes = range(len(found.transactions))[page.offset : page.offset + page.limit]
        results = [await views.mined_before(Found(found, index)) for index in indexes]
        facts = {"limit": page.limit, "offset": page.offset, "total": len(found.transactions)}
        return JSONResponse({**facts, "results": results})


def add_former_blocks(router: APIRouter, views: Views) -> None:
    """Add the endpoints of v1."""

    @router.get("/v1/block")
    @router.get("/v1/block/")
    async def blocks(request: Request) -> JSONResponse:
        archive, page = views.archive, page_of(request, _BLOCKS_LIMIT)
        shown = archive.headers(archive.tip.height - page.offset, page.limit)
        total = archive.tip.height - archive.first.height + 1
        results = [_said_v1(views, archive.block(header.height)) for header, _ in shown]
        return JSONResponse({"limit": page.limit, "offset": page.offset, "total": total, "results": results})

    @router.get("/v1/block/{name}")
    @router.get("/v1/block/by_height/{name}")
    async def block(name: str) -> JSONResponse:
        return JSONResponse(_said_v1(views, views.block(name)))


def _said_v1(views: Views, block: Block) -> dict[str, Any]:
    return block_v1(block, views.before(block))


def _said(views: Views, block: Block) -> dict[str, Any]:
    return block_json(block, views.before(block))


def _listing(views: Views, page: Page) -> dict[str, Any]:
    archive = views.archive
    top = archive.tip.height if page.cursor is None else views.block(page.cursor).header.height
    top -= page.offset
    headers = archive.headers(top, page.limit) if top >= archive.first.height else []
    older, newer = archive.header(top - page.limit), archive.header(top + page.limit)
    current = headers[0][0] if headers else None
    return {
        "limit": page.limit,
        "offset": page.offset,
        "total": archive.tip.height - archive.first.height + 1,
        "next_cursor": newer.hash if newer and current else None,
        "prev_cursor": older.hash if older and current else None,
        "cursor": current.hash if current else None,
        "results": [_said(views, archive.block(header.height)) for header, _ in headers],
    }


def add_burn_blocks(router: APIRouter, views: Views) -> None:
    """Add the endpoints."""

    @router.get("/v2/burn-blocks")
    @router.get("/v2/burn-blocks/")
    async def burn(request: Request) -> JSONResponse:
        page = page_of(request, _BLOCKS_LIMIT)
        total = views.archive.tip.burn_height
        results = burn_blocks(views.archive, page.offset, page.limit)
        return JSONResponse({"limit": page.limit, "offset": page.offset, "total": total, "results": results})

    @router.get("/v2/burn-blocks/{name}")
    async def burn_block(name: str) -> JSONResponse:
        for one in burn_blocks(views.archive, 0, views.archive.tip.burn_height):
            if name in {"latest", str(one["burn_block_height"]), one["burn_block_hash"], one["burn_block_hash"][2:]}:
                return JSONResponse(one)
        raise ApiError(404, "Burn block not found")


def _average(views: Views, since: int) -> float:
    headers = views.archive.headers(views.archive.tip.height, views.archive.tip.height)
    times = [header.time for header, _ in headers if header.time >= since]
    return (times[0] - times[-1]) / (len(times) - 1) if len(times) > 1 else 0.0
