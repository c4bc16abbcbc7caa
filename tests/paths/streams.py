"""Streams as the tests of the paths open and read them."""

from dataclasses import dataclass
from typing import Any

from tests.paths.town import Town

from bitpay.protocol.calls import core
from bitpay.protocol.calls.terms import Schedule, Terms
from bitpay.protocol.curves import Curve
from bitpay.protocol.fees import creation_fee
from bitpay.stacks.clarity import uint

CREATION_BPS = 10
"""The rate at first."""
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Opened:
    """A stream's number and how it vests."""

    number: int
    curve: Curve


async def opened(
    town: Town,
    sender: str,
    recipient: str,
    amount: int = MILLION,
    terms: Terms | None = None,
    **schedule: Any,  # noqa: ANN401 - a schedule's fields
) -> Opened:
    """Open a stream over 1,000 seconds from now on, unless said otherwise."""
    when = Schedule(**{"clock": "seconds", "start": None, "duration": 1_000, **schedule})
    call = core.open_stream(
        town.contracts,
        sender=town.address(sender),
        recipient=town.address(recipient),
        amount=amount,
        fee=creation_fee(amount, CREATION_BPS),
        schedule=when,
        terms=terms or Terms(),
    )
    done = await town.does(sender, call)
    now = done.time if when.clock == "seconds" else done.height
    start = now if when.start is None else when.start
    curve = Curve(amount, start, when.duration, when.cliff, when.upfront, when.at_cliff, when.step)
    return Opened(done.answer, curve)


async def stepped(town: Town, sender: str, recipient: str, terms: Terms | None = None) -> Opened:
    """Open a stream of a million of which 300,000 have vested, and no more for the next 500 seconds."""
    return await opened(town, sender, recipient, terms=terms, start=town.time - 3_500, duration=10_000, step=1_000)


async def standing(town: Town, number: int) -> dict[str, Any]:
    """Return what all of core's reads say about a stream as of the last block."""
    said: dict[str, Any] = {}
    for what in ("vested-amount", "withdrawable-amount", "refundable-amount", "remaining-amount", "status"):
        said[what.removesuffix("-amount")] = await town.read(town.contracts.core, f"get-{what}", uint(number))
    holder = await town.read(town.contracts.core, "get-holder", uint(number))
    return {**said, "holder": holder and town.name(holder)}
