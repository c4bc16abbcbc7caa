"""What the contracts must answer if our documents of proposals and of the treasury are right."""

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.access.models import ROLES, ROLES_ID
from bitpay.ledger.audit import Check, Question, how_many
from bitpay.ledger.book import EVENTS
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.store import Database, Document, index
from bitpay.treasury.models import PROPOSALS, TREASURY, TREASURY_ID
from bitpay.treasury.projection import CONTRACT
from bitpay.treasury.state import PENDING, counting

index(PROPOSALS, [("status", 1), ("_id", -1)])
index(
    EVENTS,
    [("contract", 1), ("fields.proposal-id", 1), ("height", 1), ("txIndex", 1), ("index", 1)],
    partialFilterExpression={"contract": CONTRACT},
)

_NEWEST = 20
"""Open proposals whose approvals are counted anew each time: who is an admin changes what counts."""


def checks(contracts: Contracts) -> Sequence[Check]:
    """Return how the documents of this domain are audited against one deployment of the contracts."""
    return _proposals(contracts), _treasury(contracts)


def _proposals(contracts: Contracts) -> Check:
    def question(what: str, document: Document, expected: Any) -> Question:  # noqa: ANN401 - any Clarity value
        number = document["proposalId"]
        events = {"contract": CONTRACT, "fields.proposal-id": number}
        args = (clarity.uint(number),)
        return Question(f"{what} {number}", contracts.treasury, "get-proposal", args, expected, events)

    def questions(document: Document) -> Sequence[Question]:
        expected = {
            "kind": document["kind"],
            "proposer": document["proposer"],
            "subject": document["subject"],
            "value": document["value"],
            "value-2": document["value2"],
            "description": document["description"],
            "created-at": document["createdAt"],
            "expires-at": document["expiresAt"],
            "ready-at": document["readyAt"],
        }
        if document["status"] != PENDING:  # what a pending one is called depends on the time
            expected["status"] = document["status"]
        return (question("proposal", document, expected),)

    async def totals(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        count = await how_many(database, session, PROPOSALS, contracts.treasury, "get-proposal-count")
        roles = await database[ROLES].find_one({"_id": ROLES_ID}, session=session) or {"admins": []}
        pending = database[PROPOSALS].find({"status": PENDING}, session=session).sort("_id", -1).limit(_NEWEST)
        counted = [
            question("approvals of proposal", one, {"approvals": len(counting(one, roles))}) async for one in pending
        ]
        return count, *counted

    return Check(PROPOSALS, questions, totals)


def _treasury(contracts: Contracts) -> Check:
    def questions(document: Document) -> Sequence[Question]:
        account, events = (clarity.principal(contracts.treasury),), {"contract": CONTRACT}
        return (
            Question("treasury: account", contracts.vault, "get-account", account, document["balance"], events),
            Question("treasury", contracts.treasury, "get-balance", (), document["balance"], events),
            Question("treasury", contracts.treasury, "get-limit", (), document["limit"], events),
        )

    async def totals(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        if await database[TREASURY].find_one({"_id": TREASURY_ID}, session=session):
            return ()
        return (Question("treasury: none yet", contracts.treasury, "get-balance", (), 0),)

    return Check(TREASURY, questions, totals)
