"""Changes of the contracts that no test can or need notice, each with the reason. `make mutants` lists the others."""

from collections.abc import Mapping
from typing import Final

EQUIVALENT: Final[Mapping[str, str]] = {}
"""A change's key -> why the changed contract does the same as the real one, whatever anyone calls."""

ACCEPTED: Final[Mapping[str, str]] = {}
"""A change's key -> why it survives although it could be seen."""
