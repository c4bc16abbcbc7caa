"""The documents of `roles` and `contract_state`: who may do what, and on what terms, as the access control tells it.

Both collections hold one document. Times are block times in unix seconds, fees basis points (1/10000).
"""

from typing import TypedDict

from bitpay.ledger.documents import Dated
from bitpay.store import collection

ROLES = collection("roles")
STATE = collection("contract_state")

ROLES_ID = "roles"
STATE_ID = "contracts"

FIRST_CREATION_BPS = 10
FIRST_MARKETPLACE_BPS = 25


class Admin(TypedDict):
    """An admin: `term` numbers his admission, `since` is its place in the chain (sorts as text), `at` its time."""

    address: str
    term: int
    since: str
    at: int
    txid: str


class Operator(TypedDict):
    """Somebody who may pause."""

    address: str
    at: int
    txid: str


class RolesDocument(Dated, TypedDict):
    """Admins and operators in the order of their admission, and how many admins must agree."""

    _id: str
    admins: list[Admin]
    operators: list[Operator]
    threshold: int


class Fees(TypedDict):
    """The rates that new streams, listings and offers are charged, in basis points."""

    creation: int
    marketplace: int


class ContractStateDocument(Dated, TypedDict):
    """Whether new business is done, and its fees. `pausedAt` and `pausedBy` are of the last pause, None before."""

    _id: str
    finalized: bool
    finalizedAt: int | None
    paused: bool
    pausedAt: int | None
    pausedBy: str | None
    fees: Fees
