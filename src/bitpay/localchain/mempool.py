"""Transactions that wait for a block."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bitpay.localchain.rejections import Rejected
from bitpay.stacks.transactions import Transaction

MAX_AGE_BLOCKS = 256
"""After so many Bitcoin blocks a waiting transaction is dropped."""
_KEPT_DROPS = 2_000


@dataclass(frozen=True)
class Pending:
    """A waiting transaction. `received` in Unix seconds, `burn_height` when it came."""

    txid: str
    raw: bytes
    tx: Transaction
    received: int
    burn_height: int

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

    def add(self, entry: Pending) -> None:
        """Take a transaction; one that uses the same nonce is replaced if it pays less, else this is Rejected."""
        rivals = {rival.txid: rival for claim in entry.claims if (rival := self._claims.get(claim))}
        if any(entry.tx.fee <= rival.tx.fee for rival in rivals.values()):
            raise Rejected(entry.txid.removeprefix("0x"), "ConflictingNonceInMempool")
        for rival in rivals.values():
            self.drop(rival.txid, "dropped_replace_by_fee", replaced_by=entry.txid)
        self._pending[entry.txid] = entry
        self._claims.update(dict.fromkeys(entry.claims, entry))
        self._dropped.pop(entry.txid, None)

    def remove(self, txid: str) -> Pending | None:
        """Take a transaction out, because it is in a block."""
        entry = self._pending.pop(txid, None)
        for claim in entry.claims if entry else ():
            self._claims.pop(claim, None)
        return entry

    def drop(self, txid: str, status: str, replaced_by: str | None = None) -> None:
        """Give up on a transaction."""
        entry = self.remove(txid)
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
