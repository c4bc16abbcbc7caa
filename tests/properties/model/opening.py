"""Opening streams: bitpay-core's create-stream, open-stream, open-streams and open-curve-stream."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeAlias

from tests.properties.model import curve, vault
from tests.properties.model.state import CORE, MAX_SATS, MAX_TICKS, MAX_UNIX_TIME, Call, State, Stream, refuse

Schedule: TypeAlias = Mapping[str, Any]
Terms: TypeAlias = Mapping[str, Any]
Point: TypeAlias = Mapping[str, int]


def create_stream(state: State, call: Call, recipient: str, amount: int, duration: int) -> tuple[int, State]:
    """Open a plain line from now on, in blocks."""
    schedule = {"clock": "blocks", "start": None, "duration": duration, "cliff": 0, "upfront": 0, "at-cliff": 0}
    terms = {"cancelable": True, "transferable": True, "memo": ""}
    return open_stream(state, call, recipient, amount, {**schedule, "step": 1}, terms)


def open_stream(
    state: State, call: Call, recipient: str, amount: int, schedule: Schedule, terms: Terms
) -> tuple[int, State]:
    """Open a line with all that it may have."""
    order = {"recipient": recipient, "amount": amount, "schedule": schedule, "terms": terms}
    [stream_id], opened = open_streams(state, call, [order])
    return stream_id, opened


def open_streams(state: State, call: Call, orders: Sequence[Mapping[str, Any]]) -> tuple[list[int], State]:
    """Open many streams, all or none."""
    refuse(_wrong_with_orders(state, call, orders))
    ids: list[int] = []
    for order in orders:
        stream_id, state = _record(state, call, _on_line(call, order))
        ids.append(stream_id)
    return ids, state


def open_curve_stream(
    state: State,
    call: Call,
    recipient: str,
    amount: int,
    clock: str,
    start: int | None,
    points: Sequence[Point],
    terms: Terms,
) -> tuple[int, State]:
    """Open a stream along straight lines between points."""
    refuse(_wrong_with_curve(state, call, recipient, amount, clock, start, points))
    stream = Stream(
        sender=call.payer,
        payer=call.payer,
        recipient=recipient,
        amount=amount,
        clock=clock,
        start=call.now(clock) if start is None else start,
        duration=points[-1]["after"],
        points=tuple((point["after"], point["total"]) for point in points),
        cancelable=terms["cancelable"],
        transferable=terms["transferable"],
        memo=terms["memo"],
        holder=recipient,
    )
    return _record(state, call, stream)


def creation_fee(state: State, amount: int) -> int:
    """Return the sats charged on top of `amount`."""
    return amount * state.creation_bps // 10_000


def wrong_amount(amount: int) -> Iterable[str]:
    """Yield what is wrong with an amount of sats."""
    if not 1 <= amount <= MAX_SATS:
        yield "AMOUNT_OUT_OF_RANGE"


def wrong_span(clock: str, start: int, duration: int) -> Iterable[str]:
    """Yield what is wrong with a start and a duration on a clock."""
    if start > MAX_TICKS:
        yield "START_OUT_OF_RANGE"
    if not 1 <= duration <= MAX_TICKS:
        yield "DURATION_OUT_OF_RANGE"
    if clock == "seconds" and start + duration > MAX_UNIX_TIME:
        yield "END_OUT_OF_RANGE"


def wrong_shape(amount: int, schedule: Schedule) -> Iterable[str]:
    """Yield what is wrong with cliff, unlocks and step."""
    duration, cliff = schedule["duration"], schedule["cliff"]
    if cliff >= duration:
        yield "CLIFF_OUT_OF_RANGE"
    if schedule["at-cliff"] > 0 and cliff == 0:
        yield "AT_CLIFF_WITHOUT_CLIFF"
    if schedule["upfront"] + schedule["at-cliff"] > amount:
        yield "UNLOCKS_OUT_OF_RANGE"
    if not 1 <= schedule["step"] <= duration - cliff:
        yield "STEP_OUT_OF_RANGE"


def wrong_schedule(call: Call, amount: int, schedule: Schedule) -> Iterable[str]:
    """Yield what is wrong with a line's schedule."""
    clock, start = schedule["clock"], schedule["start"]
    if clock not in {"seconds", "blocks"}:
        yield "UNKNOWN_CLOCK"
    yield from wrong_span(clock, call.now(clock) if start is None else start, schedule["duration"])
    yield from wrong_shape(amount, schedule)


def quote(call: Call, amount: int, schedule: Schedule, at: int) -> int:
    """Return the sats that would have vested at `at` of a stream opened now."""
    refuse([*wrong_amount(amount), *wrong_schedule(call, amount, schedule)])
    terms = {"cancelable": True, "transferable": True, "memo": ""}
    order = {"recipient": "", "amount": amount, "schedule": schedule, "terms": terms}
    return curve.vested(_on_line(call, order), at)


def _wrong_with_orders(state: State, call: Call, orders: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    yield from state.closed()
    for order in orders:
        yield from wrong_amount(order["amount"])
        yield from vault.vault_as_receiver(order["recipient"])
        yield from wrong_schedule(call, order["amount"], order["schedule"])
    due = sum(order["amount"] + creation_fee(state, order["amount"]) for order in orders)
    yield from vault.cannot_pay(state, call.payer, due)
    if due > MAX_SATS:
        yield "AMOUNT_OUT_OF_RANGE"


def _wrong_with_curve(
    state: State,
    call: Call,
    recipient: str,
    amount: int,
    clock: str,
    start: int | None,
    points: Sequence[Point],
) -> Iterable[str]:
    yield from state.closed()
    yield from wrong_amount(amount)
    yield from vault.vault_as_receiver(recipient)
    yield from vault.cannot_pay(state, call.payer, amount + creation_fee(state, amount))
    if clock not in {"seconds", "blocks"}:
        yield "UNKNOWN_CLOCK"
    if not points:
        yield "EMPTY_CURVE"
        return
    yield from wrong_span(clock, call.now(clock) if start is None else start, points[-1]["after"])
    pairs = [(0, 0), *((point["after"], point["total"]) for point in points)]
    if any(not _rises(*neighbours) for neighbours in pairwise(pairs)):
        yield "CURVE_NOT_RISING"
    if points[-1]["total"] != amount:
        yield "CURVE_TOTAL"


def _rises(before: tuple[int, int], after: tuple[int, int]) -> bool:
    return before[0] <= after[0] and before[1] <= after[1] and before != after


def _on_line(call: Call, order: Mapping[str, Any]) -> Stream:
    schedule, terms = order["schedule"], order["terms"]
    start = call.now(schedule["clock"]) if schedule["start"] is None else schedule["start"]
    return Stream(
        sender=call.payer,
        payer=call.payer,
        recipient=order["recipient"],
        amount=order["amount"],
        clock=schedule["clock"],
        start=start,
        duration=schedule["duration"],
        cliff=schedule["cliff"],
        upfront=schedule["upfront"],
        at_cliff=schedule["at-cliff"],
        step=schedule["step"],
        cancelable=terms["cancelable"],
        transferable=terms["transferable"],
        memo=terms["memo"],
        holder=order["recipient"],
    )


def _record(state: State, call: Call, stream: Stream) -> tuple[int, State]:
    """Write a stream down, take its money, tell of it. Returns its id: from 1, no gaps."""
    stream_id = len(state.streams) + 1
    fee = creation_fee(state, stream.amount)
    paid = vault.deposit(state, CORE, call.payer, stream.amount, fee)
    told = paid.with_stream(stream_id, stream).telling(
        "bitpay-obligation-nft",
        "obligation-minted",
        stream_id=stream_id,
        holder=stream.holder,
        transferable=stream.transferable,
    )
    return stream_id, told.telling("bitpay-core", "stream-created", **_created(stream_id, stream, fee))


def _created(stream_id: int, stream: Stream, fee: int) -> dict[str, Any]:
    return {
        "stream_id": stream_id,
        "sender": stream.sender,
        "recipient": stream.recipient,
        "amount": stream.amount,
        "fee": fee,
        "clock": stream.clock,
        "start": stream.start,
        "end": stream.end,
        "cliff": stream.cliff,
        "upfront": stream.upfront,
        "at_cliff": stream.at_cliff,
        "step": stream.step,
        "points": [{"after": after, "total": total} for after, total in stream.points],
        "cancelable": stream.cancelable,
        "transferable": stream.transferable,
        "memo": stream.memo,
    }
