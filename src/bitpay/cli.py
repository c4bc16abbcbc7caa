"""The `bitpay` command."""

from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from bitpay.commands import chain, ledger, stream
from bitpay.commands.audit import audit
from bitpay.commands.backup import backup_command, restore_command
from bitpay.commands.context import Data, reports_errors
from bitpay.commands.demo import demo
from bitpay.commands.deploy import deploy
from bitpay.dev.folder import DEFAULT_FOLDER

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_show_locals=False)
app.add_typer(stream.app, name="stream")
app.add_typer(chain.app, name="chain")
app.add_typer(ledger.app, name="ledger")
app.command()(audit)
app.command("backup")(backup_command)
app.command("restore")(restore_command)
app.command()(demo)
app.command()(deploy)


@app.command()
@reports_errors
def dev(
    data: Data = DEFAULT_FOLDER,
    port: Annotated[int | None, typer.Option(min=1, max=65535, help="Port of the pages; a free one if taken.")] = None,
    reset: Annotated[bool, typer.Option("--reset", help="Forget everything and start afresh.")] = False,
) -> None:
    """Start everything on this machine: database, local chain, contracts, demo accounts, API and pages."""
    from bitpay.dev.run import run  # noqa: PLC0415 - other commands start faster without it

    raise typer.Exit(run(Path(data), port=port, reset=reset))


@app.command()
@reports_errors
def serve() -> None:
    """Serve API, pages and sockets and follow the chain, as the BITPAY_ environment variables say."""
    from bitpay.commands.grounds import readable_settings  # noqa: PLC0415 - other commands start faster without it
    from bitpay.operations import serve as serve_instance  # noqa: PLC0415 - the same

    with readable_settings():
        serve_instance()


def _say_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bitpay {metadata.version('bitpay')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
]


@app.callback()
def bitpay(version: Version = False) -> None:
    """Continuous Bitcoin payments on Stacks."""


def main() -> None:
    """Entry point."""
    app()
