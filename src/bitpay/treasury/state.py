"""How a proposal and the treasury stand at a moment: pure, from documents and the chain's time."""

from collections.abc import Mapping
from typing import Any

from bitpay.treasury.models import TIMELOCK_SECONDS, WINDOW_SECONDS

PENDING = "pending"
APPROVED = "approved"
EXPIRED = "expired"
EXECUTED = "executed"
CANCELLED = "cancelled"
STATUSES = (PENDING, APPROVED, EXPIRED, EXECUTED, CANCELLED)


def counting(proposal: Mapping[str, Any], roles: Mapping[str, Any]) -> list[str]:
    """Return the admins whose approval counts: given while they were admins in the term in which they still are."""
    since = {admin["address"]: admin["since"] for admin in roles["admins"]}
    return [
        vote["admin"] for vote in proposal["votes"] if vote["admin"] in since and since[vote["admin"]] < vote["order"]
    ]


def status_of(proposal: Mapping[str, Any], roles: Mapping[str, Any], now: int) -> str:
    """Return the proposal's status at `now` (unix seconds)."""
    if proposal["status"] != PENDING:
        return str(proposal["status"])
    if now >= int(proposal["expiresAt"]):
        return EXPIRED
    return APPROVED if len(counting(proposal, roles)) >= int(roles["threshold"]) else PENDING


def executable_at(proposal: Mapping[str, Any]) -> int | None:
    """Return from when on the proposal can be executed, if enough approvals count then; None: nothing runs yet."""
    return None if proposal["readyAt"] is None else int(proposal["readyAt"]) + TIMELOCK_SECONDS


def spent_in_window(treasury: Mapping[str, Any], now: int) -> int:
    """Return the sats that left the treasury in the window that ends at `now`."""
    return sum(int(one["amount"]) for one in treasury["withdrawals"] if now < one["at"] + WINDOW_SECONDS)
