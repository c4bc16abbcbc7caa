"""Which transactions a Chainhooks 2.0 hook hears of."""

from collections.abc import Iterable

from bitpay.localchain.blocks import MinedTransaction
from bitpay.localchain.hooks.definition import (
    BalanceChange,
    ContractCallFilter,
    ContractDeploy,
    ContractLog,
    Filter,
    FtEvent,
    NftEvent,
    StxEvent,
)
from bitpay.localchain.outcomes import Event
from bitpay.stacks.clarity import Int, UInt
from bitpay.stacks.transactions import ContractCall, SmartContract


def matches(mined: MinedTransaction, filters: Iterable[Filter]) -> bool:
    """Tell whether any of the filters wants the transaction. Only calls are heard of when they failed."""
    return any(_matches(mined, one) for one in filters)


def _matches(mined: MinedTransaction, wanted: Filter) -> bool:
    match wanted:
        case ContractCallFilter():
            return _is_call(mined, wanted)
        case ContractDeploy():
            return _is_deployment(mined, wanted)
        case ContractLog():
            by_sender = wanted.sender in (None, mined.tx.origin_address)
            return by_sender and any(_is_log(event, wanted) for event in mined.events)
        case BalanceChange():
            return any(wanted.principal in (event.sender, event.recipient) for event in mined.events)
        case StxEvent() | FtEvent() | NftEvent():
            return any(_is_movement(event, wanted) for event in mined.events)
    return False


def _is_call(mined: MinedTransaction, wanted: ContractCallFilter) -> bool:
    call = mined.tx.payload
    return (
        isinstance(call, ContractCall)
        and wanted.contract_identifier in (None, str(call.contract))
        and wanted.function_name in (None, call.function)
        and wanted.sender in (None, mined.tx.origin_address)
    )


def _is_deployment(mined: MinedTransaction, wanted: ContractDeploy) -> bool:
    contract, sender = mined.tx.payload, mined.tx.origin_address
    return (
        isinstance(contract, SmartContract)
        and wanted.contract_identifier in (None, f"{sender}.{contract.name}")
        and wanted.sender in (None, sender)
    )


def _is_log(event: Event, wanted: ContractLog) -> bool:
    return event.kind == "contract_log" and wanted.contract_identifier in (None, event.contract_id)


def _is_movement(event: Event, wanted: StxEvent | FtEvent | NftEvent) -> bool:
    family = wanted.type.partition("_")[0]
    of_kind = event.kind.startswith(f"{family}_") if wanted.type.endswith("_event") else event.kind == wanted.type
    if not of_kind or wanted.sender not in (None, event.sender) or wanted.receiver not in (None, event.recipient):
        return False
    if isinstance(wanted, StxEvent):
        return True
    if wanted.asset_identifier not in (None, event.asset):
        return False
    return isinstance(wanted, FtEvent) or wanted.value is None or _is_number(event, wanted.value)


def _is_number(event: Event, number: int) -> bool:
    return isinstance(event.value, UInt | Int) and event.value.value == number
