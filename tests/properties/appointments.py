"""What is worth doing exactly when something begins, ends or expires, and just before and just after it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from tests.properties import scenes_council, scenes_sales, scenes_streams
from tests.properties.model import Stream, treasury
from tests.properties.model.state import DAY
from tests.properties.pen import Pen
from tests.properties.stage import Step

Scene: TypeAlias = Callable[[Pen], Step]

SOON = 6
"""Only so many next appointments are kept: farther ones would leave nothing to happen."""
MAX_BLOCKS = 60
FARTHEST_SECONDS = 30 * DAY
SHIFTS = (-1, 0, 0, 0, 1)


@dataclass(frozen=True, slots=True)
class Appointment:
    """A scene for a moment so many blocks and seconds from now."""

    blocks: int
    seconds: int
    scene: Scene


def appointment(pen: Pen) -> Appointment | None:
    """Return one of the next appointments, if there is any, now and then a tick early or late."""
    found = sorted(_all(pen), key=lambda each: (each.seconds, each.blocks))
    return _shifted(pen, pen.pick(found[:SOON])) if found else None


def _shifted(pen: Pen, exact: Appointment) -> Appointment:
    shift = pen.pick(SHIFTS)
    if exact.blocks > 1:
        blocks = max(1, exact.blocks + shift)
        return replace(exact, blocks=blocks, seconds=max(10, blocks))
    return replace(exact, seconds=max(1, exact.seconds + shift))


def _all(pen: Pen) -> Iterable[Appointment]:
    for stream_id, stream in pen.state.streams.items():
        yield from _of_stream(pen, stream_id, stream)
    yield from _in_seconds(pen, _sales(pen))
    yield from _in_seconds(pen, _decisions(pen))


def _of_stream(pen: Pen, stream_id: int, stream: Stream) -> Iterable[Appointment]:
    corners = {0, stream.cliff, stream.duration, *(after for after, _total in stream.points)}
    acts = (scenes_streams.withdraw, scenes_streams.withdraw_to, scenes_streams.cancel, scenes_streams.top_up)
    scene = partial(pen.pick(acts), chosen=stream_id)
    moments = [stream.start + corner for corner in corners]
    if stream.clock == "seconds":
        yield from _in_seconds(pen, [(moment, scene) for moment in moments])
    else:
        away = [moment - pen.height for moment in moments]
        yield from (Appointment(blocks, max(10, blocks), scene) for blocks in away if 1 < blocks <= MAX_BLOCKS)


def _in_seconds(pen: Pen, scenes: Iterable[tuple[int, Scene]]) -> Iterable[Appointment]:
    return (
        Appointment(1, moment - pen.time, scene)
        for moment, scene in scenes
        if 0 < moment - pen.time <= FARTHEST_SECONDS
    )


def _sales(pen: Pen) -> Iterable[tuple[int, Scene]]:
    for listing_id, listing in pen.state.listings.items():
        if listing.status == "active" and listing.expires_at is not None:
            yield listing.expires_at, partial(scenes_sales.purchase, chosen=listing_id)
            yield listing.expires_at, partial(scenes_sales.update_listing, chosen=listing_id)
            yield listing.expires_at, partial(scenes_sales.list_stream, chosen=listing.stream_id)
    for offer_id, offer in pen.state.offers.items():
        if offer.status == "active":
            yield offer.expires_at, partial(scenes_sales.accept_offer, chosen=offer_id)
            yield offer.expires_at, partial(scenes_sales.cancel_offer, chosen=offer_id)


def _decisions(pen: Pen) -> Iterable[tuple[int, Scene]]:
    for proposal_id, proposal in pen.state.proposals.items():
        if proposal.status == "open":
            expiry = proposal.created_at + treasury.LIFETIME
            yield expiry, partial(scenes_council.approve, chosen=proposal_id)
            if proposal.ready_at is not None:
                yield expiry, partial(scenes_council.execute, chosen=proposal_id)
                yield proposal.ready_at + treasury.TIMELOCK, partial(scenes_council.execute, chosen=proposal_id)
    yield from ((at + DAY, scenes_council.execute) for at, _amount in pen.state.withdrawals)
    yield from ((at + DAY, scenes_council.propose) for at, _amount in pen.state.withdrawals)
