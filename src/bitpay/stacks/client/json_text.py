"""JSON that others wrote."""

from __future__ import annotations

import json
from typing import Any

MAX_NESTING = 250
"""Objects and lists inside each other. The types of a contract's interface nest deepest, and stay far below it."""


def read_json(text: str | bytes) -> Any:  # noqa: ANN401 - JSON
    """Return what JSON says; raises `ValueError`, also where it nests too deep to be looked through."""
    try:
        document = json.loads(text)
    except RecursionError:
        raise ValueError("JSON nested too deep") from None
    level = [document]
    for _ in range(MAX_NESTING):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
        if not level:
            return document
    raise ValueError("JSON nested too deep")


def _inside(document: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(document, dict):
        return document.values()
    return document if isinstance(document, list) else ()
