"""What a transaction or a read did in the VM: its result, its events, what it cost."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from bitpay.localchain.channel import VmBroken
from bitpay.stacks.clarity import Err, Ok, Value, decode

_PRINT = "print_event"


@dataclass(frozen=True, slots=True)
class Event:
    """One event, with the node's own field names in `data` (values are text, Clarity values 0x-hex).

    `kind` is contract_log, stx_transfer|mint|burn|lock, ft_transfer|mint|burn or nft_transfer|mint|burn.
    """

    kind: str
    data: Mapping[str, str]

    @property
    def contract_id(self) -> str:
        """The contract that printed (contract_log only)."""
        return self.data["contract_identifier"]

    @property
    def asset(self) -> str:
        """`ADDRESS.contract::asset` (ft_* and nft_* only)."""
        return self.data["asset_identifier"]

    @property
    def sender(self) -> str | None:
        """Who gave, None for mints and prints."""
        return self.data.get("sender")

    @property
    def recipient(self) -> str | None:
        """Who received, None for burns and prints."""
        return self.data.get("recipient")

    @property
    def amount(self) -> int:
        """Smallest units moved (stx_* and ft_* only)."""
        return int(self.data["amount"])

    @property
    def raw_value(self) -> bytes:
        """Consensus bytes of the printed value, or of the non-fungible token's id."""
        return bytes.fromhex(self.data["raw_value"].removeprefix("0x"))

    @property
    def value(self) -> Value:
        """The printed value, or the non-fungible token's id."""
        return decode(self.raw_value)


@dataclass(frozen=True, slots=True)
class Cost:
    """What the execution used, in the units of SIP-006."""

    runtime: int
    read_count: int
    read_length: int
    write_count: int
    write_length: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one transaction or read did.

    `result` holds the consensus bytes of what it returned; None when the VM stopped it (a runtime error, source that
    does not compile), in which case `error` says why and nothing was changed. `cost` is there when costs are tracked.
    """

    result: bytes | None
    events: tuple[Event, ...] = ()
    cost: Cost | None = None
    error: str | None = None

    @property
    def value(self) -> Value:
        """The returned Clarity value. Raises AssertionError with the VM's words when there is none."""
        if self.result is None:
            raise AssertionError(self.error)
        return decode(self.result)

    @property
    def succeeded(self) -> bool:
        """Whether it took effect: it ran to the end and did not return `(err ...)`."""
        return self.result is not None and self.result[:1] != b"\x08"

    def unwrap(self) -> Value:
        """Return what is inside `(ok ...)`, or the value itself when it is no response. Raises AssertionError else."""
        value = self.value
        if isinstance(value, Err):
            raise AssertionError(f"the call returned {value}")  # noqa: TRY004 - a test failed, no type is wrong
        return value.value if isinstance(value, Ok) else value

    def printed(self, contract_id: str | None = None) -> list[Value]:
        """Return the values that a contract (None: any) printed, in order."""
        logs = (event for event in self.events if event.kind == "contract_log")
        return [log.value for log in logs if contract_id in (None, log.contract_id)]

    @classmethod
    def failure(cls, error: str) -> Self:
        """Make the outcome of what the VM stopped."""
        return cls(None, error=error)


def read_outcome(answer: Mapping[str, Any]) -> Outcome:
    """Read the VM's answer to a call, read or deployment. Raises VmBroken when the VM panicked."""
    if "broken" in answer:
        raise VmBroken(f"The VM panicked: {answer['broken']}")
    if "refused" in answer:
        return Outcome.failure(answer["refused"])
    done = answer["ok"]
    events = tuple(_event(json.loads(text)) for text in json.loads(done["events"]))
    return Outcome(bytes.fromhex(done["result"].removeprefix("0x")), events, _cost(json.loads(done["costs"])))


def _event(raw: Mapping[str, Any]) -> Event:
    kind = "contract_log" if raw["event"] == _PRINT else str(raw["event"]).removesuffix("_event")
    return Event(kind, {name: str(value) for name, value in raw["data"].items() if value is not None})


def _cost(raw: Mapping[str, Any] | None) -> Cost | None:
    if raw is None:
        return None
    names = ("runtime", "read_count", "read_length", "write_count", "write_length")
    return Cost(*(int(raw["total"][name]) for name in names))
