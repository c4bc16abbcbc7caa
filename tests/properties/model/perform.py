"""The model's door: what a call of any public function answers, and the state after it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from tests.properties.model import access, core, marketplace, obligation, opening, treasury, vault
from tests.properties.model.state import ANY_REASON, Call, Refusal, State

Answer = object
"""What a call answers: a value, or the Refusal."""

PUBLIC: Final[Mapping[str, Mapping[str, Callable[..., tuple[Any, State]]]]] = {
    "core": {
        "create-stream": opening.create_stream,
        "open-stream": opening.open_stream,
        "open-streams": opening.open_streams,
        "open-curve-stream": opening.open_curve_stream,
        "withdraw-from-stream": core.withdraw_from_stream,
        "withdraw-to": core.withdraw_to,
        "withdraw-and-transfer": core.withdraw_and_transfer,
        "withdraw-many": core.withdraw_many,
        "cancel-stream": core.cancel_stream,
        "cancel-many": core.cancel_many,
        "renounce-cancel": core.renounce_cancel,
        "top-up-stream": core.top_up_stream,
        "propose-sender": core.propose_sender,
        "accept-sender": core.accept_sender,
        "burn-obligation": core.burn_obligation,
    },
    "obligation-nft": {"transfer": obligation.transfer},
    "nft": {"transfer": obligation.receipt_transfer},
    "access-control": {"finalize": access.finalize, "pause": access.pause},
    "marketplace": {
        "list-stream": marketplace.list_stream,
        "update-listing": marketplace.update_listing,
        "cancel-listing": marketplace.cancel_listing,
        "purchase-stream": marketplace.purchase_stream,
        "make-offer": marketplace.make_offer,
        "cancel-offer": marketplace.cancel_offer,
        "accept-offer": marketplace.accept_offer,
    },
    "treasury": {
        "propose-withdrawal": treasury.propose_withdrawal,
        "propose-add-admin": treasury.propose_add_admin,
        "propose-remove-admin": treasury.propose_remove_admin,
        "propose-threshold": treasury.propose_threshold,
        "propose-grant-operator": treasury.propose_grant_operator,
        "propose-revoke-operator": treasury.propose_revoke_operator,
        "propose-fees": treasury.propose_fees,
        "propose-limit": treasury.propose_limit,
        "propose-sweep-surplus": treasury.propose_sweep_surplus,
        "propose-unpause": treasury.propose_unpause,
        "approve-proposal": treasury.approve_proposal,
        "revoke-approval": treasury.revoke_approval,
        "cancel-proposal": treasury.cancel_proposal,
        "execute-proposal": treasury.execute_proposal,
    },
    "sbtc": {"transfer": vault.transfer_sbtc},
}
"""What anyone may call. Every other public function is between our contracts, and refused to the world."""


def perform(state: State, call: Call, contract: str, function: str, args: Sequence[Any]) -> tuple[Answer, State]:
    """Return the answer and the next state; a refusal leaves the state as it is. `events` are this call's alone."""
    silent = replace(state, events=())
    act = PUBLIC[contract].get(function) if contract in PUBLIC else None
    if act is None:
        return Refusal(ANY_REASON), silent
    try:
        return act(silent, call, *args)
    except Refusal as refusal:
        return refusal, silent
