"""Hex text to bytes, as strict everywhere: whole bytes, no white space, with or without "0x"."""

from __future__ import annotations


def from_hex(text: str) -> bytes:
    """Return the bytes of hex text; raises `ValueError` for anything else."""
    if not isinstance(text, str):
        raise ValueError(f"not hex text: {type(text).__name__}")  # noqa: TRY004 - one error for all that is no hex
    digits = text[2:] if text[:2] in {"0x", "0X"} else text
    data = bytes.fromhex(digits)
    if len(data) * 2 != len(digits):  # Python skips white space
        raise ValueError("hex text has no white space")
    return data
