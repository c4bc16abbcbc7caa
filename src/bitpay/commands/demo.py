"""`bitpay demo`: one stream's life on a running development instance, every sat accounted for."""

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import typer
from rich.table import Table

from bitpay.commands.client import Api
from bitpay.commands.context import AsJson, Data, Url, connect, console, print_json, reports_errors
from bitpay.commands.signing import demo_key, send
from bitpay.dev.folder import DEFAULT_FOLDER, DataFolder
from bitpay.kit.errors import Conflict
from bitpay.kit.money import format_sats
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network

AMOUNT = 1_000_000
DURATION_SECONDS = 1_000
WARP_SECONDS = 250


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the demo: what was done, its transaction, and the sats of everyone afterwards."""

    title: str
    txid: str | None
    balances: dict[str, int]


@dataclass
class Demo:
    """Alice streams to Bob; time moves; Bob withdraws; Alice cancels."""

    api: Api
    sender: PrivateKey
    recipient: PrivateKey
    steps: list[Step] = field(default_factory=list)

    def play(self) -> dict[str, Any]:
        """Play all steps and return the facts. Raises Conflict where a sat is missing or too many."""
        self._record("before", None)
        stream_id = self._create()
        self._warp()
        withdrawn = self._withdraw(stream_id)
        cancelled = self._cancel(stream_id)
        rest = self._withdraw(stream_id) if cancelled["withdrawableAmount"] else 0
        facts = {
            "streamId": stream_id,
            "amount": AMOUNT,
            "fee": cancelled["fee"],
            "withdrawn": withdrawn + rest,
            "refunded": cancelled["refundedAmount"],
        }
        check(self.steps[0].balances, self.steps[-1].balances, facts)
        return {**facts, "steps": [asdict(step) for step in self.steps], "balanced": True}

    def _create(self) -> int:
        order = {
            "sender": _address(self.sender),
            "recipient": _address(self.recipient),
            "amount": AMOUNT,
            "clock": "seconds",
            "duration": DURATION_SECONDS,
            "memo": "bitpay demo",
        }
        transaction = self._send("/streams/prepare-create", order, self.sender, "alice opens a stream to bob")
        stream: dict[str, Any] = self.api.get("/streams", sender=_address(self.sender), limit=1)["items"][0]
        if stream["txid"].removeprefix("0x") != transaction["txid"].removeprefix("0x"):
            raise Conflict(f"Stream {stream['streamId']} was opened by {stream['txid']}, not by {transaction['txid']}.")
        return int(stream["streamId"])

    def _warp(self) -> None:
        self.api.dev("/warp", {"seconds": WARP_SECONDS})
        self._record(f"{WARP_SECONDS} seconds pass", None)

    def _withdraw(self, stream_id: int) -> int:
        before = self.steps[-1].balances["bob"]
        body = {"sender": _address(self.recipient)}
        self._send(f"/streams/{stream_id}/prepare-withdraw", body, self.recipient, "bob withdraws")
        return self.steps[-1].balances["bob"] - before

    def _cancel(self, stream_id: int) -> dict[str, Any]:
        body = {"sender": _address(self.sender)}
        self._send(f"/streams/{stream_id}/prepare-cancel", body, self.sender, "alice cancels")
        stream: dict[str, Any] = self.api.get(f"/streams/{stream_id}")
        return stream

    def _send(self, path: str, body: dict[str, Any], key: PrivateKey, title: str) -> dict[str, Any]:
        transaction = send(self.api, self.api.post(path, body), key)
        self._record(title, transaction["txid"])
        return transaction

    def _record(self, title: str, txid: str | None) -> None:
        contracts = self.api.get("/chain")["contracts"]
        people = {"alice": _address(self.sender), "bob": _address(self.recipient), "vault": contracts["sbtcHelper"]}
        balances = {name: int(self.api.get(f"/accounts/{who}")["sbtc"]) for name, who in people.items()}
        self.steps.append(Step(title, txid, balances))


def check(before: dict[str, int], after: dict[str, int], facts: dict[str, int]) -> None:
    """Check that every sat is where it belongs. Raises Conflict naming the first account that is off."""
    expected = {
        "alice": before["alice"] - facts["amount"] - facts["fee"] + facts["refunded"],
        "bob": before["bob"] + facts["withdrawn"],
        "vault": before["vault"] + facts["fee"],
    }
    for name, sats in expected.items():
        if after[name] != sats:
            raise Conflict(f"{name} has {after[name]} sats; {sats} were expected.")
    if facts["withdrawn"] + facts["refunded"] != facts["amount"]:
        raise Conflict("What was withdrawn and refunded is not what was streamed.")


@reports_errors
def demo(
    url: Url = None,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
    sender: Annotated[str, typer.Option(help="Demo account that opens the stream.")] = "alice",
    recipient: Annotated[str, typer.Option(help="Demo account that is paid.")] = "bob",
) -> None:
    """Play one stream's life on a running development instance and check that every sat adds up."""
    folder = DataFolder(data)
    with connect(url, data) as api:
        facts = Demo(api, demo_key(folder, sender), demo_key(folder, recipient)).play()
    print_json(facts) if as_json else _print(facts)


def _print(facts: dict[str, Any]) -> None:
    table = Table("step", "alice", "bob", "vault", title=f"Stream {facts['streamId']}, all in sats")
    for step in facts["steps"]:
        balances = step["balances"]
        table.add_row(
            step["title"], step["txid"] or "", *(format_sats(balances[who]) for who in ("alice", "bob", "vault"))
        )
    console.print(table)
    console.print(
        f"Streamed {format_sats(facts['amount'])} + fee {format_sats(facts['fee'])}: bob received "
        f"{format_sats(facts['withdrawn'])}, alice got {format_sats(facts['refunded'])} back. It adds up to the sat.",
    )


def _address(key: PrivateKey) -> str:
    return key.address(Network.TESTNET)
