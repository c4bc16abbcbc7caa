"""A stream to look at, and who is in it."""

from collections.abc import Callable
from typing import Any

from bitpay.streams.schemas import Stream

ALICE = "ST000000000000000000002AMW42H"
BOB = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
NOW = 1_800_000_000


Node = Callable[[str, object], Any]
"""Runs a TypeScript snippet with a JSON value and returns the JSON that its `answer` gives."""


def a_stream(**different: object) -> Stream:
    """A stream of 0.05 sBTC over 30 days, 10 days old, from Alice to Bob; say what is different."""
    start = NOW - 10 * 86_400
    usual: dict[str, object] = {
        "stream_id": 7,
        "sender": ALICE,
        "proposed_sender": None,
        "recipient": BOB,
        "holder": BOB,
        "amount": 5_000_000,
        "fee": 5_000,
        "clock": "seconds",
        "start_block": 1000,
        "end_block": 9000,
        "start_time": start,
        "end_time": start + 30 * 86_400,
        "duration": 30 * 86_400,
        "cliff": 0,
        "upfront": 0,
        "at_cliff": 0,
        "step": 1,
        "points": [],
        "cancelable": True,
        "transferable": True,
        "memo": "Salary",
        "status": "streaming",
        "vested_amount": 1_666_666,
        "withdrawn_amount": 600_000,
        "withdrawable_amount": 1_066_666,
        "refunded_amount": 0,
        "refundable_amount": 3_333_334,
        "percent_complete": 33,
        "cancelled_at_block": None,
        "cancelled_at": None,
        "created_at": start,
        "updated_at": start,
        "txid": "0x" + "ab" * 32,
        "last_txid": "0x" + "cd" * 32,
        "confirmed": True,
    }
    return Stream.model_validate(usual | different)
