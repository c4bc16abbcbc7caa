"""`bitpay chain …`: blocks, time, money and other histories on the local chain of a development instance."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import asdict
from typing import Annotated, Any, TypeVar

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from bitpay.commands.client import Api
from bitpay.commands.context import AsJson, Data, console, print_json, reports_errors, say
from bitpay.commands.durations import parse_duration
from bitpay.commands.signing import resolve
from bitpay.demo.control import Block, ChainControl, Order, Token
from bitpay.dev.folder import DEFAULT_FOLDER, DataFolder, Instance
from bitpay.http.formats import duration, moment
from bitpay.kit.errors import InvalidInput, Unavailable
from bitpay.kit.money import format_sats, parse_sbtc, parse_stx

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="Move the local chain: blocks, time, money, other histories.")

_TXID = re.compile(r"(?:0x)?([0-9a-fA-F]{64})")
_PATIENCE_SECONDS = 300.0
"""Ten thousand blocks take their time."""
_FOLLOW_SECONDS = 20.0
_GLANCE_SECONDS = 0.05


@app.command()
@reports_errors
def mine(
    count: Annotated[int, typer.Argument(min=1, max=10_000, help="How many blocks.")] = 1,
    burn: Annotated[bool, typer.Option("--burn", help="Put a new Bitcoin block under each.")] = False,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Make blocks now, of whatever waits; without waiting transactions they are empty."""
    here = DataFolder(data).instance()
    blocks = _ask(here, lambda chain: chain.mine(count, burn=burn))
    _follow(here, blocks[-1])
    if as_json:
        return print_json({"blocks": [asdict(block) for block in blocks]})
    done = sum(len(block.transactions) for block in blocks)
    return say(f"{_blocks(count)} with {_transactions(done)}; the chain stands at {_place(blocks[-1])}.")


@app.command()
@reports_errors
def warp(
    span: Annotated[str, typer.Argument(help="How far: 90s, 30m, 2h, 7d, 2w.", metavar="DURATION")],
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Put the chain's clock forward, and make the block that shows it."""
    seconds = parse_duration(span)
    if not seconds:
        raise InvalidInput("The clock goes forward by at least a second.")
    here = DataFolder(data).instance()
    block = _ask(here, lambda chain: chain.warp(seconds))
    _follow(here, block)
    if as_json:
        return print_json(asdict(block))
    return say(f"{duration(seconds)} later: the chain stands at {_place(block)}.")


@app.command()
@reports_errors
def faucet(
    who: Annotated[str, typer.Argument(help="An address, or a demo account's name.")],
    amount: Annotated[str, typer.Argument(help="How much, like 0.5.")],
    token: Annotated[Token, typer.Argument(help="Of what.")] = "sbtc",  # noqa: S107 - a kind of money
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Give sBTC or STX to an account, out of nothing."""
    folder = DataFolder(data)
    here = folder.instance()
    recipient = resolve(folder, who)
    smallest = parse_sbtc(amount) if token == "sbtc" else parse_stx(amount)  # noqa: S105 - a kind of money
    txid = _ask(here, lambda chain: chain.faucet(token, recipient, smallest))
    if as_json:
        return print_json({"txid": txid, "recipient": recipient, "token": token, "amount": smallest})
    unit = "sBTC" if token == "sbtc" else "STX"  # noqa: S105 - a kind of money
    say(f"{amount} {unit} sent to {recipient}.")
    return say(txid)


@app.command()
@reports_errors
def reorg(
    depth: Annotated[int, typer.Option(min=1, help="How many of the latest blocks are replaced.")],
    drop: Annotated[list[str] | None, typer.Option(help="Transaction id that is left out; repeat for each.")] = None,
    order: Annotated[Order, typer.Option(help="How the transactions come again.")] = "same",
    blocks: Annotated[
        int | None, typer.Option(min=1, max=10_000, help="How many blocks come instead; one more if left out.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Decides the shuffle.")] = 0,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Replace the latest blocks by another history, as when another fork of the real chain wins."""
    dropped = [_txid(text) for text in drop or []]
    here = DataFolder(data).instance()
    change = _ask(here, lambda chain: chain.reorganize(depth, drop=dropped, order=order, blocks=blocks, seed=seed))
    _follow(here, change.apply[-1], gone={block.hash for block in change.rollback})
    if as_json:
        return print_json(asdict(change))
    _print_blocks("rolled back", change.rollback)
    _print_blocks("applied", change.apply)
    return say(f"The chain stands at {_place(change.apply[-1])}.")


@app.command()
@reports_errors
def status(data: Data = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """Show where the chain stands, what waits for a block, and who hears of it."""
    here = DataFolder(data).instance()
    told = _ask(here, lambda chain: chain.status())
    if as_json:
        return print_json({"url": here.stacks_api_url, **told})
    width = max(len(label) for label, _ in _lines(here, told))
    for label, text in _lines(here, told):
        say(f"{label:<{width}}  {text}")
    return _print_hooks(told["hooks"])


def _ask(here: Instance, question: Callable[[ChainControl], Awaitable[T]]) -> T:
    """Ask the chain of an instance. Raises InvalidInput or Unavailable."""

    async def ask() -> T:
        control = ChainControl(here.stacks_api_url, here.chain_token, timeout=_PATIENCE_SECONDS)
        try:
            return await question(control)
        finally:
            await control.close()

    return asyncio.run(ask())


def _follow(here: Instance, tip: Block, gone: Collection[str] = ()) -> None:
    """Wait until BitPay's ledger shows the chain's new tip, so that the next command sees it. Raises Unavailable."""
    deadline = time.monotonic() + _FOLLOW_SECONDS
    with Api(here.url) as api:
        while (now := api.get("/chain"))["height"] < tip.height or now["hash"] in gone:
            if time.monotonic() > deadline:
                raise Unavailable(f"The chain stands at {_place(tip)}, but BitPay has not followed yet.")
            time.sleep(_GLANCE_SECONDS)


def _txid(text: str) -> str:
    found = _TXID.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text[:80]!r} is no transaction id; one has 64 hex digits.")
    return f"0x{found[1].lower()}"


def _lines(here: Instance, told: dict[str, Any]) -> Sequence[tuple[str, str]]:
    offset = told["offset"]
    return [
        ("chain", here.stacks_api_url),
        ("block", f"{format_sats(told['height'])}  {told['hash']}"),
        ("Bitcoin block", format_sats(told["burnHeight"])),
        ("time", moment(told["time"])),
        ("clock", f"{duration(offset)} ahead" if offset else "as on the wall"),
        ("transactions", format_sats(told["transactions"])),
        ("waiting", format_sats(told["mempool"])),
        ("reorganisations", format_sats(told["fork"])),
    ]


def _print_hooks(hooks: Sequence[dict[str, str]]) -> None:
    if not hooks:
        say("No hooks: nobody hears of its blocks.")
    for hook in hooks:
        say(f"hook {hook['name'] or hook['uuid']}: {hook['format']}, {hook['status']}")
        say(f"  {hook['url']}")


def _print_blocks(title: str, blocks: Sequence[Block]) -> None:
    table = Table("block", "transactions", box=SIMPLE_HEAD, pad_edge=False, title=title, title_justify="left")
    for block in blocks:
        table.add_row(format_sats(block.height), "\n".join(block.transactions) or "—")
    console.print(table)


def _place(block: Block) -> str:
    return f"block {format_sats(block.height)}, {moment(block.time)}"


def _blocks(count: int) -> str:
    return "1 block" if count == 1 else f"{format_sats(count)} blocks"


def _transactions(count: int) -> str:
    return "1 transaction" if count == 1 else f"{format_sats(count)} transactions"
