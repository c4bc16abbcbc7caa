"""What a stacks-node POSTs to an event observer: `/new_block` and `/new_burn_block` (docs/event-dispatcher.md)."""

from typing import Any

from bitpay.localchain.api.transactions import cost
from bitpay.localchain.blocks import Block, MinedTransaction, derived_hash
from bitpay.localchain.hooks.chainhooks2 import Interfaces
from bitpay.localchain.outcomes import Event
from bitpay.stacks.transactions import SmartContract


def new_block(block: Block, parent: Block | None, interfaces: Interfaces) -> dict[str, Any]:
    """Return the body for a block; `parent` is the block before, `interfaces` finds a contract's interface."""
    header = block.header
    return {
        "block_hash": block.block_hash,
        "index_block_hash": header.hash,
        "block_height": header.height,
        "block_time": header.time,
        "burn_block_hash": header.burn_hash,
        "burn_block_height": header.burn_height,
        "burn_block_time": header.burn_time,
        "parent_block_hash": parent.block_hash if parent else header.parent_hash,
        "parent_index_block_hash": header.parent_hash,
        "parent_microblock": "0x" + "00" * 32,
        "parent_microblock_sequence": 0,
        "parent_burn_block_hash": parent.header.burn_hash if parent else header.burn_hash,
        "parent_burn_block_height": parent.header.burn_height if parent else header.burn_height,
        "parent_burn_block_timestamp": parent.header.burn_time if parent else header.burn_time,
        "tenure_height": header.tenure_height,
        "consensus_hash": derived_hash("consensus", header.burn_hash)[:42],
        "miner_txid": header.burn_hash,
        "matured_miner_rewards": [],
        "anchored_cost": cost_of(block),
        "transactions": [_transaction(index, mined, interfaces) for index, mined in enumerate(block.transactions)],
        "events": _events(block),
    }


def new_burn_block(block: Block, parent: Block | None) -> dict[str, Any]:
    """Return the body for the burn block that came with a block."""
    header = block.header
    return {
        "burn_block_hash": header.burn_hash,
        "burn_block_height": header.burn_height,
        "burn_block_time": header.burn_time,
        "consensus_hash": derived_hash("consensus", header.burn_hash)[:42],
        "parent_burn_block_hash": parent.header.burn_hash if parent else header.burn_hash,
        "reward_recipients": [],
        "reward_slot_holders": [],
        "burn_amount": 0,
        "pox_transactions": [],
    }


def cost_of(block: Block) -> dict[str, int]:
    """Return what a block's transactions used together."""
    costs = [cost(mined) for mined in block.transactions]
    names = ("runtime", "read_count", "read_length", "write_count", "write_length")
    return {name: sum(one[name] for one in costs) for name in names}


def _transaction(index: int, mined: MinedTransaction, interfaces: Interfaces) -> dict[str, Any]:
    interface = None
    if mined.succeeded and isinstance(mined.tx.payload, SmartContract):
        interface = interfaces(f"{mined.tx.origin_address}.{mined.tx.payload.name}")
    return {
        "txid": mined.txid,
        "tx_index": index,
        "status": mined.status.value,
        "raw_result": "0x" + mined.result.hex(),
        "raw_tx": "0x" + mined.raw.hex(),
        "contract_interface": interface,
        "execution_cost": cost(mined),
        "vm_error": mined.error,
        "microblock_sequence": None,
        "microblock_hash": None,
        "microblock_parent_hash": None,
    }


def _events(block: Block) -> list[dict[str, Any]]:
    """Return all events, counted over the block as a node does, those that post-conditions undid among them."""
    found = [(mined, event) for mined in block.transactions for event in (*mined.events, *mined.undone)]
    return [
        {"txid": mined.txid, "event_index": number, "committed": mined.succeeded, **_event(event)}
        for number, (mined, event) in enumerate(found)
    ]


def _event(event: Event) -> dict[str, Any]:
    kind = "contract_event" if event.kind == "contract_log" else f"{event.kind}_event"
    return {"type": kind, kind: dict(event.data)}
