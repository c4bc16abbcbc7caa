"""The house: a package imports only from floors below its own; packages on one floor do not import each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src" / "bitpay"
FLOORS = [
    {"kit", "stacks"},
    {"protocol", "store"},
    {"chainhook", "ledger", "http", "realtime"},
    {"localchain", "access"},
    {"accounts"},
    {"streams", "treasury", "transactions"},
    {"marketplace"},
    {"notifications", "analytics", "search", "admin", "demo"},
    {
        "app",
        "backups",
        "cli",
        "commands",
        "deployment",
        "dev",
        "foundation",
        "observer",
        "operations",
        "registry",
        "standing",
        "upkeep",
        "__init__",
        "__main__",
    },
]
FLOOR_OF = {name: number for number, names in enumerate(FLOORS, start=1) for name in names}
TOP = len(FLOORS)
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


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(SRC)))
def test_imports_go_down_only(path: Path) -> None:
    package = package_of(path)
    assert package in FLOOR_OF, f"{package} stands on no floor; see docs/decisions/0001-floors.md"
    for imported in set(imported_packages(path)) - {package}:
        below = FLOOR_OF[imported] < FLOOR_OF[package]
        composition = FLOOR_OF[imported] == FLOOR_OF[package] == TOP
        assert below or composition, (
            f"{package} imports {imported}, which is not below it; see docs/decisions/0001-floors.md"
        )
        assert imported in LIMITED_TO.get(package, {imported}), f"{package} must not know {imported}"


def test_no_relative_imports() -> None:
    relative = [
        f"{path.relative_to(SRC)}:{node.lineno}"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative == []
