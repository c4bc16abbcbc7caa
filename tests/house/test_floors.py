"""The house: a package imports only from floors below its own; packages on one floor do not import each other."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "bitpay"
DECISION = ROOT / "docs" / "decisions" / "0001-floors.md"
ROW = re.compile(r"^\| (?P<floor>[0-9]+) \| (?P<packages>[^|]+) \|$", re.MULTILINE)
FLOOR_OF = {
    name: int(row["floor"])
    for row in ROW.finditer(DECISION.read_text())
    for name in row["packages"].strip().split(", ")
}
TOP = max(FLOOR_OF.values())
ENTRIES = {"__init__", "__main__"}
"""Modules of the package itself, which stand on top."""
LIMITED_TO = {"localchain": {"kit", "stacks", "localchain"}, "stacks": {"stacks"}}
"""Packages that stand for themselves: the local chain and the toolkit know nothing of BitPay."""


def modules() -> list[Path]:
    return sorted(path for path in SRC.rglob("*.py") if "node_modules" not in path.parts)


def package_of(path: Path) -> str:
    return path.relative_to(SRC).parts[0].removesuffix(".py")


def imported_packages(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            parts = name.split(".")
            if parts[0] == "bitpay" and len(parts) > 1:
                yield parts[1]


def floor_of(package: str) -> int:
    assert package in FLOOR_OF or package in ENTRIES, f"{package} stands on no floor; see {DECISION.name}"
    return FLOOR_OF.get(package, TOP)


def test_the_decision_names_what_there_is() -> None:
    assert set(FLOOR_OF) == {package_of(path) for path in modules()} - ENTRIES


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SRC)))
def test_imports_go_down_only(path: Path) -> None:
    package = package_of(path)
    for imported in set(imported_packages(path)) - {package}:
        below = floor_of(imported) < floor_of(package)
        composition = floor_of(imported) == floor_of(package) == TOP
        assert below or composition, f"{package} imports {imported}, which is not below it; see {DECISION.name}"
        assert imported in LIMITED_TO.get(package, {imported}), f"{package} must not know {imported}"


def test_no_relative_imports() -> None:
    relative = [
        f"{path.relative_to(SRC)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []
