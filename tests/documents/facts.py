"""Events told by hand: each an own transaction, in a block of its own unless told otherwise."""

import hashlib
from collections.abc import Sequence
from typing import Any

from tests.ledger.any_events import SCHEMA
from tests.ledger.ledger_chain import PEOPLE

from bitpay.ledger.events import DecodedBlock
from bitpay.ledger.fold import Documents, fold, keys_of
from bitpay.ledger.projection import LedgerEvent, Message
from bitpay.registry import PROJECTIONS
from bitpay.stacks.model import BlockHeader
from bitpay.store import Document

ALICE, BOB, CAROL, DAVE, ERIN = PEOPLE
NOON = 1_795_435_200
"""12:00 UTC on 2026-11-23."""

_CONTRACT_OF = {name: contract for contract, events in SCHEMA.items() for name in events}
_LIKELY: dict[str, Any] = {
    "sender": ALICE,
    "recipient": BOB,
    "holder": BOB,
    "clock": "seconds",
    "points": [],
    "memo": "",
    "description": "",
    "cancelable": True,
    "transferable": True,
    "depleted": False,
    "step": 1,
    "expires-at": None,
    "ready-at": None,
    "subject": None,
}


class Teller:
    """Tells events one after the other and folds all documents."""

    def __init__(self) -> None:
        self.time = NOON
        self.documents: dict[str, Documents] = {projection.collection: {} for projection in PROJECTIONS}
        self.said: list[Message] = []
        self._told = 0

    def tell(self, name: str, *, after: int = 10, **fields: Any) -> Sequence[Message]:  # noqa: ANN401 - any fields
        """Tell one event so many seconds later; fields not given are likely ones or 0. Returns what is said."""
        self._told += 1
        self.time += after
        contract = _CONTRACT_OF[name]
        given = {key.replace("_", "-"): value for key, value in fields.items()}
        whole = {key: given.pop(key, _LIKELY.get(key, 0)) for key in SCHEMA[contract][name]}
        assert not given, f"{name} has no {sorted(given)}"
        block_hash = "0x" + hashlib.sha256(f"{self._told}".encode()).hexdigest()
        header = BlockHeader(self._told, block_hash, "0x", self.time, 100, "0x", self.time, 1)
        event = LedgerEvent(f"{block_hash}:0:0", header, f"0x{self._told}", 0, 0, ALICE, contract, name, 1, whole)
        return self._fold(event)

    def one(self, collection: str, key: str | int) -> Document:
        """Return a document."""
        found = self.documents[collection][key]
        assert found is not None
        return found

    def _fold(self, event: LedgerEvent) -> Sequence[Message]:
        for projection in PROJECTIONS:
            for key in keys_of(projection, [event]):
                self.documents[projection.collection].setdefault(key, None)
        folded = fold(PROJECTIONS, self.documents, [DecodedBlock(event.block, (event,))], keep_image=lambda _: True)
        for name, changed in folded.changed.items():
            self.documents[name].update(changed)
        return [message for _, message in folded.messages]
