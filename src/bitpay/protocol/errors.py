"""The contracts' error codes in words."""

from bitpay.protocol.error_table import ERRORS


def sentence_of(code: int) -> str:
    """Return what a person can do about a contract's error code (`(err u501)` is 501)."""
    if code not in ERRORS:
        return f"The contract refused it with the unknown code {code}. Nothing moved."
    return ERRORS[code][1]
