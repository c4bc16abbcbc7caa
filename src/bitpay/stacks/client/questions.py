"""What callers ask for, checked before anybody is asked, and written so that it stays one segment of a path."""

from __future__ import annotations

from urllib.parse import quote

from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.client.fields import hash_in
from bitpay.stacks.errors import AddressInvalid, ValueInvalid

_HIGHEST = 2**63 - 1


def segment(name: str) -> str:
    """Return a name as a path segment: Clarity's names may hold `/`, `?`, `+` and more. Raises `ValueInvalid`."""
    if name in {"", ".", ".."}:
        raise ValueInvalid(f"not a name: {name!r}")
    return quote(name, safe=":")


def hash_asked(text: str, what: str) -> str:
    """Return a hash as "0x" and 64 lower-case hex digits; raises `ValueInvalid` that says what it is the hash of."""
    found = hash_in(text)
    if found is None:
        raise ValueInvalid(f"not {what} of 32 bytes in hexadecimal: {text!r:.80}")
    return found


def natural(number: int, what: str) -> int:
    """Return a height, time or offset; raises `ValueInvalid` for what no chain can have."""
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number <= _HIGHEST:
        raise ValueInvalid(f"not {what}: {number!r:.80}")
    return number


def block_name(height_or_hash: int | str) -> str:
    """Return a block's height, its hash, or "latest"; raises `ValueInvalid` for anything else."""
    if not isinstance(height_or_hash, str):
        return str(natural(height_or_hash, "a block's height"))
    return height_or_hash if height_or_hash == "latest" else hash_asked(height_or_hash, "a block's hash")


def contract_asked(contract_id: str) -> Principal:
    """Return a contract's principal; raises `AddressInvalid`."""
    contract = parse_principal(contract_id)
    if contract.name is None:
        raise AddressInvalid(f"not a contract: {contract_id}")
    return contract
