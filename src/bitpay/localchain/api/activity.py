"""What a transaction means for one principal, as Hiro's API writes it."""

from typing import Any

from bitpay.localchain.api.transactions import summary_v3
from bitpay.localchain.api.values import decoded
from bitpay.localchain.archive import Found
from bitpay.localchain.blocks import MinedTransaction
from bitpay.localchain.mempool import Mempool
from bitpay.localchain.outcomes import Event
from bitpay.stacks.transactions import TokenTransfer

_FAMILIES = ("stx", "ft", "nft")


def involvement(found: Found, who: str) -> dict[str, Any]:
    """Return an entry of `/extended/v3/principals/{who}/transactions`."""
    mined = found.mined
    sent, received = stx_moved(mined, who)
    own = {family for family in _FAMILIES if any(_is_of(event, family, who) for event in mined.events)}
    if who == _payer(mined):
        own.add("stx")
    role = "sender" if who == mined.tx.origin_address else "sponsor" if who == mined.tx.sponsor_address else "affected"
    return {
        "transaction": summary_v3(found),
        "involvement": role,
        "balance_changes": {"stx": {"sent": str(sent), "received": str(received), "net": str(received - sent)}},
        "affected_balances": {family: family in own for family in _FAMILIES},
    }


def stx_moved(mined: MinedTransaction, who: str) -> tuple[int, int]:
    """Return the uSTX that a principal sent, its fee included, and received."""
    moves = [event for event in mined.events if event.kind.startswith("stx_") and event.kind != "stx_lock"]
    fee = mined.tx.fee if who == _payer(mined) else 0
    sent = sum(event.amount for event in moves if event.sender == who)
    return sent + fee, sum(event.amount for event in moves if event.recipient == who)


def event_counts(mined: MinedTransaction, who: str) -> dict[str, dict[str, int]]:
    """Return how many events of each kind concern a principal."""
    kinds = [event.kind for event in mined.events if who in (event.sender, event.recipient)]
    actions = ("transfer", "mint", "burn")
    return {family: {action: kinds.count(f"{family}_{action}") for action in actions} for family in _FAMILIES}


def transfers(mined: MinedTransaction, who: str) -> dict[str, list[dict[str, Any]]]:
    """Return the movements that concern a principal, as in `transactions_with_transfers`."""
    said: dict[str, list[dict[str, Any]]] = {f"{family}_transfers": [] for family in _FAMILIES}
    for event in mined.events:
        family = event.kind.partition("_")[0]
        if family not in _FAMILIES or not _is_of(event, family, who):
            continue
        parties = {"sender": event.sender, "recipient": event.recipient}
        move: dict[str, Any] = {role: name for role, name in parties.items() if name}
        if family != "stx":
            move["asset_identifier"] = event.asset
        if family == "nft":
            move["value"] = decoded(event.raw_value)
        else:
            move["amount"] = event.data["amount"]
        said[f"{family}_transfers"].append(move)
    return said


def stx_waiting(mempool: Mempool, who: str) -> tuple[int, int]:
    """Return the uSTX that waiting transactions would bring a principal and take from it, fees included."""
    inbound = outbound = 0
    for pending in mempool:
        tx = pending.tx
        if who == (tx.sponsor_address or tx.origin_address):
            outbound += tx.fee
        if isinstance(tx.payload, TokenTransfer):
            outbound += tx.payload.amount * (who == tx.origin_address)
            inbound += tx.payload.amount * (who == str(tx.payload.recipient))
    return inbound, outbound


def _payer(mined: MinedTransaction) -> str:
    return mined.tx.sponsor_address or mined.tx.origin_address


def _is_of(event: Event, family: str, who: str) -> bool:
    return event.kind.startswith(f"{family}_") and event.kind != "stx_lock" and who in (event.sender, event.recipient)
