"""JSON with one thing changed: a member gone, doubled or of another kind, a number at an edge, a text cut or grown."""

import json
from random import Random
from typing import Any

_EDGES = (0, 1, -1, 2**31, 2**53, 2**62, 2**63, 2**64, 2**128, 10**400, 1.5, float("nan"), float("inf"))
_TEXTS = ("", "0x", "0x0", "0xzz", "\0", "\ud800", "9" * 5000, "é", "-0", " 1", "\uff11", "1e3", "null")
_OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], {"": None})


def mutated_json(data: bytes, random: Random) -> bytes:
    """Return the JSON in `data` with one thing changed; what stands before the first brace stays."""
    start = max(data.find(b"{"), 0)
    try:
        document = json.loads(data[start:])
    except ValueError:
        return data
    return data[:start] + json.dumps(_changed(document, random), separators=(",", ":")).encode()


def _changed(node: Any, random: Random) -> Any:  # noqa: ANN401 - JSON
    """Change this node or one below it."""
    if isinstance(node, dict) and node and random.random() < 0.9:
        key = random.choice(list(node))
        return _without(node, key) if random.random() < 0.1 else {**node, key: _changed(node[key], random)}
    if isinstance(node, list) and node and random.random() < 0.9:
        at = random.randrange(len(node))
        if random.random() < 0.2:
            return [*node[:at], *node[at + 1 :], *[node[at]] * random.randint(0, 3)]
        return [*node[:at], _changed(node[at], random), *node[at + 1 :]]
    return _other(node, random)


def _without(node: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in node.items() if name != key}


def _other(node: Any, random: Random) -> Any:  # noqa: ANN401 - JSON
    if isinstance(node, str) and node and random.random() < 0.5:
        at = random.randrange(len(node))
        return node[:at] + random.choice(("", node[at] * 2, "\0", "é", "0", "f")) + node[at + 1 :]
    return random.choice((*_EDGES, *_TEXTS, *_OTHERS))
