"""Transactions as Hiro's API writes them, in its current (v3) and older (v1) words."""

from collections.abc import Collection, Mapping
from typing import Any

from bitpay.localchain import abi
from bitpay.localchain.api.events import event_v1
from bitpay.localchain.api.values import (
    decoded,
    decoded_value,
    iso,
    memo,
    post_condition,
    signature_text,
    type_text,
    value_type,
)
from bitpay.localchain.archive import Found
from bitpay.localchain.blocks import Block, MinedTransaction
from bitpay.localchain.mempool import Dropped, Pending
from bitpay.localchain.outcomes import Cost
from bitpay.stacks.transactions import ContractCall, SmartContract, TokenTransfer, Transaction

NO_MICROBLOCK = 0x7FFFFFFF
"""Where Hiro's API has the sequence number of a microblock."""
_NO_COST = Cost(0, 0, 0, 0, 0)
_ANCHOR_MODES = {1: "on_chain_only", 2: "off_chain_only", 3: "any"}

Interface = Mapping[str, Any] | None


def kind_of(tx: Transaction) -> str:
    """Return the API's word for what a transaction does."""
    match tx.payload:
        case ContractCall():
            return "contract_call"
        case SmartContract():
            return "smart_contract"
    return "token_transfer"


# v3


def summary_v3(found: Found, include: Collection[str] = ()) -> dict[str, Any]:
    """Return a transaction in a block as v3's lists show it."""
    block, mined = found.block, found.mined
    header = block.header
    said = _base_v3(mined.tx, mined.txid, include)
    place = {"height": header.height, "hash": block.block_hash, "index_hash": header.hash, "time": header.time}
    return {
        **said,
        "status": mined.status.value,
        "block": {**place, "tx_index": found.index},
        "bitcoin_block": {"height": header.burn_height, "time": header.burn_time},
    }


def mined_v3(found: Found, parent: Block | None, include: Collection[str]) -> dict[str, Any]:
    """Return `/extended/v3/transactions/{txid}` of a transaction in a block; `parent` is the block before."""
    mined, header = found.mined, found.block.header
    said = summary_v3(found, include) | {
        "parent_block": {
            "hash": parent.block_hash if parent else header.parent_hash,
            "index_hash": header.parent_hash,
        },
        "event_count": len(mined.events),
        "execution_cost": cost(mined),
        "vm_error": mined.error,
    }
    if "result" in include:
        said["result"] = decoded(mined.result)
    return said


def waiting_summary_v3(pending: Pending, include: Collection[str] = ()) -> dict[str, Any]:
    """Return a transaction that waits as v3's lists show it."""
    said = _base_v3(pending.tx, pending.txid, include)
    received = {"receipt_time": pending.received, "receipt_block_height": pending.height}
    return {**said, **received, "status": "pending"}


def waiting_v3(pending: Pending, include: Collection[str]) -> dict[str, Any]:
    """Return `/extended/v3/transactions/{txid}` of a transaction that waits."""
    return {**waiting_summary_v3(pending, include), "replaced_by_tx_id": None}


def dropped_v3(dropped: Dropped, include: Collection[str]) -> dict[str, Any]:
    """Return `/extended/v3/transactions/{txid}` of a transaction that was dropped."""
    said = waiting_v3(dropped.pending, include)
    return {**said, "status": dropped.status, "replaced_by_tx_id": dropped.replaced_by}


def _base_v3(tx: Transaction, txid: str, include: Collection[str]) -> dict[str, Any]:
    sponsor = None
    if tx.auth.sponsor is not None:
        sponsor = {"address": tx.sponsor_address, "nonce": tx.auth.sponsor.nonce}
    said: dict[str, Any] = {
        "tx_id": txid,
        "type": kind_of(tx),
        "sender": {"address": tx.origin_address, "nonce": tx.nonce},
        "sponsor": sponsor,
        "fee_rate": str(tx.fee),
    }
    if "post_conditions" in include:
        said["post_conditions"] = [post_condition(one) for one in tx.post_conditions]
    match tx.payload:
        case ContractCall() as call:
            said["contract_call"] = {"contract_id": str(call.contract), "function_name": call.function}
            if "function_args" in include:
                said["contract_call"]["function_args"] = [decoded_value(value) for value in call.args]
        case SmartContract() as contract:
            said["smart_contract"] = {
                "contract_id": f"{tx.origin_address}.{contract.name}",
                "clarity_version": contract.clarity_version,
            }
            if "source_code" in include:
                said["smart_contract"]["source_code"] = contract.source
        case TokenTransfer() as transfer:
            said["token_transfer"] = {
                "recipient": str(transfer.recipient),
                "amount": str(transfer.amount),
                "memo": memo(transfer.memo),
            }
    return said


def _args(call: ContractCall, interface: Interface) -> list[dict[str, str]]:
    function = None if interface is None else abi.find_function(interface, call.function)
    if function is None:
        return [{**decoded_value(value), "name": "", "type": value_type(value)} for value in call.args]
    return [
        {**decoded_value(value), "name": str(arg["name"]), "type": type_text(arg["type"])}
        for value, arg in zip(call.args, function["args"], strict=False)
    ]


# v1


def mined_v1(found: Found, parent: Block | None, interface: Interface, events: range) -> dict[str, Any]:
    """Return `/extended/v1/tx/{txid}` of a transaction in a block, with some of its events.

    `parent` is the block before.
    """
    block, mined = found.block, found.mined
    header = block.header
    before = parent.header if parent else header
    said = _base_v1(mined.tx, mined.txid, interface)
    said |= {
        "tx_status": mined.status.value,
        "tx_result": decoded(mined.result),
        "tx_index": found.index,
        "block_hash": block.block_hash,
        "block_height": header.height,
        "block_time": header.time,
        "block_time_iso": iso(header.time),
        "burn_block_height": header.burn_height,
        "burn_block_time": header.burn_time,
        "burn_block_time_iso": iso(header.burn_time),
        "parent_block_hash": parent.block_hash if parent else header.parent_hash,
        "parent_burn_block_time": before.burn_time,
        "parent_burn_block_time_iso": iso(before.burn_time),
        "canonical": True,
        "is_unanchored": False,
        "microblock_hash": "",
        "microblock_sequence": NO_MICROBLOCK,
        "microblock_canonical": True,
        "event_count": len(mined.events),
        "events": [event_v1(i, mined.events[i], mined.txid) for i in events if i < len(mined.events)],
        "vm_error": mined.error,
    }
    return {**said, **{f"execution_cost_{name}": value for name, value in cost(mined).items()}}


def waiting_v1(pending: Pending, interface: Interface) -> dict[str, Any]:
    """Return `/extended/v1/tx/{txid}` of a transaction that waits."""
    said = _base_v1(pending.tx, pending.txid, interface)
    received = {"receipt_time": pending.received, "receipt_time_iso": iso(pending.received)}
    return {**said, **received, "tx_status": "pending", "replaced_by_tx_id": None}


def dropped_v1(dropped: Dropped, interface: Interface) -> dict[str, Any]:
    """Return `/extended/v1/tx/{txid}` of a transaction that was dropped."""
    said = waiting_v1(dropped.pending, interface)
    return {**said, "tx_status": dropped.status, "replaced_by_tx_id": dropped.replaced_by}


def _base_v1(tx: Transaction, txid: str, interface: Interface) -> dict[str, Any]:
    said: dict[str, Any] = {
        "tx_id": txid,
        "tx_type": kind_of(tx),
        "nonce": tx.nonce,
        "fee_rate": str(tx.fee),
        "sender_address": tx.origin_address,
        "sponsored": tx.auth.sponsor is not None,
        "post_condition_mode": tx.mode.word,
        "post_conditions": [post_condition(one) for one in tx.post_conditions],
        "anchor_mode": _ANCHOR_MODES[tx.anchor_mode],
    }
    if tx.auth.sponsor is not None:
        said |= {"sponsor_address": tx.sponsor_address, "sponsor_nonce": tx.auth.sponsor.nonce}
    return said | _payload_v1(tx, interface)


def _payload_v1(tx: Transaction, interface: Interface) -> dict[str, Any]:
    match tx.payload:
        case ContractCall() as call:
            function = None if interface is None else abi.find_function(interface, call.function)
            said = {
                "contract_id": str(call.contract),
                "function_name": call.function,
                "function_signature": signature_text(function) if function else "",
                "function_args": _args(call, interface),
            }
            return {"contract_call": said}
        case SmartContract() as contract:
            deployed = {
                "contract_id": f"{tx.origin_address}.{contract.name}",
                "clarity_version": contract.clarity_version,
                "source_code": contract.source,
            }
            return {"smart_contract": deployed}
        case TokenTransfer() as transfer:
            sent = {
                "recipient_address": str(transfer.recipient),
                "amount": str(transfer.amount),
                "memo": "0x" + transfer.memo.hex(),
            }
            return {"token_transfer": sent}
    return {}


def cost(mined: MinedTransaction) -> dict[str, int]:
    """Return what a transaction's execution used; zeros when the chain does not track it."""
    used = mined.cost or _NO_COST
    return {
        "read_count": used.read_count,
        "read_length": used.read_length,
        "runtime": used.runtime,
        "write_count": used.write_count,
        "write_length": used.write_length,
    }
