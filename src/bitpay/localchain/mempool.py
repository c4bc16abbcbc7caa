"""Transactions that wait for a block."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from bitpay.localchain.blocks import Block
from bitpay.localchain.rejections import Rejected
from bitpay.stacks.model import BlockHeader
from bitpay.stacks.transactions import Transaction

MAX_AGE_BLOCKS = 256
"""After so many Bitcoin blocks a waiting transaction is dropped."""
_KEPT_DROPS = 2_000


@dataclass(frozen=True)
class Pending:
    """A waiting transaction. `received` in Unix seconds; `burn_height` and `height` are the chain's when it came."""

    txid: str
    raw: bytes
    tx: Transaction
    received: int
    burn_height: int
    height: int

    @classmethod
    def of(cls, tx: Transaction, raw: bytes, received: int, tip: BlockHeader) -> Self:
        """Return `tx`, whose bytes are `raw`, as one that waits from now on."""
        return cls("0x" + tx.txid(), raw, tx, received, tip.burn_height, tip.height)

    def to_json(self) -> dict[str, Any]:
        """Return the journal's form."""
        came = {"received": self.received, "burn_height": self.burn_height, "height": self.height}
        return {"raw": self.raw.hex(), **came}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Read the journal's form."""
        raw = bytes.fromhex(document["raw"])
        tx = Transaction.decode(raw)
        height = document.get("height", 1)
        return cls("0x" + tx.txid(), raw, tx, document["received"], document["burn_height"], height)

    @property
    def claims(self) -> set[tuple[str, int]]:
        """The (account, nonce) pairs that only one transaction can use."""
        claims = {(self.tx.origin_address, self.tx.nonce)}
        if self.tx.auth.sponsor is not None and self.tx.sponsor_address is not None:
            claims.add((self.tx.sponsor_address, self.tx.auth.sponsor.nonce))
        return claims


@dataclass(frozen=True)
class Dropped:
    """A transaction that will not get into a block. `status` is the API's word for why."""

    pending: Pending
    status: str
    replaced_by: str | None = None


class Mempool:
    """Waiting transactions in order of arrival, at most one for each nonce of an account."""

    def __init__(self) -> None:
        self._pending: dict[str, Pending] = {}
        self._claims: dict[tuple[str, int], Pending] = {}
        self._dropped: dict[str, Dropped] = {}

    def __len__(self) -> int:
        return len(self._pending)

    def __iter__(self) -> Iterator[Pending]:
        return iter(list(self._pending.values()))

    def get(self, txid: str) -> Pending | None:
        """Return a waiting transaction."""
        return self._pending.get(txid)

    def dropped(self, txid: str) -> Dropped | None:
        """Return a transaction that was dropped not long ago."""
        return self._dropped.get(txid)

    def nonces(self, account: str) -> list[int]:
        """Return the nonces of an account that waiting transactions use, in order."""
        return sorted(nonce for owner, nonce in list(self._claims) if owner == account)

    def check(self, entry: Pending) -> None:
        """Raise Rejected when a transaction that pays as much waits with the same nonce."""
        if any(entry.tx.fee <= rival.tx.fee for rival in self._rivals(entry)):
            raise Rejected(entry.txid.removeprefix("0x"), "ConflictingNonceInMempool")

    def _rivals(self, entry: Pending) -> list[Pending]:
        return list({rival.txid: rival for claim in entry.claims if (rival := self._claims.get(claim))}.values())

    def add(self, entry: Pending) -> None:
        """Take a transaction; those that use the same nonce are replaced if they pay less, else this is Rejected."""
        self.check(entry)
        for rival in self._rivals(entry):
            self.drop(rival.txid, "dropped_replace_by_fee", replaced_by=entry.txid)
        self._pending[entry.txid] = entry
        self._claims.update(dict.fromkeys(entry.claims, entry))
        self._dropped.pop(entry.txid, None)

    def mined(self, block: Block) -> None:
        """Take out what is in a block."""
        for mined in block.transactions:
            self._remove(mined.txid)

    def _remove(self, txid: str) -> Pending | None:
        entry = self._pending.pop(txid, None)
        for claim in entry.claims if entry else ():
            self._claims.pop(claim, None)
        return entry

    def drop(self, txid: str, status: str, replaced_by: str | None = None) -> None:
        """Give up on a transaction."""
        entry = self._remove(txid)
        if entry is not None:
            self.bury(entry, status, replaced_by)

    def bury(self, entry: Pending, status: str, replaced_by: str | None = None) -> None:
        """Remember a transaction as given up."""
        self._dropped[entry.txid] = Dropped(entry, status, replaced_by)
        while len(self._dropped) > _KEPT_DROPS:
            del self._dropped[next(iter(self._dropped))]

    def settle(self, nonces: Mapping[str, int], burn_height: int) -> None:
        """Drop what can no longer get into a block: nonces used otherwise, and what has waited too long."""
        for entry in self:
            if any(nonce < nonces.get(account, 0) for account, nonce in entry.claims):
                self.drop(entry.txid, "dropped_replace_by_fee")
            elif burn_height - entry.burn_height > MAX_AGE_BLOCKS:
                self.drop(entry.txid, "dropped_stale_garbage_collect")

    def restore(self, entries: Iterable[Pending]) -> None:
        """Let transactions wait again, except where another one now waits with the nonce."""
        for entry in entries:
            with contextlib.suppress(Rejected):
                self.add(entry)
