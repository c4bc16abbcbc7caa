"""Why changes of the contracts survive, from survivors.toml."""

import tomllib
from pathlib import Path
from typing import Final

_EXPLAINED = tomllib.loads(Path(__file__).with_suffix(".toml").read_text())


def _reasons(kind: str) -> dict[str, str]:
    return {change: group["why"] for group in _EXPLAINED.get(kind, []) for change in group["changes"]}


EQUIVALENT: Final = _reasons("equivalent")
"""A change's key -> why the changed contract does the same as the real one, whatever anyone calls."""
ACCEPTED: Final = _reasons("accepted")
"""A change's key -> why it survives although it could be seen."""
