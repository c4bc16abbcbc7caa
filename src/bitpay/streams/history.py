"""What happened to one stream, in chain order: its canonical events in words. Reads the ledger's books."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bitpay.http.formats import short_address
from bitpay.ledger.book import BLOCKS, EVENTS
from bitpay.store import Database, Document, storable
from bitpay.streams.projection import CORE, OBLIGATION

MAX_SHOWN = 200

_Fields = Mapping[str, Any]
_WORDS: Mapping[tuple[str, str], tuple[Callable[[_Fields], str], str | None]] = {
    (CORE, "stream-created"): (lambda _: "Created", "amount"),
    (CORE, "stream-withdrawal"): (lambda _: "Withdrawn", "amount"),
    (CORE, "stream-cancelled"): (lambda _: "Cancelled, refunded to the sender", "refunded"),
    (CORE, "stream-topped-up"): (lambda _: "Topped up", "added"),
    (CORE, "stream-renounced"): (lambda _: "The sender renounced the right to cancel", None),
    (CORE, "sender-proposed"): (lambda fields: _proposed(fields["new-sender"]), None),
    (CORE, "sender-changed"): (lambda fields: f"{short_address(fields['new-sender'])} became the sender", None),
    (OBLIGATION, "obligation-transferred"): (lambda fields: f"Transferred to {short_address(fields['to'])}", None),
    (OBLIGATION, "obligation-burned"): (lambda _: "The right to be paid was burned", None),
}
"""(contract, event) -> (the sentence, the field that holds its sats)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `sats` None where no money moved; `time` in unix seconds."""

    what: str
    sats: int | None
    time: int
    height: int
    txid: str


class StreamHistory:
    """Reads the history of streams from one database."""

    def __init__(self, database: Database) -> None:
        self._events = database[EVENTS]
        self._blocks = database[BLOCKS]

    async def of(self, stream_id: int) -> list[Entry]:
        """Return what happened to a stream, oldest first, at most MAX_SHOWN entries."""
        order = [("height", 1), ("txIndex", 1), ("index", 1)]
        rows = [
            row
            async for row in self._events.find({"fields.stream-id": storable(stream_id)}).sort(order).limit(MAX_SHOWN)
        ]
        found = self._blocks.find({"_id": {"$in": [row["block"] for row in rows]}, "canonical": True}, {"time": 1})
        times = {row["_id"]: int(row["time"]) async for row in found}
        return [_entry(row, times[row["block"]]) for row in rows if row["block"] in times and _key(row) in _WORDS]


def _key(row: Document) -> tuple[str, str]:
    return row["contract"], row["name"]


def _entry(row: Document, time: int) -> Entry:
    sentence, money = _WORDS[_key(row)]
    fields = row["fields"]
    sats = None if money is None else int(fields[money])
    return Entry(sentence(fields), sats, time, row["height"], row["txid"])


def _proposed(new_sender: str | None) -> str:
    return (
        f"{short_address(new_sender)} was proposed as sender"
        if new_sender
        else "The proposal of a sender was withdrawn"
    )
