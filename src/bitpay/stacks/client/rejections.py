"""Why a node refuses a transaction: one class for each reason of its mempool.

Source: stacks-core `stackslib/src/chainstate/stacks/db/blocks.rs`, `MemPoolRejection::into_json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from bitpay.stacks.client.errors import AnswerInvalid
from bitpay.stacks.client.fields import Fields, hash_in, is_text
from bitpay.stacks.errors import StacksError


class Rejected(StacksError):
    """A node refused a transaction. `reason` is its word, `data` what it says about it, `txid` with "0x" or None."""

    reason: ClassVar[str | None] = None
    sentence: ClassVar[str] = "the node refuses the transaction"

    def __init__(self, word: str, data: Mapping[str, Any], txid: str | None) -> None:
        detail = _text(data.get("message"))
        super().__init__(f"{self.sentence} ({word})" + (f": {detail}" if detail else ""))
        self.word = word
        self.data = dict(data)
        self.txid = txid

    @property
    def expected(self) -> int | None:
        """The nonce, fee or amount the node expects, where it says so."""
        return self._number("expected")

    @property
    def actual(self) -> int | None:
        """The nonce, fee or amount the transaction has, or the account (`NotEnoughFunds`)."""
        return self._number("actual")

    def _number(self, name: str) -> int | None:
        try:
            return Fields(self.data, "reason_data").optional_number(name)
        except AnswerInvalid:
            return None


class RejectedSerialization(Rejected):
    """The node could not write it back."""

    reason = "Serialization"
    sentence = "the node cannot encode the transaction"


class RejectedDeserialization(Rejected):
    """The bytes are no transaction."""

    reason = "Deserialization"
    sentence = "the node cannot read the transaction"


class TooMuchChaining(Rejected):
    """More than 25 transactions of the account are waiting."""

    reason = "TooMuchChaining"
    sentence = "too many transactions of this account are waiting"


class BadTransactionVersion(Rejected):
    """It is for another network."""

    reason = "BadTransactionVersion"
    sentence = "the transaction is for another network"


class BadSignature(Rejected):
    """A signature, an authorization or another static check failed."""

    reason = "SignatureValidation"
    sentence = "the transaction does not validate"


class FeeTooLow(Rejected):
    """The fee is below the node's minimum; `expected` micro-STX would do."""

    reason = "FeeTooLow"
    sentence = "the fee is too low"


class RecipientIsSender(Rejected):
    """STX to oneself."""

    reason = "TransferRecipientCannotEqualSender"
    sentence = "the recipient is the sender"


class AmountNotPositive(Rejected):
    """A transfer of nothing."""

    reason = "TransferAmountMustBePositive"
    sentence = "the amount is zero"


class BadNonce(Rejected):
    """The nonce is used or too far ahead; `expected` is the next."""

    reason = "BadNonce"
    sentence = "the nonce is not the account's next"


class NotEnoughFunds(Rejected):
    """The account has fewer micro-STX (`actual`) than transfer and fee take (`expected`)."""

    reason = "NotEnoughFunds"
    sentence = "the account has too few STX for amount and fee"


class EstimatorFailed(Rejected):
    """The node could not estimate the cost."""

    reason = "EstimatorError"
    sentence = "the node cannot estimate the transaction's cost"


class NoSuchContract(Rejected):
    """There is no such contract."""

    reason = "NoSuchContract"
    sentence = "there is no such contract"


class NoSuchPublicFunction(Rejected):
    """The contract has no such public function."""

    reason = "NoSuchPublicFunction"
    sentence = "the contract has no such public function"


class BadFunctionArgument(Rejected):
    """An argument has the wrong type, or their number is wrong."""

    reason = "BadFunctionArgument"
    sentence = "an argument is wrong"


class ConflictingNonce(Rejected):
    """Another transaction with this nonce and no lower fee is waiting."""

    reason = "ConflictingNonceInMempool"
    sentence = "another transaction with this nonce is waiting"


class ContractAlreadyExists(Rejected):
    """The account has a contract of this name."""

    reason = "ContractAlreadyExists"
    sentence = "the account has a contract of this name"


class PoisonDoesNotConflict(Rejected):
    """The two microblocks are no conflict."""

    reason = "PoisonMicroblocksDoNotConflict"
    sentence = "the microblocks do not conflict"


class PoisonUnknownKey(Rejected):
    """No block has the microblocks' key."""

    reason = "PoisonMicroblockHasUnknownPubKeyHash"
    sentence = "no block has the microblocks' key"


class PoisonInvalid(Rejected):
    """The microblocks are malformed."""

    reason = "PoisonMicroblockIsInvalid"
    sentence = "the microblocks are malformed"


class BadAddressVersion(Rejected):
    """A principal belongs to another network."""

    reason = "BadAddressVersionByte"
    sentence = "an address belongs to another network"


class NoCoinbase(Rejected):
    """Only miners make coinbases."""

    reason = "NoCoinbaseViaMempool"
    sentence = "a coinbase cannot be sent"


class NoTenureChange(Rejected):
    """Only miners change tenures."""

    reason = "NoTenureChangeViaMempool"
    sentence = "a tenure change cannot be sent"


class TemporarilyBlacklisted(Rejected):
    """The node has found this transaction problematic and ignores it for a while."""

    reason = "TemporarilyBlacklisted"
    sentence = "the node ignores this transaction for a while"


class NodeFailed(Rejected):
    """The node failed on its own side; sending again later may help."""

    sentence = "the node failed"


class NodeLostTip(NodeFailed):
    """The node does not know its tip."""

    reason = "ServerFailureNoSuchChainTip"


class NodeDatabaseFailed(NodeFailed):
    """The node's database failed."""

    reason = "ServerFailureDatabase"


class NodeFailedOtherwise(NodeFailed):
    """The node failed for a reason it only describes."""

    reason = "ServerFailureOther"


def _family(base: type[Rejected]) -> list[type[Rejected]]:
    return [base, *(member for child in base.__subclasses__() for member in _family(child))]


REASONS: dict[str, type[Rejected]] = {kind.reason: kind for kind in _family(Rejected) if kind.reason is not None}


def rejection(answer: Mapping[str, Any]) -> Rejected:
    """Return the error a node's answer stands for; `Rejected` itself for a reason this version does not know."""
    word = _text(answer.get("reason")) or _text(answer.get("error")) or "no reason given"
    data = answer.get("reason_data")
    kind = REASONS.get(word, Rejected)
    return kind(word, data if isinstance(data, Mapping) else {}, hash_in(_text(answer.get("txid")) or ""))


def _text(value: object) -> str | None:
    return value if is_text(value) else None
