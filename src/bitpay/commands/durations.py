"""Durations as people write them: 90, 45s, 30m, 12h, 7d, 2w; on the blocks clock a plain number."""

import re
from typing import Literal

from bitpay.kit.errors import InvalidInput

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_DURATION = re.compile(r"([0-9]{1,12})([smhdw]?)")


def parse_duration(text: str, clock: Literal["seconds", "blocks"] = "seconds") -> int:
    """Return the duration in ticks of the clock. Raises InvalidInput."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text!r} is no duration; write for example 90s, 30m, 12h, 7d or 2w.")
    if clock == "blocks" and found[2]:
        raise InvalidInput(f"On the blocks clock a length is a plain number of blocks; {text!r} is not.")
    return int(found[1]) * SECONDS[found[2]]
