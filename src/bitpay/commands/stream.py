"""`bitpay stream …`: create, watch, withdraw from and cancel streams."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.box import SIMPLE_HEAD
from rich.table import Table

from bitpay.commands.client import Api
from bitpay.commands.context import As, AsJson, Data, KeyFile, Url, connect, console, print_json, reports_errors, say
from bitpay.commands.durations import parse_duration
from bitpay.commands.signing import demo_key, demo_names, read_key, resolve, send
from bitpay.commands.terminal import plain
from bitpay.dev.folder import DEFAULT_FOLDER, DataFolder
from bitpay.http.formats import blocks, duration, moment
from bitpay.kit.errors import Conflict
from bitpay.kit.money import format_sats, format_sbtc, parse_sbtc
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network

app = typer.Typer(no_args_is_help=True, help="Create, watch, withdraw from and cancel streams.")
StreamId = Annotated[int, typer.Argument(min=1, help="The stream's number.", metavar="STREAM")]
Clock = Literal["seconds", "blocks"]
Json = dict[str, Any]


@app.command()
@reports_errors
def create(
    to: Annotated[str, typer.Option(help="Recipient: an address, or a demo account's name.")],
    amount: Annotated[str, typer.Option(help="Amount in sBTC, like 0.001.")],
    duration: Annotated[str, typer.Option(help="How long it streams: 90s, 30m, 12h, 7d, 2w; or a number of blocks.")],
    cliff: Annotated[str, typer.Option(help="Until then only the upfront part is vested.")] = "0",
    upfront: Annotated[str | None, typer.Option(help="sBTC that vest at the start.")] = None,
    at_cliff: Annotated[str | None, typer.Option(help="sBTC that vest when the cliff is reached.")] = None,
    step: Annotated[str, typer.Option(help="Vest in steps of this length.")] = "1",
    start: Annotated[int | None, typer.Option(help="Start as unix seconds or block height; now if left out.")] = None,
    clock: Annotated[Clock, typer.Option(help="What all lengths count.")] = "seconds",
    memo: Annotated[str, typer.Option(help="A note of at most 64 characters, public on chain.")] = "",
    cancelable: Annotated[bool, typer.Option(help="Whether the sender can cancel.")] = True,
    transferable: Annotated[bool, typer.Option(help="Whether the right to be paid can be sold.")] = True,
    account: As = None,
    key_file: KeyFile = None,
    url: Url = None,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Lock sBTC and stream it to a recipient."""
    folder = DataFolder(data)
    order = {
        "amount": parse_sbtc(amount),
        "clock": clock,
        "start": start,
        "duration": parse_duration(duration, clock),
        "cliff": parse_duration(cliff, clock),
        "upfront": parse_sbtc(upfront) if upfront else 0,
        "atCliff": parse_sbtc(at_cliff) if at_cliff else 0,
        "step": parse_duration(step, clock),
        "cancelable": cancelable,
        "transferable": transferable,
        "memo": memo,
    }
    with connect(url, data) as api:
        key = _key(folder, account, key_file)
        sender = _address(api.get("/chain"), key)
        prepared = api.post("/streams/prepare-create", {"sender": sender, "recipient": resolve(folder, to), **order})
        _check_funds(api, sender, prepared["summary"]["total"])
        transaction = send(api, prepared, key)
        stream = created_by(api, sender, transaction["txid"])
    if as_json:
        return print_json({**transaction, "streamId": stream["streamId"]})
    what = f"Stream {stream['streamId']} of {format_sbtc(stream['amount'])} sBTC created"
    return _report(transaction, f"{what}, fee {format_sbtc(stream['fee'])} sBTC")


@app.command()
@reports_errors
def withdraw(
    stream_id: StreamId,
    account: As = None,
    key_file: KeyFile = None,
    url: Url = None,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Pay all that is withdrawable to the stream's holder; anyone may do it."""
    with connect(url, data) as api:
        key = _key(DataFolder(data), account, key_file)
        sender = _address(api.get("/chain"), key)
        prepared = api.post(f"/streams/{stream_id}/prepare-withdraw", {"sender": sender})
        before = api.get(f"/streams/{stream_id}")["withdrawnAmount"]
        transaction = send(api, prepared, key)
        withdrawn = api.get(f"/streams/{stream_id}")["withdrawnAmount"] - before
    if as_json:
        return print_json({**transaction, "withdrawn": withdrawn})
    return _report(transaction, f"{format_sbtc(withdrawn)} sBTC withdrawn from stream {stream_id}")


@app.command()
@reports_errors
def cancel(
    stream_id: StreamId,
    account: As = None,
    key_file: KeyFile = None,
    url: Url = None,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Stop a stream: what has not vested is refunded to its sender, the rest stays for its holder."""
    with connect(url, data) as api:
        key = _key(DataFolder(data), account, key_file)
        sender = _address(api.get("/chain"), key)
        prepared = api.post(f"/streams/{stream_id}/prepare-cancel", {"sender": sender})
        transaction = send(api, prepared, key)
        stream = api.get(f"/streams/{stream_id}")
    if as_json:
        return print_json({**transaction, "refunded": stream["refundedAmount"], "vested": stream["vestedAmount"]})
    figures = f"{format_sbtc(stream['refundedAmount'])} sBTC refunded, {format_sbtc(stream['vestedAmount'])} vested"
    return _report(transaction, f"Stream {stream_id} cancelled: {figures}")


@app.command()
@reports_errors
def show(stream_id: StreamId, url: Url = None, data: Data = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """Show one stream as it stands now."""
    with connect(url, data) as api:
        stream = api.get(f"/streams/{stream_id}")
    if as_json:
        return print_json(stream)
    table = Table("", "", show_header=False, box=None, title=plain(f"Stream {stream_id}, {stream['status']}"))
    for label, value in _lines(stream, demo_names(DataFolder(data))):
        table.add_row(label, plain(value))
    return console.print(table)


@app.command("list")
@reports_errors
def list_(
    account: Annotated[str | None, typer.Option(help="Sender, recipient or holder: address or demo name.")] = None,
    status: Annotated[str | None, typer.Option(help="pending, streaming, settled, cancelled or depleted.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100, help="At most so many.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Continue after an earlier list.")] = None,
    url: Url = None,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """List streams, newest first."""
    folder = DataFolder(data)
    with connect(url, data) as api:
        address = resolve(folder, account) if account else None
        page = api.get("/streams", account=address, status=status, limit=limit, cursor=cursor)
    if as_json:
        return print_json(page)
    console.print(_table(page["items"], demo_names(folder)) if page["items"] else "No streams.")
    if page["nextCursor"]:
        say(f"More with --cursor {page['nextCursor']}", "dim")
    return None


def created_by(api: Api, sender: str, txid: str) -> Json:
    """Return the stream that a transaction of `sender` created."""
    items: list[Json] = api.get("/streams", sender=sender, limit=100)["items"]
    return next(stream for stream in items if stream["txid"].removeprefix("0x") == txid.removeprefix("0x"))


def _key(folder: DataFolder, account: str | None, key_file: Path | None) -> PrivateKey:
    return demo_key(folder, account) if account else read_key(key_file)


def _address(chain: Json, key: PrivateKey) -> str:
    return key.address(Network.MAINNET if chain["network"] == "mainnet" else Network.TESTNET)


def _check_funds(api: Api, sender: str, needed: int) -> None:
    """Say so before anything is signed: on the chain it would cost a fee to learn."""
    held = api.get(f"/accounts/{sender}")["sbtc"]
    if held < needed:
        raise Conflict(f"This needs {format_sbtc(needed)} sBTC with its fee; {sender} holds {format_sbtc(held)}.")


def _report(transaction: Json, done: str) -> None:
    block = transaction.get("block") or {}
    say(f"{done}.")
    say(f"Block {block.get('height')}, {transaction['txid']}")


def _table(streams: list[Json], names: dict[str, str]) -> Table:
    table = Table("stream", box=SIMPLE_HEAD, pad_edge=False, caption="amounts in sBTC")
    for title in ("status", "sender", "recipient"):
        table.add_column(title, no_wrap=True)
    for title in ("amount", "vested", "withdrawn"):
        table.add_column(title, justify="right", no_wrap=True)
    for stream in streams:
        table.add_row(
            str(stream["streamId"]),
            plain(stream["status"]),
            plain(_short(stream["sender"], names)),
            plain(_short(stream["recipient"], names)),
            *(format_sbtc(stream[figure]) for figure in ("amount", "vestedAmount", "withdrawnAmount")),
        )
    return table


def _lines(stream: Json, names: dict[str, str]) -> list[tuple[str, str]]:
    figures = ("amount", "vestedAmount", "withdrawableAmount", "withdrawnAmount", "refundedAmount", "refundableAmount")
    money = [(figure.removesuffix("Amount"), stream[figure]) for figure in figures]
    people = [(role, stream[role]) for role in ("sender", "recipient", "holder")]
    return [
        *((role, f"{who or '—'}  {names.get(who, '')}".rstrip()) for role, who in people),
        *((label, f"{format_sbtc(sats)} sBTC  ({format_sats(sats)} sats)") for label, sats in money),
        ("start", _moment(stream, "start")),
        ("end", _moment(stream, "end")),
        ("duration", _span(stream, stream["duration"])),
        ("cliff", _span(stream, stream["cliff"]) if stream["cliff"] else "—"),
        ("cancelable", "yes" if stream["cancelable"] else "no"),
        ("transferable", "yes" if stream["transferable"] else "no"),
        ("memo", stream["memo"] or "—"),
    ]


def _moment(stream: Json, edge: str) -> str:
    if stream["clock"] == "seconds":
        return moment(stream[f"{edge}Time"])
    return f"block {format_sats(stream[f'{edge}Block'])}"


def _span(stream: Json, ticks: int) -> str:
    return duration(ticks) if stream["clock"] == "seconds" else blocks(ticks)


def _short(principal: str, names: dict[str, str]) -> str:
    short = principal if len(principal) <= 14 else f"{principal[:6]}…{principal[-4:]}"
    return names.get(principal, short)
