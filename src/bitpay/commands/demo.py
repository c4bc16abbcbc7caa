"""`bitpay demo`: one stream's life on a running development instance, every sat accounted for."""

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

import typer

from bitpay.commands.client import Api
from bitpay.commands.context import AsJson, Data, Url, connect, console, print_json, reports_errors, say
from bitpay.commands.signing import demo_key, send
from bitpay.commands.stream import created_by
from bitpay.dev.folder import DEFAULT_FOLDER, DataFolder
from bitpay.kit.errors import Conflict, InvalidInput
from bitpay.kit.money import format_sats
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network

AMOUNT = 1_000_000
DURATION_SECONDS = 1_000
WARP_SECONDS = 250
VAULT = "vault"


@dataclass(frozen=True, slots=True)
class Actor:
    """A demo account."""

    name: str
    key: PrivateKey

    @property
    def address(self) -> str:
        """The account's address on the local chain."""
        return self.key.address(Network.TESTNET)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the demo: what was done, its transaction, and the sats of everyone afterwards."""

    title: str
    txid: str | None
    balances: dict[str, int]


@dataclass
class Demo:
    """The sender streams to the recipient; time moves; the recipient withdraws; the sender cancels."""

    api: Api
    sender: Actor
    recipient: Actor
    tell: Callable[[Step], None] = lambda _: None
    """Hears of every step when it is done."""
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
        self._check(facts)
        return {**facts, "steps": [asdict(step) for step in self.steps], "balanced": True}

    def _create(self) -> int:
        order = {
            "sender": self.sender.address,
            "recipient": self.recipient.address,
            "amount": AMOUNT,
            "clock": "seconds",
            "duration": DURATION_SECONDS,
            "memo": "bitpay demo",
        }
        done = f"{self.sender.name} creates a stream of {format_sats(AMOUNT)} sats to {self.recipient.name}"
        transaction = self._send("/streams/prepare-create", order, self.sender, done)
        return int(created_by(self.api, self.sender.address, transaction["txid"])["streamId"])

    def _warp(self) -> None:
        self.api.dev("/warp", {"seconds": WARP_SECONDS})
        self._record(f"{WARP_SECONDS} of its {format_sats(DURATION_SECONDS)} seconds pass", None)

    def _withdraw(self, stream_id: int) -> int:
        before = self.steps[-1].balances[self.recipient.name]
        body = {"sender": self.recipient.address}
        done = f"{self.recipient.name} withdraws"
        self._send(f"/streams/{stream_id}/prepare-withdraw", body, self.recipient, done)
        return self.steps[-1].balances[self.recipient.name] - before

    def _cancel(self, stream_id: int) -> dict[str, Any]:
        body = {"sender": self.sender.address}
        self._send(f"/streams/{stream_id}/prepare-cancel", body, self.sender, f"{self.sender.name} cancels")
        stream: dict[str, Any] = self.api.get(f"/streams/{stream_id}")
        return stream

    def _send(self, path: str, body: dict[str, Any], actor: Actor, title: str) -> dict[str, Any]:
        transaction = send(self.api, self.api.post(path, body), actor.key)
        self._record(title, transaction["txid"])
        return transaction

    def _record(self, title: str, txid: str | None) -> None:
        vault = self.api.get("/chain")["contracts"]["sbtcHelper"]
        people = {actor.name: actor.address for actor in (self.sender, self.recipient)} | {VAULT: vault}
        balances = {name: int(self.api.get(f"/accounts/{who}")["sbtc"]) for name, who in people.items()}
        self.steps.append(Step(title, txid, balances))
        self.tell(self.steps[-1])

    def _check(self, facts: dict[str, int]) -> None:
        """Check that every sat is where it belongs. Raises Conflict naming the first account that is off."""
        before, after = self.steps[0].balances, self.steps[-1].balances
        expected = {
            self.sender.name: -facts["amount"] - facts["fee"] + facts["refunded"],
            self.recipient.name: facts["withdrawn"],
            VAULT: facts["fee"],
        }
        for name, change in expected.items():
            if after[name] != before[name] + change:
                raise Conflict(f"{name} has {after[name]} sats; {before[name] + change} were expected.")
        if facts["withdrawn"] + facts["refunded"] != facts["amount"]:
            raise Conflict("What was withdrawn and refunded is not what was streamed.")


@reports_errors
def demo(
    url: Url = None,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
    sender: Annotated[str, typer.Option(help="Demo account that creates the stream.")] = "alice",
    recipient: Annotated[str, typer.Option(help="Demo account that is paid.")] = "bob",
) -> None:
    """Play one stream's life on a running development instance and check that every sat adds up."""
    folder = DataFolder(data)
    with connect(url, data) as api:
        payer, payee = (Actor(name.lower(), demo_key(folder, name)) for name in (sender, recipient))
        if payer.name == payee.name:
            raise InvalidInput("The demo needs two different accounts.")
        facts = Demo(api, payer, payee, tell=(lambda _: None) if as_json else _print_step).play()
    print_json(facts) if as_json else _print_sum(facts, payer, payee)


def _print_step(step: Step) -> None:
    balances = "   ".join(f"{name} {format_sats(sats):>13}" for name, sats in step.balances.items())
    say(step.title, "bold")
    for line in [*([step.txid] if step.txid else []), balances]:
        say(f"  {line}")


def _print_sum(facts: dict[str, Any], sender: Actor, recipient: Actor) -> None:
    console.print()
    say(
        f"Stream {facts['streamId']}: {sender.name} paid {format_sats(facts['amount'])} sats and a fee of "
        f"{format_sats(facts['fee'])}; {recipient.name} withdrew {format_sats(facts['withdrawn'])}, {sender.name} was "
        f"refunded {format_sats(facts['refunded'])}. It adds up to the sat."
    )
