"""Why a transaction is not taken, in the node's own words (stacks-core `MemPoolRejection`)."""

from typing import Any

from bitpay.kit.errors import BitPayError, InvalidInput


class Undecodable(InvalidInput):
    """The bytes are not a transaction; a node answers 400 with plain text."""

    code = "undecodable_transaction"


class Rejected(BitPayError):
    """The transaction is well-formed but not taken; a node answers 400 with JSON."""

    code = "transaction_rejected"
    status = 400

    def __init__(self, txid: str, reason: str, data: dict[str, Any] | None = None) -> None:
        super().__init__(f"transaction rejected: {reason}", data=data)
        self.txid = txid
        self.reason = reason
        self.data = data

    def to_json(self) -> dict[str, Any]:
        """Return the node's answer."""
        answer: dict[str, Any] = {"txid": self.txid, "error": "transaction rejected", "reason": self.reason}
        if self.data is not None:
            answer["reason_data"] = self.data
        return answer
