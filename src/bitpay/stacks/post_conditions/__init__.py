"""Post-conditions: what a transaction's signer allows to be moved, in bytes and in SIP-030 JSON."""

from bitpay.stacks.post_conditions.conditions import (
    MAX_AMOUNT,
    Asset,
    Compare,
    FtPostCondition,
    Mode,
    NftPostCondition,
    Performs,
    PostCondition,
    PoxPostCondition,
    Sent,
    StakingPostCondition,
    StxPostCondition,
)
from bitpay.stacks.post_conditions.json import from_json, to_json
from bitpay.stacks.post_conditions.wire import MIN_BYTES, decode, encode, read, to_hex

__all__ = [
    "MAX_AMOUNT",
    "MIN_BYTES",
    "Asset",
    "Compare",
    "FtPostCondition",
    "Mode",
    "NftPostCondition",
    "Performs",
    "PostCondition",
    "PoxPostCondition",
    "Sent",
    "StakingPostCondition",
    "StxPostCondition",
    "decode",
    "encode",
    "from_json",
    "read",
    "to_hex",
    "to_json",
]
