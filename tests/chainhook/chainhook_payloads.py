"""Deliveries as Hiro, a self-hosted Chainhook and a stacks-node send them, made from blocks of ours."""

from typing import Any

from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.stacks.addresses import encode
from bitpay.stacks.model import Block, BlockHeader, ContractLog, TransactionReceipt, TransactionStatus

SECRET = "the present secret of this webhook"
OLD_SECRET = "the secret of the month before it"
DEPLOYER = encode(26, b"\x01" * 20)
CONTRACTS = Contracts(DEPLOYER, f"{DEPLOYER}.sbtc-token")
RENOUNCED = clarity.encode(
    clarity.tuple_(
        {
            "event": clarity.ascii("stream-renounced"),
            "v": clarity.uint(1),
            "stream-id": clarity.uint(7),
            "sender": clarity.principal(DEPLOYER),
        }
    )
)


def block(
    height: int = 5, *, status: TransactionStatus = TransactionStatus.SUCCESS, contract: str = "bitpay-core"
) -> Block:
    def name(kind: int) -> str:
        return f"0x{kind:02x}{height:062x}"

    time, parent = 1_700_000_000 + height, f"0x01{height - 1:062x}"
    header = BlockHeader(height, name(1), parent, time, 90, name(2), 1_699_999_990, 40)
    log = ContractLog(1, f"{DEPLOYER}.{contract}", "print", RENOUNCED)
    receipt = TransactionReceipt(name(3), 2, status, DEPLOYER, None, 300, 4, b"\x03", (log,))
    return Block(header, (receipt,))


def _identifier(height: int, block_hash: str) -> dict[str, Any]:
    return {"index": height, "hash": block_hash}


def chainhooks2(apply: list[Block], rollback: list[Block] | None = None, *, metadata: bool = True) -> dict[str, Any]:
    return {
        "chainhook": {"uuid": "9a1c", "name": "bitpay"},
        "event": {
            "chain": "stacks",
            "network": "testnet",
            "apply": [_block2(block, metadata=metadata) for block in apply],
            "rollback": [_block2(block, metadata=metadata) for block in rollback or []],
        },
    }


def _block2(block: Block, *, metadata: bool) -> dict[str, Any]:
    header = block.header
    told: dict[str, Any] = {
        "block_identifier": _identifier(header.height, header.hash),
        "parent_block_identifier": _identifier(header.height - 1, header.parent_hash),
        "timestamp": header.time,
        "transactions": [_transaction2(receipt) for receipt in block.transactions],
    }
    if metadata:
        told["metadata"] = {
            "canonical": True,
            "burn_block_identifier": _identifier(header.burn_height, header.burn_hash),
            "burn_block_timestamp": header.burn_time,
            "tenure_height": header.tenure_height,
            "tx_count": len(block.transactions),
        }
    return told


def _transaction2(receipt: TransactionReceipt) -> dict[str, Any]:
    logs = [event for event in receipt.events if isinstance(event, ContractLog)]
    fee = {
        "type": "fee",
        "status": "success",
        "operation_identifier": {"index": 0},
        "account": {"address": receipt.sender},
        "amount": {"value": f"-{receipt.fee}", "currency": {"symbol": "STX", "decimals": 6}},
    }
    return {
        "transaction_identifier": {"hash": receipt.txid},
        "metadata": {
            "type": "contract_call",
            "status": receipt.status.value,
            "nonce": receipt.nonce,
            "fee_rate": str(receipt.fee),
            "sender_address": receipt.sender,
            "sponsor_address": receipt.sponsor,
            "sponsored": False,
            "result": {"hex": "0x" + receipt.result.hex(), "repr": "(ok true)"},
            "position": {"index": receipt.index, "microblock_identifier": None},
            "canonical": True,
            "microblock_canonical": True,
        },
        "operations": [fee, *(_log2(number, log) for number, log in enumerate(logs, 2))],
    }


def _log2(number: int, log: ContractLog) -> dict[str, Any]:
    return {
        "type": "contract_log",
        "status": "success",
        "operation_identifier": {"index": number},
        "metadata": {
            "contract_identifier": log.contract_id,
            "topic": log.topic,
            "value": {"hex": "0x" + log.raw.hex(), "repr": "(tuple ...)"},
        },
    }


def chainhook1(apply: list[Block], rollback: list[Block] | None = None) -> dict[str, Any]:
    return {
        "apply": [_block1(block) for block in apply],
        "rollback": [_block1(block) for block in rollback or []],
        "events": [],
        "chainhook": {"uuid": "17", "predicate": {"scope": "print_event"}, "is_streaming_blocks": True},
    }


def _block1(block: Block) -> dict[str, Any]:
    header = block.header
    return {
        "block_identifier": _identifier(header.height, header.hash),
        "parent_block_identifier": _identifier(header.height - 1, header.parent_hash),
        "timestamp": header.burn_time,
        "transactions": [_transaction1(receipt) for receipt in block.transactions],
        "metadata": {
            "bitcoin_anchor_block_identifier": _identifier(header.burn_height, header.burn_hash),
            "stacks_block_hash": header.hash,
            "tenure_height": header.tenure_height,
            "block_time": header.time,
        },
    }


def _transaction1(receipt: TransactionReceipt) -> dict[str, Any]:
    return {
        "transaction_identifier": {"hash": receipt.txid},
        "operations": [],
        "metadata": {
            "success": receipt.succeeded,
            "raw_tx": "0x00",
            "result": "(ok true)",
            "sender": receipt.sender,
            "nonce": receipt.nonce,
            "fee": receipt.fee,
            "kind": {"type": "ContractCall", "data": {}},
            "receipt": {
                "events": [
                    {
                        "type": "SmartContractEvent",
                        "position": {"index": event.index},
                        "data": {
                            "contract_identifier": event.contract_id,
                            "topic": event.topic,
                            "raw_value": "0x" + event.raw.hex(),
                        },
                    }
                    for event in receipt.events
                    if isinstance(event, ContractLog)
                ]
            },
            "position": {"index": receipt.index},
        },
    }


def node(block: Block) -> dict[str, Any]:
    header: BlockHeader = block.header
    return {
        "block_hash": header.hash,
        "index_block_hash": header.hash,
        "block_height": header.height,
        "block_time": header.time,
        "burn_block_hash": header.burn_hash,
        "burn_block_height": header.burn_height,
        "burn_block_time": header.burn_time,
        "parent_block_hash": header.parent_hash,
        "parent_index_block_hash": header.parent_hash,
        "tenure_height": header.tenure_height,
        "transactions": [
            {
                "txid": receipt.txid,
                "tx_index": receipt.index,
                "status": receipt.status.value,
                "raw_result": "0x" + receipt.result.hex(),
                "raw_tx": "0x" + (receipt.raw or b"\0").hex(),
            }
            for receipt in block.transactions
        ],
        "events": [
            {
                "txid": receipt.txid,
                "event_index": event.index,
                "committed": True,
                "type": "contract_event",
                "contract_event": {
                    "contract_identifier": event.contract_id,
                    "topic": event.topic,
                    "raw_value": "0x" + event.raw.hex(),
                },
            }
            for receipt in block.transactions
            for event in receipt.events
            if isinstance(event, ContractLog)
        ],
    }
