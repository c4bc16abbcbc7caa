"""The documents of `daily_totals`, `account_totals` and `active_accounts`: counts and sums of sats, folded from events.

A total that never rose is 0. Times are block times in unix seconds.
"""

from typing import TypedDict

from bitpay.store import collection

DAYS = collection("daily_totals")
ACCOUNTS = collection("account_totals")
ACTIVE = collection("active_accounts")


class DayDocument(TypedDict):
    """What happened on one UTC day of block time. `_id` and `day` are like "2026-11-23", `since` is its first second.

    `streamsCreated` and `createdAmount` (without fees), `topUps`, `toppedUpAmount`, `creationFees` (top-ups' too);
    `withdrawals`, `withdrawnAmount` (settlements before sales too); `cancellations`, `refundedAmount`;
    `streamsDepleted`, `receipts`, `transfers` (of obligation NFTs, sales included), `listings`, `listingsCancelled`;
    `sales`, `salesVolume`, `salesFees` (of listings and of offers alike); `offers`, `offersAmount`, `offersCancelled`,
    `offersAccepted`; `proposals`, `proposalsExecuted`, `treasuryWithdrawals`, `treasuryWithdrawnAmount`,
    `sweptAmount`.
    """

    _id: str
    day: str
    since: int
    streamsCreated: int
    createdAmount: int
    creationFees: int
    topUps: int
    toppedUpAmount: int
    withdrawals: int
    withdrawnAmount: int
    cancellations: int
    refundedAmount: int
    streamsDepleted: int
    receipts: int
    transfers: int
    listings: int
    listingsCancelled: int
    sales: int
    salesVolume: int
    salesFees: int
    offers: int
    offersAmount: int
    offersCancelled: int
    offersAccepted: int
    proposals: int
    proposalsExecuted: int
    treasuryWithdrawals: int
    treasuryWithdrawnAmount: int
    sweptAmount: int


class AccountDocument(TypedDict):
    """What one principal has done and received in all. `_id` and `account` are its address.

    `streamsSent`, `sentAmount`, `creationFees` (top-ups' too), `cancellations`, `refundedAmount` as the sender at that
    time; `streamsReceived`, `receivableAmount` as the first recipient; `withdrawals`, `withdrawnAmount` as the holder
    who was entitled, wherever the sats went; `sales`, `salesAmount` (prices less fees), `purchases`,
    `purchasesAmount`; `offers` made. `firstAt` and `lastAt` are when events first and last named it.
    """

    _id: str
    account: str
    firstAt: int
    lastAt: int
    streamsSent: int
    sentAmount: int
    creationFees: int
    cancellations: int
    refundedAmount: int
    streamsReceived: int
    receivableAmount: int
    withdrawals: int
    withdrawnAmount: int
    sales: int
    salesAmount: int
    purchases: int
    purchasesAmount: int
    offers: int


class ActiveDocument(TypedDict):
    """That an account signed, on a UTC day, something that our contracts told of. `_id` is like "2026-11-23:ST2J...".

    The active users of a day or a month are the different accounts in it.
    """

    _id: str
    day: str
    account: str
    events: int
