"""Why a transaction was refused or failed, as a sentence that a person can act on. Pure."""

from bitpay.kit.errors import Conflict, InvalidInput, Unavailable
from bitpay.protocol.errors import sentence_of
from bitpay.stacks import clarity
from bitpay.stacks.client import (
    BadNonce,
    ConflictingNonce,
    FeeTooLow,
    NotEnoughFunds,
    Rejected,
    TooMuchChaining,
    TransactionState,
)
from bitpay.stacks.client.rejections import NodeFailed
from bitpay.stacks.errors import StacksError
from bitpay.transactions.models import Status

POST_CONDITION = (
    "A post-condition stopped it: other amounts would have moved than the ones you agreed to. "
    "Nothing moved; only the network fee was spent. Look at the stream again and retry."
)
FORGOTTEN = "The network forgot the transaction without putting it into a block. Nothing moved; sign it again."

_NOT_NOW: dict[type[Rejected], str] = {
    BadNonce: "The account's next nonce is {expected}, not {actual}.",
    ConflictingNonce: "Another transaction of this account with this nonce is waiting.",
    TooMuchChaining: "Too many transactions of this account are waiting; let some of them through first.",
    NotEnoughFunds: "The account has too little STX for the network fee.",
    FeeTooLow: "The network fee is too low; {expected} micro-STX would do.",
}
"""Refusals that another moment, or another signature, can change."""
_DROPPED = {
    "dropped_replace_by_fee": "Another transaction with the same nonce and a higher fee took its place.",
    "dropped_replace_across_fork": "Another transaction with the same nonce took its place.",
    "dropped_too_expensive": "The network found it too expensive to run. Nothing moved.",
    "dropped_stale_garbage_collect": FORGOTTEN,
    "dropped_problematic": "The network refused to run it. Nothing moved.",
}


class Refused(Conflict):
    """The network refuses the transaction as things stand."""

    code = "rejected"


class RefusedForGood(InvalidInput):
    """The network can never take this transaction."""

    code = "rejected"


def refusal(rejected: Rejected) -> Conflict | InvalidInput | Unavailable:
    """Return the error that tells the caller why a node refused; `reason` is the node's own word."""
    details = {"reason": rejected.word, "expected": rejected.expected, "actual": rejected.actual}
    if isinstance(rejected, NodeFailed):
        return Unavailable("The Stacks node failed on its side; try again in a moment.", **details)
    if type(rejected) in _NOT_NOW:
        return Refused(_NOT_NOW[type(rejected)].format(**details), **details)
    return RefusedForGood(f"The network refuses it: {rejected}.", **details)


def reason_of(state: TransactionState) -> tuple[Status, str | None]:
    """Return the status of a transaction that is decided, and why it failed."""
    if state.succeeded:
        return Status.SUCCESS, None
    if state.dropped:
        return Status.DROPPED, _DROPPED.get(state.status, FORGOTTEN)
    refused = _contract_error(state)
    if state.status == "abort_by_post_condition":
        # What a contract refuses moves nothing, so a condition that something be sent is broken by the refusal.
        return Status.ABORT_BY_POST_CONDITION, refused or POST_CONDITION
    stopped = f"The contract stopped: {state.error}." if state.error else "The contract refused it. Nothing moved."
    return Status.ABORT_BY_RESPONSE, refused or stopped


def _contract_error(state: TransactionState) -> str | None:
    """Return the sentence for the error code that the contract answered, None where it answered something else."""
    try:
        answer = clarity.decode(state.result or b"")
    except StacksError:
        return None
    if isinstance(answer, clarity.Err) and isinstance(answer.value, clarity.UInt):
        return sentence_of(answer.value.value)
    return None
