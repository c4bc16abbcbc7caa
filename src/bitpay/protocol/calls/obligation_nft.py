"""Calls of bitpay-obligation-nft: the right to be paid."""

from bitpay.protocol.calls.call import Call
from bitpay.protocol.calls.conditions import hands_over
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity


def transfer(contracts: Contracts, *, stream_id: int, holder: str, to: str) -> Call:
    """Hand a stream's obligation on (SIP-009), and with it what is due and was not withdrawn."""
    args = (clarity.uint(stream_id), clarity.principal(holder), clarity.principal(to))
    return Call(contracts.obligation_nft, "transfer", args, (hands_over(contracts, holder, stream_id),))
