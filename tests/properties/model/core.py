"""Living streams: bitpay-core's withdrawals, cancellations, top-ups, senders and tokens."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from tests.properties.model import curve, obligation, vault
from tests.properties.model.opening import creation_fee, wrong_amount, wrong_span
from tests.properties.model.state import CORE, MAX_SATS, Call, Receipt, Refusal, State, Stream, refuse

ItemAnswer: TypeAlias = object
"""What one item of a batch answered: its value, or the Refusal."""


def found(state: State, stream_id: int) -> Stream:
    """Return the stream; refused where there is none."""
    stream = state.streams.get(stream_id)
    if stream is None:
        raise Refusal("UNKNOWN_STREAM")
    return stream


def withdraw_from_stream(state: State, call: Call, stream_id: int) -> tuple[int, State]:
    """Pay the holder all that is due; anyone may call."""
    stream = found(state, stream_id)
    due = curve.withdrawable(stream, call.now(stream.clock))
    if due == 0 or stream.holder is None:
        raise Refusal("NOTHING_DUE")
    return due, draw(state, call, stream_id, due, stream.holder)


def withdraw_to(state: State, call: Call, stream_id: int, amount: int | None, to: str) -> tuple[int, State]:
    """Let the holder take `amount`, or all, to anyone."""
    stream = found(state, stream_id)
    due = curve.withdrawable(stream, call.now(stream.clock))
    wanted = due if amount is None else amount
    refuse(_wrong_with_withdrawal(call, stream, due, wanted, to))
    return wanted, draw(state, call, stream_id, wanted, to)


def _wrong_with_withdrawal(call: Call, stream: Stream, due: int, wanted: int, to: str) -> Iterable[str]:
    yield from _not_holder(call, stream)
    yield from vault.vault_as_receiver(to)
    if wanted == 0 or due == 0:
        yield "NOTHING_DUE"
    if wanted > due:
        yield "MORE_THAN_DUE"


def withdraw_and_transfer(state: State, call: Call, stream_id: int, to: str) -> tuple[int, State]:
    """Let the holder take what is due, perhaps nothing, and hand his token on."""
    stream = found(state, stream_id)
    refuse([*_not_holder(call, stream), *obligation.cannot_move(stream, call.caller, to)])
    due = curve.withdrawable(stream, call.now(stream.clock))
    drawn = draw(state, call, stream_id, due, call.caller) if due else state
    return due, obligation.hand_over(drawn, stream_id, to)


def withdraw_many(state: State, call: Call, ids: Sequence[int]) -> tuple[list[ItemAnswer], State]:
    """Withdraw from each; one failure does not undo the others."""
    return _each(state, call, ids, withdraw_from_stream)


def draw(state: State, call: Call, stream_id: int, amount: int, to: str) -> State:
    """Pay out `amount` (at least 1) of what is due, with a receipt where that was the last of it."""
    stream = state.streams[stream_id]
    drawn = replace(stream, withdrawn=stream.withdrawn + amount)
    depleted = _is_depleted(drawn)
    paid = vault.payout(state.with_stream(stream_id, drawn), CORE, amount, to)
    receipted = _with_receipt(paid, stream_id) if depleted else paid
    return receipted.telling(
        "bitpay-core",
        "stream-withdrawal",
        stream_id=stream_id,
        holder=stream.holder,
        to=to,
        amount=amount,
        withdrawn=drawn.withdrawn,
        by=call.caller,
        depleted=depleted,
    )


def cancel_stream(state: State, call: Call, stream_id: int) -> tuple[dict[str, int], State]:
    """Give the sender back what has not vested."""
    stream = found(state, stream_id)
    now = call.now(stream.clock)
    refuse([*_not_sender(call, stream), *_cannot_cancel(stream, now)])
    kept = curve.vested(stream, now)
    refund = stream.amount - kept
    cancelled = replace(stream, refunded=refund, cancelable=False, cancelled_at=now)
    paid = vault.payout(state.with_stream(stream_id, cancelled), CORE, refund, stream.sender)
    depleted = _is_depleted(cancelled)
    receipted = _with_receipt(paid, stream_id) if depleted and cancelled.withdrawn else paid
    told = receipted.telling(
        "bitpay-core",
        "stream-cancelled",
        stream_id=stream_id,
        sender=stream.sender,
        refunded=refund,
        vested=kept,
        at=now,
        depleted=depleted,
    )
    return {"refunded": refund, "vested": kept}, told


def cancel_many(state: State, call: Call, ids: Sequence[int]) -> tuple[list[ItemAnswer], State]:
    """Cancel each; one failure does not undo the others."""
    return _each(state, call, ids, cancel_stream)


def renounce_cancel(state: State, call: Call, stream_id: int) -> tuple[bool, State]:
    """Give up the right to cancel, for good."""
    stream = found(state, stream_id)
    refuse([*_not_sender(call, stream), *_cannot_cancel(stream, call.now(stream.clock))])
    renounced = state.with_stream(stream_id, replace(stream, cancelable=False))
    return True, renounced.telling("bitpay-core", "stream-renounced", stream_id=stream_id, sender=call.caller)


def top_up_stream(state: State, call: Call, stream_id: int, amount: int) -> tuple[int, State]:
    """Add `amount` at the stream's own rate; the answer is the new end."""
    refuse(_wrong_with_top_up(state, call, stream_id, amount))
    stream = state.streams[stream_id]
    fee = creation_fee(state, amount)
    longer = replace(stream, amount=stream.amount + amount, duration=stream.duration + _growth(stream, amount))
    paid = vault.deposit(state, CORE, call.payer, amount, fee).with_stream(stream_id, longer)
    told = paid.telling(
        "bitpay-core",
        "stream-topped-up",
        stream_id=stream_id,
        sender=call.caller,
        added=amount,
        fee=fee,
        amount=longer.amount,
        end=longer.end,
    )
    return longer.end, told


def _wrong_with_top_up(state: State, call: Call, stream_id: int, amount: int) -> Iterable[str]:
    yield from state.closed()
    yield from wrong_amount(amount)
    yield from vault.cannot_pay(state, call.payer, amount + creation_fee(state, amount))
    stream = state.streams.get(stream_id)
    if stream is None:
        yield "UNKNOWN_STREAM"
        return
    now = call.now(stream.clock)
    yield from _not_sender(call, stream)
    if not curve.runs(stream, now):
        yield "NOT_RUNNING"
    if stream.points or stream.step != 1:
        yield "NO_CONSTANT_RATE"
    if stream.cliff and now < stream.start + stream.cliff:
        yield "CLIFF_AHEAD"
    if stream.amount + amount > MAX_SATS:
        yield "AMOUNT_OUT_OF_RANGE"
    yield from _wrong_growth(stream, amount)


def _wrong_growth(stream: Stream, amount: int) -> Iterable[str]:
    if _flowing(stream) == 0:
        yield "NOTHING_FLOWS"
        return
    growth = _growth(stream, amount)
    if growth == 0:
        yield "TOP_UP_TOO_SMALL"
    yield from wrong_span(stream.clock, stream.start, stream.duration + growth)


def _flowing(stream: Stream) -> int:
    return stream.amount - stream.upfront - stream.at_cliff


def _growth(stream: Stream, amount: int) -> int:
    return amount * (stream.duration - stream.cliff) // _flowing(stream)


def propose_sender(state: State, call: Call, stream_id: int, new_sender: str | None) -> tuple[bool, State]:
    """Offer the sender's side to another, or withdraw the offer."""
    stream = found(state, stream_id)
    nothing = ["NOTHING_PROPOSED"] if new_sender is None and stream.proposed_sender is None else []
    refuse([*_not_sender(call, stream), *nothing])
    told = state.with_stream(stream_id, replace(stream, proposed_sender=new_sender)).telling(
        "bitpay-core", "sender-proposed", stream_id=stream_id, sender=call.caller, new_sender=new_sender
    )
    return True, told


def accept_sender(state: State, call: Call, stream_id: int) -> tuple[bool, State]:
    """Take over the sender's side."""
    stream = found(state, stream_id)
    if stream.proposed_sender != call.caller:
        raise Refusal("NOT_PROPOSED_SENDER")
    taken = replace(stream, sender=call.caller, proposed_sender=None)
    told = state.with_stream(stream_id, taken).telling(
        "bitpay-core", "sender-changed", stream_id=stream_id, old_sender=stream.sender, new_sender=call.caller
    )
    return True, told


def burn_obligation(state: State, call: Call, stream_id: int) -> tuple[bool, State]:
    """Let the holder burn the token of a depleted stream."""
    stream = found(state, stream_id)
    refuse([*_not_holder(call, stream), *([] if _is_depleted(stream) else ["NOT_DEPLETED"])])
    burned = state.with_stream(stream_id, replace(stream, holder=None))
    return True, burned.telling("bitpay-obligation-nft", "obligation-burned", stream_id=stream_id, holder=stream.holder)


def _each(
    state: State, call: Call, ids: Sequence[int], act: Callable[[State, Call, int], tuple[object, State]]
) -> tuple[list[ItemAnswer], State]:
    answers: list[ItemAnswer] = []
    for stream_id in ids:
        try:
            answer, state = act(state, call, stream_id)
        except Refusal as refusal:
            answer = refusal
        answers.append(answer)
    return answers, state


def _not_sender(call: Call, stream: Stream) -> Iterable[str]:
    if call.caller != stream.sender:
        yield "NOT_SENDER"


def _not_holder(call: Call, stream: Stream) -> Iterable[str]:
    if call.caller != stream.holder:
        yield "NOT_HOLDER"


def _cannot_cancel(stream: Stream, now: int) -> Iterable[str]:
    if not curve.runs(stream, now):
        yield "NOT_RUNNING"
    if not stream.cancelable:
        yield "NOT_CANCELABLE"


def _is_depleted(stream: Stream) -> bool:
    return stream.withdrawn + stream.refunded == stream.amount


def _with_receipt(state: State, stream_id: int) -> State:
    stream = state.streams[stream_id]
    receipt = Receipt(str(stream.holder), stream.payer, stream.withdrawn, stream.start, stream.end)
    minted = replace(state, receipts={**state.receipts, stream_id: receipt})
    return minted.telling(
        "bitpay-nft",
        "receipt-minted",
        stream_id=stream_id,
        holder=receipt.holder,
        payer=receipt.payer,
        paid=receipt.paid,
        start=receipt.start,
        end=receipt.end,
    )
