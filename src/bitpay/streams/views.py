"""Streams as pages show them: figures of the moment, the drawing of the curve, who may do what."""

import json
from dataclasses import dataclass

from bitpay.http.formats import duration, percent, short_sbtc
from bitpay.kit.money import format_sats
from bitpay.protocol.curves import Curve, Point
from bitpay.streams import charts
from bitpay.streams.schemas import Stream
from bitpay.streams.state import DEPLETED, OPEN, STREAMING

_HUNDREDTHS = 100


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
    """One stream for a template. `stream` has the figures, `now` and `height` are the chain's time and block."""

    stream: Stream
    account: str
    now: int
    height: int

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
        """Whether the account in view may take out what has arrived (once something has)."""
        return self.is_incoming and self.stream.status != DEPLETED

    @property
    def can_cancel(self) -> bool:
        """Whether the account in view may stop the stream and get the rest back."""
        return self.stream.sender == self.account and self.stream.cancelable and self.stream.status in OPEN

    @property
    def is_flowing(self) -> bool:
        """Whether money moves right now."""
        return self.stream.status == STREAMING

    @property
    def in_seconds(self) -> bool:
        """Whether the stream's clock counts seconds, not blocks."""
        return self.stream.clock == "seconds"

    @property
    def remaining(self) -> int:
        """What has not vested yet and still can, in sats."""
        return self.stream.amount - self.stream.refunded_amount - self.stream.vested_amount

    @property
    def arrived(self) -> str:
        """The vested share: "38.2 %"."""
        return percent(self.stream.vested_amount, self.stream.amount)

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
            ("Amount", f"{short_sbtc(found.amount)} sBTC"),
            ("Lasts", self._span(found.duration)),
            ("At once", f"{short_sbtc(found.upfront)} sBTC" if found.upfront else ""),
            ("Cliff", cliff),
            ("Steps", f"every {self._span(found.step)}" if found.step > 1 else ""),
            ("Shape", f"a curve of {len(found.points)} points" if found.points else ""),
            ("Pace", "" if found.points else pace(self.curve, found.clock)),
            ("Clock", found.clock),
            ("The sender may cancel", "yes" if found.cancelable else "no"),
            ("The holder may pass it on", "yes" if found.transferable else "no"),
            ("Fee, paid by the sender", f"{short_sbtc(found.fee)} sBTC"),
            ("Settled on Bitcoin", "yes" if found.confirmed else "not deep enough yet"),
        ]
        return [(term, value) for term, value in rows if value]

    def _span(self, ticks: int) -> str:
        return duration(ticks) if self.in_seconds else f"{format_sats(ticks)} blocks"


def pace(curve: Curve, clock: str) -> str:
    """Return how fast a straight curve flows: "1.93 sats a second", or "a sat every 12 min" where it is slower."""
    ticks, sats = curve.duration - curve.cliff, curve.amount - curve.upfront - curve.at_cliff
    unit = "second" if clock == "seconds" else "block"
    if not sats:
        return ""
    if sats * _HUNDREDTHS < ticks:
        wait = duration(ticks // sats) if clock == "seconds" else f"{format_sats(ticks // sats)} blocks"
        return f"a sat every {wait}"
    whole, fraction = divmod(sats * _HUNDREDTHS // ticks, _HUNDREDTHS)
    return f"{format_sats(whole)}.{fraction:02d} sats a {unit}"
