"""Totals per day and per account, and who was active when, as folds of events. Pure and total."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from bitpay.analytics.models import ACCOUNTS, ACTIVE, DAYS, AccountDocument, DayDocument
from bitpay.ledger.documents import raised
from bitpay.ledger.projection import Key, LedgerEvent, Projection
from bitpay.store import Document

VERSION = 1

_DAY_SECONDS = 86_400
_LAST_DAY = 253_402_300_799
"""The last second of the year 9999; no calendar goes beyond it."""

Rise = Mapping[str, str | int]
"""Total -> the event's field that it rises by, or a number."""

_DAYS: Mapping[str, Rise] = {
    "stream-created": {"streamsCreated": 1, "createdAmount": "amount", "creationFees": "fee"},
    "stream-topped-up": {"topUps": 1, "toppedUpAmount": "added", "creationFees": "fee"},
    "stream-withdrawal": {"withdrawals": 1, "withdrawnAmount": "amount", "streamsDepleted": "depleted"},
    "stream-cancelled": {"cancellations": 1, "refundedAmount": "refunded", "streamsDepleted": "depleted"},
    "obligation-transferred": {"transfers": 1},
    "receipt-minted": {"receipts": 1},
    "listing-created": {"listings": 1},
    "listing-cancelled": {"listingsCancelled": 1},
    "listing-sold": {"sales": 1, "salesVolume": "price", "salesFees": "fee"},
    "offer-made": {"offers": 1, "offersAmount": "price"},
    "offer-cancelled": {"offersCancelled": 1},
    "offer-accepted": {"offersAccepted": 1, "sales": 1, "salesVolume": "price", "salesFees": "fee"},
    "proposal-created": {"proposals": 1},
    "proposal-executed": {"proposalsExecuted": 1},
    "treasury-withdrawal": {"treasuryWithdrawals": 1, "treasuryWithdrawnAmount": "amount"},
    "surplus-swept": {"sweptAmount": "amount"},
}
_SELLER: Rise = {"sales": 1, "salesAmount": "price"}
_BUYER: Rise = {"purchases": 1, "purchasesAmount": "price"}
_ACCOUNTS: Mapping[str, Mapping[str, Rise]] = {
    "stream-created": {
        "sender": {"streamsSent": 1, "sentAmount": "amount", "creationFees": "fee"},
        "recipient": {"streamsReceived": 1, "receivableAmount": "amount"},
    },
    "stream-topped-up": {"sender": {"sentAmount": "added", "creationFees": "fee"}},
    "stream-withdrawal": {"holder": {"withdrawals": 1, "withdrawnAmount": "amount"}},
    "stream-cancelled": {"sender": {"cancellations": 1, "refundedAmount": "refunded"}},
    "listing-sold": {"seller": _SELLER, "buyer": _BUYER},
    "offer-made": {"buyer": {"offers": 1}},
    "offer-accepted": {"seller": _SELLER, "buyer": _BUYER},
}
_DAY_TOTALS = [name for name, kind in DayDocument.__annotations__.items() if kind is int and name != "since"]
_ACCOUNT_TOTALS = [
    name for name, kind in AccountDocument.__annotations__.items() if kind is int and not name.endswith("At")
]


def day_keys(event: LedgerEvent) -> Sequence[Key]:
    """Return the UTC day of the event's block, if the event raises a total."""
    return (_day(event.block.time),) if event.name in _DAYS else ()


def day_step(document: Document, event: LedgerEvent) -> Document:
    """Return the day's totals with the event."""
    since = event.block.time - event.block.time % _DAY_SECONDS
    return {**document, "since": since, **_risen(document, _DAYS[event.name], event)}


def empty_day(key: Key) -> Document:
    """Return a day on which nothing has happened."""
    return {"_id": key, "day": key, "since": 0, **dict.fromkeys(_DAY_TOTALS, 0)}


def account_keys(event: LedgerEvent) -> Sequence[Key]:
    """Return the principals whose totals the event raises."""
    return tuple(dict.fromkeys(str(event.fields[role]) for role in _ACCOUNTS.get(event.name, ())))


def account_step(document: Document, event: LedgerEvent) -> Document:
    """Return the account's totals with the event, in every role that it has there."""
    now = event.block.time
    after = {**document, "firstAt": document["firstAt"] or now, "lastAt": now}
    for role, rise in _ACCOUNTS[event.name].items():
        if event.fields[role] == document["_id"]:
            after |= _risen(after, rise, event)
            if rise is _SELLER:
                after |= raised(after, {"salesAmount": -int(event.fields["fee"])})
    return after


def empty_account(key: Key) -> Document:
    """Return an account that has done nothing."""
    return {"_id": key, "account": key, "firstAt": 0, "lastAt": 0, **dict.fromkeys(_ACCOUNT_TOTALS, 0)}


def active_keys(event: LedgerEvent) -> Sequence[Key]:
    """Return the day and the account that signed the transaction."""
    return (f"{_day(event.block.time)}:{event.sender}",)


def active_step(document: Document, _: LedgerEvent) -> Document:
    """Return how active the account was that day, with the event."""
    return {**document, **raised(document, {"events": 1})}


def empty_active(key: Key) -> Document:
    """Return that the account did nothing that day."""
    day, _, account = str(key).partition(":")
    return {"_id": key, "day": day, "account": account, "events": 0}


def _risen(document: Document, rise: Rise, event: LedgerEvent) -> dict[str, Any]:
    by = {name: how if isinstance(how, int) else int(event.fields[how]) for name, how in rise.items()}
    return raised(document, by)


def _day(time: int) -> str:
    return datetime.fromtimestamp(min(time, _LAST_DAY), UTC).date().isoformat()


PROJECTIONS = (
    Projection(DAYS, VERSION, day_keys, day_step, empty=empty_day),
    Projection(ACCOUNTS, VERSION, account_keys, account_step, empty=empty_account),
    Projection(ACTIVE, VERSION, active_keys, active_step, empty=empty_active),
)
