"""Calls of bitpay-core: the streams.

Amounts are sats. `fee` is the creation fee (`fees.creation_fee`), which the payer sends on top. `owed` is what the
vault still keeps for a stream: amount - withdrawn - refunded. A batch has 50 items at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bitpay.protocol.calls.call import Call
from bitpay.protocol.calls.conditions import hands_over, sends, vault_sends
from bitpay.protocol.calls.terms import NewStream, Schedule, Terms, optional_uint
from bitpay.protocol.curves import Point
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.stacks.post_conditions import Compare, PostCondition


@dataclass(frozen=True, slots=True)
class Due:
    """Within what a withdrawal stays: at least the sats that were `shown` as due, at most those still `owed`."""

    shown: int
    owed: int


def create_stream(contracts: Contracts, *, sender: str, recipient: str, amount: int, fee: int, duration: int) -> Call:
    """Open a plain line over `duration` blocks from now on; the payer sends amount + fee, no more and no less."""
    args = (clarity.principal(recipient), clarity.uint(amount), clarity.uint(duration))
    return Call(contracts.core, "create-stream", args, _pays(contracts, sender, amount + fee))


def open_stream(
    contracts: Contracts, *, sender: str, recipient: str, amount: int, fee: int, schedule: Schedule, terms: Terms
) -> Call:
    """Open a stream of exactly `amount`; the payer sends amount + fee, no more and no less."""
    args = (clarity.principal(recipient), clarity.uint(amount), schedule.value(), terms.value())
    return Call(contracts.core, "open-stream", args, _pays(contracts, sender, amount + fee))


def open_curve_stream(
    contracts: Contracts,
    *,
    sender: str,
    recipient: str,
    amount: int,
    fee: int,
    clock: str,
    start: int | None,
    points: Sequence[Point],
    terms: Terms,
) -> Call:
    """Open a stream along 1 to 24 points, the last one's total being `amount`; the payer sends amount + fee."""
    args = (
        clarity.principal(recipient),
        clarity.uint(amount),
        clarity.ascii(clock),
        optional_uint(start),
        clarity.list_([_point_value(point) for point in points]),
        terms.value(),
    )
    return Call(contracts.core, "open-curve-stream", args, _pays(contracts, sender, amount + fee))


def open_streams(contracts: Contracts, *, sender: str, orders: Sequence[NewStream], fee: int) -> Call:
    """Open all streams or none. `fee` is the sum of their fees, each rounded by itself."""
    total = sum(order.amount for order in orders) + fee
    args = (clarity.list_([order.value() for order in orders]),)
    return Call(contracts.core, "open-streams", args, _pays(contracts, sender, total))


def withdraw_from_stream(contracts: Contracts, *, stream_id: int, shown: int, owed: int) -> Call:
    """Pay the holder all that is due: at least the `shown` sats, at most what the vault still `owed` the stream."""
    conditions = vault_sends(contracts, least=shown, most=owed)
    return Call(contracts.core, "withdraw-from-stream", (clarity.uint(stream_id),), conditions)


def withdraw_to(contracts: Contracts, *, stream_id: int, amount: int | Due, to: str) -> Call:
    """Pay exactly `amount` sats of what is due to the holder, or all of it within the given bounds, to anyone."""
    asked: int | None = None
    conditions: tuple[PostCondition, ...]
    if isinstance(amount, Due):
        conditions = vault_sends(contracts, least=amount.shown, most=amount.owed)
    else:
        asked, conditions = amount, (sends(contracts, contracts.vault, Compare.EQ, amount),)
    args = (clarity.uint(stream_id), optional_uint(asked), clarity.principal(to))
    return Call(contracts.core, "withdraw-to", args, conditions)


def withdraw_and_transfer(contracts: Contracts, *, stream_id: int, holder: str, to: str, shown: int, owed: int) -> Call:
    """Pay the holder what is due, perhaps nothing, and hand his obligation to `to`."""
    args = (clarity.uint(stream_id), clarity.principal(to))
    conditions = (*vault_sends(contracts, least=shown, most=owed), hands_over(contracts, holder, stream_id))
    return Call(contracts.core, "withdraw-and-transfer", args, conditions)


def withdraw_many(contracts: Contracts, dues: Mapping[int, Due]) -> Call:
    """Pay the holders of these streams (by id). One that fails does not undo the others, but must have shown nothing.

    What is paid in all stays within the sums: where somebody else has made one of the streams pay before, nothing
    moves and the call has to be made anew.
    """
    least, most = sum(due.shown for due in dues.values()), sum(due.owed for due in dues.values())
    return Call(contracts.core, "withdraw-many", (_ids(dues),), vault_sends(contracts, least=least, most=most))


def cancel_stream(contracts: Contracts, *, stream_id: int, refundable: int) -> Call:
    """Cancel: the vault refunds at most the `refundable` sats that were shown; they only get fewer with time."""
    return Call(contracts.core, "cancel-stream", (clarity.uint(stream_id),), _refunds(contracts, refundable))


def cancel_many(contracts: Contracts, refundable: Mapping[int, int]) -> Call:
    """Cancel streams: stream id -> the sats shown as refundable. One that fails does not undo the others."""
    return Call(contracts.core, "cancel-many", (_ids(refundable),), _refunds(contracts, sum(refundable.values())))


def renounce_cancel(contracts: Contracts, *, stream_id: int) -> Call:
    """Give up the right to cancel, for good. Nothing moves."""
    return Call(contracts.core, "renounce-cancel", (clarity.uint(stream_id),))


def top_up_stream(contracts: Contracts, *, sender: str, stream_id: int, amount: int, fee: int) -> Call:
    """Add `amount` at the stream's own rate; the payer sends amount + fee, no more and no less."""
    args = (clarity.uint(stream_id), clarity.uint(amount))
    return Call(contracts.core, "top-up-stream", args, _pays(contracts, sender, amount + fee))


def propose_sender(contracts: Contracts, *, stream_id: int, new_sender: str | None) -> Call:
    """Offer the sender's side to somebody, who has to accept; None withdraws the proposal. Nothing moves."""
    proposed = clarity.optional(None if new_sender is None else clarity.principal(new_sender))
    return Call(contracts.core, "propose-sender", (clarity.uint(stream_id), proposed))


def accept_sender(contracts: Contracts, *, stream_id: int) -> Call:
    """Become the stream's sender, having been proposed. Nothing moves."""
    return Call(contracts.core, "accept-sender", (clarity.uint(stream_id),))


def burn_obligation(contracts: Contracts, *, stream_id: int, holder: str) -> Call:
    """Burn the obligation of a depleted stream: to post-conditions, its holder sends it."""
    conditions = (hands_over(contracts, holder, stream_id),)
    return Call(contracts.core, "burn-obligation", (clarity.uint(stream_id),), conditions)


def _pays(contracts: Contracts, payer: str, sats: int) -> tuple[PostCondition, ...]:
    return (sends(contracts, payer, Compare.EQ, sats),)


def _refunds(contracts: Contracts, sats: int) -> tuple[PostCondition, ...]:
    return (sends(contracts, contracts.vault, Compare.LTE, sats),)


def _ids(by_id: Mapping[int, object]) -> clarity.List:
    return clarity.list_([clarity.uint(stream_id) for stream_id in by_id])


def _point_value(point: Point) -> clarity.Tuple:
    return clarity.tuple_({"after": clarity.uint(point.after), "total": clarity.uint(point.total)})
