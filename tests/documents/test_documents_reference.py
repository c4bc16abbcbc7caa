"""The reference names every collection and every message, and no others."""

import re
from pathlib import Path

from bitpay.registry import PROJECTIONS

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "documents.md").read_text()
MESSAGE = re.compile(r"\b(?:stream|marketplace|treasury):[a-z]+(?:-[a-z]+)*\b")


def test_every_collection_is_named() -> None:
    table = REFERENCE.split("## Messages")[0]
    named = re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)
    assert sorted(named) == sorted(projection.collection for projection in PROJECTIONS)


def test_every_message_is_named() -> None:
    folds = (ROOT / "src" / "bitpay").glob("*/projection.py")
    said = {name for fold in folds for name in MESSAGE.findall(fold.read_text())}
    assert set(MESSAGE.findall(REFERENCE.split("## Messages")[1])) == said
