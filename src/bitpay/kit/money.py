"""Money as integer sats (1 sBTC = 100,000,000 sats) and micro-STX, never a float, never rounded up."""

import re
from decimal import Decimal

from bitpay.kit.errors import InvalidInput

SATS_PER_SBTC = 100_000_000
MICRO_PER_STX = 1_000_000
MAX_SATS = 2_100_000_000_000_000
"""Every bitcoin there will ever be, in sats: the protocol's upper bound for any amount."""

THIN_SPACE = "\u2009"

_SATS = re.compile(r"[0-9]{1,16}")
_SBTC = re.compile(r"[0-9]{1,8}(\.[0-9]{1,8})?")
_STX = re.compile(r"[0-9]{1,10}(\.[0-9]{1,6})?")


def parse_sats(text: str | int) -> int:
    """Read an amount in sats, 1..MAX_SATS. Raises InvalidInput on anything else, fractions included."""
    if isinstance(text, bool) or not (isinstance(text, int) or _SATS.fullmatch(text)):
        raise InvalidInput(f"An amount is a whole number of sats; {_shown(text)} is not.")
    return _bounded(int(text))


def parse_sbtc(text: str) -> int:
    """Read a decimal amount of sBTC ("0.001") exactly and return it in sats, 1..MAX_SATS."""
    if not _SBTC.fullmatch(text):
        raise InvalidInput(f"An amount of sBTC is a number like 0.001, with at most 8 decimals; {_shown(text)} is not.")
    return _bounded(int(Decimal(text) * SATS_PER_SBTC))


def parse_stx(text: str) -> int:
    """Read a decimal amount of STX ("1.5") exactly and return it in micro-STX, at least 1."""
    if not _STX.fullmatch(text):
        raise InvalidInput(f"An amount of STX is a number like 1.5, with at most 6 decimals; {_shown(text)} is not.")
    micro = int(Decimal(text) * MICRO_PER_STX)
    if not micro:
        raise InvalidInput("An amount of STX is at least 0.000001.")
    return micro


def format_sats(sats: int) -> str:
    """Return sats with thin grouping: 1 234 567."""
    return f"{sats:,}".replace(",", THIN_SPACE)


def format_sbtc(sats: int) -> str:
    """Return sats as sBTC with all 8 decimals: 0.01234567."""
    sign = "-" if sats < 0 else ""
    whole, fraction = divmod(abs(sats), SATS_PER_SBTC)
    return f"{sign}{format_sats(whole)}.{fraction:08d}"


def _bounded(sats: int) -> int:
    if not 1 <= sats <= MAX_SATS:
        raise InvalidInput(f"An amount lies between 1 and {format_sats(MAX_SATS)} sats.")
    return sats


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
