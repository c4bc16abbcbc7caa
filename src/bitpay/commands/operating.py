"""How an operator's commands reach the database and the chain that they are for."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from bitpay.dev.folder import DEFAULT_FOLDER
from bitpay.kit.errors import Unavailable

if TYPE_CHECKING:
    from bitpay.foundation import Foundation
    from bitpay.kit.settings import LedgerSettings

T = TypeVar("T")

Place = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Data folder of a development instance, running or not. Without it the BITPAY_ environment decides, "
        f"or else the folder {DEFAULT_FOLDER}.",
    ),
]


def operate(data: Path | None, work: "Callable[[Foundation], Awaitable[T]]") -> T:
    """Do the work on an instance's foundation and return its answer. Raises BitPayErrors only."""
    from bitpay.commands.grounds import operate_on  # noqa: PLC0415 - other commands start faster without it

    return operate_on(data, work)


def require_chain(settings: "LedgerSettings") -> None:
    """Raise Unavailable where there is no chain to ask."""
    if not settings.stacks_api_url:
        raise Unavailable("This needs the local chain, which runs only while BitPay does: start it with `make dev`.")
