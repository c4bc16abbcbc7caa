"""What the vault must answer if our totals are right: all days together are what it owes, and it holds that much."""

from collections.abc import Mapping, Sequence

from pymongo.asynchronous.client_session import AsyncClientSession

from bitpay.analytics.models import DAYS
from bitpay.ledger.audit import AtLeast, Check, Question
from bitpay.marketplace.audit import escrowed
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.store import Database

_STREAMS = {"createdAmount": 1, "toppedUpAmount": 1, "withdrawnAmount": -1, "refundedAmount": -1}
_TREASURY = {"creationFees": 1, "salesFees": 1, "sweptAmount": 1, "treasuryWithdrawnAmount": -1}


def checks(contracts: Contracts) -> Sequence[Check]:
    """Return how the documents of this domain are audited against one deployment of the contracts."""

    async def totals(database: Database, session: AsyncClientSession) -> Sequence[Question]:
        streams, treasury = await _sum(database, session, _STREAMS), await _sum(database, session, _TREASURY)
        liabilities = streams + treasury + await escrowed(database, session)

        def question(what: str, function: str, expected: int | AtLeast, *principals: str) -> Question:
            args = tuple(map(clarity.principal, principals))
            return Question(what, contracts.vault, function, args, expected)

        return (
            question("all days: streams", "get-account", streams, contracts.core),
            question("all days: treasury", "get-account", treasury, contracts.treasury),
            question("vault", "get-liabilities", liabilities),
            question("vault", "get-vault-balance", AtLeast(liabilities)),
        )

    return (Check(DAYS, None, totals),)


async def _sum(database: Database, session: AsyncClientSession, signs: Mapping[str, int]) -> int:
    """Return the sum over all days of these totals, each with its sign."""
    terms = [{"$multiply": [f"${field}", sign]} for field, sign in signs.items()]
    stages = [{"$group": {"_id": None, "sats": {"$sum": {"$add": terms}}}}]
    rows = await (await database[DAYS].aggregate(stages, session=session)).to_list(1)
    return int(rows[0]["sats"]) if rows else 0
