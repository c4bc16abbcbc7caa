"""Enforcing post-conditions: what a transaction moved, against what its signer allowed (stacks-core, SIP-005).

Staking and PoX conditions are compared with nothing staked and no PoX action: the local chain has no stacking.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from bitpay.localchain.outcomes import Event
from bitpay.stacks import clarity
from bitpay.stacks.post_conditions import (
    Compare,
    FtPostCondition,
    Mode,
    NftPostCondition,
    Performs,
    PostCondition,
    PoxPostCondition,
    Sent,
    StakingPostCondition,
    StxPostCondition,
)
from bitpay.stacks.transactions import Transaction

_STX = "STX"
_BURNED_STX = "burned STX"
_TOKEN_EVENTS = {"ft_transfer", "ft_burn"}
_ID_EVENTS = {"nft_transfer", "nft_burn"}
_STX_EVENTS = {"stx_transfer": _STX, "stx_burn": _BURNED_STX}


@dataclass
class Movements:
    """What left whom: amounts by (principal, asset), token ids (consensus bytes) by (principal, asset)."""

    amounts: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    ids: dict[tuple[str, str], set[bytes]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, events: Iterable[Event]) -> "Movements":
        """Add up what the events of one transaction moved. Burning counts as sending, minting does not."""
        moved = cls()
        for event in events:
            if event.kind in _STX_EVENTS and event.sender:
                moved.amounts[event.sender, _STX_EVENTS[event.kind]] += event.amount
            elif event.kind in _TOKEN_EVENTS and event.sender:
                moved.amounts[event.sender, event.asset] += event.amount
            elif event.kind in _ID_EVENTS and event.sender:
                moved.ids[event.sender, event.asset].add(event.raw_value)
        return moved


class _Check:
    """One transaction's conditions against its movements."""

    def __init__(self, origin: str, moved: Movements) -> None:
        self._origin = origin
        self._moved = moved
        self._covered: set[tuple[str, str]] = set()
        self._covered_ids: set[tuple[str, str, bytes]] = set()

    def violation(self, conditions: Iterable[PostCondition], mode: Mode) -> str | None:
        for condition in conditions:
            reason = self._unmet(condition)
            if reason:
                return reason
        return self._uncovered(mode)

    def _unmet(self, condition: PostCondition) -> str | None:
        who = self._origin if condition.principal is None else str(condition.principal)
        match condition:
            case StxPostCondition():
                return self._stx(who, condition)
            case FtPostCondition():
                return self._token(who, condition)
            case NftPostCondition():
                return self._id(who, condition)
            case StakingPostCondition():
                met, sent = _compare(condition.condition, 0, condition.amount), "0 STX were staked"
            case PoxPostCondition():
                met, sent = condition.condition is not Performs.WILL_PERFORM, "no PoX action was performed"
        return None if met else _unmet(who, sent)

    def _stx(self, who: str, condition: StxPostCondition) -> str | None:
        sent = self._moved.amounts.get((who, _STX), 0) + self._moved.amounts.get((who, _BURNED_STX), 0)
        self._covered |= {(who, _STX), (who, _BURNED_STX)}
        met = _compare(condition.condition, sent, condition.amount)
        return None if met else _unmet(who, f"{sent} uSTX were sent, not {condition.condition.word} {condition.amount}")

    def _token(self, who: str, condition: FtPostCondition) -> str | None:
        asset = str(condition.asset)
        sent = self._moved.amounts.get((who, asset), 0)
        self._covered.add((who, asset))
        met = _compare(condition.condition, sent, condition.amount)
        said = f"{sent} of {asset} were sent, not {condition.condition.word} {condition.amount}"
        return None if met else _unmet(who, said)

    def _id(self, who: str, condition: NftPostCondition) -> str | None:
        asset, raw = str(condition.asset), clarity.encode(condition.asset_id)
        sent = raw in self._moved.ids.get((who, asset), ())
        self._covered_ids.add((who, asset, raw))
        met = condition.condition is Sent.MAYBE_SENT or sent is (condition.condition is Sent.SENT)
        return None if met else _unmet(who, f"{asset} 0x{raw.hex()} was {'' if sent else 'not '}sent")

    def _uncovered(self, mode: Mode) -> str | None:
        if mode is Mode.ALLOW:
            return None
        for (who, asset), amount in self._moved.amounts.items():
            if self._guards(who, mode) and amount and (who, asset) not in self._covered:
                return _uncovered(who, asset)
        for (who, asset), ids in self._moved.ids.items():
            for raw in ids:
                if self._guards(who, mode) and (who, asset, raw) not in self._covered_ids:
                    return _uncovered(who, f"{asset} 0x{raw.hex()}")
        return None

    def _guards(self, who: str, mode: Mode) -> bool:
        return mode is Mode.DENY or who == self._origin


def violation(tx: Transaction, events: Iterable[Event]) -> str | None:
    """Say which of the transaction's post-conditions its events break, None when all hold."""
    return _Check(tx.origin_address, Movements.of(events)).violation(tx.post_conditions, tx.mode)


def can_be_violated(tx: Transaction) -> bool:
    """Tell whether the transaction forbids anything at all."""
    return bool(tx.post_conditions) or tx.mode is not Mode.ALLOW


def _compare(condition: Compare, sent: int, amount: int) -> bool:
    return {
        Compare.EQ: sent == amount,
        Compare.GT: sent > amount,
        Compare.GTE: sent >= amount,
        Compare.LT: sent < amount,
        Compare.LTE: sent <= amount,
    }[condition]


def _unmet(who: str, what: str) -> str:
    return f"Post-condition check failure on {who}: {what}"


def _uncovered(who: str, what: str) -> str:
    return f"Post-condition check failure: {what} was moved by {who} but not checked"
