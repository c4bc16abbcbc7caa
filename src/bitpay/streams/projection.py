"""Streams and receipts as folds of what bitpay-core and the two NFTs print. Pure and total."""

from collections.abc import Callable, Mapping, Sequence

from bitpay.ledger.documents import changed_by, made_by, shown, told
from bitpay.ledger.projection import LedgerEvent, Message, Projection
from bitpay.store import Document, storable
from bitpay.streams.models import RECEIPTS, STREAMS

VERSION = 1

CORE = "bitpay-core"
OBLIGATION = "bitpay-obligation-nft"
RECEIPT = "bitpay-nft"

_BLOCKS = "blocks"
_SAID = {
    "stream-created": "stream:created",
    "stream-withdrawal": "stream:withdrawal",
    "stream-cancelled": "stream:cancelled",
}
_UPDATED = "stream:updated"


def keys(event: LedgerEvent) -> Sequence[int | str]:
    """Return the stream's number, if the event is one of a stream's."""
    return (storable(int(event.fields["stream-id"])),) if (event.contract, event.name) in _STEPS else ()


def step(document: Document | None, event: LedgerEvent) -> Document | None:
    """Return the stream after the event. What is told about a stream that we never saw created changes nothing."""
    if event.name == "stream-created" and event.contract == CORE:
        return _created(event)
    if document is None:
        return None
    return changed_by(event, document, _STEPS[event.contract, event.name](document, event))


def messages(before: Document | None, after: Document | None, event: LedgerEvent) -> Sequence[Message]:
    """Tell the stream's room and everybody who is a party to it, before or after."""
    if after is None:
        return ()
    parties = {document[role] for document in (before, after) if document for role in ("sender", "holder")}
    rooms = (f"stream:{after['streamId']}", *(f"user:{party}" for party in sorted(filter(None, parties))))
    data = {"streamId": after["streamId"], "stream": shown(after), **told(event)}
    return (Message(_SAID.get(event.name, _UPDATED), data, rooms),)


def _created(event: LedgerEvent) -> Document:
    fields = event.fields
    number, start, end = fields["stream-id"], fields["start"], fields["end"]
    in_blocks = fields["clock"] == _BLOCKS
    created = {
        "_id": storable(int(number)),
        "streamId": number,
        "sender": fields["sender"],
        "proposedSender": None,
        "recipient": fields["recipient"],
        "holder": fields["recipient"],
        "amount": fields["amount"],
        "fee": fields["fee"],
        "clock": fields["clock"],
        "start": start,
        "end": end,
        "startBlock": start if in_blocks else event.block.height,
        "endBlock": end if in_blocks else None,
        "startTime": None if in_blocks else start,
        "endTime": None if in_blocks else end,
        "duration": int(end) - int(start),
        "cliff": fields["cliff"],
        "upfront": fields["upfront"],
        "atCliff": fields["at-cliff"],
        "step": fields["step"],
        "points": [dict(point) for point in fields["points"]],
        "cancelable": fields["cancelable"],
        "transferable": fields["transferable"],
        "memo": fields["memo"],
        "withdrawnAmount": 0,
        "refundedAmount": 0,
        "cancelled": False,
        "cancelledAt": None,
        "cancelledAtBlock": None,
        "depleted": False,
        "moves": 0,
        **made_by(event),
    }
    return {**created, "settlesAt": _settles_at(created)}


def _withdrawn(_: Document, event: LedgerEvent) -> Document:
    return {"withdrawnAmount": event.fields["withdrawn"], "depleted": event.fields["depleted"]}


def _cancelled(_: Document, event: LedgerEvent) -> Document:
    return {
        "refundedAmount": event.fields["refunded"],
        "cancelled": True,
        "cancelledAt": event.fields["at"],
        "cancelledAtBlock": event.block.height,
        "depleted": event.fields["depleted"],
        "cancelable": False,
    }


def _topped_up(document: Document, event: LedgerEvent) -> Document:
    end = event.fields["end"]
    change = {
        "amount": event.fields["amount"],
        "fee": int(document["fee"]) + int(event.fields["fee"]),
        "end": end,
        "endBlock" if document["clock"] == _BLOCKS else "endTime": end,
        "duration": int(end) - int(document["start"]),
    }
    return {**change, "settlesAt": _settles_at({**document, **change})}


def _renounced(_: Document, __: LedgerEvent) -> Document:
    return {"cancelable": False}


def _sender_proposed(_: Document, event: LedgerEvent) -> Document:
    return {"proposedSender": event.fields["new-sender"]}


def _sender_changed(_: Document, event: LedgerEvent) -> Document:
    return {"sender": event.fields["new-sender"], "proposedSender": None}


def _minted(_: Document, event: LedgerEvent) -> Document:
    return {"holder": event.fields["holder"], "transferable": event.fields["transferable"]}


def _transferred(_: Document, event: LedgerEvent) -> Document:
    return {"holder": event.fields["to"], "moves": event.fields["moves"]}


def _burned(_: Document, __: LedgerEvent) -> Document:
    return {"holder": None}


_STEPS: Mapping[tuple[str, str], Callable[[Document, LedgerEvent], Document]] = {
    (CORE, "stream-created"): lambda document, _: document,
    (CORE, "stream-withdrawal"): _withdrawn,
    (CORE, "stream-cancelled"): _cancelled,
    (CORE, "stream-topped-up"): _topped_up,
    (CORE, "stream-renounced"): _renounced,
    (CORE, "sender-proposed"): _sender_proposed,
    (CORE, "sender-changed"): _sender_changed,
    (OBLIGATION, "obligation-minted"): _minted,
    (OBLIGATION, "obligation-transferred"): _transferred,
    (OBLIGATION, "obligation-burned"): _burned,
}


def _settles_at(document: Document) -> int:
    """Return from when on everything is vested: the end, or earlier where the rest of the curve is flat."""
    amount, duration = int(document["amount"]), int(document["duration"])
    upfront, at_cliff = int(document["upfront"]), int(document["atCliff"])
    after = duration
    if document["points"]:
        after = next((int(point["after"]) for point in document["points"] if int(point["total"]) == amount), duration)
    elif upfront == amount:
        after = 0
    elif upfront + at_cliff == amount:
        after = int(document["cliff"])
    return int(document["start"]) + after


def receipt_keys(event: LedgerEvent) -> Sequence[int | str]:
    """Return the number of the stream whose receipt is minted."""
    return (storable(int(event.fields["stream-id"])),) if event.contract == RECEIPT else ()


def receipt_step(_: Document | None, event: LedgerEvent) -> Document:
    """Return the receipt: it is minted once and never changes."""
    fields = event.fields
    return {
        "_id": storable(int(fields["stream-id"])),
        "streamId": fields["stream-id"],
        "holder": fields["holder"],
        "payer": fields["payer"],
        "paid": fields["paid"],
        "start": fields["start"],
        "end": fields["end"],
        **made_by(event),
    }


PROJECTION = Projection(STREAMS, VERSION, keys, step, messages)
PROJECTIONS = (PROJECTION, Projection(RECEIPTS, VERSION, receipt_keys, receipt_step))
