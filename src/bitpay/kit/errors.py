"""Errors that a person or a program can act on: a stable code, a sentence, and details."""

from typing import Any, ClassVar


class BitPayError(Exception):
    """Base of every error that BitPay reports.

    `code` is stable and machine-readable, `status` the HTTP status it maps to, `details` JSON-ready.
    """

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500

    def __init__(self, message: str, **details: Any) -> None:  # noqa: ANN401 - any JSON value
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(BitPayError):
    """The caller sent something that can never be right."""

    code = "invalid_input"
    status = 400


class Unauthenticated(BitPayError):
    """Nobody is signed in, or the proof of it does not hold."""

    code = "unauthenticated"
    status = 401


class Forbidden(BitPayError):
    """The caller is known but may not do this."""

    code = "forbidden"
    status = 403


class NotFound(BitPayError):
    """What was asked for does not exist."""

    code = "not_found"
    status = 404


class Conflict(BitPayError):
    """The state of things does not allow this now."""

    code = "conflict"
    status = 409


class TooLarge(BitPayError):
    """The body or value exceeds a bound."""

    code = "too_large"
    status = 413


class RateLimited(BitPayError):
    """Too many requests; `details["retryAfter"]` says how many seconds to wait."""

    code = "rate_limited"
    status = 429


class Unavailable(BitPayError):
    """A service that BitPay depends on does not answer; trying again later may help."""

    code = "unavailable"
    status = 503
