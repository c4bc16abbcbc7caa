"""JSON of streams and of calls to be signed (camelCase on the wire). Amounts are sats, always whole numbers."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from bitpay.http.schemas import Json

_SHOWN = 40
_MAX_DIGITS = 30


def _whole(value: object) -> object:
    """Refuse what is not a whole number: a fraction, a float, a flag."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    digits = value.removeprefix("-") if isinstance(value, str) else ""
    if isinstance(value, str) and digits.isascii() and digits.isdecimal() and len(digits) <= _MAX_DIGITS:
        return int(value)
    shown = repr(value)
    raise ValueError(f"must be a whole number; {shown if len(shown) <= _SHOWN else shown[:_SHOWN] + '…'} is not")


Whole = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]
Principal = Annotated[str, Field(max_length=200, description="a Stacks address, or address.contract")]


class CurvePoint(Json):
    """At `after` ticks from the start, `total` sats are vested."""

    after: int
    total: int


class Stream(Json):
    """One stream at the chain's time now. `start…` and `end…`: blocks, and unix seconds where its clock is seconds.

    `duration`, `cliff` and `step` are ticks of its clock; `createdAt` and `updatedAt` are block times in unix seconds.
    """

    stream_id: int
    sender: str
    proposed_sender: str | None
    recipient: str = Field(description="who was first to be paid")
    holder: str | None = Field(description="who is paid now; none once the right to be paid is used up and burned")
    amount: int
    fee: int
    clock: Literal["seconds", "blocks"]
    start_block: int
    end_block: int = Field(description="for a seconds stream an estimate")
    start_time: int | None
    end_time: int | None
    duration: int
    cliff: int
    upfront: int
    at_cliff: int
    step: int
    points: list[CurvePoint]
    cancelable: bool
    transferable: bool
    memo: str
    status: Literal["pending", "streaming", "settled", "cancelled", "depleted"]
    vested_amount: int
    withdrawn_amount: int
    withdrawable_amount: int
    refunded_amount: int
    refundable_amount: int
    percent_complete: int = Field(description="vested, in whole percent, rounded down")
    cancelled_at_block: int | None
    cancelled_at: int | None = Field(description="on its clock")
    created_at: int
    updated_at: int
    txid: str
    last_txid: str
    confirmed: bool = Field(description="whether its last change is final")


class StreamPage(Json):
    """Streams, newest first; `nextCursor` continues, none at the end."""

    items: list[Stream]
    next_cursor: str | None


class PrepareCreate(Json):
    """What to open: `clock` seconds or blocks; duration, cliff and step in its ticks; `start` none is now."""

    sender: Principal
    recipient: Principal
    amount: Whole
    clock: str = Field(default="seconds", max_length=16)
    start: Whole | None = None
    duration: Whole
    cliff: Whole = 0
    upfront: Whole = 0
    at_cliff: Whole = 0
    step: Whole = 1
    cancelable: bool = True
    transferable: bool = True
    memo: str = Field(default="", max_length=1000)


class PrepareForStream(Json):
    """Who will sign."""

    sender: Principal


class PreparedCall(Json):
    """An unsigned call: the first five members go to `stx_callContract` as they are.

    Arguments are Clarity values, post-conditions SIP-005 bytes, both in hex.
    """

    contract: str
    function_name: str
    function_args: list[str]
    post_conditions: list[str]
    post_condition_mode: Literal["deny"]
    network: Literal["mainnet", "testnet", "devnet"]
    summary: dict[str, Any] = Field(description="what the call does, in figures (sats)")
