"""Roles and the contracts' state as folds of what bitpay-access-control prints. Pure and total."""

from collections.abc import Callable, Mapping, Sequence

from bitpay.access.models import (
    FIRST_CREATION_BPS,
    FIRST_MARKETPLACE_BPS,
    ROLES,
    ROLES_ID,
    STATE,
    STATE_ID,
    Admin,
    Operator,
)
from bitpay.ledger.documents import changed_by, made_by
from bitpay.ledger.projection import Key, LedgerEvent, Projection
from bitpay.store import Document

VERSION = 1

ACCESS = "bitpay-access-control"


def _keys(steps: Mapping[str, object], key: Key) -> Callable[[LedgerEvent], Sequence[Key]]:
    return lambda event: (key,) if event.contract == ACCESS and event.name in steps else ()


def roles_step(document: Document | None, event: LedgerEvent) -> Document:
    """Return who holds which role after the event."""
    before = document or {"_id": ROLES_ID, "admins": [], "operators": [], "threshold": 0, **made_by(event)}
    return changed_by(event, before, _ROLES_STEPS[event.name](before, event))


def state_step(document: Document | None, event: LedgerEvent) -> Document:
    """Return the contracts' state after the event."""
    before = document or {
        "_id": STATE_ID,
        "finalized": False,
        "finalizedAt": None,
        "paused": False,
        "pausedAt": None,
        "pausedBy": None,
        "fees": {"creation": FIRST_CREATION_BPS, "marketplace": FIRST_MARKETPLACE_BPS},
        **made_by(event),
    }
    return changed_by(event, before, _STATE_STEPS[event.name](event))


def _admin(event: LedgerEvent, address: str, term: int) -> Admin:
    return {"address": address, "term": term, "since": event.order, "at": event.block.time, "txid": event.txid}


def _operator(event: LedgerEvent, address: str) -> Operator:
    return {"address": address, "at": event.block.time, "txid": event.txid}


def _roles_finalized(_: Document, event: LedgerEvent) -> Document:
    admins, operators = event.fields["admins"], event.fields["operators"]
    return {
        "admins": [_admin(event, address, term) for term, address in enumerate(admins, start=1)],
        "operators": [_operator(event, address) for address in operators],
        "threshold": event.fields["threshold"],
    }


def _admin_added(document: Document, event: LedgerEvent) -> Document:
    address = event.fields["admin"]
    return {"admins": [*_others(document["admins"], address), _admin(event, address, event.fields["term"])]}


def _admin_removed(document: Document, event: LedgerEvent) -> Document:
    return {"admins": _others(document["admins"], event.fields["admin"])}


def _threshold_changed(_: Document, event: LedgerEvent) -> Document:
    return {"threshold": event.fields["threshold"]}


def _operator_granted(document: Document, event: LedgerEvent) -> Document:
    address = event.fields["operator"]
    return {"operators": [*_others(document["operators"], address), _operator(event, address)]}


def _operator_revoked(document: Document, event: LedgerEvent) -> Document:
    return {"operators": _others(document["operators"], event.fields["operator"])}


def _others(members: Sequence[Document], address: str) -> list[Document]:
    return [member for member in members if member["address"] != address]


def _finalized(event: LedgerEvent) -> Document:
    return {"finalized": True, "finalizedAt": event.block.time}


def _paused(event: LedgerEvent) -> Document:
    return {"paused": True, "pausedAt": event.block.time, "pausedBy": event.fields["by"]}


def _unpaused(_: LedgerEvent) -> Document:
    return {"paused": False}


def _fees_changed(event: LedgerEvent) -> Document:
    return {"fees": {name: event.fields[name] for name in ("creation", "marketplace")}}


_ROLES_STEPS: Mapping[str, Callable[[Document, LedgerEvent], Document]] = {
    "finalized": _roles_finalized,
    "admin-added": _admin_added,
    "admin-removed": _admin_removed,
    "threshold-changed": _threshold_changed,
    "operator-granted": _operator_granted,
    "operator-revoked": _operator_revoked,
}
_STATE_STEPS: Mapping[str, Callable[[LedgerEvent], Document]] = {
    "finalized": _finalized,
    "paused": _paused,
    "unpaused": _unpaused,
    "fees-changed": _fees_changed,
}

PROJECTIONS = (
    Projection(ROLES, VERSION, _keys(_ROLES_STEPS, ROLES_ID), roles_step),
    Projection(STATE, VERSION, _keys(_STATE_STEPS, STATE_ID), state_step),
)
