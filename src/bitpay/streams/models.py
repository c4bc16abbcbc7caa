"""The documents of `streams` and `receipts`: everything about a stream that follows from its events alone.

What depends on the time now (status, vested, withdrawable, percent, the end block of a seconds stream) is not here;
it is computed when read. Amounts are sats; `start` and `end` are on the stream's clock; `createdAt` and `updatedAt`
are block times in unix seconds.
"""

from typing import TypedDict

from bitpay.ledger.documents import Dated
from bitpay.store import collection, index

STREAMS = collection("streams")
RECEIPTS = collection("receipts")

index(STREAMS, [("sender", 1), ("_id", -1)])
index(STREAMS, [("recipient", 1), ("_id", -1)])
index(STREAMS, [("holder", 1), ("_id", -1)])
index(STREAMS, [("depleted", 1), ("cancelled", 1), ("clock", 1), ("start", 1), ("_id", -1)])
index(STREAMS, [("depleted", 1), ("cancelled", 1), ("clock", 1), ("settlesAt", 1), ("_id", -1)])


class CurvePoint(TypedDict):
    """At `after` ticks from the start, `total` sats are vested."""

    after: int
    total: int


class StreamDocument(Dated, TypedDict):
    """One stream. `_id` and `streamId` are the number that the contract gave it.

    `startBlock`: for a blocks stream its start, for a seconds stream the block that created it; `endBlock` is None for
    a seconds stream, `startTime` and `endTime` are None for a blocks stream. `holder` is None once the NFT is burned.
    `cancelledAt` is on the stream's clock, and so is `settlesAt`, from when on everything is vested. `txid` created the
    stream, `lastTxid` changed it last.
    """

    _id: int
    streamId: int
    sender: str
    proposedSender: str | None
    recipient: str
    holder: str | None
    amount: int
    fee: int
    clock: str
    start: int
    end: int
    startBlock: int
    endBlock: int | None
    startTime: int | None
    endTime: int | None
    settlesAt: int
    duration: int
    cliff: int
    upfront: int
    atCliff: int
    step: int
    points: list[CurvePoint]
    cancelable: bool
    transferable: bool
    memo: str
    withdrawnAmount: int
    refundedAmount: int
    cancelled: bool
    cancelledAt: int | None
    cancelledAtBlock: int | None
    depleted: bool
    moves: int


class ReceiptDocument(Dated, TypedDict):
    """That a stream has paid out: an NFT that cannot be transferred. `_id` and `streamId` are the stream's number.

    `paid` are all sats ever withdrawn, `start` and `end` on the stream's clock. Nobody gets one where nothing was paid.
    """

    _id: int
    streamId: int
    holder: str
    payer: str
    paid: int
    start: int
    end: int
