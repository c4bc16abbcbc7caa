"""Clarity's rules for names (clarity `ClarityName` and `ContractName` in stacks-core)."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from bitpay.stacks.errors import NameInvalid
from bitpay.stacks.memo import Memo

MAX_NAME = 128
MAX_CONTRACT_NAME = 40
"""For contracts that are called or deployed. Principals inside values may have longer names, as old nodes let them."""

_CLARITY_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9\-_!?+<>=/*]*|[-+=/*]|[<>]=?")
_CONTRACT_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9\-_]*|__transient")


@lru_cache(maxsize=4096)
def _matches(pattern: re.Pattern[str], text: str) -> bool:
    """Say whether a text of bounded length matches; the same few names are asked for again and again."""
    return pattern.fullmatch(text) is not None


def is_clarity_name(text: str) -> bool:
    """Say whether `text` can name a function, variable, asset or tuple key."""
    return isinstance(text, str) and len(text) <= MAX_NAME and _matches(_CLARITY_NAME, text)


def is_contract_name(text: str) -> bool:
    """Say whether `text` can name a contract: at most 40 characters."""
    return isinstance(text, str) and len(text) <= MAX_CONTRACT_NAME and _matches(_CONTRACT_NAME, text)


def is_principal_name(text: str) -> bool:
    """Say whether `text` can be the name in a principal: a contract's name of at most 128 characters."""
    return isinstance(text, str) and len(text) <= MAX_NAME and _matches(_CONTRACT_NAME, text)


def _name_bytes(is_name: Callable[[str], bool]) -> Memo[bytes, str]:
    def name(raw: bytes) -> str:
        text = raw.decode("latin-1")
        return text if is_name(text) else ""

    return Memo(name, limit=4096)


CLARITY_NAMES = _name_bytes(is_clarity_name)
"""Names of functions, variables, assets and tuple keys by their bytes; "" for bytes that are none."""
CONTRACT_NAMES = _name_bytes(is_contract_name)
"""Names of contracts by their bytes; "" for bytes that are none."""


def shown(name: object) -> str:
    """Return how an error shows what is no name."""
    return repr(name[:MAX_NAME]) if isinstance(name, str) else f"a {type(name).__name__}"


def clarity_name(text: str) -> str:
    """Return `text` when it can name a function, variable, asset or tuple key; else raise `NameInvalid`."""
    if not is_clarity_name(text):
        raise NameInvalid(f"not a Clarity name: {shown(text)}")
    return text


def contract_name(text: str) -> str:
    """Return `text` when it can name a contract; else raise `NameInvalid`."""
    if not is_contract_name(text):
        raise NameInvalid(f"not a contract name: {shown(text)}")
    return text
