"""Remembered answers, for the names and principals that the same bytes spell again and again."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

_Argument = TypeVar("_Argument")
_Answer = TypeVar("_Answer")


class Memo(dict[_Argument, _Answer]):
    """The answers of a function by its argument, worked out when first asked for: `memo[argument]`.

    A hit takes half the time of one in `lru_cache`. When it holds `limit` answers, it forgets them all.
    """

    __slots__ = ("_function", "_limit")

    def __init__(self, function: Callable[[_Argument], _Answer], limit: int) -> None:
        super().__init__()
        self._function = function
        self._limit = limit

    def __missing__(self, argument: _Argument) -> _Answer:
        answer = self._function(argument)
        if len(self) >= self._limit:
            self.clear()
        self[argument] = answer
        return answer
