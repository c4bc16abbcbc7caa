"""`bitpay backup` and `bitpay restore`."""

from pathlib import Path
from typing import Annotated

import typer

from bitpay.commands.context import AsJson, print_json, reports_errors, say
from bitpay.commands.operating import Place, operate
from bitpay.kit.money import format_sats

File = Annotated[Path, typer.Argument(help="The backup's file.", metavar="FILE")]


@reports_errors
def backup_command(
    file: File,
    with_chain_data: Annotated[bool, typer.Option(help="Also what can be read from the chain again.")] = False,
    data: Place = None,
    as_json: AsJson = False,
) -> None:
    """Write what cannot be rebuilt from the chain (users, sessions, settings) into one file that only you can read."""
    from bitpay.backups import back_up  # noqa: PLC0415 - other commands start faster without it

    told = operate(data, lambda ground: back_up(ground, file, with_chain_data=with_chain_data))
    if as_json:
        return print_json(told)
    documents, size = format_sats(sum(told["collections"].values())), format_sats(told["bytes"])
    return say(f"{documents} documents in {file}, {size} bytes.")


@reports_errors
def restore_command(
    file: File,
    replace: Annotated[bool, typer.Option("--replace", help="Overwrite a database that is not empty.")] = False,
    data: Place = None,
    as_json: AsJson = False,
) -> None:
    """Make a stopped BitPay's database what a backup says; what follows from the chain is read from it again."""
    from bitpay.backups import restore  # noqa: PLC0415 - other commands start faster without it

    told = operate(data, lambda ground: restore(ground, file, replace=replace))
    if as_json:
        return print_json(told)
    documents, rest = format_sats(sum(told["collections"].values())), ""
    if not told["withChainData"]:
        rest = " The rest is read from the chain when BitPay starts."
    return say(f"{documents} documents of {told['createdAt']} restored.{rest}")
