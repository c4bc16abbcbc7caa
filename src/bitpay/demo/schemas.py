"""JSON of the development powers."""

from typing import Literal

from pydantic import Field

from bitpay.http.schemas import Json
from bitpay.kit.money import MAX_SATS

MAX_WARP = 100 * 365 * 86_400
MAX_BLOCKS = 100
_MAX_HEX = (128 << 10) + 2


class Account(Json):
    """A demo account; never its private key."""

    name: str
    address: str
    public_key: str


class AccountList(Json):
    """The demo accounts."""

    accounts: list[Account]


class Structured(Json):
    """SIP-018 structured data: domain and message as Clarity hex."""

    domain: str = Field(max_length=_MAX_HEX)
    message: str = Field(max_length=_MAX_HEX)


class SignRequest(Json):
    """What a demo account (its name or address) shall sign: exactly one of a transaction, a text, structured data."""

    account: str = Field(max_length=64)
    tx: str | None = Field(default=None, max_length=_MAX_HEX)
    message: str | None = Field(default=None, max_length=10_000)
    structured: Structured | None = None


class Signed(Json):
    """The signed transaction in hex and its id, or the signature (65 bytes R, S, V in hex)."""

    address: str
    public_key: str
    transaction: str | None = None
    txid: str | None = None
    signature: str | None = None


class BroadcastRequest(Json):
    """A signed transaction in hex, of any kind, for the local chain."""

    tx: str = Field(max_length=_MAX_HEX)


class FaucetRequest(Json):
    """Money out of nothing: `amount` in sats or micro-STX, for a demo account's name or any address."""

    account: str = Field(max_length=200)
    token: Literal["sbtc", "stx"] = "sbtc"  # noqa: S105 - a kind of money
    amount: int = Field(ge=1, le=MAX_SATS)


class WarpRequest(Json):
    """How far the chain's clock jumps."""

    seconds: int = Field(ge=1, le=MAX_WARP)


class MineRequest(Json):
    """How many blocks to mine now."""

    blocks: int = Field(default=1, ge=1, le=MAX_BLOCKS)


class ChainTime(Json):
    """Where the chain stands now."""

    height: int
    time: int
