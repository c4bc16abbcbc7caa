"""What a node and Hiro's API answer to each of the client's questions, where all is well."""

import json
from typing import Any

from tests.stacks.fake_hiro import EVENTS_V3, OWNER, block, log, transaction, transaction_v3, word

from bitpay.stacks.hashes import sha512_256

CONTRACT = f"{OWNER}.a"
RAW = b"raw"
"""Bytes that are sent or asked about; their id is that of the transaction."""
RAW_ID = sha512_256(RAW).hex()
COST = {"write_length": 1, "write_count": 2, "read_length": 3, "read_count": 4, "runtime": 5}
POX = {
    "contract_id": "ST000000000000000000002AMW42H.pox-5",
    "pox_activation_threshold_ustx": 0,
    "first_burnchain_block_height": 10,
    "current_burnchain_block_height": 1_100,
    "prepare_phase_block_length": 50,
    "reward_phase_block_length": 1_000,
    "reward_slots": 2_000,
    "rejection_fraction": None,
    "total_liquid_supply_ustx": 10**16,
    "current_cycle": {"id": 1, "min_threshold_ustx": 7, "stacked_ustx": 8, "is_pox_active": True},
    "next_cycle": {
        "id": 2,
        "min_threshold_ustx": 9,
        "min_increment_ustx": 0,
        "stacked_ustx": 6,
        "prepare_phase_start_block_height": 2_050,
        "blocks_until_prepare_phase": 950,
        "reward_phase_start_block_height": 2_100,
        "blocks_until_reward_phase": 1_000,
        "ustx_until_pox_rejection": None,
    },
    "epochs": [
        {"epoch_id": "Epoch40", "start_height": 0, "end_height": 99, "block_limit": COST, "network_epoch": 16},
    ],
    "current_epoch": "Epoch40",
    "min_amount_ustx": 0,
    "prepare_cycle_length": 50,
    "reward_cycle_id": 1,
    "reward_cycle_length": 1_050,
    "rejection_votes_left_required": None,
    "next_reward_cycle_in": 1_000,
    "contract_versions": [
        {"contract_id": "ST000000000000000000002AMW42H.pox-5", "activation_burnchain_block_height": 5}
        | {"first_reward_cycle_id": 1}
    ],
    "pox_5_sbtc_contract": f"{OWNER}.sbtc-token",
    "pox_5_sbtc_registry_contract": f"{OWNER}.sbtc-registry",
}
INTERFACE: dict[str, Any] = {
    "functions": [
        {
            "name": "put",
            "access": "public",
            "args": [
                {"name": "key", "type": {"buffer": {"length": 32}}},
                {"name": "to", "type": {"optional": "principal"}},
                {"name": "rows", "type": {"list": {"type": {"string-utf8": {"length": 9}}, "length": 4}}},
            ],
            "outputs": {"type": {"response": {"ok": "bool", "error": "uint128"}}},
        },
        {
            "name": "get",
            "access": "read_only",
            "args": [{"name": "from", "type": "trait_reference"}],
            "outputs": {
                "type": {
                    "tuple": [
                        {"name": "left", "type": "int128"},
                        {"name": "name", "type": {"string-ascii": {"length": 3}}},
                    ]
                }
            },
        },
    ],
    "variables": [
        {"name": "LIMIT", "type": "uint128", "access": "constant"},
        {"name": "sold", "type": "uint128", "access": "variable"},
    ],
    "maps": [{"name": "notes", "key": "uint128", "value": {"optional": "none"}}],
    "fungible_tokens": [{"name": "coin"}],
    "non_fungible_tokens": [{"name": "ticket", "type": "uint128"}],
    "epoch": "Epoch40",
    "clarity_version": "Clarity4",
}


def simulation(raw: bytes, **changes: object) -> dict[str, Any]:
    return {
        "txid": sha512_256(raw).hex(),
        "tip_block_id": word(5)[2:],
        "consensus_hash": "ab" * 20,
        "block_height": 13,
        "result_hex": "0x0703",
        "stx_burned": 0,
        "execution_cost": COST,
        "execution_limit": COST,
        "events": [],
        "post_condition_aborted": False,
        "vm_error": None,
        **changes,
    }


def node_event(number: int, kind: str, said: dict[str, Any]) -> dict[str, Any]:
    return {"txid": word(1), "event_index": number, "committed": True, "type": kind, kind: said}


def page(*results: dict[str, Any], **more: object) -> dict[str, Any]:
    return {"limit": 30, "offset": 0, "total": len(results), "results": list(results), **more}


def last_page(*results: dict[str, Any]) -> dict[str, Any]:
    return {"total": len(results), "limit": 30, "cursor": {"next": None, "previous": None}, "results": list(results)}


LEVELS = {"no_priority": 1, "low_priority": 2, "medium_priority": 3, "high_priority": 4}
LOCK = {
    "amount": "30",
    "pox_version": 5,
    "lock_tx_id": word(1),
    "stacks_lock_height": 10,
    "burn_lock_height": 900,
    "burn_unlock_height": 1_800,
}
NONCES = {
    "next_nonce": 6,
    "last_confirmed_nonce": 2,
    "mempool": {"last_nonce": 5, "pending_nonces": [3], "missing_nonces": [4]},
}
BURN_BLOCK = {
    "burn_block_height": 9,
    "burn_block_hash": word(9),
    "burn_block_time": 1_700_000_000,
    "stacks_blocks": [word(7_019), word(7_018)],
    "avg_block_time": 10,
    "total_tx_count": 4,
}
PRINTED = {"contract_identifier": CONTRACT, "topic": "print", "raw_value": "0x03"}
GOOD: dict[str, Any] = {
    "info": {
        "network_id": 2147483648,
        "stacks_tip_height": 12,
        "burn_block_height": 900,
        "tenure_height": 6,
        "is_fully_synced": True,
        "server_version": "stacks-node 4.0",
    },
    "health": {
        "difference_from_max_peer": 3,
        "max_stacks_height_of_neighbors": 13,
        "max_stacks_neighbor_address": "10.0.0.1:20444",
        "node_stacks_tip_height": 10,
    },
    "pox": POX,
    "account": {"balance": "0x10", "locked": "0x00", "unlock_height": 0, "nonce": 4},
    "call_read": {"okay": True, "result": "0x0703"},
    "map_entry": {"data": "0x0a03"},
    "data_var": {"data": "0x03"},
    "constant": {"data": "0x03"},
    "contract_source": {"source": "(ok true)", "publish_height": 3},
    "contract_interface": INTERFACE,
    "broadcast": RAW_ID,
    "indexed_transaction": {
        "index_block_hash": word(5)[2:],
        "tx": RAW.hex(),
        "result": "0703",
        "block_height": 12,
        "is_canonical": True,
    },
    "simulate": simulation(RAW, events=[node_event(0, "contract_event", PRINTED)]),
    "estimate_fees": {"estimations": [{"fee": 180}, {"fee": 200}, {"fee": 400}]},
    "next_nonce": NONCES,
    "nonces": NONCES,
    "ft_balance": {"balance": "12"},
    "stx_balance": {
        "balance": "50",
        "available": "20",
        "locked": LOCK,
        "mempool": {"estimated_balance": "14", "inbound": "4", "outbound": "10"},
    },
    "fees": {"all": LEVELS, "contract_call": LEVELS},
    "transaction": transaction_v3(1, 0) | {"tx_id": f"0x{RAW_ID}"},
    "waiting": last_page(transaction_v3(2, 0), transaction_v3(1, 0)),
    "transaction_events": last_page(*EVENTS_V3),
    "contract_logs": page(log(2), log(1), cursor="2"),
    "contract_logs_page": page(log(2), log(1), cursor="2"),
    "contract": {
        "tx_id": word(1),
        "contract_id": CONTRACT,
        "block_height": 12,
        "clarity_version": 4,
        "source_code": "(ok true)",
        "abi": json.dumps(INTERFACE),
    },
    "faucet": {"success": True, "txId": word(7), "txRaw": "8000"},
    "block": block(5),
    "block_at": block(5),
    "block_times": {"last_1h": 10.25, "last_24h": 9, "last_7d": 8.5, "last_30d": 0},
    "burn_block": BURN_BLOCK,
    "burn_blocks": page(BURN_BLOCK),
    "blocks": page(block(5), block(4), cursor=word(5)),
    "headers": block(5) | page(block(5), block(4), block(3)),
    "block_transactions": page(transaction(0, 0), transaction(1, 0)),
    "full_block": block(5) | page(transaction(0, 0), transaction(1, 0)),
}
"""By method. Where one asks for several things, the same answer serves for all of them."""
