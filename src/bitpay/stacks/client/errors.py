"""What can go wrong between us and a node or API, as types."""

from __future__ import annotations

from bitpay.stacks.errors import StacksError


class ApiError(StacksError):
    """A node or API did not give what was asked. `status` is its HTTP status, None when it did not answer."""

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        """Seconds the server asks to wait, None when it does not say."""


class ApiUnavailable(ApiError):
    """It could not be reached, timed out, or failed on its side, also after trying again."""


class ApiRateLimited(ApiError):
    """It asks us to wait longer than this client waits by itself; see `retry_after`."""


class ApiNotFound(ApiError):
    """It has no such thing."""


class ApiGone(ApiNotFound):
    """It has switched this endpoint off."""


class ApiRefused(ApiError):
    """It calls the request wrong, or us not entitled."""


class AnswerInvalid(ApiError):
    """It answered something else than its documentation says."""


class ChainMoved(ApiError):
    """A reorganisation replaced the block while it was being read; read again."""


class ReadFailed(StacksError):
    """A read-only call failed inside the contract or before it; `cause` is the node's word."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"the read-only call failed: {cause}")
        self.cause = cause
