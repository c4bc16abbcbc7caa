"""Pages of lists, by offset or cursor, as Hiro's API cuts them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request

from bitpay.localchain.api.guard import ApiError

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted."""

    limit: int
    offset: int
    cursor: str | None


def page_of(request: Request, most: int, usual: int = 20) -> Page:
    """Read `limit` (up to `most`, else `usual`), `offset` and `cursor` of a query. Raises ApiError."""
    limit, offset = number_of(request, "limit", usual), number_of(request, "offset", 0)
    if not 1 <= limit <= most:
        raise ApiError(400, f"querystring/limit must be 1 to {most}")
    return Page(limit, offset, request.query_params.get("cursor") or None)


@dataclass(frozen=True, slots=True)
class Cut(Generic[T]):
    """The part of a list that a page shows, and the cursors around it."""

    page: Page
    start: int
    total: int
    items: Sequence[T]
    current: str | None
    following: str | None
    previous: str | None

    def cursors(self, results: Sequence[Any]) -> dict[str, Any]:
        """Return the page as v3 writes it."""
        cursor = {"next": self.following, "previous": self.previous, "current": self.current}
        return {"total": self.total, "limit": self.page.limit, "cursor": cursor, "results": results}

    def offsets(self, results: Sequence[Any]) -> dict[str, Any]:
        """Return the page as v1 writes it."""
        facts = {"limit": self.page.limit, "offset": self.page.offset, "total": self.total}
        return {**facts, "results": results}

    def both(self, results: Sequence[Any]) -> dict[str, Any]:
        """Return the page as v2 writes it: "next" is towards the newest, and only where a whole page is left there."""
        newer = self.previous if self.start >= self.page.limit else None
        return {**self.offsets(results), "next_cursor": newer, "prev_cursor": self.following, "cursor": self.current}


def cut(items: Sequence[T], page: Page, name: Callable[[int, T], str]) -> Cut[T]:
    """Cut a list; `name` makes the cursor of an item from its index and itself. Raises ApiError."""
    start = page.offset
    if page.cursor is not None:
        found = next((index for index, item in enumerate(items) if name(index, item) == page.cursor), None)
        if found is None:
            raise ApiError(404, "Cursor not found")
        start += found
    end = start + page.limit

    def cursor(index: int) -> str | None:
        return name(index, items[index]) if 0 <= index < len(items) else None

    before = cursor(max(0, start - page.limit)) if 0 < start <= len(items) else None
    return Cut(page, start, len(items), items[start:end], cursor(start), cursor(end), before)


def cursor_page(items: Sequence[Any], page: Page) -> dict[str, Any]:
    """Cut a list whose cursors are its indexes (v3)."""
    shown = cut(items, page, lambda index, _: str(index))
    return shown.cursors(shown.items)


def number_of(request: Request, name: str, default: int) -> int:
    """Read a whole number of a query. Raises ApiError."""
    text = request.query_params.get(name, "")
    if text == "":
        return default
    if not text.isdecimal() or len(text) > 12:
        raise ApiError(400, f"querystring/{name} must be an integer")
    return int(text)
