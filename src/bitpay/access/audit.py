"""What bitpay-access-control must answer if our documents of roles and of the contracts' state are right."""

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.access.models import ROLES, ROLES_ID, STATE, STATE_ID
from bitpay.access.projection import ACCESS
from bitpay.ledger.audit import Check, Question
from bitpay.ledger.book import EVENTS
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.store import Database, Document, index

index(
    EVENTS,
    [("contract", 1), ("height", 1), ("txIndex", 1), ("index", 1)],
    partialFilterExpression={"contract": ACCESS},
)


def checks(contracts: Contracts) -> Sequence[Check]:
    """Return how the documents of this domain are audited against one deployment of the contracts."""

    def question(what: str, function: str, expected: Any, *args: clarity.Value) -> Question:  # noqa: ANN401 - any
        return Question(what, contracts.access_control, function, args, expected, {"contract": ACCESS})

    def roles(document: Document) -> Sequence[Question]:
        admins = document["admins"]
        return (
            question("admins", "get-admins", [admin["address"] for admin in admins]),
            question("threshold", "get-threshold", document["threshold"]),
            *(
                question(f"admin {admin['address']}", "get-term", admin["term"], clarity.principal(admin["address"]))
                for admin in admins
            ),
            *(
                question(f"operator {one['address']}", "is-operator", True, clarity.principal(one["address"]))
                for one in document["operators"]
            ),
        )

    def state(document: Document) -> Sequence[Question]:
        return (
            question("contracts", "is-finalized", document["finalized"]),
            question("contracts", "is-paused", document["paused"]),
            question("contracts", "get-fees", document["fees"]),
        )

    async def no_roles(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        found = await database[ROLES].find_one({"_id": ROLES_ID}, session=session)
        return () if found else (question("roles: none yet", "get-threshold", 0),)

    async def no_state(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        found = await database[STATE].find_one({"_id": STATE_ID}, session=session)
        return () if found else (question("contracts: untouched", "is-finalized", False),)

    return Check(ROLES, roles, no_roles), Check(STATE, state, no_state)
