"""Writes the next step of a story: mostly what could happen next, sometimes what should never work."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from tests.properties import scenes_council, scenes_sales, scenes_streams
from tests.properties.appointments import Appointment, appointment
from tests.properties.cast import PEOPLE
from tests.properties.pen import CROWD, NoSubjectError, Pen
from tests.properties.stage import Step

Families: TypeAlias = Mapping[str, float]
Functions: TypeAlias = Mapping[str, Sequence[Mapping[str, Any]]]

ENOUGH_STREAMS = 9
"""From so many streams on, new ones are rare: a story is about what happens to them."""

APPOINTED = 20
"""Percent of the steps that wait for the next moment at which something begins, ends or expires."""
PUNCTUAL = 75
"""Percent of those that then do what is due."""
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
FAMILIES: Families = {"opening": 14, "holder": 24, "sender": 16, "sales": 24, "council": 17, "garbage": 5}
PROFILES: Mapping[str, Families] = {
    "everything": FAMILIES,
    "streams": {"opening": 16, "holder": 45, "sender": 30, "sales": 2, "council": 4, "garbage": 3},
    "sales": {"opening": 12, "holder": 10, "sender": 6, "sales": 66, "council": 4, "garbage": 2},
    "council": {"opening": 5, "holder": 4, "sender": 2, "sales": 4, "council": 82, "garbage": 3},
}
"""What a story is mostly about."""


def write_step(pen: Pen, functions: Functions, families: Families = FAMILIES) -> Step:
    """Return the next step, of one of these families, at a moment of its own."""
    kept = appointment(pen) if pen.chance(APPOINTED) else None
    blocks, seconds = (kept.blocks, kept.seconds) if kept else _pause(pen)
    then = replace(pen, time=pen.time + max(blocks, seconds), height=pen.height + blocks)
    step = _kept(then, kept) if kept and pen.chance(PUNCTUAL) else None
    return replace(step or _scene(then, functions, families), blocks=blocks, seconds=seconds)


def _kept(pen: Pen, kept: Appointment) -> Step | None:
    try:
        return kept.scene(pen)
    except NoSubjectError:
        return None


def _scene(pen: Pen, functions: Functions, families: Families) -> Step:
    if pen.state.phase == "unfinalized" and pen.chance(85):
        return scenes_council.finalize(pen)
    for _ in range(ATTEMPTS):
        try:
            return _scene_of(pen, functions, pen.weighted(families))
        except NoSubjectError:
            continue
    return garbage(pen, functions)


def _scene_of(pen: Pen, functions: Functions, family: str) -> Step:
    if family == "garbage":
        return garbage(pen, functions)
    if family == "opening" and len(pen.state.streams) >= ENOUGH_STREAMS and pen.chance(85):
        raise NoSubjectError
    return pen.weighted(SCENES[family])(pen)


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
    """Return (blocks, seconds) to the next step: none, one block, a while, some blocks."""
    how = pen.weighted({"same": 24, "next": 60, "while": 7, "blocks": 9})
    if how == "same":
        return 0, 0
    if how == "while":
        return 1, pen.number(1, 100_000)
    blocks = pen.number(1, 40) if how == "blocks" else 1
    return blocks, max(10, blocks)
