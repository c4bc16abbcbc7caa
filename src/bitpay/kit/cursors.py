"""Opaque page cursors: a small JSON object in URL-safe base64."""

import base64
import binascii
import json

from bitpay.kit.errors import InvalidInput

_MAX_LENGTH = 512


def encode_cursor(position: dict[str, int | str]) -> str:
    """Return the position as text that fits a URL."""
    packed = json.dumps(position, separators=(",", ":"), sort_keys=True).encode()
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode_cursor(text: str) -> dict[str, int | str]:
    """Return the position that `encode_cursor` packed. Raises InvalidInput on anything else."""
    try:
        if len(text) > _MAX_LENGTH:
            raise ValueError(text)
        position = json.loads(base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True))
        if not isinstance(position, dict) or not all(isinstance(v, int | str) for v in position.values()):
            raise TypeError(position)
    except (ValueError, TypeError, binascii.Error, RecursionError) as error:
        raise InvalidInput("This page cursor is not one of ours; start again without it.") from error
    return position
