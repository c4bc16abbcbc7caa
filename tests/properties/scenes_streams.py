"""Scenes about streams: opening, withdrawing, cancelling, topping up, handing on."""

from typing import Any

from tests.properties.cast import HOLDERS, SENDERS, TRADERS
from tests.properties.model import Stream, curve
from tests.properties.pen import Pen
from tests.properties.stage import Step

CLOCKS = {"seconds": 58, "blocks": 40, "": 1, "minutes": 1}
LONGEST = {"blocks": 400}
LONGEST_SECONDS = 5_000_000
MEMOS = ("", "", "", "rent", "µ₿ 給料", "x" * 64)


def create(pen: Pen) -> Step:
    """The simple call."""
    return pen.step(
        _payer(pen), "core", "create-stream", _recipient(pen), pen.amount(), pen.mostly(lasting(pen, "blocks"))
    )


def open_one(pen: Pen) -> Step:
    """A line with all that it may have."""
    amount = pen.amount()
    return pen.step(_payer(pen), "core", "open-stream", _recipient(pen), amount, schedule(pen, amount), terms(pen))


def open_batch(pen: Pen) -> Step:
    """Some lines at once, seldom very many."""
    size = 50 if pen.chance(1) else pen.random.randint(0, 4)
    orders = []
    for _ in range(size):
        amount = pen.amount()
        order = {"amount": amount, "schedule": schedule(pen, amount), "terms": terms(pen)}
        orders.append({"recipient": _recipient(pen), **order})
    return pen.step(_payer(pen), "core", "open-streams", orders)


def open_curve(pen: Pen) -> Step:
    """Any curve."""
    amount, clock = pen.amount(), pen.weighted(CLOCKS)
    args = (_recipient(pen), amount, clock, start(pen, clock), points(pen, amount, clock), terms(pen))
    return pen.step(_payer(pen), "core", "open-curve-stream", *args)


def schedule(pen: Pen, amount: int) -> dict[str, Any]:
    """Return a SCHEDULE for `amount` sats, seldom with one wrong number."""
    clock = pen.weighted(CLOCKS)
    duration = lasting(pen, clock)
    cliff = 0 if pen.chance(50) else pen.number(0, duration - 1)
    upfront = 0 if pen.chance(60) else pen.number(0, min(amount, 1 << 60))
    at_cliff = 0 if cliff == 0 or pen.chance(50) else pen.number(0, max(0, amount - upfront))
    step = 1 if pen.chance(60) else pen.number(1, duration - cliff)
    numbers = {"duration": duration, "cliff": cliff, "upfront": upfront, "at-cliff": at_cliff, "step": step}
    if pen.chance(8):
        numbers[pen.pick(list(numbers))] = pen.edge()
    return {"clock": clock, "start": start(pen, clock), **numbers}


def start(pen: Pen, clock: str) -> int | None:
    """Return when a stream begins: now, soon, long ago."""
    if pen.chance(50):
        return None
    now, reach = pen.now(clock), LONGEST.get(clock, LONGEST_SECONDS)
    moment = now + pen.number(0, reach) if pen.chance(60) else max(0, now - pen.number(0, reach))
    return pen.mostly(moment)


def lasting(pen: Pen, clock: str) -> int:
    """Return a duration: half of them outlast most stories."""
    longest = LONGEST.get(clock, LONGEST_SECONDS)
    return pen.number(1, longest) if pen.chance(50) else pen.random.randint(longest // 10, longest)


def terms(pen: Pen) -> dict[str, Any]:
    """Return TERMS."""
    return {"cancelable": pen.chance(75), "transferable": pen.chance(80), "memo": pen.pick(MEMOS)}


def points(pen: Pen, amount: int, clock: str) -> list[dict[str, int]]:
    """Return a curve's points, seldom with one wrong number."""
    count = pen.pick((0, 24)) if pen.chance(4) else pen.random.randint(1, 6)
    duration = lasting(pen, clock)
    last = (max(1, duration), amount)
    afters = sorted(pen.number(0, duration) for _ in range(count))
    totals = sorted(pen.number(0, amount) for _ in range(count))
    pairs = {*zip(afters, totals, strict=True), last} - {(0, 0)} if count and pen.chance(95) else set()
    found = [{"after": after, "total": total} for after, total in sorted(pairs)[-24:]]
    if found and pen.chance(5):
        pen.pick(found)[pen.pick(("after", "total"))] = pen.edge()
    return found


def withdraw(pen: Pen, chosen: int | None = None) -> Step:
    """Anyone lets the holder be paid."""
    stream_id = chosen or pen.stream_id(lambda stream: _due(pen, stream) > 0)
    return pen.step(None, "core", "withdraw-from-stream", stream_id)


def withdraw_to(pen: Pen, chosen: int | None = None) -> Step:
    """The holder takes a part, or all, to somebody."""
    stream_id = chosen or pen.stream_id(lambda stream: _due(pen, stream) > 0)
    due = _due(pen, pen.state.streams[stream_id]) if stream_id in pen.state.streams else 0
    amount = None if pen.chance(25) else pen.mostly(pen.pick((pen.number(1, due), due, due + 1)), 8)
    return pen.step(_holder(pen, stream_id), "core", "withdraw-to", stream_id, amount, pen.somebody())


def withdraw_and_transfer(pen: Pen) -> Step:
    """The holder takes what is due and hands his token on."""
    stream_id = pen.stream_id(lambda stream: stream.transferable)
    return pen.step(_holder(pen, stream_id), "core", "withdraw-and-transfer", stream_id, pen.somebody())


def withdraw_many(pen: Pen) -> Step:
    """A batch, perhaps with the same stream twice or none at all."""
    return pen.step(None, "core", "withdraw-many", _ids(pen))


def cancel(pen: Pen, chosen: int | None = None) -> Step:
    """The sender takes back what has not vested."""
    stream_id = chosen or pen.stream_id(lambda stream: curve.refundable(stream, pen.now(stream.clock)) > 0)
    return pen.step(_sender(pen, stream_id), "core", "cancel-stream", stream_id)


def cancel_many(pen: Pen) -> Step:
    """A batch of cancellations."""
    return pen.step(pen.pick(SENDERS), "core", "cancel-many", _ids(pen))


def renounce(pen: Pen) -> Step:
    """The sender gives up the right to cancel."""
    stream_id = pen.stream_id(lambda stream: curve.refundable(stream, pen.now(stream.clock)) > 0)
    return pen.step(_sender(pen, stream_id), "core", "renounce-cancel", stream_id)


def top_up(pen: Pen, chosen: int | None = None) -> Step:
    """The sender adds money at the stream's rate."""
    stream_id = chosen or pen.stream_id(lambda stream: stream.step == 1 and not stream.points and _runs(pen, stream))
    return pen.step(_sender(pen, stream_id), "core", "top-up-stream", stream_id, pen.amount())


def propose_sender(pen: Pen) -> Step:
    """The sender offers his side to another, or withdraws the offer."""
    stream_id = pen.stream_id()
    new_sender = None if pen.chance(25) else pen.somebody()
    return pen.step(_sender(pen, stream_id), "core", "propose-sender", stream_id, new_sender)


def accept_sender(pen: Pen) -> Step:
    """The proposed sender takes over."""
    stream_id = pen.stream_id(lambda stream: stream.proposed_sender is not None)
    stream = pen.state.streams.get(stream_id)
    return pen.step(stream.proposed_sender if stream else None, "core", "accept-sender", stream_id)


def burn(pen: Pen) -> Step:
    """The holder burns the token of a depleted stream."""
    stream_id = pen.stream_id(lambda stream: stream.withdrawn + stream.refunded == stream.amount)
    return pen.step(_holder(pen, stream_id), "core", "burn-obligation", stream_id)


def transfer(pen: Pen) -> Step:
    """The holder hands his token to somebody."""
    stream_id = pen.stream_id(lambda stream: stream.transferable)
    holder = _holder(pen, stream_id) or pen.somebody()
    sender = holder if pen.chance(90) else pen.somebody()
    return pen.step(holder, "obligation-nft", "transfer", stream_id, sender, pen.somebody())


def _payer(pen: Pen) -> str:
    return pen.pick((*SENDERS, *SENDERS, *TRADERS, "router", "pip"))


def _recipient(pen: Pen) -> str:
    return pen.pick(HOLDERS) if pen.chance(60) else pen.somebody()


def _ids(pen: Pen) -> list[int]:
    known = [*pen.state.streams, 0]
    if pen.chance(2):
        return [pen.pick(known) for _ in range(50)]
    return pen.some(known, 5)


def _holder(pen: Pen, stream_id: int) -> str | None:
    stream = pen.state.streams.get(stream_id)
    return stream.holder if stream else None


def _sender(pen: Pen, stream_id: int) -> str | None:
    stream = pen.state.streams.get(stream_id)
    return stream.sender if stream else None


def _due(pen: Pen, stream: Stream) -> int:
    return curve.withdrawable(stream, pen.now(stream.clock))


def _runs(pen: Pen, stream: Stream) -> bool:
    return curve.runs(stream, pen.now(stream.clock))
