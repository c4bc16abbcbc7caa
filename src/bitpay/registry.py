"""What the ledger folds and what is audited: each domain's projections and checks, named once for all who need them."""

from collections.abc import Sequence

from bitpay.access import audit as access
from bitpay.access.projection import PROJECTIONS as ACCESS
from bitpay.analytics import audit as analytics
from bitpay.analytics.projection import PROJECTIONS as ANALYTICS
from bitpay.ledger.audit import Check
from bitpay.ledger.projection import Projection
from bitpay.marketplace import audit as marketplace
from bitpay.marketplace.projection import PROJECTIONS as MARKETPLACE
from bitpay.protocol.ids import Contracts
from bitpay.streams import audit as streams
from bitpay.streams.projection import PROJECTIONS as STREAMS
from bitpay.treasury import audit as treasury
from bitpay.treasury.projection import PROJECTIONS as TREASURY

PROJECTIONS: tuple[Projection, ...] = (*STREAMS, *MARKETPLACE, *TREASURY, *ACCESS, *ANALYTICS)


def checks(contracts: Contracts) -> Sequence[Check]:
    """Return how the documents of every domain are held against one deployment of the contracts."""
    domains = (streams, marketplace, treasury, access, analytics)
    return [check for domain in domains for check in domain.checks(contracts)]
