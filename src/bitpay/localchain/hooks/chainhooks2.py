"""Deliveries as Chainhooks 2.0 writes them (npm @hirosystems/chainhooks-client 2.1.1, `chainhook-event`).

`operation_identifier.network_index` carries the index of the event that an operation tells of.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from bitpay.localchain import abi
from bitpay.localchain.api.transactions import cost
from bitpay.localchain.api.values import decoded, decoded_value, post_condition, type_text
from bitpay.localchain.blocks import Block, Change, MinedTransaction
from bitpay.localchain.hooks.definition import Options
from bitpay.localchain.outcomes import Event
from bitpay.stacks.transactions import ContractCall, SmartContract

Interfaces = Callable[[str], Mapping[str, Any] | None]
_STX = {"symbol": "STX", "decimals": 6}
_TOTALS = ("read_count", "read_length", "runtime", "write_count", "write_length")


class Writer:
    """Writes blocks the way one hook's options want them. `interfaces` finds the interface of a contract."""

    def __init__(self, options: Options, interfaces: Interfaces) -> None:
        self._options = options
        self._interfaces = interfaces

    def block(self, block: Block, wanted: Callable[[MinedTransaction], bool]) -> dict[str, Any] | None:
        """Return a block with its wanted transactions, None when it has none."""
        chosen = [(index, mined) for index, mined in enumerate(block.transactions) if wanted(mined)]
        if not chosen:
            return None
        header = block.header
        said: dict[str, Any] = {
            "block_identifier": {"index": header.height, "hash": header.hash},
            "parent_block_identifier": {"index": header.height - 1, "hash": header.parent_hash},
            "timestamp": header.time,
            "transactions": [self._transaction(index, mined) for index, mined in chosen],
        }
        if self._options.include_block_metadata:
            said["metadata"] = _metadata(block)
        return said

    def _transaction(self, index: int, mined: MinedTransaction) -> dict[str, Any]:
        tx = mined.tx
        metadata: dict[str, Any] = {
            "canonical": True,
            "microblock_canonical": True,
            "execution_cost": cost(mined),
            "fee_rate": str(tx.fee),
            "nonce": tx.nonce,
            "type": _kind(mined),
            "position": {"index": index, "microblock_identifier": None},
            "result": self._value(mined.result),
            "sender_address": tx.origin_address,
            "sponsor_address": tx.sponsor_address,
            "sponsored": tx.sponsor_address is not None,
            "status": mined.status.value,
            "vm_error": mined.error,
        }
        if self._options.include_post_conditions:
            conditions = [post_condition(one) for one in tx.post_conditions]
            metadata["post_conditions"] = {"mode": tx.mode.word, "post_conditions": conditions}
        if self._options.include_raw_transactions:
            metadata["raw_tx"] = "0x" + mined.raw.hex()
        operations = [*self._own_operations(mined), *self._event_operations(mined)]
        for number, operation in enumerate(operations):
            operation["operation_identifier"] = {"index": number, **operation.pop("place", {})}
            operation["status"] = mined.status.value
        return {
            "transaction_identifier": {"hash": mined.txid},
            "operations": operations,
            "metadata": metadata,
        }

    def _own_operations(self, mined: MinedTransaction) -> Iterable[dict[str, Any]]:
        tx = mined.tx
        payer = {"address": tx.sponsor_address or tx.origin_address}
        fee = {"value": str(-tx.fee), "currency": _STX}
        sponsored = {"sponsored": tx.sponsor_address is not None}
        yield {"type": "fee", "account": payer, "amount": fee, "metadata": sponsored}
        match tx.payload:
            case ContractCall() as call:
                said = {
                    "contract_identifier": str(call.contract),
                    "function_name": call.function,
                    "args": self._args(call),
                }
                yield {"type": "contract_call", "account": {"address": tx.origin_address}, "metadata": said}
            case SmartContract() as contract:
                said = self._contract(f"{tx.origin_address}.{contract.name}", contract)
                yield {"type": "contract_deploy", "account": {"address": tx.origin_address}, "metadata": said}

    def _contract(self, contract_id: str, contract: SmartContract) -> dict[str, Any]:
        said: dict[str, Any] = {
            "contract_identifier": contract_id,
            "clarity_version": contract.clarity_version,
        }
        if self._options.include_contract_source_code:
            said["source_code"] = contract.source
        return said

    def _args(self, call: ContractCall) -> Any:  # noqa: ANN401 - two shapes
        interface = self._interfaces(str(call.contract))
        function = None if interface is None else abi.find_function(interface, call.function)
        named = function["args"] if function else [{"name": "", "type": "none"}] * len(call.args)
        return [
            {**decoded_value(value), "name": arg["name"], "type": type_text(arg["type"])}
            for value, arg in zip(call.args, named, strict=False)
        ]

    def _event_operations(self, mined: MinedTransaction) -> Iterable[dict[str, Any]]:
        for number, event in enumerate(mined.events):
            for operation in self._event(event):
                yield {**operation, "place": {"network_index": number}}

    def _event(self, event: Event) -> Iterable[dict[str, Any]]:
        family, _, action = event.kind.partition("_")
        if event.kind == "contract_log":
            said = {
                "contract_identifier": event.contract_id,
                "topic": event.data["topic"],
                "value": self._value(event.raw_value),
            }
            yield {"type": "contract_log", "metadata": said}
        elif action == "lock":
            data = event.data
            said = {"unlock_height": int(data["unlock_height"]), "locked_address": data["locked_address"]}
            amount = {"value": f"-{data['locked_amount']}", "currency": _STX}
            yield {
                "type": "stx_lock",
                "account": {"address": data["locked_address"]},
                "amount": amount,
                "metadata": {**said, "contract_name": data.get("contract_identifier", "")},
            }
        else:
            yield from _movement(family, f"token_{action}", event)

    def _value(self, raw: bytes) -> Any:  # noqa: ANN401 - two shapes
        return decoded(raw) if self._options.decode_clarity_values else "0x" + raw.hex()


def _movement(family: str, kind: str, event: Event) -> Iterable[dict[str, Any]]:
    extra = {}
    if family == "stx" and kind == "token_transfer":
        extra = {"metadata": {"memo": event.data.get("memo") and "0x" + event.data["memo"]}}
    for who, sign in ((event.sender, "-"), (event.recipient, "")):
        if who:
            value = sign + (event.data["amount"] if family != "nft" else "1")
            amount = {"value": value, "currency": _currency(family, event)}
            yield {"type": kind, "account": {"address": who}, "amount": amount, **extra}


def _currency(family: str, event: Event) -> dict[str, Any]:
    if family == "stx":
        return _STX
    token: dict[str, Any] = {"asset_identifier": event.asset, "token_type": family}
    if family == "nft":
        token["value"] = "0x" + event.raw_value.hex()
    return {"symbol": event.asset.partition("::")[2], "decimals": 0, "metadata": token}


def _kind(mined: MinedTransaction) -> str:
    match mined.tx.payload:
        case ContractCall():
            return "contract_call"
        case SmartContract():
            return "contract_deploy"
    return "token_transfer"


def _metadata(block: Block) -> dict[str, Any]:
    header = block.header
    costs = [cost(mined) for mined in block.transactions]
    return {
        "canonical": True,
        "burn_block_identifier": {"index": header.burn_height, "hash": header.burn_hash},
        "burn_block_timestamp": header.burn_time,
        "parent_microblock_identifier": None,
        "tenure_height": header.tenure_height,
        "execution_cost": {name: sum(one[name] for one in costs) for name in _TOTALS},
        "tx_total_size": sum(len(mined.raw) for mined in block.transactions),
        "tx_count": len(block.transactions),
    }


def delivery(
    change: Change, writer: Writer, wanted: Callable[[MinedTransaction], bool], hook: Mapping[str, str]
) -> dict[str, Any] | None:
    """Return the delivery for a change, None when nothing in it is wanted."""
    apply = [said for block in change.apply if (said := writer.block(block, wanted))]
    rollback = [said for block in change.rollback if (said := writer.block(block, wanted))]
    if not apply and not rollback:
        return None
    event = {"chain": "stacks", "network": "testnet", "apply": apply, "rollback": rollback}
    return {"chainhook": dict(hook), "event": event}
