"""Pieces that all delivery formats share: hashes, heights, hexadecimal values."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bitpay.stacks.model import TransactionStatus

Hash = Annotated[str, StringConstraints(pattern=r"^0x[0-9a-fA-F]{64}$", to_lower=True)]
"""32 bytes as "0x" and 64 lower-case hexadecimal digits."""

Name = Annotated[str, StringConstraints(max_length=200)]
"""What a sender calls a hook."""

Height = Annotated[int, Field(ge=0, lt=1 << 62)]
Seconds = Annotated[int, Field(ge=0, lt=1 << 62)]
Index = Annotated[int, Field(ge=0, lt=1 << 31)]


def _raw(value: object) -> object:
    """Accept a Clarity value as "0x..", or as the object {"hex": "0x..", "repr": ".."}; only the bytes are believed."""
    text = value.get("hex") if isinstance(value, dict) else value
    if not isinstance(text, str) or not text.startswith("0x"):
        raise ValueError("a Clarity value is hexadecimal and begins with 0x")
    return bytes.fromhex(text[2:])


Raw = Annotated[bytes, BeforeValidator(_raw)]

KNOWN_STATUSES = frozenset(TransactionStatus)


class Wire(BaseModel):
    """A part of a delivery: what it must say, whatever else it says."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=False)


class Identifier(Wire):
    """A block's height and index block hash."""

    index: Height
    hash: Hash
