"""Routes of transactions: `/api/v1/transactions`."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from bitpay.http.idempotency import IdempotentRoute
from bitpay.http.services import provided
from bitpay.transactions.schemas import RelayedTransaction, RelayRequest
from bitpay.transactions.service import TransactionService

router = APIRouter(prefix="/api/v1/transactions", tags=["transactions"], route_class=IdempotentRoute)

Transactions = Annotated[TransactionService, Depends(provided(TransactionService))]


@router.post("", status_code=202)
async def relay(request: RelayRequest, transactions: Transactions) -> RelayedTransaction:
    """Send a signed transaction to the network: calls of BitPay's contracts and of sBTC only."""
    return await transactions.relay(request.tx)


@router.get("/{txid}")
async def get_transaction(txid: Annotated[str, Path(max_length=66)], transactions: Transactions) -> RelayedTransaction:
    """Read what became of a transaction: pending, in a block, or failed with the reason in words."""
    return await transactions.get(txid)
