"""What every command needs: where BitPay answers, and how to print for people or for programs."""

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec, TypeVar

import typer
from rich.console import Console

from bitpay.commands.client import Api
from bitpay.commands.failures import in_sentences
from bitpay.commands.terminal import escaped_json, plain
from bitpay.dev.folder import DEFAULT_FOLDER, DataFolder
from bitpay.kit.errors import BitPayError, NotFound

P = ParamSpec("P")
R = TypeVar("R")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Data = Annotated[Path, typer.Option("--data", help="Data folder of the development instance.")]
Url = Annotated[str | None, typer.Option("--url", envvar="BITPAY_URL", help="Where BitPay answers.")]
As = Annotated[str | None, typer.Option("--as", help="A demo account's name, like alice.")]
KeyFile = Annotated[Path | None, typer.Option("--key-file", help="File with the private key, mode 0600.")]

console = Console()
errors = Console(stderr=True)


def connect(url: str | None, data: Path = DEFAULT_FOLDER) -> Api:
    """Return the API at `url`, or of the development instance whose data folder is `data`."""
    try:
        instance = DataFolder(data).instance()
    except NotFound:
        if url is None:
            raise
        return Api(url)
    own = url is None or url.rstrip("/") == instance.url
    return Api(url or instance.url, dev_token=instance.dev_token if own else None)


def print_json(value: Any) -> None:  # noqa: ANN401 - JSON
    """Print JSON to standard output, nothing else."""
    typer.echo(escaped_json(json.dumps(value, ensure_ascii=False, indent=2)))


def say(line: str, style: str = "", *, to: Console = console) -> None:
    """Print one line for a person, whatever is in it."""
    to.print(plain(line), style=style, soft_wrap=True)


def reports_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Print an error as one sentence (or JSON with --json) and exit with 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with in_sentences():
                return command(*args, **kwargs)
        except BitPayError as error:
            if kwargs.get("as_json"):
                print_json({"error": {"code": error.details.get("code") or error.code, "message": error.message}})
            else:
                for line in error.message.splitlines():
                    say(line, "red", to=errors)
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            raise typer.Exit(130) from error

    return run
