"""Unsigned contract calls, each with the post-conditions a wallet should set (deny mode).

Deny mode counts what every principal sends, the vault too; what time changes is bounded, never fixed.
All amounts are sats; times are on the stream's clock.
"""

from dataclasses import dataclass

from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.post_conditions import Asset, Compare, FtPostCondition, Mode, PostCondition


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a stream vests: `start` None means now, resolved on chain. Ticks are seconds or blocks, as `clock` says."""

    clock: str
    start: int | None
    duration: int
    cliff: int = 0
    upfront: int = 0
    at_cliff: int = 0
    step: int = 1


@dataclass(frozen=True, slots=True)
class Terms:
    """What sender and holder may do, and a note of at most 64 characters."""

    cancelable: bool = True
    transferable: bool = True
    memo: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A contract call ready to be signed by any wallet."""

    contract_id: str
    function: str
    args: tuple[clarity.Value, ...]
    post_conditions: tuple[PostCondition, ...]
    mode: Mode = Mode.DENY


def creation_fee(amount: int, bps: int) -> int:
    """Return the fee in sats that is charged on top of `amount`."""
    return amount * bps // 10_000


def open_stream(
    contracts: Contracts, *, sender: str, recipient: str, amount: int, fee: int, schedule: Schedule, terms: Terms
) -> Call:
    """Open a stream of exactly `amount`; the payer sends amount + fee, no more and no less."""
    args = (clarity.principal(recipient), clarity.uint(amount), schedule_value(schedule), terms_value(terms))
    return Call(contracts.core, "open-stream", args, (_sends(contracts, sender, Compare.EQ, amount + fee),))


def withdraw(contracts: Contracts, *, stream_id: int, shown: int, owed: int) -> Call:
    """Withdraw all that is due: at least the `shown` sats, at most what the vault still `owed` the stream."""
    conditions = (
        _sends(contracts, contracts.vault, Compare.GTE, shown),
        _sends(contracts, contracts.vault, Compare.LTE, owed),
    )
    return Call(contracts.core, "withdraw-from-stream", (clarity.uint(stream_id),), conditions)


def cancel(contracts: Contracts, *, stream_id: int, refundable: int) -> Call:
    """Cancel: the vault refunds at most the `refundable` sats that were shown."""
    conditions = (_sends(contracts, contracts.vault, Compare.LTE, refundable),)
    return Call(contracts.core, "cancel-stream", (clarity.uint(stream_id),), conditions)


def schedule_value(schedule: Schedule) -> clarity.Tuple:
    """Return the protocol's SCHEDULE tuple."""
    return clarity.tuple_(
        {
            "clock": clarity.ascii(schedule.clock),
            "start": clarity.optional(None if schedule.start is None else clarity.uint(schedule.start)),
            "duration": clarity.uint(schedule.duration),
            "cliff": clarity.uint(schedule.cliff),
            "upfront": clarity.uint(schedule.upfront),
            "at-cliff": clarity.uint(schedule.at_cliff),
            "step": clarity.uint(schedule.step),
        }
    )


def terms_value(terms: Terms) -> clarity.Tuple:
    """Return the protocol's TERMS tuple."""
    return clarity.tuple_(
        {
            "cancelable": clarity.bool_(terms.cancelable),
            "transferable": clarity.bool_(terms.transferable),
            "memo": clarity.utf8(terms.memo),
        }
    )


def _sends(contracts: Contracts, who: str, compare: Compare, amount: int) -> FtPostCondition:
    return FtPostCondition(parse_principal(who), Asset.parse(contracts.sbtc_asset), compare, amount)
