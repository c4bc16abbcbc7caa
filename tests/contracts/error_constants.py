"""The error constants that the contracts define, read from their sources."""

import re
from functools import cache

from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source

_CONSTANT = re.compile(r"^\(define-constant (ERR_[A-Z0-9_]+) \(err u(\d+)\)\)$", re.MULTILINE)


@cache
def constants(contract: str) -> dict[str, int]:
    """Return constant name -> code of one contract, given its full name."""
    return {name: int(code) for name, code in _CONSTANT.findall(source(contract))}


@cache
def all_constants() -> dict[int, str]:
    """Return code -> "contract ERR_NAME" for all seven. Fails where two share a code."""
    table: dict[int, str] = {}
    for contract in NAMES:
        for name, code in constants(contract).items():
            assert code not in table, f"{contract} {name} has the code of {table[code]}"
            table[code] = f"{contract} {name}"
    return table
