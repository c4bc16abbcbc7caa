"""Pages of lists, by offset or cursor, as Hiro's API cuts them."""

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request

from bitpay.localchain.api.guard import ApiError, Misfit

T = TypeVar("T")
_MOST_PAGES = 10
_WHOLE = re.compile(r"-?[0-9]{1,12}")


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list is wanted. In v3 `cursor` alone says where it begins."""

    limit: int
    offset: int
    cursor: str | None


def page_of(request: Request, most: int, usual: int = 20) -> Page:
    """Read `limit` (up to `most`; `usual` where it is not given, or 0 in v1 and v2), `offset` and `cursor` of a query.

    Raises ApiError.
    """
    by_cursor = _version(request) == "v3"
    offset = 0 if by_cursor else number_of(request, "offset", 0)
    return _page(request, most, usual, offset)


def wide_page_of(request: Request, most: int) -> Page:
    """Read a page of a list whose `offset` goes ten pages of `most` either way (v2). Raises ApiError."""
    furthest = _MOST_PAGES * most
    return _page(request, most, 20, number_of(request, "offset", 0, -furthest, furthest))


def _page(request: Request, most: int, usual: int, offset: int) -> Page:
    version = _version(request)
    limit = number_of(request, "limit", usual, 0 if version in {"v1", "v2"} else 1, most)
    return Page(limit or usual, offset, None if version == "v1" else request.query_params.get("cursor"))


def _version(request: Request) -> str:
    _, _, rest = request.url.path.partition("/extended/")
    return rest.partition("/")[0]


@dataclass(frozen=True, slots=True)
class Cursors(Generic[T]):
    """How the cursors of a list are written.

    `name` writes an item's cursor; `read` says where a cursor of that `form` stands and `place` where an item does,
    in an order that grows along the list. A cursor may be of an item that is gone.
    """

    form: re.Pattern[str]
    name: Callable[[T], str]
    place: Callable[[T], Any]
    read: Callable[[re.Match[str]], Any]
    """Raises ApiError."""

    def find(self, items: Sequence[T], cursor: str) -> int:
        """Return the index of the first item that does not stand before a cursor. Raises ApiError."""
        parts = self.form.fullmatch(cursor)
        if parts is None:
            raise Misfit(f'querystring/cursor must match pattern "^{self.form.pattern}$"')
        return bisect_left(items, self.read(parts), key=self.place)


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


def cut(items: Sequence[T], page: Page, cursors: Cursors[T] | None = None) -> Cut[T]:
    """Cut a list; without `cursors` it is paged by offset alone. Raises ApiError."""
    if page.offset < 0:
        raise ApiError(400, "OFFSET must not be negative")
    start = page.offset
    if cursors is not None and page.cursor is not None:
        start += cursors.find(items, page.cursor)
    end = start + page.limit

    def cursor(index: int) -> str | None:
        return cursors.name(items[index]) if cursors is not None and 0 <= index < len(items) else None

    before = cursor(max(0, start - page.limit)) if 0 < start < len(items) else None
    return Cut(page, start, len(items), items[start:end], cursor(start), cursor(end), before)


_INDEXES: Cursors[tuple[int, Any]] = Cursors(
    re.compile(r"[0-9]{1,12}"),
    name=lambda item: str(item[0]),
    place=lambda item: item[0],
    read=lambda parts: int(parts[0]),
)


def cursor_page(items: Sequence[Any], page: Page) -> dict[str, Any]:
    """Cut a list whose cursors are its indexes (v3)."""
    shown = cut(list(enumerate(items)), page, _INDEXES)
    return shown.cursors([item for _, item in shown.items])


def number_of(request: Request, name: str, default: int, least: int = 0, most: int | None = None) -> int:
    """Read a whole number of a query, not below `least` and not above `most`. Raises ApiError."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not _WHOLE.fullmatch(text):
        raise Misfit(f"querystring/{name} must be integer")
    number = int(text)
    if number < least:
        raise Misfit(f"querystring/{name} must be >= {least}")
    if most is not None and number > most:
        raise Misfit(f"querystring/{name} must be <= {most}")
    return number
