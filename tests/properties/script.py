"""Writes the next step of a story: mostly what could happen next, sometimes what should never work."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from tests.properties import scenes_council, scenes_sales, scenes_streams
from tests.properties.cast import PEOPLE
from tests.properties.model import State, treasury
from tests.properties.pen import CROWD, NoSubjectError, Pen
from tests.properties.stage import Step

Functions = Mapping[str, Sequence[Mapping[str, Any]]]

ENOUGH_STREAMS = 9
"""From so many streams on, new ones are rare: a story is about what happens to them."""

SOON = 4
"""Time jumps to one of so many next moments: farther ones would leave nothing to happen."""
ATTEMPTS = 12
"""So often another scene is tried where there is nothing yet that one could be about."""

SCENES: Mapping[str, Mapping[Callable[[Pen], Step], float]] = {
    "opening": {
        scenes_streams.create: 3,
        scenes_streams.open_one: 6,
        scenes_streams.open_curve: 4,
        scenes_streams.open_batch: 2,
    },
    "holder": {
        scenes_streams.withdraw: 6,
        scenes_streams.withdraw_to: 6,
        scenes_streams.withdraw_and_transfer: 2,
        scenes_streams.withdraw_many: 2,
        scenes_streams.transfer: 2,
        scenes_streams.burn: 2,
    },
    "sender": {
        scenes_streams.cancel: 4,
        scenes_streams.cancel_many: 1,
        scenes_streams.renounce: 1,
        scenes_streams.top_up: 4,
        scenes_streams.propose_sender: 2,
        scenes_streams.accept_sender: 3,
    },
    "sales": {
        scenes_sales.list_stream: 5,
        scenes_sales.update_listing: 2,
        scenes_sales.cancel_listing: 1,
        scenes_sales.purchase: 5,
        scenes_sales.make_offer: 5,
        scenes_sales.cancel_offer: 3,
        scenes_sales.accept_offer: 4,
    },
    "council": {
        scenes_council.propose: 4,
        scenes_council.approve: 9,
        scenes_council.revoke: 1,
        scenes_council.cancel: 0.5,
        scenes_council.execute: 7,
        scenes_council.pause: 0.25,
        scenes_council.finalize: 0.2,
        scenes_council.stray: 1,
    },
}
FAMILIES = {"opening": 14, "holder": 24, "sender": 16, "sales": 24, "council": 17, "garbage": 5}


def write_step(pen: Pen, functions: Functions, family: str | None = None) -> Step:
    """Return the next step, of the family that was asked for, at a moment of its own."""
    blocks, seconds = _pause(pen)
    then = replace(pen, time=pen.time + max(blocks, seconds), height=pen.height + blocks)
    return replace(_scene(then, functions, family), blocks=blocks, seconds=seconds)


def _scene(pen: Pen, functions: Functions, family: str | None) -> Step:
    if pen.state.phase == "unfinalized" and pen.chance(85):
        return scenes_council.finalize(pen)
    for _ in range(ATTEMPTS):
        try:
            return _scene_of(pen, functions, family or pen.weighted(FAMILIES))
        except NoSubjectError:
            continue
    return garbage(pen, functions)


def _scene_of(pen: Pen, functions: Functions, family: str) -> Step:
    if family == "garbage":
        return garbage(pen, functions)
    if family == "opening" and len(pen.state.streams) >= ENOUGH_STREAMS and pen.chance(85):
        raise NoSubjectError
    return pen.weighted(SCENES[family])(pen)


def write_next(random: Random, state: State, time: int, height: int, functions: Functions) -> Step:
    """Return the next step of a story that has come to `state`."""
    return write_step(Pen(random, state, time, height), functions)


def garbage(pen: Pen, functions: Functions) -> Step:
    """Call any public function of any of our contracts with any arguments of the right types."""
    ours = [(name, one) for name, group in functions.items() if name != "sbtc" for one in group]
    contract, function = pen.pick(ours)
    args = tuple(any_value(pen, argument["type"]) for argument in function["args"])
    step = pen.step(None, contract, function["name"], *args)
    return replace(step, who=pen.pick(PEOPLE))


def any_value(pen: Pen, spec: Any) -> Any:  # noqa: ANN401 - a type of an interface, and a value of it
    """Return any value of a type: numbers at the edges, strings and lists of any length."""
    if spec == "uint128":
        return pen.edge()
    if isinstance(spec, str):
        return pen.pick(CROWD) if spec == "principal" else pen.chance(50)
    [(kind, inner)] = spec.items()
    if kind == "optional":
        return None if pen.chance(50) else any_value(pen, inner)
    if kind == "list":
        length = pen.pick((0, 1, 2, inner["length"] if pen.chance(5) else 3))
        return [any_value(pen, inner["type"]) for _ in range(length)]
    if kind == "tuple":
        return {field["name"]: any_value(pen, field["type"]) for field in inner}
    return pen.pick(("", "seconds", "blocks", "x" * inner["length"]))[: inner["length"]]


def _pause(pen: Pen) -> tuple[int, int]:
    """Return (blocks, seconds) to the next step: none, one block, a while, just about when something happens."""
    how = pen.weighted({"same": 20, "next": 50, "while": 6, "moment": 12, "timelock": 8, "blocks": 8})
    if how == "same":
        return 0, 0
    if how == "while":
        return 1, pen.number(1, 100_000)
    if how == "moment":
        return 1, _until(pen, _moments(pen))
    if how == "timelock":
        return 1, _until(pen, _timelocks(pen))
    blocks = pen.number(1, 40) if how == "blocks" else 1
    return blocks, max(10, blocks)


def _until(pen: Pen, moments: Iterable[int]) -> int:
    """Return the seconds until one of the next of these moments, or just before or after it."""
    later = sorted({moment for moment in moments if moment > pen.time})
    return max(1, pen.pick(later[:SOON]) - pen.time + pen.pick((-1, 0, 0, 1))) if later else 10


def _moments(pen: Pen) -> Iterable[int]:
    """Yield the seconds at which something changes."""
    for stream in pen.state.streams.values():
        if stream.clock == "seconds" and stream.end < pen.time + 50_000_000:
            yield from (stream.start, stream.start + stream.cliff, stream.end)
            yield from (stream.start + after for after, _total in stream.points)
    for listing in pen.state.listings.values():
        if listing.status == "active" and listing.expires_at is not None and listing.expires_at < pen.time + 10**8:
            yield listing.expires_at
    yield from (offer.expires_at for offer in pen.state.offers.values() if offer.expires_at < pen.time + 10**8)
    for proposal in pen.state.proposals.values():
        if proposal.status == "open":
            yield proposal.created_at + treasury.LIFETIME


def _timelocks(pen: Pen) -> Iterable[int]:
    """Yield the seconds from which something can be executed."""
    for proposal in pen.state.proposals.values():
        if proposal.status == "open" and proposal.ready_at is not None:
            yield proposal.ready_at + treasury.TIMELOCK
