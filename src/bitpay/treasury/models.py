"""The documents of `treasury_proposals` and `treasury`: what follows from the treasury's events alone.

Stored statuses are pending, executed and cancelled. Whether a proposal is approved or expired, which approvals count
and what was spent in the last day depends on the time and on who is an admin; `bitpay.treasury.state` computes it.
Amounts are sats, times unix seconds.
"""

from typing import TypedDict

from bitpay.ledger.documents import Dated
from bitpay.store import collection

PROPOSALS = collection("treasury_proposals")
TREASURY = collection("treasury")

TREASURY_ID = "treasury"

FIRST_LIMIT = 100_000_000
MAX_WITHDRAWALS = 24
WINDOW_SECONDS = 86_400
"""Withdrawals of the last so many seconds together stay within the limit, and are at most MAX_WITHDRAWALS."""
TIMELOCK_SECONDS = 86_400
"""Between the approval that made a proposal ready and its execution."""


class Vote(TypedDict):
    """An approval that stands: whose, when, and `order`, its place in the chain (sorts as text)."""

    admin: str
    at: int
    order: str
    txid: str


class ProposalDocument(Dated, TypedDict):
    """One proposal. `_id` and `proposalId` are the number that the contract gave it.

    `subject`, `value` and `value2` mean what the kind says; for a withdrawal `recipient` and `amount` repeat them,
    else they are None. `approvals` are the addresses of `votes`: all approvals given and not revoked, whether they
    count or not. `readyAt` is when an approval last raised the count to the threshold, None before.
    """

    _id: int
    proposalId: int
    kind: str
    proposer: str
    subject: str | None
    value: int
    value2: int
    recipient: str | None
    amount: int | None
    description: str
    approvals: list[str]
    votes: list[Vote]
    readyAt: int | None
    expiresAt: int
    status: str
    executedAt: int | None
    executedBy: str | None
    cancelledAt: int | None


class Withdrawal(TypedDict):
    """Sats that left the treasury."""

    proposalId: int
    recipient: str
    amount: int
    at: int
    txid: str


class TreasuryDocument(Dated, TypedDict):
    """The treasury's account: `balance` = `creationFees` + `marketplaceFees` + `swept` - `withdrawn`.

    `limit` is the most that may leave in a window of a day; `withdrawals` are those of the last window before the
    newest of them, and at most 24.
    """

    _id: str
    balance: int
    creationFees: int
    marketplaceFees: int
    swept: int
    withdrawn: int
    limit: int
    withdrawals: list[Withdrawal]
