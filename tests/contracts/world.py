"""BitPay on a chain of its own, as Python objects: a test reads as the story it tells.

    stream = world.open(alice, bob, 1_000, duration=100)
    world.pass_seconds(40)
    assert world.core.withdraw_from_stream(stream, by=bob) == 400

Calls run in one open block: time passes only when the story says so. An `(err ...)` raises `Refused`; a runtime panic
of the VM fails the test. Every event that a contract of ours prints is read through the schema.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.contracts.contract_types import Refusal, to_plain, to_value
from tests.contracts.error_constants import all_constants, constants

from bitpay.localchain.vm import Call, Cost, Outcome, Vm
from bitpay.protocol.events import ContractEvent, decode_event
from bitpay.protocol.ids import NAMES, Contracts
from bitpay.protocol.sources import SIMNET_SBTC, source
from bitpay.stacks.clarity import Err
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network

PEOPLE = ("deployer", "ann", "ben", "cleo", "olga", "alice", "bob", "carol", "dave", "erin", "frank", "mallory")
"""ann, ben and cleo are the first admins, olga the first operator; mallory is up to no good."""
FUNDS = 1_000_000_000_000
"""Sats that everybody begins with."""
THRESHOLD = 2
HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can sign."""

    name: str
    address: str


class Refused(Exception):
    """A call that a contract answered with `(err code)`."""

    def __init__(self, code: int) -> None:
        super().__init__(f"u{code} {all_constants().get(code, '(not one of our codes)')}")
        self.code = code


class Panicked(AssertionError):
    """The VM stopped the call. No call may be able to do that."""


def account(name: str) -> Account:
    """Return the account of that name: always the same key."""
    return Account(name, PrivateKey(name.encode().rjust(32, b"\x01")).address(Network.TESTNET))


def schedule(
    clock: str = "seconds",
    start: int | None = None,
    duration: int = 100,
    cliff: int = 0,
    upfront: int = 0,
    at_cliff: int = 0,
    step: int = 1,
) -> dict[str, Any]:
    """Return a SCHEDULE."""
    return {
        "clock": clock,
        "start": start,
        "duration": duration,
        "cliff": cliff,
        "upfront": upfront,
        "at-cliff": at_cliff,
        "step": step,
    }


def terms(cancelable: bool = True, transferable: bool = True, memo: str = "") -> dict[str, Any]:
    """Return TERMS."""
    return {"cancelable": cancelable, "transferable": transferable, "memo": memo}


def points(*pairs: tuple[int, int]) -> list[dict[str, int]]:
    """Return a curve's points from (after, total) pairs."""
    return [{"after": after, "total": total} for after, total in pairs]


class Contract:
    """A contract: `contract.get_stream(1)` reads, `contract.cancel_stream(1, by=alice)` calls."""

    def __init__(self, world: "World", address: str) -> None:
        self.address = address
        self._world = world
        interface = world.vm.interface(address)
        assert interface is not None, f"{address} is not deployed"
        self.functions = {one["name"]: one for one in interface["functions"] if one["access"] != "private"}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = self.functions.get(name.replace("_", "-"))
        if function is None:
            raise AttributeError(f"{self.address} has no function {name}")

        def invoke(*args: Any, by: Account | None = None) -> Any:  # noqa: ANN401 - as the contract answers
            values = [to_value(arg["type"], plain) for arg, plain in zip(function["args"], args, strict=True)]
            if function["access"] == "read_only":
                return self._world.read(self.address, function["name"], values)
            assert by is not None, f"{name} needs a caller"
            return self._world.call(self.address, function["name"], values, by)

        return invoke


class World:
    """The seven contracts, deployed and finalised, the people, and time."""

    def __init__(self, vm: Vm, deployer: Account) -> None:
        self.vm = vm
        self.people = {name: account(name) for name in PEOPLE}
        self.deployer = deployer
        self.ids = Contracts(deployer.address, SIMNET_SBTC)
        self.outcome = Outcome(b"")
        self.events: list[ContractEvent] = []

    @classmethod
    def bare(cls, vm: Vm, deployer: Account) -> Self:
        """Return a world without contracts, in which `deployer` will deploy."""
        return cls(vm, deployer)

    @classmethod
    def begin(cls, vm: Vm) -> Self:
        """Give everybody money and deploy the seven contracts; nothing is finalised."""
        world = cls(vm, account("deployer"))
        for somebody in world.people.values():
            vm.mint_stx(somebody.address, FUNDS)
            vm.mint_ft(somebody.address, FUNDS)
        for name in NAMES:
            world.deploy_source(name)
        world.deploy("probe", (HERE / "probe.clar").read_text())
        world.bind()
        world.pass_blocks(1)
        return world

    def bind(self) -> None:
        """Look the deployed contracts up."""
        self.sbtc = Contract(self, SIMNET_SBTC)
        self.access = self.contract(NAMES[0])
        self.receipts = self.contract(NAMES[1])
        self.obligations = self.contract(NAMES[2])
        self.vault = self.contract(NAMES[3])
        self.core = self.contract(NAMES[4])
        self.marketplace = self.contract(NAMES[5])
        self.treasury = self.contract(NAMES[6])

    def __getattr__(self, name: str) -> Account:
        if name in PEOPLE:
            return self.people[name]
        raise AttributeError(name)

    # Contracts

    def deploy(self, name: str, text: str, by: Account | None = None) -> str:
        """Deploy a contract (Clarity 4); returns its address."""
        sender = by or self.deployer
        outcome = self.vm.deploy(name, text, sender.address)
        assert outcome.result is not None, f"{name}: {outcome.error}"
        return f"{sender.address}.{name}"

    def deploy_source(self, name: str) -> str:
        """Deploy one of our contracts as it lies in the repository."""
        return self.deploy(name, source(name))

    def contract(self, name: str, by: Account | None = None) -> Contract:
        """Return a deployed contract."""
        return Contract(self, f"{(by or self.deployer).address}.{name}")

    def finalize(self) -> None:
        """Name the first admins and operators."""
        admins = [self.people[name] for name in ("ann", "ben", "cleo")]
        self.access.finalize(admins, THRESHOLD, [self.people["olga"]], by=self.deployer)

    # Calls

    def call(self, contract_id: str, function: str, args: Sequence[Any], by: Account) -> Any:  # noqa: ANN401
        """Call a public function in the open block; returns what is in `(ok ...)`. Raises Refused, Panicked."""
        self.outcome = self.vm.run([Call(contract_id, function, args, by.address)])[0]
        self.events = self._events() if self.outcome.result is not None else []
        return _answer(self.outcome, f"{function} by {by.name}")

    def read(self, contract_id: str, function: str, args: Sequence[Any]) -> Any:  # noqa: ANN401
        """Read; `(ok ...)` is what it holds. Raises Refused, Panicked."""
        self.outcome = self.vm.read(contract_id, function, args)
        return _answer(self.outcome, function)

    @property
    def cost(self) -> Cost:
        """What the last call or read used."""
        assert self.outcome.cost is not None, "costs are not tracked in this world"
        return self.outcome.cost

    def told(self, name: str) -> Mapping[str, Any]:
        """Return the fields of the one event of that name that the last call printed."""
        (event,) = (event for event in self.events if event.name == name)
        return event.fields

    def _events(self) -> list[ContractEvent]:
        logs = (event for event in self.outcome.events if event.kind == "contract_log")
        return [
            decode_event(name, log.raw_value) for log in logs if (name := self.ids.name_of(log.contract_id)) is not None
        ]

    # Time

    @property
    def time(self) -> int:
        """`stacks-block-time` now, Unix seconds."""
        return self.vm.time

    @property
    def height(self) -> int:
        """`stacks-block-height` now."""
        return self.vm.height

    def pass_seconds(self, seconds: int) -> None:
        """Let one block begin so many seconds later."""
        self.vm.open_block(self.vm.time + seconds)

    def pass_blocks(self, blocks: int) -> None:
        """Let so many blocks begin, ten seconds apart."""
        for _ in range(blocks):
            self.pass_seconds(10)

    # What most stories need

    def open(self, sender: Account, recipient: Account | str, amount: int, **terms_or_schedule: Any) -> int:  # noqa: ANN401
        """Open a stream, linear over 100 seconds from now unless said otherwise; returns its id."""
        about = {key: terms_or_schedule.pop(key) for key in terms() if key in terms_or_schedule}
        opened: int = self.core.open_stream(recipient, amount, schedule(**terms_or_schedule), terms(**about), by=sender)
        return opened

    def balance(self, who: Account | str) -> int:
        """Return somebody's spendable sats."""
        return self.vm.sbtc_balance(who.address if isinstance(who, Account) else who)

    def facts(self) -> dict[str, Any]:
        """Return everything the probe knows."""
        found: dict[str, Any] = self.contract("probe").facts(list(self.people.values()))
        return found

    @contextmanager
    def refused(self, contract: str, name: str) -> Iterator[None]:
        """Expect that what is inside is refused for that reason, and changes nothing.

        >>> with world.refused("core", "NOT_HOLDER"): ...
        """
        wanted = constants(f"bitpay-{contract}")[f"ERR_{name}"]
        before = self._fingerprint()
        try:
            yield
        except Refused as refusal:
            assert refusal.code == wanted, f"refused with {refusal} instead of u{wanted} {name}"  # noqa: PT017
        else:
            raise AssertionError(f"was not refused with u{wanted} {name}")
        assert self._fingerprint() == before, "a refused call changed something"

    def _fingerprint(self) -> bytes | None:
        if self.vm.interface(f"{self.deployer.address}.probe") is None:
            return None
        self.facts()
        return self.outcome.result


def _answer(outcome: Outcome, what: str) -> Any:  # noqa: ANN401 - as the contract answers
    if outcome.result is None:
        raise Panicked(f"{what}: {outcome.error}")
    value = outcome.value
    if isinstance(value, Err):
        raise Refused(to_plain(value.value))
    return to_plain(value)


__all__ = ["FUNDS", "PEOPLE", "THRESHOLD", "Account", "Panicked", "Refusal", "Refused", "World", "account", "points"]
