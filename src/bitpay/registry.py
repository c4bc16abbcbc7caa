"""What the ledger folds and what is audited: each domain's projection and checks, named once for all who need them."""

from collections.abc import Sequence

from bitpay.ledger.audit import Check
from bitpay.ledger.projection import Projection
from bitpay.protocol.ids import Contracts
from bitpay.streams.audit import stream_check
from bitpay.streams.projection import PROJECTION as STREAMS

PROJECTIONS: tuple[Projection, ...] = (STREAMS,)


def checks(contracts: Contracts) -> Sequence[Check]:
    """Return how the documents of every domain are held against one deployment of the contracts."""
    return (stream_check(contracts),)
