"""Follows relayed transactions through the node until their block is final or they have failed for good."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import structlog
from prometheus_client import Counter
from pymongo.errors import PyMongoError

from bitpay.kit.errors import Unavailable
from bitpay.ledger.book import UNFINAL_BURN_BLOCKS, Book
from bitpay.stacks.client import ApiError, BadNonce, ConflictingNonce, Rejected, StacksClient, TransactionState
from bitpay.store import Document
from bitpay.transactions.models import DOUBTED_FOR, GIVEN_UP_AFTER, Outcome, Status
from bitpay.transactions.reasons import FORGOTTEN, reason_of, refusal
from bitpay.transactions.repository import TransactionRepository

SETTLED = Counter("bitpay_transactions_total", "Relayed transactions by what became of them", ["status"])

_LOG = structlog.get_logger(__name__)
_IDLE = 5.0
"""Seconds between two looks when nothing is due."""
_SHORTEST = 0.05


class TransactionFollower:
    """One task per process; each look is leased, so several processes share the work."""

    def __init__(self, repository: TransactionRepository, client: StacksClient, book: Book) -> None:
        self._repository = repository
        self._client = client
        self._book = book
        self._woken = asyncio.Event()
        self._block_came = False

    def wake(self) -> None:
        """Look soon: there is a new transaction."""
        self._woken.set()

    def on_block(self) -> None:
        """Look at everything that is pending: there is a new block."""
        self._block_came = True
        self._woken.set()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                await self._round()
                await self._rest()
            except (PyMongoError, Unavailable, ApiError) as error:
                _LOG.warning("transactions_interrupted", error=repr(error))
                await asyncio.sleep(1.0)

    async def _round(self) -> None:
        if self._block_came:
            self._block_came = False
            await self._repository.expedite(datetime.now(UTC))
        while (due := await self._repository.take_due(datetime.now(UTC))) is not None:
            await self._look(due)

    async def _rest(self) -> None:
        due = await self._repository.next_due()
        pause = _IDLE if due is None else min(_IDLE, (due - datetime.now(UTC)).total_seconds())
        with suppress(TimeoutError):
            await asyncio.wait_for(self._woken.wait(), max(_SHORTEST, pause))
        self._woken.clear()

    async def _look(self, document: Document) -> None:
        now = datetime.now(UTC)
        if document["block"] is not None and await self._is_in_ledger(document["block"]):
            await self._settle(document, Outcome(document["status"], document["reason"], document["block"]), now)
            return
        state = await self._client.transaction(document["_id"])
        if state is None:
            await self._unknown(document, now)
        elif state.pending or not (state.block is None or await self._is_in_ledger(asdict(state.block))):
            await self._wait(document, now)
        else:
            await self._decided(document, state, now)

    async def _is_in_ledger(self, block: Mapping[str, Any]) -> bool:
        """Tell whether the ledger holds the block: a success that our own lists do not show would puzzle everybody."""
        header = await self._book.block_at(block["height"])
        if header is not None:
            return bool(header.hash == block["hash"])
        return bool((await self._book.head()).height > block["height"])  # final, and forgotten for holding nothing

    async def _decided(self, document: Document, state: TransactionState, now: datetime) -> None:
        status, reason = reason_of(state)
        SETTLED.labels(status).inc()
        await self._settle(document, Outcome(status, reason, asdict(state.block) if state.block else None), now)

    async def _settle(self, document: Document, outcome: Outcome, now: datetime) -> None:
        await self._repository.settle(document["_id"], outcome, now, final=await self._is_final(outcome))

    async def _is_final(self, outcome: Outcome) -> bool:
        if outcome.block is None:
            return True
        head = await self._book.head()
        return bool(head.burn_height - outcome.block["burn_height"] > UNFINAL_BURN_BLOCKS)

    async def _wait(self, document: Document, now: datetime) -> None:
        """Wait on; one whose block left the chain is pending again."""
        if document["status"] != Status.PENDING:
            await self._repository.settle(document["_id"], Outcome(Status.PENDING), now, final=False)
        await self._repository.postpone(document, now)

    async def _unknown(self, document: Document, now: datetime) -> None:
        """Send again what the node has not heard of, or forgot, unless its nonce stays used: then it can never come."""
        if now - document["submittedAt"] > GIVEN_UP_AFTER:
            await self._settle(document, Outcome(Status.DROPPED, FORGOTTEN), now)
            return
        try:
            await self._client.broadcast(document["raw"])
        except (BadNonce, ConflictingNonce) as rejected:
            if now - await self._repository.mark_refused(document["_id"], now) >= DOUBTED_FOR:
                await self._settle(document, Outcome(Status.DROPPED, refusal(rejected).message), now)
                return
        except Rejected as rejected:
            _LOG.info("transaction_not_taken", txid=document["_id"], reason=rejected.word)
        else:
            await self._repository.mark_sent(document["_id"])
        await self._wait(document, now)
