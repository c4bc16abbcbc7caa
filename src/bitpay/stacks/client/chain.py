"""Blocks, transactions and events as the Hiro API writes them, in its current (v2, v3) and older (v1) words."""

from __future__ import annotations

from bitpay.stacks import model
from bitpay.stacks.client.answers import LoggedEvent, TransactionBlock, TransactionState
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.model import ContractLog, Event, EventKind, FtEvent, NftEvent, StxEvent, StxLockEvent


def block_header(fields: Fields) -> model.BlockHeader:
    """Read a block of `/extended/v2/blocks`."""
    return model.BlockHeader(
        height=fields.number("height"),
        hash=fields.hash("index_block_hash"),
        parent_hash=fields.hash("parent_index_block_hash"),
        time=fields.number("block_time"),
        burn_height=fields.number("burn_block_height"),
        burn_hash=fields.hash("burn_block_hash"),
        burn_time=fields.number("burn_block_time"),
        tenure_height=fields.number("tenure_height"),
    )


def receipt(fields: Fields, events: tuple[Event, ...] = ()) -> model.TransactionReceipt:
    """Read a transaction of `/extended/v2/blocks/{block}/transactions`."""
    contract_id, function = _called(fields)
    return model.TransactionReceipt(
        txid=fields.hash("tx_id"),
        index=fields.number("tx_index"),
        status=status(fields, "tx_status"),
        sender=fields.text("sender_address"),
        sponsor=fields.optional_text("sponsor_address"),
        fee=fields.number("fee_rate"),
        nonce=fields.number("nonce"),
        result=fields.object("tx_result").data("hex"),
        events=events,
        contract_id=contract_id,
        function=function,
    )


def receipt_v3(fields: Fields, events: tuple[Event, ...] = ()) -> model.TransactionReceipt:
    """Read a transaction of `/extended/v3/transactions/{txid}` that is in a block."""
    sender = fields.object("sender")
    contract_id, function = _called(fields)
    return model.TransactionReceipt(
        txid=fields.hash("tx_id"),
        index=fields.object("block").number("tx_index"),
        status=status(fields, "status"),
        sender=sender.text("address"),
        sponsor=fields.object("sponsor").text("address") if "sponsor" in fields else None,
        fee=fields.number("fee_rate"),
        nonce=sender.number("nonce"),
        result=fields.object("result").data("hex") if "result" in fields else b"",
        events=events,
        contract_id=contract_id,
        function=function,
    )


def status(fields: Fields, name: str) -> model.TransactionStatus:
    """Read how a transaction ended."""
    try:
        return model.TransactionStatus(fields.text(name))
    except ValueError as error:
        raise fields.wrong(name, "a status") from error


def _called(fields: Fields) -> tuple[str | None, str | None]:
    if "contract_call" in fields:
        call = fields.object("contract_call")
        return call.text("contract_id"), call.text("function_name")
    if "smart_contract" in fields:
        return fields.object("smart_contract").text("contract_id"), None
    return None, None


def state(fields: Fields) -> TransactionState:
    """Read `/extended/v3/transactions/{txid}`, in a block or not."""
    sender = fields.object("sender")
    contract_id, function = _called(fields)
    return TransactionState(
        txid=fields.hash("tx_id"),
        status=fields.text("status"),
        sender=sender.text("address"),
        nonce=sender.number("nonce"),
        fee=fields.number("fee_rate"),
        sponsor=fields.object("sponsor").text("address") if "sponsor" in fields else None,
        block=_block_v3(fields) if "block" in fields else None,
        result=fields.object("result").data("hex") if "result" in fields else None,
        error=fields.optional_text("vm_error"),
        replaced_by=fields.optional_text("replaced_by_tx_id"),
        contract_id=contract_id,
        function=function,
        events=_event_count(fields),
    )


def _block_v3(fields: Fields) -> TransactionBlock:
    block = fields.object("block")
    return TransactionBlock(
        height=block.number("height"),
        hash=block.hash("index_hash"),
        time=block.number("time"),
        index=block.number("tx_index"),
        burn_height=fields.object("bitcoin_block").number("height"),
    )


def state_v1(fields: Fields, block_hash: str | None) -> TransactionState:
    """Read `/extended/v1/tx/{txid}`; it does not name the index block hash, which the caller looks up."""
    contract_id, function = _called(fields)
    return TransactionState(
        txid=fields.hash("tx_id"),
        status=fields.text("tx_status"),
        sender=fields.text("sender_address"),
        nonce=fields.number("nonce"),
        fee=fields.number("fee_rate"),
        sponsor=fields.optional_text("sponsor_address"),
        block=_block_v1(fields, block_hash) if block_hash is not None else None,
        result=fields.object("tx_result").data("hex") if "tx_result" in fields else None,
        error=fields.optional_text("vm_error"),
        replaced_by=fields.optional_text("replaced_by_tx_id"),
        contract_id=contract_id,
        function=function,
        events=_event_count(fields),
    )


def _event_count(fields: Fields) -> int | None:
    return fields.number("event_count") if "event_count" in fields else None


def _block_v1(fields: Fields, block_hash: str) -> TransactionBlock:
    return TransactionBlock(
        height=fields.number("block_height"),
        hash=block_hash,
        time=fields.number("block_time"),
        index=fields.number("tx_index"),
        burn_height=fields.number("burn_block_height"),
    )


def logged(fields: Fields) -> LoggedEvent:
    """Read an entry of `/extended/v2/smart-contracts/{id}/logs`."""
    return LoggedEvent(fields.hash("tx_id"), _log(fields))


def event(fields: Fields) -> Event:
    """Read an event of `/extended/v3/transactions/{txid}/events` or of `/extended/v1/tx/events`."""
    kind = fields.text("type" if "type" in fields else "event_type")
    match kind:
        case "contract_log" | "smart_contract_log":
            return _log(fields)
        case "stx_lock":
            return _lock(fields)
        case "stx_asset":
            return _stx(fields)
        case "ft_asset" | "fungible_token_asset":
            return _ft(fields)
        case "nft_asset" | "non_fungible_token_asset":
            return _nft(fields)
    raise fields.wrong("type", "an event")


def node_event(fields: Fields) -> Event:
    """Read an event in a node's own words (stacks-core, docs/event-dispatcher.md)."""
    kind = fields.text("type")
    said, index = fields.object(kind), fields.number("event_index")
    match kind:
        case "contract_event":
            return ContractLog(index, said.text("contract_identifier"), said.text("topic"), said.data("raw_value"))
        case "stx_lock_event":
            amount, until = said.number("locked_amount"), said.number("unlock_height")
            return StxLockEvent(index, said.text("locked_address"), amount, until)
    try:
        named = EventKind(kind.removesuffix("_event"))
    except ValueError as error:
        raise fields.wrong("type", "an event") from error
    sender, recipient = said.optional_text("sender"), said.optional_text("recipient")
    if kind.startswith("nft_"):
        return NftEvent(index, named, said.text("asset_identifier"), sender, recipient, said.data("raw_value"))
    if kind.startswith("ft_"):
        return FtEvent(index, named, said.text("asset_identifier"), sender, recipient, said.number("amount"))
    return StxEvent(index, named, sender, recipient, said.number("amount"), _memo(said))


def _log(fields: Fields) -> ContractLog:
    log = fields.object("contract_log")
    raw = log.object("value").data("hex")
    return ContractLog(fields.number("event_index"), log.text("contract_id"), log.text("topic"), raw)


def _lock(fields: Fields) -> StxLockEvent:
    index = fields.number("event_index")
    if "stx_lock" in fields:
        lock = fields.object("stx_lock")
        return StxLockEvent(index, lock.text("address"), lock.number("amount"), lock.number("unlock_bitcoin_height"))
    lock = fields.object("stx_lock_event")
    return StxLockEvent(index, lock.text("locked_address"), lock.number("locked_amount"), lock.number("unlock_height"))


def _stx(fields: Fields) -> StxEvent:
    asset = fields.object("stx_asset" if "stx_asset" in fields else "asset")
    return StxEvent(
        index=fields.number("event_index"),
        kind=_kind("stx", asset),
        sender=asset.optional_text("sender"),
        recipient=asset.optional_text("recipient"),
        amount=asset.number("amount"),
        memo=_memo(asset),
    )


def _ft(fields: Fields) -> FtEvent:
    asset = fields.object("ft_asset" if "ft_asset" in fields else "asset")
    return FtEvent(
        index=fields.number("event_index"),
        kind=_kind("ft", asset),
        asset=_asset_id(asset),
        sender=asset.optional_text("sender"),
        recipient=asset.optional_text("recipient"),
        amount=asset.number("amount"),
    )


def _nft(fields: Fields) -> NftEvent:
    asset = fields.object("nft_asset" if "nft_asset" in fields else "asset")
    return NftEvent(
        index=fields.number("event_index"),
        kind=_kind("nft", asset),
        asset=_asset_id(asset),
        sender=asset.optional_text("sender"),
        recipient=asset.optional_text("recipient"),
        raw=asset.object("value").data("hex"),
    )


def _kind(prefix: str, asset: Fields) -> EventKind:
    name = "type" if "type" in asset else "asset_event_type"
    try:
        return EventKind(f"{prefix}_{asset.text(name)}")
    except ValueError as error:
        raise asset.wrong(name, "transfer, mint or burn") from error


def _asset_id(asset: Fields) -> str:
    return asset.text("asset_identifier" if "asset_identifier" in asset else "asset_id")


def _memo(asset: Fields) -> bytes:
    """Return a transfer's memo without its padding; v3 wraps its hex in an object."""
    if "memo" not in asset:
        return b""
    plain = asset.plain()["memo"]
    raw = asset.object("memo").data("hex") if isinstance(plain, dict) else asset.data("memo")
    return raw.rstrip(b"\0")
