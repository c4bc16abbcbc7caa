"""`bitpay stream …`: open, watch, withdraw from and cancel streams."""

from typing import Annotated, Any

import typer
from rich.table import Table

from bitpay.commands.context import As, AsJson, Data, KeyFile, Url, connect, console, print_json, reports_errors
from bitpay.commands.durations import parse_duration
from bitpay.commands.signing import demo_key, read_key, resolve, send
from bitpay.dev.folder import DEFAULT_FOLDER, DataFolder
from bitpay.kit.money import format_sats, format_sbtc, parse_sbtc
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network

app = typer.Typer(no_args_is_help=True, help="Open, watch, withdraw from and cancel streams.")
StreamId = Annotated[int, typer.Argument(min=1, help="The stream's number.")]


@app.command()
@reports_errors
def create(
    to: Annotated[str, typer.Option(help="Recipient: an address, or a demo account's name.")],
    amount: Annotated[str, typer.Option(help="Amount in sBTC, like 0.001.")],
    duration: Annotated[str, typer.Option(help="How long it streams: 90s, 30m, 12h, 7d, 2w.")],
    cliff: Annotated[str, typer.Option(help="Nothing but the upfront part vests before.")] = "0",
    upfront: Annotated[str | None, typer.Option(help="sBTC vested from the start.")] = None,
    at_cliff: Annotated[str | None, typer.Option(help="sBTC that vest at the cliff.")] = None,
    step: Annotated[str, typer.Option(help="Vest in steps of this length.")] = "1",
    start: Annotated[int | None, typer.Option(help="Start as unix seconds; now if left out.")] = None,
    memo: Annotated[str, typer.Option(help="A note of at most 64 characters, public on chain.")] = "",
    cancelable: Annotated[bool, typer.Option(help="Whether the sender can cancel.")] = True,
    transferable: Annotated[bool, typer.Option(help="Whether the right to be paid can be sold.")] = True,
    account: As = None,
    key_file: KeyFile = None,
    url: Url = None,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Lock sBTC and stream it to a recipient, second by second."""
    with connect(url, data) as api:
        key = _key(data, account, key_file)
        prepared = api.post(
            "/streams/prepare-create",
            {
                "sender": _address(api.get("/chain"), key),
                "recipient": resolve(DataFolder(data), to),
                "amount": parse_sbtc(amount),
                "clock": "seconds",
                "start": start,
                "duration": parse_duration(duration),
                "cliff": parse_duration(cliff),
                "upfront": parse_sbtc(upfront) if upfront else 0,
                "atCliff": parse_sbtc(at_cliff) if at_cliff else 0,
                "step": parse_duration(step),
                "cancelable": cancelable,
                "transferable": transferable,
                "memo": memo,
            },
        )
        _report(send(api, prepared, key), "Stream opened", as_json=as_json)


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
        key = _key(data, account, key_file)
        sender = _address(api.get("/chain"), key)
        prepared = api.post(f"/streams/{stream_id}/prepare-withdraw", {"sender": sender})
        _report(send(api, prepared, key), "Withdrawn", as_json=as_json)


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
    """Stop a stream: the sender takes back what has not vested, the rest stays for its holder."""
    with connect(url, data) as api:
        key = _key(data, account, key_file)
        sender = _address(api.get("/chain"), key)
        prepared = api.post(f"/streams/{stream_id}/prepare-cancel", {"sender": sender})
        _report(send(api, prepared, key), "Cancelled", as_json=as_json)


@app.command()
@reports_errors
def show(stream_id: StreamId, url: Url = None, data: Data = DEFAULT_FOLDER, as_json: AsJson = False) -> None:
    """Show one stream as it stands now."""
    with connect(url, data) as api:
        stream = api.get(f"/streams/{stream_id}")
    if as_json:
        return print_json(stream)
    table = Table("", "", show_header=False, box=None, title=f"Stream {stream_id} · {stream['status']}")
    for label, value in _lines(stream):
        table.add_row(label, value)
    return console.print(table)


@app.command("list")
@reports_errors
def list_(
    account: Annotated[str | None, typer.Option(help="Sender, recipient or holder: address or demo name.")] = None,
    status: Annotated[str | None, typer.Option(help="pending, streaming, settled, cancelled, depleted…")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    cursor: Annotated[str | None, typer.Option(help="Continue after an earlier list.")] = None,
    url: Url = None,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """List streams, newest first."""
    with connect(url, data) as api:
        address = resolve(DataFolder(data), account) if account else None
        page = api.get("/streams", account=address, status=status, limit=limit, cursor=cursor)
    if as_json:
        return print_json(page)
    table = Table("id", "status", "sender", "recipient", "amount (sBTC)", "vested", "withdrawn")
    for stream in page["items"]:
        table.add_row(
            str(stream["streamId"]),
            stream["status"],
            _short(stream["sender"]),
            _short(stream["recipient"]),
            format_sbtc(stream["amount"]),
            f"{stream['percentComplete']} %",
            format_sats(stream["withdrawnAmount"]),
        )
    console.print(table if page["items"] else "No streams.")
    if page["nextCursor"]:
        console.print(f"More with --cursor {page['nextCursor']}", style="dim")
    return None


def _key(data: Any, account: str | None, key_file: Any) -> PrivateKey:  # noqa: ANN401 - paths
    return demo_key(DataFolder(data), account) if account else read_key(key_file)


def _address(chain: dict[str, Any], key: PrivateKey) -> str:
    return key.address(Network.MAINNET if chain["network"] == "mainnet" else Network.TESTNET)


def _report(transaction: dict[str, Any], done: str, *, as_json: bool) -> None:
    if as_json:
        return print_json(transaction)
    block = transaction.get("block") or {}
    return console.print(
        f"{done} in block {block.get('height')}: {transaction['txid']}", highlight=False, soft_wrap=True
    )


def _lines(stream: dict[str, Any]) -> list[tuple[str, str]]:
    money = {
        "amount": stream["amount"],
        "vested": stream["vestedAmount"],
        "withdrawable": stream["withdrawableAmount"],
        "withdrawn": stream["withdrawnAmount"],
        "refunded": stream["refundedAmount"],
    }
    return [
        ("sender", stream["sender"]),
        ("recipient", stream["recipient"]),
        ("holder", stream["holder"] or "—"),
        *((label, f"{format_sbtc(sats)} sBTC  ({format_sats(sats)} sats)") for label, sats in money.items()),
        ("complete", f"{stream['percentComplete']} %"),
        ("clock", stream["clock"]),
        ("memo", stream["memo"] or "—"),
    ]


def _short(principal: str) -> str:
    return principal if len(principal) <= 14 else f"{principal[:6]}…{principal[-6:]}"
