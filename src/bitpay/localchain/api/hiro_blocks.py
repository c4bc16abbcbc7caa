"""Hiro's API: blocks and burn blocks."""

import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse

from bitpay.localchain.api.blocks import block_json, block_v1, burn_blocks
from bitpay.localchain.api.guard import ApiError, Misfit
from bitpay.localchain.api.paging import Page, page_of, wide_page_of
from bitpay.localchain.api.views import Views
from bitpay.localchain.archive import Found
from bitpay.localchain.blocks import Block

_BLOCKS_LIMIT, _TRANSACTIONS_LIMIT = 30, 50
_CURSOR = re.compile(r"0x[0-9a-fA-F]{64}")
_SPANS = {"1h": 3_600, "24h": 86_400, "7d": 604_800, "30d": 2_592_000}


def add_blocks(router: APIRouter, views: Views) -> None:
    """Add the endpoints."""

    @router.get("/v2/blocks")
    @router.get("/v2/blocks/")
    async def blocks(request: Request) -> JSONResponse:
        return JSONResponse(_listing(views, wide_page_of(request, _BLOCKS_LIMIT)))

    @router.get("/v2/blocks/average-times")
    async def average_times() -> JSONResponse:
        tip = views.archive.tip
        return JSONResponse({f"last_{name}": _average(views, tip.time - span) for name, span in _SPANS.items()})

    @router.get("/v2/blocks/by-block-time/{timestamp}")
    async def by_time(timestamp: int) -> JSONResponse:
        headers = views.archive.headers(views.archive.tip.height, views.archive.tip.height)
        found = next((header for header, _ in headers if header.time <= timestamp), None)
        if found is None:
            raise ApiError(404, "No block found at or before the given timestamp")
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
        total = _count(views)
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


def _count(views: Views) -> int:
    return views.archive.tip.height - views.archive.first.height + 1


def _listing(views: Views, page: Page) -> dict[str, Any]:
    archive = views.archive
    top = _start(views, page.cursor) - page.offset
    current = archive.header(top)
    if current is None and page.cursor is not None:
        raise ApiError(404, "Cursor not found")
    headers = archive.headers(top, page.limit) if current else []
    older, newer = archive.header(top - page.limit), archive.header(top + page.limit)
    return {
        "limit": page.limit,
        "offset": page.offset,
        "total": _count(views),
        "next_cursor": newer.hash if newer and current else None,
        "prev_cursor": older.hash if older and current else None,
        "cursor": current.hash if current else None,
        "results": [_said(views, archive.block(header.height)) for header, _ in headers],
    }


def _start(views: Views, cursor: str | None) -> int:
    """Return the height of the block that a cursor names by its index block hash, the tip's without one."""
    if cursor is None:
        return views.archive.tip.height
    if not _CURSOR.fullmatch(cursor):
        raise Misfit(f'querystring/cursor must match pattern "^{_CURSOR.pattern}$"')
    height = views.archive.height_of(cursor.lower())
    header = None if height is None else views.archive.header(height)
    if header is None or header.hash != cursor.lower():
        raise ApiError(404, "Cursor not found")
    return header.height


def add_burn_blocks(router: APIRouter, views: Views) -> None:
    """Add the endpoints."""

    @router.get("/v2/burn-blocks")
    @router.get("/v2/burn-blocks/")
    async def burn(request: Request) -> JSONResponse:
        page = page_of(request, _BLOCKS_LIMIT)
        results = burn_blocks(views.archive, page.offset, page.limit)
        facts = {"limit": page.limit, "offset": page.offset, "total": _count(views)}  # Hiro's counts Stacks blocks
        return JSONResponse({**facts, "results": results})

    @router.get("/v2/burn-blocks/{name}")
    async def burn_block(name: str) -> JSONResponse:
        for one in burn_blocks(views.archive, 0, views.archive.tip.burn_height):
            if name in {"latest", str(one["burn_block_height"]), one["burn_block_hash"], one["burn_block_hash"][2:]}:
                return JSONResponse(one)
        raise ApiError(404, "Not found")


def _average(views: Views, since: int) -> float:
    headers = views.archive.headers(views.archive.tip.height, views.archive.tip.height)
    times = [header.time for header, _ in headers if header.time >= since]
    return round((times[0] - times[-1]) / (len(times) - 1), 2) if len(times) > 1 else 0.0
