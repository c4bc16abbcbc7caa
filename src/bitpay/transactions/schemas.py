"""JSON of relayed transactions (camelCase on the wire)."""

from pydantic import Field

from bitpay.http.schemas import Json
from bitpay.transactions.models import Status


class RelayRequest(Json):
    """A signed transaction."""

    tx: str = Field(max_length=(128 << 10) + 2, description="SIP-005 bytes as hex, at most 64 KiB")


class BlockReference(Json):
    """A Stacks block: `hash` is its index block hash, `time` in unix seconds."""

    height: int
    hash: str
    time: int


class RelayedTransaction(Json):
    """What became of a transaction. It is a success only when its effects can be read here."""

    txid: str
    status: Status
    reason: str | None = Field(default=None, description="why it failed, in words")
    block: BlockReference | None = None
    contract: str | None = None
    function_name: str | None = None
    sender: str | None = None
