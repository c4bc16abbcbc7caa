"""Deliveries as a self-hosted Chainhook (v1) writes them (hirosystems/chainhook, serialize_stacks_payload_to_json)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bitpay.localchain.api.network import CYCLE_LENGTH
from bitpay.localchain.api.transactions import cost
from bitpay.localchain.blocks import Block, Change, MinedTransaction
from bitpay.localchain.hooks.chainhooks2 import Interfaces
from bitpay.localchain.outcomes import Event
from bitpay.stacks import clarity
from bitpay.stacks.transactions import ContractCall, SmartContract, TokenTransfer

Wanted = Callable[[Block], list[int]]
"""Tells the indexes of a block's transactions that a hook wants."""
_FIELDS = (
    *("contract_identifier", "topic", "asset_identifier", "raw_value", "sender", "recipient", "amount"),
    *("locked_amount", "unlock_height", "locked_address"),
)
_NAMES = {"stx": "STX", "ft": "FT", "nft": "NFT"}
_STX = {"symbol": "STX", "decimals": 6}


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes deliveries for one hook. `interfaces` finds a contract's interface; None leaves interfaces out."""

    uuid: str
    predicate: Mapping[str, Any]
    decodes: bool = False
    interfaces: Interfaces | None = None

    def payload(self, change: Change, wanted: Wanted, *, streaming: bool = True) -> dict[str, Any] | None:
        """Return the delivery for a change, None when nothing in it is wanted. `streaming`: the blocks are new."""
        apply, rollback = (
            [said for block in blocks if (said := self._block(block, wanted(block)))]
            for blocks in (change.apply, change.rollback)
        )
        if not apply and not rollback:
            return None
        hook = {"uuid": self.uuid, "predicate": self.predicate, "is_streaming_blocks": streaming}
        return {"apply": apply, "rollback": rollback, "events": [], "chainhook": hook}

    def _block(self, block: Block, indexes: Iterable[int]) -> dict[str, Any] | None:
        transactions = [self._transaction(index, block.transactions[index]) for index in indexes]
        if not transactions:
            return None
        header = block.header
        return {
            "block_identifier": {"index": header.height, "hash": header.hash},
            "parent_block_identifier": {"index": header.height - 1, "hash": header.parent_hash},
            "timestamp": header.burn_time,
            "transactions": transactions,
            "metadata": _metadata(block),
        }

    def _transaction(self, index: int, mined: MinedTransaction) -> dict[str, Any]:
        tx = mined.tx
        kind, description = _kind(mined)
        said: dict[str, Any] = {
            "success": mined.succeeded,
            "raw_tx": "0x" + mined.raw.hex(),
            "result": self._value(mined.result, _printed(clarity.decode(mined.result))),
            "sender": tx.origin_address,
            "nonce": tx.nonce,
            "fee": tx.fee,
            "kind": kind,
            "receipt": self._receipt(mined),
            "description": description,
            "sponsor": tx.sponsor_address,
            "execution_cost": cost(mined),
            "position": {"index": index},
            "proof": None,
        }
        if self.interfaces is not None and kind["type"] == "ContractDeployment":
            abi = self.interfaces(kind["data"]["contract_identifier"])
            said |= {"contract_abi": abi} if abi else {}
        operations = list(_operations(mined.events))
        return {"transaction_identifier": {"hash": mined.txid}, "operations": operations, "metadata": said}

    def _receipt(self, mined: MinedTransaction) -> dict[str, Any]:
        assets = {event.asset for event in mined.events if event.kind.startswith(("ft_", "nft_"))}
        prints = {event.contract_id for event in mined.events if event.kind == "contract_log"}
        return {
            "mutated_contracts_radius": sorted(prints | {asset.partition("::")[0] for asset in assets}),
            "mutated_assets_radius": sorted(assets),
            "contract_calls_stack": [],
            "events": [self._event(number, event) for number, event in enumerate(mined.events)],
        }

    def _event(self, index: int, event: Event) -> dict[str, Any]:
        family, _, action = event.kind.partition("_")
        kind = "SmartContractEvent" if family == "contract" else f"{_NAMES[family]}{action.capitalize()}Event"
        data: dict[str, Any] = {name: event.data[name] for name in _FIELDS if name in event.data}
        if self.decodes and family == "contract":
            data["value"] = plain(event.value)
            del data["raw_value"]
        elif self.decodes and family == "nft":
            data |= {"asset_class_identifier": event.asset, "asset_identifier": plain(event.value)}
            del data["raw_value"]
        return {"type": kind, "position": {"index": index}, "data": data}

    def _value(self, raw: bytes, text: str) -> Any:  # noqa: ANN401 - text, or any JSON
        return plain(clarity.decode(raw)) if self.decodes else text


def plain(value: clarity.Value) -> Any:  # noqa: ANN401 - the value decides
    """Return a Clarity value as Chainhook's decoded JSON: numbers have up to 128 bits, buffers are 0x-hex."""
    match value:
        case clarity.List(items=items):
            return [plain(item) for item in items]
        case clarity.Tuple(items=fields):
            return {name: plain(field) for name, field in fields}
        case clarity.Some(value=inner):
            return plain(inner)
        case clarity.Ok(value=inner) | clarity.Err(value=inner):
            return {"result": {"success": isinstance(value, clarity.Ok), "value": plain(inner)}}
    single = clarity.to_python(value)
    return "0x" + single.hex() if isinstance(single, bytes) else single


def _printed(value: clarity.Value) -> str:
    return clarity.to_repr(value, clarity.Dialect.NODE)


def _metadata(block: Block) -> dict[str, Any]:
    header = block.header
    cycle, position = divmod(header.burn_height, CYCLE_LENGTH)
    return {
        "bitcoin_anchor_block_identifier": {"index": header.burn_height, "hash": header.burn_hash},
        "pox_cycle_index": cycle,
        "pox_cycle_position": position,
        "pox_cycle_length": CYCLE_LENGTH,
        "confirm_microblock_identifier": None,
        "stacks_block_hash": block.block_hash,
        "tenure_height": header.tenure_height,
        "block_time": header.time,
        "signer_bitvec": None,
        "signer_signature": None,
        "signer_public_keys": None,
        "cycle_number": None,
        "reward_set": None,
    }


def _kind(mined: MinedTransaction) -> tuple[dict[str, Any], str]:
    """Return what a transaction is, for programs and in words."""
    tx = mined.tx
    match tx.payload:
        case ContractCall() as call:
            args = [_printed(value) for value in call.args]
            data: dict[str, Any] = {"contract_identifier": str(call.contract), "method": call.function, "args": args}
            kind = {"type": "ContractCall", "data": data}
            return kind, f"invoked: {call.contract}::{call.function}({', '.join(args)})"
        case SmartContract() as contract:
            contract_id = f"{tx.origin_address}.{contract.name}"
            data = {"contract_identifier": contract_id, "code": contract.source}
            return {"type": "ContractDeployment", "data": data}, f"deployed: {contract_id}"
        case TokenTransfer(recipient=to, amount=amount):
            return {"type": "NativeTokenTransfer"}, f"transfered: {amount} µSTX from {tx.origin_address} to {to}"
    return {"type": "Unsupported"}, "other"


def _operations(events: Iterable[Event]) -> Iterator[dict[str, Any]]:
    number = 0
    for event in events:
        if event.kind == "contract_log":
            continue
        sides = list(_sides(event))
        for side, (kind, address) in enumerate(sides):
            operation: dict[str, Any] = {"operation_identifier": {"index": number}}
            if len(sides) == 2:  # a transfer: one gives, one gets
                operation["related_operations"] = [{"index": number + 1 - 2 * side}]
            amount = {"value": _amount(event), "currency": _currency(event)}
            yield operation | {"type": kind, "status": "SUCCESS", "account": {"address": address}, "amount": amount}
            number += 1


def _sides(event: Event) -> Iterator[tuple[str, str]]:
    if event.kind == "stx_lock":
        yield "LOCK", event.data["locked_address"]
        return
    if event.sender:
        yield "DEBIT", event.sender
    if event.recipient:
        yield "CREDIT", event.recipient


def _amount(event: Event) -> int:
    if event.kind.startswith("nft_"):
        return 1
    return int(event.data.get("locked_amount") or event.amount)


def _currency(event: Event) -> dict[str, Any]:
    family = event.kind.partition("_")[0]
    if family == "stx":
        return _STX
    if family == "ft":  # Chainhook looks up neither symbol nor decimals
        metadata = {"asset_class_identifier": event.asset, "asset_identifier": None, "standard": "SIP10"}
        return {"symbol": "TOKEN", "decimals": 6, "metadata": metadata}
    token = event.data["raw_value"]
    metadata = {"asset_class_identifier": event.asset, "asset_identifier": token, "standard": "SIP09"}
    return {"symbol": event.asset, "decimals": 0, "metadata": metadata}
