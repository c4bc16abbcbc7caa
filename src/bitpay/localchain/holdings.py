"""Who owns what, and what went through whose hands: the events on the chain, added up and taken back."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from bitpay.localchain.blocks import MinedTransaction
from bitpay.localchain.outcomes import Event

STX = "STX"
_FAMILIES = {"stx", "ft", "nft"}


@dataclass(slots=True)
class Flow:
    """What somebody sent and received of one asset: uSTX, units of a token, or how many non-fungible tokens."""

    sent: int = 0
    received: int = 0


class Holdings:
    """Sums over the canonical chain. STX balances are the VM's, which knows of locks too."""

    def __init__(self) -> None:
        self.balances: dict[tuple[str, str], int] = defaultdict(int)
        """Units of a fungible token ("ADDRESS.contract::token") that a principal has, by (principal, token)."""
        self.flows: dict[tuple[str, str], Flow] = defaultdict(Flow)
        """By (principal, asset); the asset of uSTX is STX."""
        self.fees: dict[str, int] = defaultdict(int)
        """uSTX of fees that a principal paid."""
        self.owners: dict[str, dict[bytes, str]] = defaultdict(dict)
        """Owners of non-fungible tokens: asset -> consensus bytes of the id -> principal."""

    def endow(self, owner: str, asset: str, amount: int) -> None:
        """Note what somebody has from the start."""
        self.flows[owner, asset].received += amount
        if asset != STX:
            self.balances[owner, asset] += amount

    def count(self, mined: MinedTransaction, step: int) -> None:
        """Add a transaction (`step` 1), or take the latest one back (-1)."""
        self.fees[mined.tx.sponsor_address or mined.tx.origin_address] += step * mined.tx.fee
        events: Iterable[Event] = mined.events if step > 0 else reversed(mined.events)
        for event in events:
            self._move(event, step)

    def _move(self, event: Event, step: int) -> None:
        family = event.kind.partition("_")[0]
        if family not in _FAMILIES or event.kind == "stx_lock":
            return
        asset = STX if family == "stx" else event.asset
        amount = step * (1 if family == "nft" else event.amount)
        if event.sender:
            self.flows[event.sender, asset].sent += amount
        if event.recipient:
            self.flows[event.recipient, asset].received += amount
        if family == "ft":
            self._pay(event, amount)
        elif family == "nft":
            self._give(event, event.recipient if step > 0 else event.sender)

    def _pay(self, event: Event, amount: int) -> None:
        if event.sender:
            self.balances[event.sender, event.asset] -= amount
        if event.recipient:
            self.balances[event.recipient, event.asset] += amount

    def _give(self, event: Event, owner: str | None) -> None:
        if owner:
            self.owners[event.asset][event.raw_value] = owner
        else:
            self.owners[event.asset].pop(event.raw_value, None)

    def tokens(self, owner: str) -> list[tuple[str, int]]:
        """Return the fungible tokens of a principal with their amounts, the largest amount first."""
        held = [(asset, n) for (who, asset), n in list(self.balances.items()) if who == owner and n]
        return sorted(held, key=lambda one: (-one[1], one[0]))

    def ids(self, owner: str) -> list[tuple[str, bytes]]:
        """Return the non-fungible tokens of a principal, by asset and id (consensus bytes)."""
        held = [
            (asset, raw)
            for asset, owners in list(self.owners.items())
            for raw, who in list(owners.items())
            if who == owner
        ]
        return sorted(held)
