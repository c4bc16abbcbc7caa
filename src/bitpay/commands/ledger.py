"""`bitpay ledger …`: how the ledger stands, filling it, checking it, folding it anew, taking its facts elsewhere."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from bitpay.commands.context import AsJson, console, errors, print_json, reports_errors
from bitpay.commands.operating import Place, operate, require_chain
from bitpay.commands.views import difference_json, plain_line, print_differences, print_standing, progress_bar
from bitpay.foundation import POLL_SECONDS, Foundation
from bitpay.http.formats import duration
from bitpay.kit.errors import InvalidInput, NotFound
from bitpay.kit.files import lines_to
from bitpay.kit.money import format_sats
from bitpay.ledger.book import BLOCKS, EVENTS, Head
from bitpay.ledger.export import canonical_events
from bitpay.ledger.pace import Pace
from bitpay.ledger.projection import Projection
from bitpay.ledger.replay import Difference, Replay, order, outdated
from bitpay.ledger.replay import Progress as Folded
from bitpay.ledger.source import SourceError
from bitpay.registry import PROJECTIONS
from bitpay.stacks.model import BlockHeader
from bitpay.standing import standing
from bitpay.store import Document, end

app = typer.Typer(no_args_is_help=True, help="See, check, fill, fold and export the ledger.")

Collections = Annotated[
    list[str] | None, typer.Option("--collection", help="Only this collection; repeat for several.")
]
Output = Annotated[Path | None, typer.Option("--output", help="Write into this file instead of standard output.")]
_LOOK_SECONDS = 0.25
_EXPORTED = (EVENTS, BLOCKS, *(projection.collection for projection in PROJECTIONS))


@app.command()
@reports_errors
def status(data: Place = None, as_json: AsJson = False) -> None:
    """Say where the ledger stands against the chain, who follows, what waits and what is wrong."""
    told = operate(data, standing)
    print_json(told) if as_json else print_standing(told)


@app.command()
@reports_errors
def replay(collection: Collections = None, data: Place = None, as_json: AsJson = False) -> None:
    """Fold the documents anew from the stored events and put them in place, while a running instance goes on serving.

    Where BitPay runs, the process that follows the chain does it; where none runs, this command does.
    """
    chosen = _projections(collection)

    async def work(ground: Foundation) -> None:
        await ground.ledger.book.head()
        await ground.open()
        await order(ground.database, chosen)
        with errors.status("Folding anew"):
            await _fold_ordered(ground, chosen)

    began = time.monotonic()
    operate(data, work)
    told = {"collections": [one.collection for one in chosen], "seconds": round(time.monotonic() - began, 2)}
    if as_json:
        return print_json(told)
    return console.print(f"Folded anew in {told['seconds']} s: {', '.join(one.collection for one in chosen)}.")


@app.command()
@reports_errors
def verify(collection: Collections = None, data: Place = None, as_json: AsJson = False) -> None:
    """Fold all events aside and compare with the documents. Exits with 1 where they differ; changes nothing."""
    chosen = _projections(collection)

    async def work(ground: Foundation) -> list[Difference]:
        total = await ground.database[EVENTS].estimated_document_count()
        with progress_bar("events folded", total) as bar:

            def tell(folded: Folded) -> None:
                bar.update(bar.task_ids[0], completed=folded.events)

            return await Replay(ground.database, chosen, tell=tell).verify()

    differences = operate(data, work)
    if as_json:
        print_json({"sound": not differences, "differences": [difference_json(one) for one in differences]})
    else:
        print_differences(differences)
    if differences:
        raise typer.Exit(1)


@app.command()
@reports_errors
def backfill(
    start: Annotated[
        int | None,
        typer.Option("--from", min=0, help="Height to begin at, if not the deployment's; new database only."),
    ] = None,
    data: Place = None,
    as_json: AsJson = False,
) -> None:
    """Read the chain from the contracts' deployment to its tip, then stop. Go on where it was interrupted."""

    async def work(ground: Foundation) -> Head:
        require_chain(ground)
        if start is not None:
            ground.settings.start_height = start
        await ground.open()
        return await _fill(ground)

    head = operate(data, work)
    if as_json:
        return print_json({"height": head.height, "hash": head.hash})
    return console.print(f"The ledger is at the chain's tip, block {format_sats(head.height)}.", highlight=False)


@app.command()
@reports_errors
def export(
    collection: Annotated[str, typer.Option(help=f"One of {', '.join(_EXPORTED)}.")] = EVENTS,
    from_height: Annotated[int, typer.Option(min=0, help="First block of the events.")] = 0,
    to_height: Annotated[int | None, typer.Option(min=0, help="Last block of the events.")] = None,
    output: Output = None,
    data: Place = None,
) -> None:
    """Write canonical events, or the documents of a collection, as JSON Lines."""
    if collection not in _EXPORTED:
        raise NotFound(f"There is nothing called {collection!r} to export; there are {', '.join(_EXPORTED)}.")
    if collection != EVENTS and (from_height or to_height is not None):
        raise InvalidInput("Heights choose events; a collection is exported whole, as it is now.")

    async def work(ground: Foundation) -> int:
        rows = (
            canonical_events(ground.database, first=from_height, last=to_height)
            if collection == EVENTS
            else _documents(ground, collection)
        )
        with lines_to(output) as write:
            count = 0
            async for row in rows:
                write(plain_line(row))
                count += 1
        return count

    count = operate(data, work)
    if output is not None:
        errors.print(f"{format_sats(count)} lines in {output}.", highlight=False, soft_wrap=True)


@app.command()
@reports_errors
def close(
    alert: Annotated[list[str], typer.Argument(help="The alert's id, as `bitpay ledger status` shows it.")],
    data: Place = None,
    as_json: AsJson = False,
) -> None:
    """Close alerts that a person has looked into. One whose cause is still there comes again."""

    async def work(ground: Foundation) -> int:
        return await ground.ledger.alerts.close(*alert)

    closed = operate(data, work)
    if not closed:
        raise NotFound("No such alert is open.")
    print_json({"closed": closed}) if as_json else console.print(f"{closed} closed.")


async def _fold_ordered(ground: Foundation, chosen: list[Projection]) -> None:
    """Wait until what was ordered is folded: by whoever follows, or by ourselves when nobody does."""
    ours = asyncio.create_task(ground.ledger.begin())
    try:
        while await outdated(ground.database, chosen):
            if ours.done():
                ours.result()
                ours = asyncio.create_task(ground.ledger.begin())  # the lease was lost on the way
            await asyncio.wait([ours], timeout=_LOOK_SECONDS)
    finally:
        await end([ours])


async def _fill(ground: Foundation) -> Head:
    """Follow until the tip is reached, by ourselves or by whoever follows already, and return the head."""
    following, pace = asyncio.create_task(ground.ledger.run()), Pace()
    below = ground.settings.start_height - 1
    try:
        with progress_bar("blocks", None) as bar:
            while True:
                tip, head = await _tip(ground), await ground.ledger.book.head()
                pace.note(head.height, time.monotonic())
                if tip is not None:
                    done, total = head.height - below, tip.height - below
                    bar.update(bar.task_ids[0], completed=done, total=total, speed=_speed(pace, total - done))
                if (tip is not None and head.height >= tip.height) or following.done():
                    break
                await asyncio.wait([following], timeout=POLL_SECONDS[ground.settings.network])
        if following.done():
            following.result()
        return head
    finally:
        await end([following])


async def _tip(ground: Foundation) -> BlockHeader | None:
    with suppress(SourceError):  # the follower tries again, and so do we
        return await ground.source.tip()
    return None


def _speed(pace: Pace, left: int) -> str:
    seconds = pace.seconds_for(max(0, left))
    return "" if seconds is None else f"{pace.rate:.0f} a second, {duration(round(seconds))} left"


async def _documents(ground: Foundation, name: str) -> AsyncIterator[Document]:
    """Yield a collection as it is at one moment."""
    query, key = ({"canonical": True}, "height") if name == BLOCKS else ({}, "_id")
    async with ground.mongo.start_session(snapshot=True) as session:
        async for row in ground.database[name].find(query, session=session).sort(key, 1):
            yield row


def _projections(names: list[str] | None) -> list[Projection]:
    known = {projection.collection: projection for projection in PROJECTIONS}
    if unknown := [name for name in names or () if name not in known]:
        raise NotFound(f"The ledger folds no {unknown[0]!r}; it folds {', '.join(known)}.")
    return [known[name] for name in names or known]
