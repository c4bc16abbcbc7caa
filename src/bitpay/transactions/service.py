"""Relaying signed transactions and knowing what became of them."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from bitpay.access.node import asking_node
from bitpay.kit.errors import InvalidInput, NotFound
from bitpay.protocol.ids import Contracts
from bitpay.stacks.client import ApiError, Rejected, StacksClient
from bitpay.stacks.network import Network
from bitpay.store import Document
from bitpay.transactions.models import Status, new_document
from bitpay.transactions.reasons import reason_of, refusal
from bitpay.transactions.relay import read_transaction
from bitpay.transactions.repository import TransactionRepository
from bitpay.transactions.schemas import BlockReference, RelayedTransaction

_TXID = re.compile(r"(0x)?[0-9a-fA-F]{64}")


class TransactionService:
    """Takes signed calls of our contracts to the network. `wake` tells the follower that there is one more."""

    def __init__(
        self,
        repository: TransactionRepository,
        client: StacksClient,
        contracts: Contracts,
        network: Network,
        wake: Callable[[], None],
    ) -> None:
        self._repository = repository
        self._client = client
        self._contracts = contracts
        self._network = network
        self._wake = wake

    async def relay(self, text: str) -> RelayedTransaction:
        """Check a signed transaction, send it and follow it from now on. The same one again has no second effect.

        Raises InvalidTransaction, InvalidSignature, ForeignContract, TooLarge; Refused where the network refuses it.
        """
        transaction, call, raw = read_transaction(text, self._contracts, self._network)
        txid = f"0x{transaction.txid()}"
        target = (str(call.contract), call.function)
        fresh = new_document(txid, raw, transaction.origin_address, target, datetime.now(UTC))
        stored = await self._repository.add(fresh)
        if not stored["sent"]:
            await self._send(txid, raw)
        self._wake()
        return relayed_json(stored)

    async def get(self, txid: str) -> RelayedTransaction:
        """Return what became of a transaction; one that we did not relay is asked of the node. Raises NotFound."""
        if not _TXID.fullmatch(txid):
            raise InvalidInput("A transaction id has 64 hexadecimal digits.")
        name = "0x" + txid.removeprefix("0x").lower()
        known = await self._repository.get(name)
        return relayed_json(known) if known is not None else await self._ask(name)

    async def _send(self, txid: str, raw: bytes) -> None:
        """Broadcast; an answer that is lost decides nothing: the follower finds out, and sends again if need be."""
        try:
            await self._client.broadcast(raw)
        except Rejected as rejected:
            await self._repository.remove(txid)
            raise refusal(rejected) from rejected
        except ApiError:
            return
        await self._repository.mark_sent(txid)

    async def _ask(self, txid: str) -> RelayedTransaction:
        with asking_node():
            state = await self._client.transaction(txid)
        if state is None:
            raise NotFound("Nobody has heard of this transaction.")
        if state.pending:
            return RelayedTransaction(txid=txid, status=Status.PENDING)
        status, reason = reason_of(state)
        block = block_json(asdict(state.block)) if state.block else None
        return RelayedTransaction(txid=txid, status=status, reason=reason, block=block)


def block_json(block: Mapping[str, Any]) -> BlockReference:
    """Return what is told about a transaction's block."""
    return BlockReference(height=block["height"], hash=block["hash"], time=block["time"])


def relayed_json(document: Document) -> RelayedTransaction:
    """Return a relayed transaction's JSON."""
    block = document["block"]
    return RelayedTransaction(
        txid=document["_id"],
        status=document["status"],
        reason=document["reason"],
        block=block_json(block) if block else None,
        contract=document["contract"],
        function_name=document["function"],
        sender=document["sender"],
    )
