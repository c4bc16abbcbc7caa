"""Proposals and the treasury's account as folds of events. Pure and total."""

from collections.abc import Callable, Mapping, Sequence

from bitpay.ledger.documents import changed_by, made_by, raised, shown, told
from bitpay.ledger.projection import Key, LedgerEvent, Message, Projection
from bitpay.store import Document, storable
from bitpay.treasury.models import (
    FIRST_LIMIT,
    MAX_WITHDRAWALS,
    PROPOSALS,
    TREASURY,
    TREASURY_ID,
    WINDOW_SECONDS,
    Vote,
    Withdrawal,
)

VERSION = 1

CONTRACT = "bitpay-treasury"
CORE = "bitpay-core"
MARKETPLACE = "bitpay-marketplace"
VAULT = "bitpay-sbtc-helper"

_ROOM = "treasury"
_WITHDRAWAL = "withdrawal"
_SAID = {
    "proposal-created": "treasury:proposal-created",
    "proposal-approved": "treasury:proposal-approved",
    "proposal-executed": "treasury:proposal-executed",
}
_UPDATED = "treasury:proposal-updated"
_BALANCE = "treasury:balance-updated"


def proposal_keys(event: LedgerEvent) -> Sequence[Key]:
    """Return the proposal's number, if the event is one of a proposal's."""
    ours = event.contract == CONTRACT and event.name in _PROPOSAL_STEPS
    return (storable(int(event.fields["proposal-id"])),) if ours else ()


def proposal_step(document: Document | None, event: LedgerEvent) -> Document | None:
    """Return the proposal after the event. What is told about a proposal that we never saw made changes nothing."""
    if event.name == "proposal-created":
        return _created(event)
    if document is None:
        return None
    return changed_by(event, document, _PROPOSAL_STEPS[event.name](document, event))


def proposal_messages(_: Document | None, after: Document | None, event: LedgerEvent) -> Sequence[Message]:
    """Tell the treasury's room, the proposer and whoever is to be paid."""
    if after is None:
        return ()
    people = {after["proposer"], after["recipient"]} - {None}
    rooms = (_ROOM, *(f"user:{somebody}" for somebody in sorted(people)))
    data = {"proposalId": after["proposalId"], "proposal": shown(after), **told(event)}
    return (Message(_SAID.get(event.name, _UPDATED), data, rooms),)


def treasury_keys(event: LedgerEvent) -> Sequence[Key]:
    """Return the treasury's one key, if the event moves its account or its limit."""
    return (TREASURY_ID,) if (event.contract, event.name) in _TREASURY_STEPS else ()


def treasury_step(document: Document, event: LedgerEvent) -> Document:
    """Return the treasury after the event."""
    change = _TREASURY_STEPS[event.contract, event.name](document, event)
    if not change:
        return document
    return changed_by(event, document if "txid" in document else {**document, **made_by(event)}, change)


def treasury_messages(before: Document, after: Document, event: LedgerEvent) -> Sequence[Message]:
    """Tell the treasury's room what it can spend now."""
    if before["balance"] == after["balance"]:
        return ()
    return (Message(_BALANCE, {"treasury": shown(after), **told(event)}, (_ROOM,)),)


def empty_treasury(key: Key) -> Document:
    """Return the treasury as it is when the contracts are deployed."""
    return {
        "_id": key,
        "balance": 0,
        "creationFees": 0,
        "marketplaceFees": 0,
        "swept": 0,
        "withdrawn": 0,
        "limit": FIRST_LIMIT,
        "withdrawals": [],
    }


def _created(event: LedgerEvent) -> Document:
    fields = event.fields
    number, is_withdrawal = fields["proposal-id"], fields["kind"] == _WITHDRAWAL
    return {
        "_id": storable(int(number)),
        "proposalId": number,
        "kind": fields["kind"],
        "proposer": fields["proposer"],
        "subject": fields["subject"],
        "value": fields["value"],
        "value2": fields["value-2"],
        "recipient": fields["subject"] if is_withdrawal else None,
        "amount": fields["value"] if is_withdrawal else None,
        "description": fields["description"],
        **_votes([_vote(event, fields["proposer"])]),
        "readyAt": fields["ready-at"],
        "expiresAt": fields["expires-at"],
        "status": "pending",
        "executedAt": None,
        "executedBy": None,
        "cancelledAt": None,
        **made_by(event),
    }


def _approved(document: Document, event: LedgerEvent) -> Document:
    admin = event.fields["admin"]
    votes = _votes([*_others(document, admin), _vote(event, admin)])
    return {**votes, "readyAt": event.fields["ready-at"]}


def _revoked(document: Document, event: LedgerEvent) -> Document:
    return _votes(_others(document, event.fields["admin"]))


def _cancelled(_: Document, event: LedgerEvent) -> Document:
    return {"status": "cancelled", "cancelledAt": event.block.time}


def _executed(_: Document, event: LedgerEvent) -> Document:
    return {"status": "executed", "executedAt": event.block.time, "executedBy": event.fields["by"]}


def _vote(event: LedgerEvent, admin: str) -> Vote:
    return {"admin": admin, "at": event.block.time, "order": event.order, "txid": event.txid}


def _votes(votes: list[Vote]) -> Document:
    return {"votes": votes, "approvals": [vote["admin"] for vote in votes]}


def _others(document: Document, admin: str) -> list[Vote]:
    return [vote for vote in document["votes"] if vote["admin"] != admin]


def _creation_fee(document: Document, event: LedgerEvent) -> Document:
    return _earned(document, "creationFees", event.fields["fee"])


def _marketplace_fee(document: Document, event: LedgerEvent) -> Document:
    return _earned(document, "marketplaceFees", event.fields["fee"])


def _swept(document: Document, event: LedgerEvent) -> Document:
    return _earned(document, "swept", event.fields["amount"])


def _earned(document: Document, source: str, sats: int | str) -> Document:
    amount = int(sats)
    return raised(document, {"balance": amount, source: amount}) if amount else {}


def _withdrawn(document: Document, event: LedgerEvent) -> Document:
    """Take it off, and forget the withdrawals that are older than a window, as the contract does."""
    fields, now = event.fields, event.block.time
    latest: Withdrawal = {
        "proposalId": fields["proposal-id"],
        "recipient": fields["recipient"],
        "amount": fields["amount"],
        "at": now,
        "txid": event.txid,
    }
    recent = [one for one in document["withdrawals"] if now < one["at"] + WINDOW_SECONDS]
    amount = int(fields["amount"])
    change = raised(document, {"balance": -amount, "withdrawn": amount})
    return {**change, "withdrawals": [*recent, latest][-MAX_WITHDRAWALS:]}


def _limit_changed(_: Document, event: LedgerEvent) -> Document:
    return {"limit": event.fields["limit"]}


_PROPOSAL_STEPS: Mapping[str, Callable[[Document, LedgerEvent], Document]] = {
    "proposal-created": lambda document, _: document,
    "proposal-approved": _approved,
    "approval-revoked": _revoked,
    "proposal-cancelled": _cancelled,
    "proposal-executed": _executed,
}
_TREASURY_STEPS: Mapping[tuple[str, str], Callable[[Document, LedgerEvent], Document]] = {
    (CORE, "stream-created"): _creation_fee,
    (CORE, "stream-topped-up"): _creation_fee,
    (MARKETPLACE, "listing-sold"): _marketplace_fee,
    (MARKETPLACE, "offer-accepted"): _marketplace_fee,
    (VAULT, "surplus-swept"): _swept,
    (CONTRACT, "treasury-withdrawal"): _withdrawn,
    (CONTRACT, "limit-changed"): _limit_changed,
}

PROJECTIONS = (
    Projection(PROPOSALS, VERSION, proposal_keys, proposal_step, proposal_messages),
    Projection(TREASURY, VERSION, treasury_keys, treasury_step, treasury_messages, empty=empty_treasury),
)
