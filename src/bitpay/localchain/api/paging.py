"""Pages of lists, by offset or cursor, as Hiro's API cuts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Request

from bitpay.localchain.api.guard import ApiError

_DEFAULT = 20


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted."""

    limit: int
    offset: int
    cursor: str | None


def page_of(request: Request, most: int) -> Page:
    """Read `limit`, `offset` and `cursor` of a query. Raises ApiError."""
    query = request.query_params
    limit, offset = _number(query.get("limit"), "limit", _DEFAULT), _number(query.get("offset"), "offset", 0)
    if not 1 <= limit <= most:
        raise ApiError(400, f"querystring/limit must be 1 to {most}")
    return Page(limit, offset, query.get("cursor") or None)


def cursor_page(items: Sequence[Any], page: Page) -> dict[str, Any]:
    """Cut a list whose cursors are its indexes (v3)."""
    start = page.offset if page.cursor is None else _number(page.cursor, "cursor", 0)
    end = start + page.limit
    cursor = {
        "next": str(end) if end < len(items) else None,
        "previous": str(max(0, start - page.limit)) if start else None,
        "current": str(start) if items else None,
    }
    return {"total": len(items), "limit": page.limit, "cursor": cursor, "results": items[start:end]}


def _number(text: str | None, name: str, default: int) -> int:
    if text is None or text == "":
        return default
    if not text.isdecimal() or len(text) > 12:
        raise ApiError(400, f"querystring/{name} must be an integer")
    return int(text)
