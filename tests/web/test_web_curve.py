"""The browser's counters follow the very curve that the contract pays along."""

from random import Random
from typing import Any

from tests.web.web_samples import Node

from bitpay.http.formats import duration
from bitpay.kit.money import MAX_SATS
from bitpay.protocol.curves import MAX_POINTS, MAX_TIME, Curve, Point

_CURVES = 300
_MOMENTS = 12
_FINE = 10_000

_VESTED = """
import { vested } from "@src/streams/web/curve";
const big = (value: unknown): any =>
  Array.isArray(value) ? value.map(big)
  : typeof value === "object" ? Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, big(v)]))
  : BigInt(value as string);
function answer(cases: { curve: object; at: string[]; fine: string }[]) {
  return cases.map(({ curve, at, fine }) => at.map((t) => String(vested(big(curve), BigInt(t), BigInt(fine)))));
}
"""


def _linear(random: Random) -> Curve:
    amount, length = random.choice([1, 7, 10**6, MAX_SATS]), random.choice([1, 2, 90, 86_400, MAX_TIME])
    cliff = random.randrange(length)
    upfront = random.randint(0, amount)
    at_cliff = random.randint(0, amount - upfront) if cliff else 0
    step = random.choice([1, random.randint(1, length - cliff)])
    return Curve(amount, random.randint(0, 10**9), length, cliff, upfront, at_cliff, step)


def _bent(random: Random) -> Curve:
    count, length, amount = random.randint(1, MAX_POINTS), random.randint(30, 10**6), random.randint(30, MAX_SATS)
    afters = [*sorted(random.choices(range(length), k=count - 1)), length]
    totals = [*sorted(random.choices(range(amount), k=count - 1)), amount]
    points = tuple(Point(after, total) for after, total in zip(afters, totals, strict=True))
    return Curve(amount, random.randint(0, 10**9), length, points=points)


def _curves(seed: int) -> list[Curve]:
    random = Random(seed)  # noqa: S311 - the same curves every time
    return [random.choice([_linear, _bent])(random) for _ in range(_CURVES)]


def _moments(curve: Curve, random: Random) -> list[int]:
    edges = [curve.start - 1, curve.start, curve.start + curve.cliff, curve.end - 1, curve.end, curve.end + 5]
    return [max(0, at) for at in edges] + [random.randint(curve.start, curve.end) for _ in range(_MOMENTS)]


def _json(curve: Curve) -> dict[str, Any]:
    names = {"amount": "amount", "start": "start", "duration": "duration", "cliff": "cliff", "upfront": "upfront"}
    names |= {"atCliff": "at_cliff", "step": "step"}
    plain: dict[str, Any] = {there: str(getattr(curve, here)) for there, here in names.items()}
    return plain | {"points": [{"after": str(p.after), "total": str(p.total)} for p in curve.points]}


def test_whole_ticks_give_what_the_protocol_gives(in_node: Node) -> None:
    random = Random(1)  # noqa: S311 - the same
    cases = [(curve, _moments(curve, random)) for curve in _curves(2)]
    given = [{"curve": _json(curve), "at": [str(t) for t in at], "fine": "1"} for curve, at in cases]
    expected = [[str(curve.vested(t)) for t in at] for curve, at in cases]
    assert in_node(_VESTED, given) == expected


def test_between_ticks_it_moves_without_ever_leaving_the_protocols_steps(in_node: Node) -> None:
    random = Random(3)  # noqa: S311 - the same
    cases = [(curve, _moments(curve, random)) for curve in _curves(4)]
    given = [
        {"curve": _json(curve), "at": [str(t * _FINE + random.randrange(_FINE)) for t in at], "fine": str(_FINE)}
        for curve, at in cases
    ]
    for (curve, moments), fine in zip(cases, in_node(_VESTED, given), strict=True):
        for at, shown in zip(moments, fine, strict=True):
            assert curve.vested(at) * _FINE <= int(shown) <= max(curve.vested(at), curve.vested(at + 1)) * _FINE + _FINE


def test_durations_read_the_same_on_the_server_and_in_the_browser(in_node: Node) -> None:
    seconds = [0, 1, 59, 60, 61, 3_599, 3_600, 86_399, 86_400, 93_784, 31_536_000, 10**9]
    snippet = 'import { duration } from "@src/http/web/amounts";\nconst answer = (all: number[]) => all.map(duration);'
    assert in_node(snippet, seconds) == [duration(value) for value in seconds]


def test_amounts_keep_every_sat(in_node: Node) -> None:
    snippet = (
        'import { change, sbtc } from "@src/http/web/amounts";\n'
        "const answer = (all: string[]) => all.map((sats) => [sbtc(BigInt(sats)), change(BigInt(sats))]);"
    )
    assert in_node(snippet, ["0", "1", "-29000000", str(MAX_SATS)]) == [
        ["0.00000000", "0.00000000"],
        ["0.00000001", "+0.00000001"],
        ["−0.29000000", "−0.29000000"],  # noqa: RUF001 - a minus sign, as pages show it
        ["21000000.00000000", "+21000000.00000000"],
    ]
