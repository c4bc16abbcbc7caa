"""Deliveries as a self-hosted Chainhook (v1) writes them, for one predicate over everything that is printed."""

from typing import Any

from bitpay.localchain.api.values import decoded
from bitpay.localchain.blocks import Block, Change, MinedTransaction
from bitpay.localchain.outcomes import Event
from bitpay.stacks.clarity.text import to_repr
from bitpay.stacks.transactions import ContractCall, SmartContract

PREDICATE = {"scope": "print_event", "contract_identifier": "*", "contains": "*"}
_FIELDS = {"asset_identifier", "raw_value", "sender", "recipient", "amount"}
_NAMES = {"stx": "STX", "ft": "FT", "nft": "NFT"}


def payload(change: Change, uuid: str) -> dict[str, Any] | None:
    """Return the delivery for a change, None when nothing was printed in it."""
    apply = [said for block in change.apply if (said := _block(block))]
    rollback = [said for block in change.rollback if (said := _block(block))]
    if not apply and not rollback:
        return None
    hook = {"uuid": uuid, "predicate": PREDICATE, "is_streaming_blocks": True}
    return {"apply": apply, "rollback": rollback, "events": [], "chainhook": hook}


def _block(block: Block) -> dict[str, Any] | None:
    transactions = [_transaction(index, mined) for index, mined in enumerate(block.transactions) if _has_printed(mined)]
    if not transactions:
        return None
    header = block.header
    return {
        "block_identifier": {"index": header.height, "hash": header.hash},
        "parent_block_identifier": {"index": header.height - 1, "hash": header.parent_hash},
        "timestamp": header.burn_time,
        "transactions": transactions,
        "metadata": {
            "bitcoin_anchor_block_identifier": {"index": header.burn_height, "hash": header.burn_hash},
            "pox_cycle_index": 0,
            "pox_cycle_position": 0,
            "pox_cycle_length": 1,
            "confirm_microblock_identifier": None,
            "stacks_block_hash": block.block_hash,
            "tenure_height": header.tenure_height,
            "block_time": header.time,
            "signer_bitvec": None,
            "signer_signature": None,
            "signer_public_keys": None,
            "cycle_number": None,
            "reward_set": None,
        },
    }


def _has_printed(mined: MinedTransaction) -> bool:
    return any(event.kind == "contract_log" for event in mined.events)


def _transaction(index: int, mined: MinedTransaction) -> dict[str, Any]:
    tx = mined.tx
    tokens = [event for event in mined.events if event.kind.startswith(("ft_", "nft_"))]
    said: dict[str, Any] = {
        "success": mined.succeeded,
        "raw_tx": "0x" + mined.raw.hex(),
        "result": decoded(mined.result)["repr"],
        "sender": tx.origin_address,
        "nonce": tx.nonce,
        "fee": tx.fee,
        "kind": _kind(mined),
        "receipt": {
            "mutated_contracts_radius": sorted({e.contract_id for e in mined.events if e.kind == "contract_log"}),
            "mutated_assets_radius": sorted({event.asset for event in tokens}),
            "contract_calls_stack": [],
            "events": [_event(number, event) for number, event in enumerate(mined.events)],
        },
        "description": f"{tx.origin_address}: {mined.txid}",
        "position": {"index": index},
    }
    if tx.sponsor_address is not None:
        said["sponsor"] = tx.sponsor_address
    return {"transaction_identifier": {"hash": mined.txid}, "operations": [], "metadata": said}


def _kind(mined: MinedTransaction) -> dict[str, Any]:
    tx = mined.tx
    match tx.payload:
        case ContractCall() as call:
            args = [to_repr(value) for value in call.args]
            data = {"contract_identifier": str(call.contract), "method": call.function, "args": args}
            return {"type": "ContractCall", "data": data}
        case SmartContract() as contract:
            data = {"contract_identifier": f"{tx.origin_address}.{contract.name}", "code": contract.source}
            return {"type": "ContractDeployment", "data": data}
    return {"type": "NativeTokenTransfer"}


def _event(index: int, event: Event) -> dict[str, Any]:
    family, _, action = event.kind.partition("_")
    if event.kind == "contract_log":
        data = {"contract_identifier": event.contract_id, "topic": event.data["topic"]}
        kind, data = "SmartContractEvent", {**data, "raw_value": event.data["raw_value"]}
    else:
        kind = f"{_NAMES[family]}{action.capitalize()}Event"
        data = {name: value for name, value in event.data.items() if name in _FIELDS}
    return {"type": kind, "position": {"index": index}, "data": data}
