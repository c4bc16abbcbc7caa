"""Calls of bitpay-access-control: the beginning, and the pause switch. Nothing moves."""

from collections.abc import Sequence

from bitpay.protocol.calls.call import Call
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity


def finalize(contracts: Contracts, *, admins: Sequence[str], threshold: int, operators: Sequence[str]) -> Call:
    """Name the first admins and operators, at most ten of each, and how many admins decide. The deployer's, once."""
    args = (principals(admins), clarity.uint(threshold), principals(operators))
    return Call(contracts.access_control, "finalize", args)


def pause(contracts: Contracts) -> Call:
    """Stop new business at once. An admin's or operator's."""
    return Call(contracts.access_control, "pause")


def principals(addresses: Sequence[str]) -> clarity.List:
    """Return a list of principals."""
    return clarity.list_([clarity.principal(address) for address in addresses])
