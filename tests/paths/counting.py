"""What a transaction did, and whose every sat is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.contracts.contract_types import to_plain

from bitpay.protocol.events import ContractEvent, decode_event
from bitpay.protocol.ids import Contracts
from bitpay.stacks.model import ContractLog, Event, EventKind, FtEvent, NftEvent

ACCOUNTS = ("core", "marketplace", "treasury")
"""Who has an account in the vault."""
SURPLUS = "surplus"
"""What lies in the vault and belongs to no account."""


@dataclass(frozen=True, slots=True)
class Token:
    """An NFT that changed hands; without a sender it was minted, without a recipient burned."""

    asset: str
    number: int
    sender: str | None
    recipient: str | None


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a transaction. `moved`: who has how many sats more or less than before; nobody else does."""

    status: str
    answer: Any
    moved: Mapping[str, int]
    told: Sequence[ContractEvent]
    tokens: Sequence[Token]
    time: int
    height: int

    @property
    def names(self) -> list[str]:
        """The names of the events, in order."""
        return [event.name for event in self.told]

    def event(self, name: str) -> dict[str, Any]:
        """Return the fields of the one event of that name."""
        (event,) = (event for event in self.told if event.name == name)
        return dict(event.fields)


def difference(before: Mapping[str, int], after: Mapping[str, int]) -> dict[str, int]:
    """Return who has how much more."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def with_one_vault(moved: Mapping[str, int]) -> dict[str, int]:
    """Return the same with the vault as one."""
    inside = {*ACCOUNTS, SURPLUS}
    people = {name: amount for name, amount in moved.items() if name not in inside}
    held = sum(amount for name, amount in moved.items() if name in inside)
    return {**people, **({"vault": held} if held else {})}


class Reading:
    """A transaction's events in the names of people."""

    def __init__(self, events: Sequence[Event], contracts: Contracts, names: Mapping[str, str]) -> None:
        self._events = events
        self._contracts = contracts
        self._names = {**names, contracts.vault: "vault"}

    def paid(self) -> dict[str, int]:
        """Return who has more or less by the token's own events, which are transfers of sBTC and nothing else."""
        moved = dict.fromkeys(self._names.values(), 0)
        for event in self._events:
            if isinstance(event, FtEvent):
                assert (event.kind, event.asset) == (EventKind.FT_TRANSFER, self._contracts.sbtc_asset)
                moved[self._names[str(event.sender)]] -= event.amount
                moved[self._names[str(event.recipient)]] += event.amount
        return {name: amount for name, amount in moved.items() if amount}

    def told(self) -> Iterator[ContractEvent]:
        """Yield what our contracts printed."""
        for event in self._events:
            if isinstance(event, ContractLog) and (name := self._contracts.name_of(event.contract_id)):
                yield decode_event(name, event.raw)

    def tokens(self) -> Iterator[Token]:
        """Yield the NFTs that changed hands."""
        for event in self._events:
            if isinstance(event, NftEvent):
                sender, recipient = (who and self._names[who] for who in (event.sender, event.recipient))
                yield Token(event.asset.partition("::")[2], to_plain(event.value), sender, recipient)
