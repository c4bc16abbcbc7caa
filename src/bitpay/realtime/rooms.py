"""Names of rooms, and what a client may say about one."""

from typing import Any

from bitpay.kit.errors import InvalidInput
from bitpay.realtime.log import Position

MARKETPLACE = "marketplace"
TREASURY = "treasury"
MAX_STREAM_ID = (1 << 53) - 1
"""The largest integer that JavaScript counts exactly."""

_MAX_EPOCH = 64


def user_room(address: str) -> str:
    """Return the room of what concerns one address."""
    return f"user:{address}"


def stream_room(stream_id: int) -> str:
    """Return the room of one stream."""
    return f"stream:{stream_id}"


def read_stream_id(value: object) -> int:
    """Return the stream id that a client named as a number or as text. Raises InvalidInput."""
    number = value if isinstance(value, int) and not isinstance(value, bool) else _decimal(value)
    if number is None or not 1 <= number <= MAX_STREAM_ID:
        raise InvalidInput("A stream has a whole number from 1 on.")
    return number


def read_position(options: dict[str, Any]) -> Position | None:
    """Return the position that a client says it has read to, None where it names none. Raises InvalidInput."""
    epoch, offset = options.get("epoch"), options.get("offset")
    if epoch is None and offset is None:
        return None
    whole = isinstance(offset, int) and not isinstance(offset, bool) and 0 <= offset <= MAX_STREAM_ID
    if not isinstance(epoch, str) or len(epoch) > _MAX_EPOCH or not whole:
        raise InvalidInput("A position is an epoch (text) and an offset (a whole number).")
    return Position(epoch, int(offset or 0))


def _decimal(value: object) -> int | None:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 17 else None
