"""Unsigned transactions of the kinds people make."""

from __future__ import annotations

from collections.abc import Sequence

from bitpay.stacks import clarity
from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.checks import as_tuple, check_type
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Mode, PostCondition
from bitpay.stacks.transactions.auth import SPONSOR_SENTINEL, Auth, SpendingCondition, single_sig
from bitpay.stacks.transactions.payloads import ContractCall, Payload, SmartContract, TokenTransfer
from bitpay.stacks.transactions.transaction import Transaction


def build(
    payload: Payload,
    origin: SpendingCondition,
    network: Network,
    *,
    mode: Mode = Mode.DENY,
    post_conditions: Sequence[PostCondition] = (),
    sponsored: bool = False,
) -> Transaction:
    """Return an unsigned transaction of any payload and origin. A sponsored one waits for `signing.sponsor`."""
    check_type(network, Network, "a network")
    return Transaction(
        version=network.transaction_version,
        chain_id=network.chain_id,
        auth=Auth(origin, SPONSOR_SENTINEL if sponsored else None),
        payload=payload,
        mode=mode,
        post_conditions=as_tuple(post_conditions, "post-conditions"),
    )


def contract_call(
    contract: str | Principal,
    function: str,
    args: Sequence[clarity.Value],
    *,
    network: Network,
    public_key: bytes,
    nonce: int,
    fee: int,
    post_conditions: Sequence[PostCondition] = (),
    mode: Mode = Mode.DENY,
    sponsored: bool = False,
) -> Transaction:
    """Return an unsigned call of a contract's public function. `fee` in micro-STX."""
    target = parse_principal(contract) if isinstance(contract, str) else contract
    origin = single_sig(public_key, nonce=nonce, fee=fee)
    payload = ContractCall(target, function, as_tuple(args, "arguments"))
    return build(payload, origin, network, mode=mode, post_conditions=post_conditions, sponsored=sponsored)


def contract_deploy(
    name: str,
    source: str,
    *,
    network: Network,
    public_key: bytes,
    nonce: int,
    fee: int,
    clarity_version: int | None,
    post_conditions: Sequence[PostCondition] = (),
    mode: Mode = Mode.DENY,
) -> Transaction:
    """Return an unsigned deployment. `fee` in micro-STX; `clarity_version` None leaves it to the epoch."""
    origin = single_sig(public_key, nonce=nonce, fee=fee)
    payload = SmartContract(name, source, clarity_version)
    return build(payload, origin, network, mode=mode, post_conditions=post_conditions)


def token_transfer(
    recipient: str | Principal,
    amount: int,
    *,
    network: Network,
    public_key: bytes,
    nonce: int,
    fee: int,
    memo: bytes = b"",
    sponsored: bool = False,
) -> Transaction:
    """Return an unsigned STX transfer. `amount` and `fee` in micro-STX, `memo` up to 34 bytes."""
    to = parse_principal(recipient) if isinstance(recipient, str) else recipient
    origin = single_sig(public_key, nonce=nonce, fee=fee)
    return build(TokenTransfer(to, amount, memo), origin, network, sponsored=sponsored)
