"""Why a read failed, in a node's words (stacks-core, clarity/src/vm/errors.rs)."""

import re
from collections.abc import Mapping
from typing import Any

from bitpay.localchain.outcomes import Cost

READ_BUDGET = Cost(runtime=1_000_000_000, read_count=100, read_length=200_000, write_count=0, write_length=0)
"""What a node lets a read use unless its owner says otherwise (stacks-core, `read_only_call_limit`)."""

_WRAPPER = re.compile(
    r".*? -> Error calling contract function '[^']*': Runtime error while interpreting \S+: ", re.DOTALL
)
_RUNTIME = re.compile(r"Runtime\((.*), (?:None|Some\(\[(.*)\]\))\)", re.DOTALL)
_CALLED = re.compile(r'FunctionIdentifier \{ identifier: "([^"]*)" \}')


def uncallable(interface: Mapping[str, Any] | None, contract_id: str, function: str) -> str:
    """Say why a function cannot be called. `interface` is the contract's, None where there is no such contract."""
    if interface is None:
        return f'RuntimeCheck(NoSuchContract("{contract_id}"))'
    if all(one["name"] != function for one in interface["functions"]):
        return f'RuntimeCheck(UndefinedFunction("{function}"))'
    return f'RuntimeCheck(NoSuchPublicFunction("{contract_id}", "{function}"))'


def stopped(error: str) -> str:
    """Return the VM's error without the SDK's words around it, as a node prints it: a trace below a runtime error."""
    said = _WRAPPER.sub("", error, count=1)
    runtime = _RUNTIME.fullmatch(said)
    if runtime is None:
        return said
    trace = _CALLED.findall(runtime[2] or "")
    return runtime[1] + ("\n Stack Trace: \n" + "".join(f"{called}\n" for called in trace) if trace else "")


def excess(cost: Cost | None) -> str | None:
    """Say what a read used too much of; None when it stayed within the budget of reads."""
    if cost is None:
        return None
    if cost.write_count:
        return "NotReadOnly"
    names = ("read_length", "read_count", "runtime")
    if all(getattr(cost, name) <= getattr(READ_BUDGET, name) for name in names):
        return None
    return f"RuntimeCheck(CostBalanceExceeded({_in_rust(cost)}, {_in_rust(READ_BUDGET)}))"


def _in_rust(cost: Cost) -> str:
    names = ("write_length", "write_count", "read_length", "read_count", "runtime")
    return f"ExecutionCost {{ {', '.join(f'{name}: {getattr(cost, name)}' for name in names)} }}"
