"""Events as Hiro's API writes them, in its current (v3) and older (v1) words."""

from typing import Any

from bitpay.localchain.api.values import decoded, memo
from bitpay.localchain.outcomes import Event


def event_v3(index: int, event: Event) -> dict[str, Any]:
    """Return an event of `/extended/v3/transactions/{txid}/events`."""
    family, _, action = event.kind.partition("_")
    if event.kind == "contract_log":
        return {"event_index": index, "type": "contract_log", "contract_log": contract_log(event)}
    if action == "lock":
        data = event.data
        lock = {"amount": data["locked_amount"], "unlock_bitcoin_height": int(data["unlock_height"])}
        return {"event_index": index, "type": "stx_lock", "stx_lock": {**lock, "address": data["locked_address"]}}
    moved: dict[str, Any] = {"type": action, **_parties(event)}
    if family == "stx":
        moved["amount"] = event.data["amount"]
        if action == "transfer":
            moved["memo"] = _memo_v3(event)
    elif family == "ft":
        moved |= {"asset_identifier": event.asset, "amount": event.data["amount"]}
    else:
        moved |= {"asset_identifier": event.asset, "value": decoded(event.raw_value)}
    return {"event_index": index, "type": f"{family}_asset", f"{family}_asset": moved}


def event_v1(index: int, event: Event, txid: str) -> dict[str, Any]:
    """Return an event of `/extended/v1/tx/{txid}`."""
    family, _, action = event.kind.partition("_")
    said: dict[str, Any] = {"event_index": index, "tx_id": txid}
    if event.kind == "contract_log":
        return {**said, "event_type": "smart_contract_log", "contract_log": contract_log(event)}
    if action == "lock":
        lock = {**event.data, "unlock_height": int(event.data["unlock_height"])}
        return {**said, "event_type": "stx_lock", "stx_lock_event": lock}
    asset: dict[str, Any] = {"asset_event_type": action, "sender": "", "recipient": "", **_parties(event)}
    if family == "stx":
        asset["amount"] = event.data["amount"]
        if event.data.get("memo"):
            asset["memo"] = "0x" + event.data["memo"]
        return {**said, "event_type": "stx_asset", "asset": asset}
    asset["asset_id"] = event.asset
    if family == "ft":
        asset["amount"] = event.data["amount"]
        return {**said, "event_type": "fungible_token_asset", "asset": asset}
    asset["value"] = decoded(event.raw_value)
    return {**said, "event_type": "non_fungible_token_asset", "asset": asset}


def contract_log(event: Event) -> dict[str, Any]:
    """Return what a contract printed."""
    return {"contract_id": event.contract_id, "topic": event.data["topic"], "value": decoded(event.raw_value)}


def _parties(event: Event) -> dict[str, str]:
    who = {"sender": event.sender, "recipient": event.recipient}
    return {role: principal for role, principal in who.items() if principal}


def _memo_v3(event: Event) -> dict[str, str] | None:
    raw = bytes.fromhex(event.data.get("memo", ""))
    return memo(raw) if raw else None
