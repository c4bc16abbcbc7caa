"""What the local chain says about itself where a real network has stacking and a fee market."""

from typing import Any

from bitpay.localchain.vm import SBTC

CYCLE_LENGTH = 1050
PREPARE_LENGTH = 50
LIQUID_SUPPLY = 10**16
_POX = "ST000000000000000000002AMW42H.pox-5"
_BLOCK_LIMIT = {
    "write_length": 15_000_000,
    "write_count": 15_000,
    "read_length": 200_000_000,
    "read_count": 30_000,
    "runtime": 5_000_000_000,
}
FEES = {
    "token_transfer": {"no_priority": 180, "low_priority": 200, "medium_priority": 300, "high_priority": 1_000},
    "contract_call": {"no_priority": 800, "low_priority": 1_000, "medium_priority": 2_000, "high_priority": 5_000},
    "smart_contract": {
        "no_priority": 50_000,
        "low_priority": 60_000,
        "medium_priority": 80_000,
        "high_priority": 150_000,
    },
}
"""uSTX by kind of transaction: nobody competes here, so these cover the minimum of 1 uSTX per byte."""


FEE_RATE = 400
"""What Hiro's API answers to `/extended/v1/fee_rate`, whatever it is asked."""
TARGET_BLOCK_TIMES = {"testnet": 120, "mainnet": 600}
"""Seconds, as Hiro's API says them."""


def fee_estimate(length: int) -> dict[str, Any]:
    """Return `/v2/fees/transaction` for a transaction of `length` bytes: the minimum, and twice, and five times."""
    estimations = [{"fee": length * rate, "fee_rate": float(rate)} for rate in (1, 2, 5)]
    cost = dict.fromkeys(_BLOCK_LIMIT, 0)
    return {
        "estimated_cost": cost,
        "estimated_cost_scalar": length,
        "estimations": estimations,
        "cost_scalar_change_by_byte": 1.0,
    }


def fee_levels() -> dict[str, Any]:
    """Return `/extended/v2/mempool/fees`."""
    return {"all": FEES["contract_call"], **FEES}


def pox_cycle_facts(burn_height: int) -> tuple[int, int]:
    """Return the burn height and the cycle it lies in."""
    return burn_height, burn_height // CYCLE_LENGTH


def pox(facts: tuple[int, int]) -> dict[str, Any]:
    """Return `/v2/pox` of a chain on which nobody stacks."""
    burn_height, cycle = facts
    next_reward = (cycle + 1) * CYCLE_LENGTH
    prepare = next_reward - PREPARE_LENGTH
    return {
        "contract_id": _POX,
        "pox_activation_threshold_ustx": 0,
        "first_burnchain_block_height": 0,
        "current_burnchain_block_height": burn_height,
        "prepare_phase_block_length": PREPARE_LENGTH,
        "reward_phase_block_length": CYCLE_LENGTH - PREPARE_LENGTH,
        "reward_slots": 2 * (CYCLE_LENGTH - PREPARE_LENGTH),
        "rejection_fraction": None,
        "total_liquid_supply_ustx": LIQUID_SUPPLY,
        "current_cycle": {"id": cycle, "min_threshold_ustx": 0, "stacked_ustx": 0, "is_pox_active": False},
        "next_cycle": {
            "id": cycle + 1,
            "min_threshold_ustx": 0,
            "min_increment_ustx": 0,
            "stacked_ustx": 0,
            "prepare_phase_start_block_height": prepare,
            "blocks_until_prepare_phase": prepare - burn_height,
            "reward_phase_start_block_height": next_reward,
            "blocks_until_reward_phase": next_reward - burn_height,
            "ustx_until_pox_rejection": None,
        },
        "epochs": [
            {
                "epoch_id": "Epoch40",
                "start_height": 0,
                "end_height": 9223372036854775807,
                "block_limit": _BLOCK_LIMIT,
                "network_epoch": 16,
            }
        ],
        "current_epoch": "Epoch40",
        "min_amount_ustx": 0,
        "prepare_cycle_length": PREPARE_LENGTH,
        "reward_cycle_id": cycle,
        "reward_cycle_length": CYCLE_LENGTH,
        "rejection_votes_left_required": None,
        "next_reward_cycle_in": next_reward - burn_height,
        "contract_versions": [],
        "pox_5_sbtc_contract": SBTC,
        "pox_5_sbtc_registry_contract": SBTC.replace("sbtc-token", "sbtc-registry"),
    }
