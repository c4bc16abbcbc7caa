"""What the contracts must answer if our documents of streams and receipts are right."""

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.ledger.audit import Check, Question
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.store import Database, Document
from bitpay.streams.models import RECEIPTS, STREAMS

_OWED = {"$subtract": ["$amount", {"$add": ["$withdrawnAmount", "$refundedAmount"]}]}


def checks(contracts: Contracts) -> Sequence[Check]:
    """Return how the documents of this domain are audited against one deployment of the contracts."""
    return stream_check(contracts), receipt_check(contracts)


def stream_check(contracts: Contracts) -> Check:
    """Return how documents of streams are audited against one deployment of the contracts."""

    def questions(document: Document) -> Sequence[Question]:
        number = document["streamId"]

        def question(contract_id: str, function: str, expected: Any) -> Question:  # noqa: ANN401 - any Clarity value
            events = {"fields.stream-id": number}
            return Question(f"stream {number}", contract_id, function, (clarity.uint(number),), expected, events)

        return (
            question(contracts.core, "get-stream", _stream(document)),
            question(contracts.core, "get-schedule", _schedule(document)),
            question(contracts.core, "get-holder", document["holder"]),
            question(contracts.core, "get-proposed-sender", document["proposedSender"]),
            question(contracts.obligation_nft, "get-moves", document["moves"]),
        )

    async def totals(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        owed, count = await _sums(database, session)
        account = (clarity.principal(contracts.core),)
        return (
            Question("streams: sats owed in all", contracts.vault, "get-account", account, owed),
            Question("streams: how many", contracts.core, "get-stream-count", (), count),
        )

    return Check(STREAMS, questions, totals)


def receipt_check(contracts: Contracts) -> Check:
    """Return how documents of receipts are audited against one deployment of the contracts."""

    def questions(document: Document) -> Sequence[Question]:
        number = document["streamId"]
        what, args, events = f"receipt {number}", (clarity.uint(number),), {"fields.stream-id": number}
        receipt = {name: document[name] for name in ("payer", "paid", "start", "end")}
        return (
            Question(what, contracts.nft, "get-owner", args, document["holder"], events),
            Question(what, contracts.nft, "get-receipt", args, receipt, events),
        )

    async def totals(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        last = await database[RECEIPTS].find_one(sort=[("_id", -1)], session=session) or {"_id": 0}
        return (Question("receipts: the last", contracts.nft, "get-last-token-id", (), last["_id"]),)

    return Check(RECEIPTS, questions, totals)


async def _sums(database: Database, session: AsyncClientSession) -> tuple[int, int]:
    summed = await database[STREAMS].aggregate(
        [{"$group": {"_id": None, "owed": {"$sum": _OWED}, "count": {"$sum": 1}}}], session=session
    )
    rows = await summed.to_list(1)
    return (rows[0]["owed"], rows[0]["count"]) if rows else (0, 0)


def _stream(document: Document) -> dict[str, Any]:
    return {
        "sender": document["sender"],
        "recipient": document["recipient"],
        "amount": document["amount"],
        "withdrawn": document["withdrawnAmount"],
        "refunded": document["refundedAmount"],
        "clock": document["clock"],
        "start": document["start"],
        "end": document["end"],
        "cancelable": document["cancelable"],
        "transferable": document["transferable"],
        "cancelled-at": document["cancelledAt"],
        "memo": document["memo"],
    }


def _schedule(document: Document) -> dict[str, Any]:
    return {
        "clock": document["clock"],
        "start": document["start"],
        "duration": document["duration"],
        "cliff": document["cliff"],
        "upfront": document["upfront"],
        "at-cliff": document["atCliff"],
        "step": document["step"],
        "points": document["points"],
    }
