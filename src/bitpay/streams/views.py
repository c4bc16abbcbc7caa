"""Streams as pages show them: figures of the moment, the drawing of the curve, who may do what."""

import json
from dataclasses import dataclass
from typing import Literal, Self

from bitpay.http.formats import blocks, duration, percent, short_sbtc
from bitpay.http.templates import Frame
from bitpay.kit.money import format_sats
from bitpay.protocol.curves import Curve, Point
from bitpay.streams import charts
from bitpay.streams.schemas import Stream
from bitpay.streams.state import DEPLETED, OPEN, STREAMING

_HUNDREDTHS = 100

Figure = Literal["vested", "withdrawable", "withdrawn", "remaining"]


@dataclass(frozen=True, slots=True)
class Drawing:
    """A curve in a box charts.WIDTH wide and `height` high. `now_x`, `now_y` is where the stream stands."""

    line: str
    area: str
    height: int
    now_x: float
    now_y: float


@dataclass(frozen=True, slots=True)
class StreamView:
    """One stream for a template. `stream` has the figures as of the latest block; `now` runs on beyond it.

    `now` and `block_time` are unix seconds, `height` is the latest block's.
    """

    stream: Stream
    account: str
    now: int
    height: int
    block_time: int

    @classmethod
    def of(cls, stream: Stream, account: str, frame: Frame) -> Self:
        """Return the view of a stream, read no earlier than the frame, by the account in view."""
        return cls(stream, account, frame.now, frame.height, frame.block_time)

    @property
    def id(self) -> int:
        """The stream's number."""
        return self.stream.stream_id

    @property
    def is_incoming(self) -> bool:
        """Whether the account in view is paid."""
        return self.stream.holder == self.account

    @property
    def can_withdraw(self) -> bool:
        """Whether the account in view may take out what is vested, once something is."""
        return self.is_incoming and self.stream.status != DEPLETED

    @property
    def can_cancel(self) -> bool:
        """Whether the account in view may stop the stream and be refunded."""
        return self.stream.sender == self.account and self.stream.cancelable and self.stream.status in OPEN

    @property
    def is_flowing(self) -> bool:
        """Whether money moves right now."""
        return self.stream.status == STREAMING

    @property
    def is_smooth(self) -> bool:
        """Whether it vests between two blocks, so that parts of a sat are worth showing."""
        return self.is_flowing and self.in_seconds and self.stream.step <= 1 and not self.is_before_cliff

    @property
    def is_before_cliff(self) -> bool:
        """Whether a cliff lies ahead."""
        return self._tick < self.curve.start + self.stream.cliff

    @property
    def in_seconds(self) -> bool:
        """Whether the stream's clock counts seconds, not blocks."""
        return self.stream.clock == "seconds"

    @property
    def opens_at(self) -> int | None:
        """The tick from which something is withdrawable; None where something is already, or nothing ever will be."""
        found = self.stream
        if found.withdrawable_amount or found.status not in OPEN:
            return None
        return self.curve.reaches(found.withdrawn_amount + 1)

    @property
    def turns_at(self) -> int | None:
        """The next tick at which the words about this stream change by themselves, without any transaction."""
        if self.stream.status not in OPEN:
            return None
        curve = self.curve
        turns = (curve.start, curve.start + curve.cliff, self.opens_at, curve.reaches(curve.amount))
        return min((turn for turn in turns if turn is not None and turn > self._tick), default=None)

    @property
    def remaining(self) -> int:
        """What has not vested yet and still can, in sats."""
        return self.stream.amount - self.stream.refunded_amount - self.stream.vested_amount

    @property
    def vested_share(self) -> str:
        """The vested share: "38.2 %"."""
        return percent(self.stream.vested_amount, self.stream.amount)

    @property
    def _tick(self) -> int:
        """The latest block on the stream's clock."""
        return self.block_time if self.in_seconds else self.height

    def figure(self, incoming: bool) -> Figure:
        """Return which figure says most: to who is paid what can be had, to others what is vested."""
        if not incoming:
            return "vested"
        return "withdrawn" if self.stream.status == DEPLETED else "withdrawable"

    def sats(self, figure: Figure) -> int:
        """Return a figure as of the latest block."""
        found = self.stream
        figures = {
            "vested": found.vested_amount,
            "withdrawable": found.withdrawable_amount,
            "withdrawn": found.withdrawn_amount,
            "remaining": self.remaining,
        }
        return figures[figure]

    @property
    def curve(self) -> Curve:
        """The vesting curve."""
        found = self.stream
        return Curve(
            amount=found.amount,
            start=(found.start_time or 0) if self.in_seconds else found.start_block,
            duration=found.duration,
            cliff=found.cliff,
            upfront=found.upfront,
            at_cliff=found.at_cliff,
            step=found.step or 1,
            points=tuple(Point(point.after, point.total) for point in found.points),
        )

    @property
    def carried(self) -> str:
        """What the page's script needs to let the figures move, as JSON; integers as text."""
        curve = self.curve
        names = ("amount", "start", "duration", "cliff", "upfront", "at_cliff", "step")
        amount, start, length, cliff, upfront, at_cliff, step = (str(getattr(curve, name)) for name in names)
        return json.dumps(
            {
                "amount": amount,
                "start": start,
                "duration": length,
                "cliff": cliff,
                "upfront": upfront,
                "atCliff": at_cliff,
                "step": step,
                "points": [[str(point.after), str(point.total)] for point in curve.points],
                "clock": self.stream.clock,
                "withdrawn": str(self.stream.withdrawn_amount),
                "refunded": str(self.stream.refunded_amount),
                "cancelled": self.stream.cancelled_at is not None,
                "cancelable": self.stream.cancelable,
            },
            separators=(",", ":"),
        )

    def drawing(self, height: int) -> Drawing:
        """Return the curve drawn in a box of this height, with the place of now, or of the cancellation."""
        curve, stopped = self.curve, self.stream.cancelled_at
        at = (self.now if self.in_seconds else self.height) if stopped is None else stopped
        return Drawing(
            line=charts.path(curve, height),
            area=charts.area(curve, height),
            height=height,
            now_x=charts.share(at - curve.start, curve.duration, charts.WIDTH),
            now_y=round(height - charts.share(self.stream.vested_amount, curve.amount, height), 2),
        )

    def terms(self) -> list[tuple[str, str]]:
        """Return what was agreed, as (term, value) in words; only what shapes this stream."""
        found = self.stream
        cliff = f"{self._span(found.cliff)}, then {short_sbtc(found.at_cliff)} sBTC" if found.cliff else ""
        rows = [
            ("Amount", f"{short_sbtc(found.amount)} sBTC, {format_sats(found.amount)} sats"),
            ("Duration", self._span(found.duration)),
            ("Upfront", f"{short_sbtc(found.upfront)} sBTC" if found.upfront else ""),
            ("Cliff", cliff),
            ("Step", self._span(found.step) if found.step > 1 else ""),
            ("Curve", f"{len(found.points)} points" if found.points else ""),
            ("Pace", "" if found.points else pace(self.curve, found.clock)),
            ("Clock", found.clock),
            ("Cancelable by its sender", "yes" if found.cancelable else "no"),
            ("Transferable by its holder", "yes" if found.transferable else "no"),
            ("Fee, paid by the sender", f"{short_sbtc(found.fee)} sBTC"),
            ("Confirmed by Bitcoin", "yes" if found.confirmed else "not deep enough yet"),
        ]
        return [(term, value) for term, value in rows if value]

    def _span(self, ticks: int) -> str:
        return duration(ticks) if self.in_seconds else blocks(ticks)


def pace(curve: Curve, clock: str) -> str:
    """Return how fast a straight curve vests: "1.93 sats a second", "a sat every 12 min", "0.005 sBTC a step"."""
    ticks, sats = curve.duration - curve.cliff, curve.amount - curve.upfront - curve.at_cliff
    unit = "second" if clock == "seconds" else "block"
    if not sats:
        return ""
    if curve.step > 1:
        return f"{short_sbtc(sats * curve.step // ticks)} sBTC a step"
    if sats * _HUNDREDTHS < ticks:
        wait = duration(ticks // sats) if clock == "seconds" else blocks(ticks // sats)
        return f"a sat every {wait}"
    whole, fraction = divmod(sats * _HUNDREDTHS // ticks, _HUNDREDTHS)
    part = f".{fraction:02d}" if fraction else ""
    return f"{format_sats(whole)}{part} sats a {unit}"
