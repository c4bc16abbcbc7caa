"""What the contracts must answer if our documents of tokens, listings and offers are right."""

from collections.abc import Sequence
from typing import Any

from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.ledger.audit import Check, Question, how_many
from bitpay.marketplace.models import LISTINGS, OBLIGATIONS, OFFERS
from bitpay.marketplace.state import ACTIVE
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.store import Database, Document, index

index(OFFERS, [("status", 1), ("_id", -1)])


def checks(contracts: Contracts) -> Sequence[Check]:
    """Return how the documents of this domain are audited against one deployment of the contracts."""
    return _obligations(contracts), _listings(contracts), _offers(contracts)


def _obligations(contracts: Contracts) -> Check:
    def questions(document: Document) -> Sequence[Question]:
        number = document["streamId"]

        def question(contract_id: str, function: str, expected: Any) -> Question:  # noqa: ANN401 - any Clarity value
            events = {"fields.stream-id": number}
            return Question(f"token {number}", contract_id, function, (clarity.uint(number),), expected, events)

        token = [
            question(contracts.obligation_nft, "get-owner", document["owner"]),
            question(contracts.obligation_nft, "get-moves", document["moves"]),
            question(contracts.obligation_nft, "is-transferable", document["transferable"]),
        ]
        if document["stands"] and document["listing"]["expiresAt"] is not None:
            return token  # whether it is live depends on the very second at which the contract is asked
        live = document["listing"]["listingId"] if document["stands"] else None
        return [*token, question(contracts.marketplace, "get-live-listing", live)]

    async def totals(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        return (await how_many(database, session, OBLIGATIONS, contracts.obligation_nft, "get-last-token-id"),)

    return Check(OBLIGATIONS, questions, totals)


def _listings(contracts: Contracts) -> Check:
    def questions(document: Document) -> Sequence[Question]:
        expected = {
            "stream-id": document["streamId"],
            "seller": document["seller"],
            "price": document["price"],
            "fee-bps": document["feeBps"],
            "expires-at": document["expiresAt"],
            "moves": document["moves"],
            "status": document["status"],
        }
        number = document["listingId"]
        events = {"fields.stream-id": document["streamId"], "fields.listing-id": number}
        args = (clarity.uint(number),)
        return (Question(f"listing {number}", contracts.marketplace, "get-listing", args, expected, events),)

    async def totals(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        return (await how_many(database, session, LISTINGS, contracts.marketplace, "get-listing-count"),)

    return Check(LISTINGS, questions, totals)


def _offers(contracts: Contracts) -> Check:
    def questions(document: Document) -> Sequence[Question]:
        expected = {
            "stream-id": document["streamId"],
            "buyer": document["buyer"],
            "price": document["price"],
            "fee-bps": document["feeBps"],
            "min-remaining": document["minRemaining"],
            "accept-cancelable": document["acceptCancelable"],
            "expires-at": document["expiresAt"],
            "status": document["status"],
        }
        number = document["offerId"]
        events = {"fields.stream-id": document["streamId"], "fields.offer-id": number}
        args = (clarity.uint(number),)
        return (Question(f"offer {number}", contracts.marketplace, "get-offer", args, expected, events),)

    async def totals(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        account = (clarity.principal(contracts.marketplace),)
        return (
            await how_many(database, session, OFFERS, contracts.marketplace, "get-offer-count"),
            Question(
                "offers: sats in escrow", contracts.vault, "get-account", account, await escrowed(database, session)
            ),
        )

    return Check(OFFERS, questions, totals)


async def escrowed(database: Database, session: AsyncClientSession) -> int:
    """Return the sats that the vault holds for open offers."""
    stages: list[dict[str, Any]] = [
        {"$match": {"status": ACTIVE}},
        {"$group": {"_id": None, "sats": {"$sum": "$price"}}},
    ]
    rows = await (await database[OFFERS].aggregate(stages, session=session)).to_list(1)
    return int(rows[0]["sats"]) if rows else 0
