"""Values as pages show them: sats, times, durations, addresses. Pure; the pages' scripts write them the same way."""

from datetime import UTC, datetime

from bitpay.kit.money import SATS_PER_SBTC, format_sats, format_sbtc

_UNITS = (("y", 31_536_000), ("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1))
_MICRO = 1_000_000
_LAST_SECOND = 253_402_300_799
_FINE_DIGITS = "0000"


def duration(seconds: int) -> str:
    """Return seconds as the two largest units that say something: "1 d 2 h"."""
    rest = max(0, int(seconds))
    first = next((index for index, (_, size) in enumerate(_UNITS) if rest >= size), None)
    if first is None:
        return "0 s"
    words = []
    for name, size in _UNITS[first : first + 2]:
        count, rest = divmod(rest, size)
        if count:
            words.append(f"{count} {name}")
    return " ".join(words)


def blocks(count: int) -> str:
    """Return a number of blocks in words: "1 block", "1 234 blocks"."""
    return f"{format_sats(max(0, count))} {'block' if count == 1 else 'blocks'}"


def moment(seconds: int) -> str:
    """Return unix seconds as "12 Mar 2026, 14:05:09 UTC"; beyond the year 9999 as plain seconds."""
    if not 0 <= seconds <= _LAST_SECOND:
        return f"{seconds} s"
    return datetime.fromtimestamp(seconds, UTC).strftime("%-d %b %Y, %H:%M:%S UTC")


def iso_moment(seconds: int) -> str:
    """Return unix seconds for a `datetime` attribute."""
    if not 0 <= seconds <= _LAST_SECOND:
        return ""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def short_address(principal: str) -> str:
    """Return an address cut to its ends: "ST1PQH…GZGM". A contract keeps its name."""
    address, dot, name = principal.partition(".")
    short = address if len(address) <= 12 else f"{address[:6]}…{address[-4:]}"
    return f"{short}{dot}{name}"


def short_hash(digest: str) -> str:
    """Return a transaction id or block hash cut to its start: "0x1f2e3d4c…"."""
    plain = digest.removeprefix("0x")
    return f"0x{plain[:8]}…"


def short_sbtc(sats: int) -> str:
    """Return sats as sBTC without idle zeros: 100,000 sats -> "0.001"."""
    text = format_sbtc(sats)
    return text.rstrip("0").rstrip(".")


def stx(micro: int) -> str:
    """Return millionths of an STX with two decimals, rounded down: "1 000 000.00"."""
    whole, fraction = divmod(micro, _MICRO)
    return f"{format_sats(whole)}.{fraction * 100 // _MICRO:02d}"


def percent(part: int, whole: int) -> str:
    """Return part of whole with one decimal, rounded down: "38.2 %"."""
    permille = part * 1000 // whole if whole else 0
    return f"{permille // 10}.{permille % 10} %"


def basis_points(bps: int) -> str:
    """Return hundredths of a percent as a percentage: 10 -> "0.1 %"."""
    text = f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".")
    return f"{text} %"


def counter_groups(sats: int) -> list[tuple[str, bool]]:
    """Return sats as a counter shows them: (digits, whether only leading zeros) for 0.01 | 234 | 567 and the parts."""
    whole, fraction = divmod(sats, SATS_PER_SBTC)
    digits = f"{fraction:08d}"
    groups = [f"{whole}.{digits[:2]}", digits[2:5], digits[5:]]
    first = next((index for index, group in enumerate(groups) if group.strip("0.")), 2)
    return [*((group, index < first) for index, group in enumerate(groups)), (_FINE_DIGITS, False)]


FILTERS = {
    "duration": duration,
    "blocks": blocks,
    "moment": moment,
    "iso": iso_moment,
    "address": short_address,
    "hash": short_hash,
    "sats": format_sats,
    "sbtc": format_sbtc,
    "short_sbtc": short_sbtc,
    "stx": stx,
    "counter": counter_groups,
    "basis_points": basis_points,
}
