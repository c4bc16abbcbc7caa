"""What a delivery of any format says, in one shape."""

from dataclasses import dataclass
from enum import StrEnum

from bitpay.kit.errors import InvalidInput
from bitpay.protocol.ids import Contracts
from bitpay.stacks.model import Block, ContractLog


class Format(StrEnum):
    """Who speaks: Hiro's hosted Chainhooks, a self-hosted Chainhook, or a stacks-node."""

    CHAINHOOKS_2 = "chainhooks-2"
    CHAINHOOK_1 = "chainhook-1"
    NODE = "node"


class Unreadable(InvalidInput):
    """A delivery whose shape is none of those that we know."""

    code = "unreadable_delivery"


@dataclass(frozen=True, slots=True)
class Arrival:
    """Blocks that are said to be on the chain (oldest first), and hashes of blocks that are said to have left it.

    `complete`: every header says all that a header must. Only contract logs are kept of the events: the ledger
    believes nothing else.
    """

    format: Format
    hook: str
    blocks: tuple[Block, ...]
    rolled_back: tuple[str, ...]
    complete: bool

    def events_of(self, contracts: Contracts) -> int:
        """Return how many prints of our contracts, in transactions that succeeded, it carries."""
        return sum(
            isinstance(event, ContractLog) and contracts.name_of(event.contract_id) is not None
            for block in self.blocks
            for receipt in block.transactions
            if receipt.succeeded
            for event in receipt.events
        )
