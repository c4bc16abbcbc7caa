"""A Clarity VM in a process of its own, as a Python object.

>>> with Vm.start() as vm:
...     vm.deploy("counter", source, sender)
...     outcome = vm.call(f"{sender}.counter", "increment", [uint(1)], sender)
...     outcome.value, outcome.events, vm.height, vm.time

Every transaction is simply done: no signatures, nonces, fees or post-conditions; `chain.py` adds those.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bitpay.localchain import sdk
from bitpay.localchain.channel import Channel, VmBroken
from bitpay.localchain.operations import (
    PAYMENTS,
    Argument,
    Call,
    Deployment,
    Operation,
    PastBlock,
    Transaction,
    Transfer,
    VmRefused,
    address,
    hex_argument,
    invocation,
)
from bitpay.localchain.outcomes import Cost, Event, Outcome, read_outcome
from bitpay.localchain.source import constants
from bitpay.stacks.clarity import Ok, UInt, Value, principal

__all__ = ["Call", "Cost", "Deployment", "Event", "Outcome", "Transfer", "Vm", "VmBroken", "VmRefused"]

GENESIS_TIME = 1_750_000_000
"""Unix seconds of the first block when nothing else is said: the same chain every time."""
BLOCK_SECONDS = 10
"""Seconds between two blocks when nothing else is said."""
SBTC = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token"
_MAX_MINT = (1 << 64) - 1


class Vm:
    """One simulated chain in epoch 4.0, with sBTC's contracts in place. Not for use by two threads at once.

    Operations that change the chain raise `VmBroken` when the VM panicked; restore a snapshot then, or close it.
    """

    def __init__(self, channel: Channel, status: dict[str, Any]) -> None:
        self._channel = channel
        self._take(status)

    @classmethod
    def start(
        cls, *, genesis_time: int = GENESIS_TIME, track_costs: bool = False, track_coverage: bool = False
    ) -> Self:
        """Start a chain whose first block has `genesis_time` (Unix seconds). The same time gives the same chain.

        Costs make every call slower by a millisecond; coverage (which includes them) makes it ten times as long. Raises
        VmNotInstalled.
        """
        channel = Channel()
        try:
            settings: dict[str, Any] = {
                "genesisTime": genesis_time,
                "trackCosts": track_costs,
                "trackCoverage": track_coverage,
                "images": str(sdk.images()),
            }
            return cls(channel, _value(channel.ask([("start", settings)])[0]))
        except BaseException:
            channel.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the VM's process."""
        self._channel.close()

    @property
    def pid(self) -> int:
        """The process id, for measurements."""
        return self._channel.pid

    # Blocks

    def mine(
        self, transactions: Sequence[Transaction] = (), *, time: int | None = None, burn: bool = False
    ) -> list[Outcome]:
        """Make one block of `transactions`, in order; each that fails leaves the others as they are.

        `time` (Unix seconds, default the parent's + 10) is what `stacks-block-time` says in it; `burn` puts a new
        burn block under it. Raises VmRefused for a time that is not after the parent's; nothing is mined then.
        """
        operations = [transaction.operation() for transaction in transactions]
        self.open_block(self.time + BLOCK_SECONDS if time is None else time, burn=burn)
        return [read_outcome(answer) for answer in self._channel.ask(operations)]

    def call(self, contract_id: str, function: str, args: Sequence[Argument], sender: str) -> Outcome:
        """Call a public function in a block of its own."""
        return self.mine([Call(contract_id, function, args, sender)])[0]

    def deploy(self, name: str, source: str, sender: str, clarity_version: int | None = 4) -> Outcome:
        """Deploy a contract in a block of its own."""
        return self.mine([Deployment(name, source, sender, clarity_version)])[0]

    def open_block(self, time: int, *, burn: bool = False) -> None:
        """Begin a block at `time`; what runs from now on runs in it. Raises VmRefused, see `mine`."""
        # The VM wants parent <= burn block < block; the second before is always free.
        self._take(self._one(("open", {"time": time, "burnTime": time - 1 if burn else None})))

    def run(self, transactions: Sequence[Transaction]) -> list[Outcome]:
        """Do `transactions` in the open block, in order."""
        return [read_outcome(answer) for answer in self._channel.ask([one.operation() for one in transactions])]

    def deploy_measured(self, deployment: Deployment) -> Outcome:
        """Deploy a contract in the open block, and tell its cost even when costs are not tracked."""
        name, parameters = deployment.operation()
        return read_outcome(self._channel.ask([(name, {**parameters, "costs": True})])[0])

    def attempt(self, call: Call | Transfer) -> Outcome:
        """Tell what a call would do and cost in the open block, without doing it."""
        return self.perform([(call, True)])[0]

    def perform(self, steps: Sequence[tuple[Call | Transfer, bool]]) -> list[Outcome]:
        """Do calls in the open block; with True beside it, a call is only attempted, and its cost told."""
        operations = [(one.operation(), {"dry": dry, "costs": dry}) for one, dry in steps]
        answers = self._channel.ask([(name, {**parameters, **how}) for (name, parameters), how in operations])
        return [read_outcome(answer) for answer in answers]

    def repeat(self, blocks: Sequence[PastBlock]) -> None:
        """Mine blocks again whose results are known. Raises VmRefused when something comes out differently."""
        self._take(self._one(("repeat", {"blocks": [block.parameters() for block in blocks]})))

    # Reads

    def read(
        self,
        contract_id: str,
        function: str,
        args: Sequence[Argument] = (),
        sender: str | None = None,
        *,
        costs: bool = False,
    ) -> Outcome:
        """Evaluate a function at the tip; whatever it writes is thrown away. `sender` None: the contract's deployer.

        With `costs` its cost is told, even when costs are not tracked.
        """
        by = sender if sender is not None else contract_id
        parameters = invocation(contract_id, function, args, by.partition(".")[0])
        return read_outcome(self._channel.ask([("read", {**parameters, "costs": costs})])[0])

    def data_var(self, contract_id: str, name: str) -> bytes | None:
        """Return the consensus bytes of a data variable, None when there is none."""
        return _optional_bytes(self._one(("dataVar", {"contract": contract_id, "name": name})))

    def map_entry(self, contract_id: str, name: str, key: Argument) -> bytes | None:
        """Return the consensus bytes of the optional under `key`, None when it was never set."""
        parameters = {"contract": contract_id, "name": name, "key": hex_argument(key)}
        return _optional_bytes(self._one(("mapEntry", parameters)))

    def interface(self, contract_id: str) -> dict[str, Any] | None:
        """Return a contract's interface as a node's JSON, None when there is no such contract."""
        found: dict[str, Any] | None = self._one(("interface", {"contract": contract_id}))
        return found

    def source(self, contract_id: str) -> str | None:
        """Return a contract's source, None when there is no such contract."""
        found: str | None = self._one(("source", {"contract": contract_id}))
        return found

    def constant(self, contract_id: str, name: str) -> bytes | None:
        """Return the consensus bytes of a constant, None when there is none.

        It is evaluated anew from the source, with the constants before it: one that depends on the contract's own
        principal or on the block it was deployed in comes out differently.
        """
        source = self.source(contract_id)
        forms = constants(source, name) if source is not None else None
        if forms is None:
            return None
        snippet = "\n".join([*forms, name])
        parameters = {"source": snippet, "sender": contract_id.partition(".")[0]}
        return read_outcome(self._channel.ask([("evaluate", parameters)])[0]).result

    def coverage(self) -> dict[str, dict[tuple[int, int], int]]:
        """Return contract id -> (line, column) -> how often the expression that begins there was evaluated.

        Calls and reads that ran to their end count since the start, undone or not. Raises VmRefused when it is not
        tracked.
        """
        counts: dict[str, dict[str, int]] = self._one(("coverage", {}))
        return {contract: {_place(text): count for text, count in one.items()} for contract, one in counts.items()}

    def stx_balance(self, who: str) -> int:
        """Return the uSTX of a principal."""
        return _number(self.read(PAYMENTS, "balance-of", [principal(who)]).value)

    def sbtc_balance(self, who: str) -> int:
        """Return the sats of sBTC that a principal can spend."""
        return _number(self.read(SBTC, "get-balance-available", [principal(who)]).value)

    # Gifts

    def mint_stx(self, recipient: str, amount: int) -> None:
        """Give `amount` uSTX (up to 2^64 - 1) to a standard principal, out of nothing."""
        self._one(("mintStx", {"recipient": address(recipient), "amount": _amount(amount)}))

    def mint_ft(self, recipient: str, amount: int, asset: str = f"{SBTC}.sbtc-token") -> None:
        """Give `amount` units of a token, sats of sBTC by default (`asset` is `ADDRESS.contract.token`)."""
        self._one(("mintFt", {"token": asset, "recipient": address(recipient), "amount": _amount(amount)}))

    # Undo

    def snapshot(self) -> int:
        """Keep the present state in the VM's memory (about 80 MB); returns its number for `restore`."""
        number: int = self._one(("snapshot", {}))
        return number

    def restore(self, number: int) -> None:
        """Go back to a snapshot, in about 10 ms and as often as you like. Also mends a VM that panicked."""
        self._take(self._one(("restore", {"id": number})))

    def forget(self, number: int) -> None:
        """Let go of a snapshot's memory."""
        self._one(("forget", {"id": number}))

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Undo at the end whatever is done in between."""
        number = self.snapshot()
        try:
            yield
        finally:
            self.restore(number)
            self.forget(number)

    def save(self, path: Path) -> None:
        """Begin to write the present state to a file; `saved` tells when it is there."""
        self._one(("save", {"path": str(path.absolute())}))

    def saved(self, path: Path) -> bool:
        """Tell whether a `save` has ended well. Raises VmRefused when it failed."""
        state = self._one(("saved", {"path": str(path.absolute())}))
        if state is None or state["error"]:
            raise VmRefused(f"The snapshot {path} was not written: {state and state['error']}")
        return bool(state["done"])

    def load(self, path: Path) -> None:
        """Go to a state that `save` wrote, in this process or another one. Raises VmRefused when it is damaged."""
        self._take(self._one(("load", {"path": str(path.absolute())})))

    def _take(self, status: dict[str, Any]) -> None:
        self.height: int = status["height"]
        """Height of the block at the tip."""
        self.time: int = status["time"]
        """`stacks-block-time` of the tip, Unix seconds."""
        self.burn_height: int = status["burnHeight"]
        self.burn_time: int = status["burnTime"]
        self.memory: int = status["bytes"]
        """Size of the VM's memory in bytes."""

    def _one(self, operation: Operation) -> Any:  # noqa: ANN401 - the operation decides
        return _value(self._channel.ask([operation])[0])


def _value(outcome: Mapping[str, Any]) -> Any:  # noqa: ANN401 - the operation decides
    if "broken" in outcome:
        raise VmBroken(f"The VM panicked: {outcome['broken']}")
    if "refused" in outcome:
        raise VmRefused(outcome["refused"])
    return outcome["ok"]


def _amount(amount: int) -> str:
    if not 0 < amount <= _MAX_MINT:
        raise VmRefused(f"an amount must be in 1..2^64-1, not {amount}")
    return str(amount)


def _number(value: Value) -> int:
    inner = value.value if isinstance(value, Ok) else value
    if not isinstance(inner, UInt):
        raise VmRefused(f"a balance should be a uint, not {value}")
    return inner.value


def _place(text: str) -> tuple[int, int]:
    line, _, column = text.partition(":")
    return int(line), int(column)


def _optional_bytes(text: str | None) -> bytes | None:
    return None if text is None else bytes.fromhex(text.removeprefix("0x"))
