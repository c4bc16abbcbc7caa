"""What can be asked of the VM: transactions and the checks its process does not make."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from bitpay.kit.errors import InvalidInput
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.clarity import Value, buffer, decode, encode, principal, uint
from bitpay.stacks.errors import StacksError

PAYMENTS = "ST000000000000000000002AMW42H.payments"
"""The contract that does what a node does outside of contracts (vm/payments.clar)."""

Argument: TypeAlias = Value | bytes
"""A Clarity value, or the consensus bytes of one."""
Operation: TypeAlias = tuple[str, Mapping[str, Any]]
"""A name and its JSON parameters, as the VM's process takes them."""


class VmRefused(InvalidInput):
    """The VM cannot do this: an argument that is no value, a block time before the parent's, an unknown snapshot."""

    code = "vm_refused"


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a public function by `sender` (a standard principal)."""

    contract_id: str
    function: str
    args: Sequence[Argument]
    sender: str

    def operation(self) -> Operation:
        """Return what the VM's process is told."""
        return ("call", invocation(self.contract_id, self.function, self.args, self.sender))


@dataclass(frozen=True, slots=True)
class Deployment:
    """A contract of `sender`; `clarity_version` None means the newest."""

    name: str
    source: str
    sender: str
    clarity_version: int | None = 4

    def operation(self) -> Operation:
        """Return what the VM's process is told."""
        version = {"clarityVersion": self.clarity_version}
        return ("deploy", {"name": self.name, "source": self.source, "sender": address(self.sender), **version})


@dataclass(frozen=True, slots=True)
class Transfer:
    """`amount` uSTX from `sender` (a standard principal) to any principal, with up to 34 bytes of memo."""

    amount: int
    recipient: str
    sender: str
    memo: bytes = b""

    def operation(self) -> Operation:
        """Return what the VM's process is told."""
        try:
            args = [uint(self.amount), principal(self.recipient), buffer(self.memo)]
        except StacksError as error:
            raise VmRefused(f"This transfer cannot be: {error}") from error
        return Call(PAYMENTS, "transfer", args, self.sender).operation()


Transaction: TypeAlias = Call | Deployment | Transfer


@dataclass(frozen=True, slots=True)
class PastBlock:
    """A block to be mined again: its transactions that took effect, each with the result it had (None: any)."""

    time: int
    burn_time: int | None
    transactions: Sequence[tuple[Transaction, bytes | None]]

    def parameters(self) -> dict[str, Any]:
        """Return what the VM's process is told."""
        done = [
            [*one.operation(), None if result is None else "0x" + result.hex()] for one, result in self.transactions
        ]
        return {"time": self.time, "burnTime": self.burn_time, "done": done}


def invocation(contract_id: str, function: str, args: Sequence[Argument], sender: str) -> dict[str, Any]:
    """Return the parameters of a call or read."""
    encoded = [hex_argument(arg) for arg in args]
    return {"contract": contract_id, "method": function, "args": encoded, "sender": address(sender)}


def hex_argument(value: Argument) -> str:
    """Return an argument's consensus bytes as hex. The VM panics at bytes that are no value: those are refused."""
    try:
        return encode(value if isinstance(value, Value) else decode(value)).hex()
    except StacksError as error:
        raise VmRefused(f"An argument is not a Clarity value: {error}") from error


def address(text: str) -> str:
    """Return `text` if it is a standard principal; VmRefused else."""
    try:
        is_contract = parse_principal(text).name is not None
    except StacksError as error:
        raise VmRefused(f"{text!r} is not an address: {error}") from error
    if is_contract:
        raise VmRefused(f"{text} is a contract; this takes an address")
    return text
