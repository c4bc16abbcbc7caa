"""The real contracts on the real VM, for tests that take very many steps: principals by name, one request per step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from tests.contracts.error_constants import all_constants
from tests.properties.cast import ADDRESSES, CONTRACTS, IDS, PEOPLE, POOR, PRINCIPALS, ROUTER
from tests.properties.plain import Code, Encoder, Reader, encoder
from tests.properties.router import router_source

from bitpay.localchain import sdk
from bitpay.localchain.operations import Operation, invocation
from bitpay.localchain.outcomes import Cost, Outcome, read_outcome
from bitpay.localchain.vm import Call, Vm
from bitpay.protocol.events import decode_event
from bitpay.protocol.ids import NAMES
from bitpay.protocol.sources import source
from bitpay.stacks import clarity

FUNDS = 100_000_000_000
"""Sats of everyone who is not poor."""
RICH_FUNDS = 1_900_000_000_000_000
"""Sats of one who can reach for the upper bounds."""
RICH = "sue"

Read: TypeAlias = tuple[str, str, Sequence[Any]]
"""A read-only function of a contract, and its arguments."""
Via: TypeAlias = Literal["", "router", "own"]


@dataclass(frozen=True, slots=True)
class Step:
    """One call: `who` signs, directly or through the router (`own`: the router acts for itself).

    It runs `blocks` blocks and `seconds` seconds after the step before; 0 blocks are the same block.
    """

    who: str
    contract: str
    function: str
    args: tuple[Any, ...]
    via: Via = ""
    blocks: int = 1
    seconds: int = 10

    @property
    def caller(self) -> str:
        """contract-caller, as the called contract sees it."""
        return "router" if self.via else self.who

    @property
    def payer(self) -> str:
        """tx-sender, as the called contract sees it."""
        return "router" if self.via == "own" else self.who


@dataclass(frozen=True, slots=True)
class Seen:
    """What one step did on the chain: its answer, what was printed and moved, and what was read before and after."""

    answer: Any
    events: list[tuple[str, str, Mapping[str, Any]]]
    sats_moved: dict[str, int]
    tokens_moved: list[tuple[str, str, int, str | None]]
    reads_before: list[Any]
    reads: list[Any]
    time: int
    height: int
    cost: Cost | None


class Stage:
    """The seven contracts, deployed but not finalised, everyone funded, and the router."""

    def __init__(self, *, track_costs: bool = False) -> None:
        sdk.install()
        self.vm = Vm.start(track_costs=track_costs)
        reads_by = {clarity.encode(clarity.principal(text)): name for name, text in PRINCIPALS.items()}
        self._names = {text: name for name, text in PRINCIPALS.items()}
        self._reader = Reader(reads_by)
        self._encoders: dict[tuple[str, str], list[Encoder]] = {}
        self._codes = {code: name.partition("ERR_")[2] for code, name in all_constants().items()}
        self._functions: dict[str, list[Mapping[str, Any]]] = {}
        self._deploy()
        self._fund()
        self.public = self._public()
        """The public functions of each contract, as its interface describes them."""
        self.readable = self._readable()
        """The read-only functions of our contracts, each with its contract's name."""
        self.beginning = self.vm.snapshot()

    def close(self) -> None:
        """End the VM."""
        self.vm.close()

    def restore(self) -> None:
        """Go back to the beginning."""
        self.vm.restore(self.beginning)

    def reason(self, code: Code) -> str:
        """Return what our contracts call an error code, without ERR_."""
        return self._codes.get(code.number, f"u{code.number}")

    def balances(self) -> dict[str, int]:
        """Return everyone's spendable sats."""
        names = list(PRINCIPALS)
        found = self.read("vault", "probe-balances", (names,))
        return dict(zip(names, found, strict=True))

    def read(self, contract: str, function: str, args: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - any value
        """Evaluate a read-only function now."""
        return self._result(read_outcome(self.vm._channel.ask([self._read(contract, function, args)])[0]))

    def perform(self, step: Step, reads: Sequence[Read] = (), before: Sequence[Read] = ()) -> Seen:
        """Let time pass, read `before`, make the call, read again, all in one request."""
        opening = self._blocks(step)
        operations = [*opening, *(self._read(*read) for read in before), self._call(step)]
        answers = self.vm._channel.ask([*operations, *(self._read(*read) for read in reads)])
        for answer in answers[: len(opening)]:
            self.vm._take(answer["ok"])
        outcomes = [read_outcome(answer) for answer in answers[len(opening) :]]
        return self._seen(outcomes, len(before))

    def _seen(self, outcomes: list[Outcome], reads_before: int) -> Seen:
        outcome = outcomes[reads_before]
        return Seen(
            answer=self._result(outcome),
            events=self._events(outcome),
            sats_moved=self._sats_moved(outcome),
            tokens_moved=self._tokens_moved(outcome),
            reads_before=[self._result(read) for read in outcomes[:reads_before]],
            reads=[self._result(read) for read in outcomes[reads_before + 1 :]],
            time=self.vm.time,
            height=self.vm.height,
            cost=outcome.cost,
        )

    def _result(self, outcome: Outcome) -> Any:  # noqa: ANN401 - any value
        assert outcome.result is not None, f"a runtime panic: {outcome.error}"
        return self._reader.read(outcome.result)

    def _events(self, outcome: Outcome) -> list[tuple[str, str, Mapping[str, Any]]]:
        printed = []
        for log in outcome.events:
            name = IDS.name_of(log.contract_id) if log.kind == "contract_log" else None
            if name is not None:
                decode_event(name, log.raw_value)  # raises where the schema does not know it
                fields = self._reader.read(log.raw_value)
                del fields["v"]
                printed.append((name, fields.pop("event"), fields))
        return printed

    def _sats_moved(self, outcome: Outcome) -> dict[str, int]:
        moved: dict[str, int] = {}
        for event in outcome.events:
            if event.kind.startswith(("ft_", "stx_")):
                assert event.kind == "ft_transfer", f"{event.kind} of {event.data}"
                assert event.asset == IDS.sbtc_asset, f"{event.asset} moved"
                giver, taker = self._names[str(event.sender)], self._names[str(event.recipient)]
                moved[giver] = moved.get(giver, 0) - event.amount
                moved[taker] = moved.get(taker, 0) + event.amount
        return {name: amount for name, amount in moved.items() if amount}

    def _tokens_moved(self, outcome: Outcome) -> list[tuple[str, str, int, str | None]]:
        return [
            (
                event.kind,
                event.asset.partition("::")[2],
                self._reader.read(event.raw_value),
                self._taker(event.recipient),
            )
            for event in outcome.events
            if event.kind.startswith("nft_")
        ]

    def _taker(self, recipient: str | None) -> str | None:
        return None if recipient is None else self._names[recipient]

    def _blocks(self, step: Step) -> list[Operation]:
        """Open all blocks but the last a second apart."""
        times = [self.vm.time + number for number in range(1, step.blocks)]
        if step.blocks:
            times.append(self.vm.time + max(step.seconds, step.blocks))
        return [("open", {"time": time, "burnTime": None}) for time in times]

    def _call(self, step: Step) -> Operation:
        contract_id, function = CONTRACTS[step.contract], step.function
        args = self._encode(contract_id, function, step.args)
        if step.via:
            contract_id = ROUTER
            function = f"{'own-' if step.via == 'own' else ''}{step.contract}-{step.function}"
        return Call(contract_id, function, args, ADDRESSES[step.who]).operation()

    def _read(self, contract: str, function: str, args: Sequence[Any]) -> Operation:
        contract_id = CONTRACTS[contract]
        return (
            "read",
            invocation(contract_id, function, self._encode(contract_id, function, args), ADDRESSES["mallory"]),
        )

    def _encode(self, contract_id: str, function: str, args: Sequence[Any]) -> list[clarity.Value]:
        encoders = self._encoders.get((contract_id, function))
        if encoders is None:
            [described] = [one for one in self._functions_of(contract_id) if one["name"] == function]
            encoders = [encoder(argument["type"], PRINCIPALS) for argument in described["args"]]
            self._encoders[contract_id, function] = encoders
        return [encode(value) for encode, value in zip(encoders, args, strict=True)]

    def _functions_of(self, contract_id: str) -> list[Mapping[str, Any]]:
        if contract_id not in self._functions:
            interface = self.vm.interface(contract_id)
            assert interface is not None, f"{contract_id} is not deployed"
            self._functions[contract_id] = interface["functions"]
        return self._functions[contract_id]

    def _public(self) -> dict[str, list[Mapping[str, Any]]]:
        return {
            name: [one for one in self._functions_of(contract_id) if one["access"] == "public"]
            for name, contract_id in CONTRACTS.items()
        }

    def _readable(self) -> list[tuple[str, Mapping[str, Any]]]:
        return [
            (name, one)
            for name, contract_id in CONTRACTS.items()
            for one in self._functions_of(contract_id)
            if one["access"] == "read_only" and name != "sbtc" and not one["name"].startswith("probe-")
        ]

    def _deploy(self) -> None:
        probes = _probe_parts()
        for name in NAMES:
            self._deploy_one(name, f"{source(name)}\n{probes.get(name, '')}", "deployer")
        routed = {name: (CONTRACTS[name], functions) for name, functions in self._public().items() if name != "sbtc"}
        self._deploy_one("router", router_source(routed), "mallory")

    def _deploy_one(self, name: str, text: str, deployer: str) -> None:
        outcome = self.vm.deploy(name, text, ADDRESSES[deployer])
        assert outcome.result is not None, f"{name}: {outcome.error}"

    def _fund(self) -> None:
        for name in PEOPLE:
            if name != POOR:
                self.vm.mint_ft(ADDRESSES[name], RICH_FUNDS if name == RICH else FUNDS)
        self.perform(Step("mallory", "sbtc", "transfer", (FUNDS // 2, "mallory", "router", None)))


def _probe_parts() -> dict[str, str]:
    """Return contract name -> what is put at its end."""
    text = Path(__file__).with_name("probe.clar").read_text()
    _, *parts = text.split(";; == ")
    return {part.split("\n", 1)[0].strip(): part.split("\n", 1)[1] for part in parts}
