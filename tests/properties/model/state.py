"""What the model of the protocol knows: an immutable state, the call that changes it, and the refusal that does not.

Principals are names ("alice", "vault", "router"), amounts are sats, times are Unix seconds or block heights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

MAX_SATS: Final = 2_100_000_000_000_000
MAX_TICKS: Final = 1 << 40
MAX_UNIX_TIME: Final = 253_402_300_799
DAY: Final = 86_400

VAULT: Final = "vault"
CORE: Final = "core"
MARKETPLACE: Final = "marketplace"
TREASURY: Final = "treasury"
DEPLOYER: Final = "deployer"


ANY_REASON: Final = "*"
"""A refusal for which the protocol names no reason."""


class Refusal(Exception):
    """The call is refused. `reasons` are all that speak against it; the contract may name any one of them."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(*reasons)
        self.reasons = frozenset(reasons)


def refuse(reasons: Iterable[str]) -> None:
    """Raise Refusal when there is any reason to."""
    found = tuple(reasons)
    if found:
        raise Refusal(*found)


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, and when: `caller` is contract-caller, `payer` is tx-sender, `time` and `height` are the block's."""

    caller: str
    payer: str
    time: int
    height: int

    def now(self, clock: str) -> int:
        """Return the present moment on a stream's own clock."""
        return self.time if clock == "seconds" else self.height


@dataclass(frozen=True, slots=True)
class Event:
    """One printed fact."""

    contract: str
    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stream:
    """One stream. `points` is empty unless it was opened with a curve."""

    sender: str
    payer: str
    recipient: str
    amount: int
    clock: str
    start: int
    duration: int
    cliff: int = 0
    upfront: int = 0
    at_cliff: int = 0
    step: int = 1
    points: tuple[tuple[int, int], ...] = ()
    cancelable: bool = True
    transferable: bool = True
    memo: str = ""
    withdrawn: int = 0
    refunded: int = 0
    cancelled_at: int | None = None
    proposed_sender: str | None = None
    holder: str | None = None
    moves: int = 0

    @property
    def end(self) -> int:
        """The moment from which everything is vested."""
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was paid by a depleted stream."""

    holder: str
    payer: str
    paid: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Listing:
    """A stream for sale. `moves` counts its token's changes of hands when it was listed."""

    stream_id: int
    seller: str
    price: int
    fee_bps: int
    expires_at: int | None
    moves: int
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Offer:
    """An escrowed price for a stream, whoever holds it."""

    stream_id: int
    maker: str
    price: int
    fee_bps: int
    min_remaining: int
    accept_cancelable: bool
    expires_at: int
    status: str = "active"


@dataclass(frozen=True, slots=True)
class Proposal:
    """What admins vote on. `approvals` maps each approver to the term in which he approved."""

    kind: str
    proposer: str
    subject: str | None
    value: int
    value_2: int
    description: str
    created_at: int
    ready_at: int | None = None
    approvals: Mapping[str, int] = field(default_factory=dict)
    status: str = "open"


@dataclass(frozen=True, slots=True)
class State:
    """All that the protocol remembers, and what the running call has told so far."""

    balances: Mapping[str, int]
    accounts: Mapping[str, int] = field(default_factory=lambda: {CORE: 0, MARKETPLACE: 0, TREASURY: 0})
    streams: Mapping[int, Stream] = field(default_factory=dict)
    receipts: Mapping[int, Receipt] = field(default_factory=dict)
    phase: str = "unfinalized"
    admins: tuple[str, ...] = ()
    terms: Mapping[str, int] = field(default_factory=dict)
    last_term: int = 0
    threshold: int = 0
    operators: frozenset[str] = frozenset()
    creation_bps: int = 10
    marketplace_bps: int = 25
    listings: Mapping[int, Listing] = field(default_factory=dict)
    newest_listing: Mapping[int, int] = field(default_factory=dict)
    offers: Mapping[int, Offer] = field(default_factory=dict)
    proposals: Mapping[int, Proposal] = field(default_factory=dict)
    limit: int = 100_000_000
    withdrawals: tuple[tuple[int, int], ...] = ()
    events: tuple[Event, ...] = ()

    def telling(self, contract: str, name: str, **fields: Any) -> State:  # noqa: ANN401 - Clarity values of any type
        """Return the state after one more printed fact; field names lose their underscores."""
        told = Event(contract, name, {key.replace("_", "-"): value for key, value in fields.items()})
        return replace(self, events=(*self.events, told))

    def with_stream(self, stream_id: int, stream: Stream) -> State:
        """Return the state with one stream written down."""
        return replace(self, streams={**self.streams, stream_id: stream})

    def closed(self) -> Iterable[str]:
        """Yield why no new business may begin now."""
        if self.phase == "unfinalized":
            yield "NOT_FINALIZED"
        if self.phase == "paused":
            yield "PAUSED"
