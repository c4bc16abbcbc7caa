"""`bitpay ledger …`: how the ledger stands, filling it, checking it, folding it anew, taking its facts elsewhere.

What does the work is imported where it is done: commands that need no database start faster without it.
"""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bitpay.commands.context import AsJson, errors, print_json, reports_errors, say
from bitpay.commands.operating import Place, operate, require_chain
from bitpay.commands.terminal import escaped_json
from bitpay.commands.views import difference_json, print_standing, print_verified, told_by
from bitpay.kit.errors import NotFound
from bitpay.kit.files import lines_to
from bitpay.kit.money import format_sats

if TYPE_CHECKING:
    from bitpay.foundation import Foundation
    from bitpay.ledger.book import Head
    from bitpay.upkeep import Verified

app = typer.Typer(no_args_is_help=True, help="See, check, fill, fold and export the ledger.")

Collections = Annotated[
    list[str] | None, typer.Option("--collection", help="Only this collection; repeat for several.")
]
Output = Annotated[Path | None, typer.Option(help="Write into this file instead of standard output.")]
From = Annotated[
    int | None,
    typer.Option("--from", min=0, help="Height to begin at, if not the deployment's; for a new database only."),
]


@app.command()
@reports_errors
def status(data: Place = None, as_json: AsJson = False) -> None:
    """Say where the ledger stands against the chain, who follows, what waits and what is wrong."""
    from bitpay.standing import standing  # noqa: PLC0415 - see above

    told = operate(data, standing)
    print_json(told) if as_json else print_standing(told)


@app.command()
@reports_errors
def replay(collection: Collections = None, data: Place = None, as_json: AsJson = False) -> None:
    """Fold the documents anew from the stored events and put them in place, while a running instance goes on serving.

    Where BitPay runs, the process that follows the chain does it; where none runs, this command does.
    """
    from bitpay import upkeep  # noqa: PLC0415 - see above

    chosen, began = upkeep.projections_of(collection), time.monotonic()

    async def work(ground: "Foundation") -> None:
        with errors.status("Folding anew"):
            await upkeep.fold_anew(ground, chosen)

    operate(data, work)
    names, seconds = [projection.collection for projection in chosen], round(time.monotonic() - began, 2)
    if as_json:
        return print_json({"collections": names, "seconds": seconds})
    return say(f"Folded anew in {seconds} s: {', '.join(names)}.")


@app.command()
@reports_errors
def verify(collection: Collections = None, data: Place = None, as_json: AsJson = False) -> None:
    """Fold all events aside and compare with the documents. Exits with 1 where they differ; changes nothing."""
    from bitpay import upkeep  # noqa: PLC0415 - see above

    chosen = upkeep.projections_of(collection)

    async def work(ground: "Foundation") -> "Verified":
        with told_by("events folded") as tell:
            return await upkeep.verify(ground, chosen, tell)

    verified = operate(data, work)
    if as_json:
        differences = [difference_json(one) for one in verified.differences]
        told = {"differences": differences, "cut": verified.cut, "outdated": verified.outdated}
        print_json({"sound": not differences, **told})
    else:
        print_verified(verified)
    if verified.differences:
        raise typer.Exit(1)


@app.command()
@reports_errors
def backfill(start: From = None, data: Place = None, as_json: AsJson = False) -> None:
    """Read the chain from the contracts' deployment to its tip, then stop. Go on where it was interrupted."""
    from bitpay import upkeep  # noqa: PLC0415 - see above

    async def work(ground: "Foundation") -> "Head":
        require_chain(ground.settings)
        if start is not None:
            ground.settings.start_height = start
        with told_by("blocks") as tell:
            return await upkeep.fill(ground, tell)

    head = operate(data, work)
    if as_json:
        return print_json({"height": head.height, "hash": head.hash})
    return say(f"The ledger is at the chain's tip, block {format_sats(head.height)}.")


@app.command()
@reports_errors
def reread(
    height: Annotated[int, typer.Option("--from", min=0, help="The first block to read again.")],
    data: Place = None,
    as_json: AsJson = False,
) -> None:
    """Go back to before a block and read the chain again from there, while a running instance goes on serving.

    Only blocks that are not final can be undone. Where BitPay runs, the process that follows the chain does it.
    """
    from bitpay import upkeep  # noqa: PLC0415 - see above

    async def work(ground: "Foundation") -> "Head":
        require_chain(ground.settings)
        with told_by("blocks") as tell:
            return await upkeep.reread(ground, height, tell)

    head = operate(data, work)
    if as_json:
        return print_json({"height": head.height, "hash": head.hash})
    return say(
        f"Read again from block {format_sats(height)}; the ledger is at the tip, block {format_sats(head.height)}."
    )


@app.command()
@reports_errors
def export(
    collection: Annotated[str, typer.Option(help="Another collection than the events.")] = "events",
    from_height: Annotated[int, typer.Option(min=0, help="First block of the events.")] = 0,
    to_height: Annotated[int | None, typer.Option(min=0, help="Last block of the events.")] = None,
    output: Output = None,
    data: Place = None,
) -> None:
    """Write canonical events, or the documents of a collection, as JSON Lines."""
    from bitpay import upkeep  # noqa: PLC0415 - see above

    async def work(ground: "Foundation") -> int:
        count = 0
        with lines_to(output) as write:
            async for line in upkeep.exported(ground, collection, from_height, to_height):
                write(escaped_json(line))
                count += 1
        return count

    count = operate(data, work)
    if output is not None:
        say(f"{format_sats(count)} lines in {output}.", to=errors)


@app.command()
@reports_errors
def close(
    alert: Annotated[list[str], typer.Argument(help="The alert's id, as `bitpay ledger status` shows it.")],
    data: Place = None,
    as_json: AsJson = False,
) -> None:
    """Close alerts that a person has looked into. One whose cause is still there comes again."""

    async def work(ground: "Foundation") -> int:
        return await ground.ledger.alerts.close(*alert)

    closed = operate(data, work)
    if not closed:
        raise NotFound("No such alert is open.")
    print_json({"closed": closed}) if as_json else say(f"{closed} closed.")
