"""What may be relayed: a well-formed, correctly signed call of our contracts or of sBTC, and nothing else. Pure."""

from bitpay.kit.errors import Forbidden, InvalidInput, TooLarge
from bitpay.protocol.ids import Contracts
from bitpay.stacks.errors import DecodeError, SignatureInvalid, StacksError
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import ContractCall, Transaction, verify

MAX_BYTES = 64 << 10


class InvalidTransaction(InvalidInput):
    """The bytes are not a transaction that this network could take."""

    code = "invalid_transaction"


class InvalidSignature(InvalidInput):
    """The transaction is unsigned, or was changed after it was signed."""

    code = "invalid_signature"


class ForeignContract(Forbidden):
    """The transaction does something other than calling our contracts or sBTC."""

    code = "foreign_contract"


def read_transaction(text: str, contracts: Contracts, network: Network) -> tuple[Transaction, ContractCall, bytes]:
    """Return the transaction, its call and its bytes. Raises one of the errors above, or TooLarge."""
    raw = _bytes(text)
    transaction = _decode(raw)
    if transaction.version != network.transaction_version or transaction.chain_id != network.chain_id:
        raise InvalidTransaction("This transaction is for another network.")
    call = transaction.payload
    if not isinstance(call, ContractCall):
        raise ForeignContract("Only calls of BitPay's contracts and of sBTC are relayed.")
    target = str(call.contract)
    if contracts.name_of(target) is None and target != contracts.sbtc_token:
        raise ForeignContract(f"Only calls of BitPay's contracts and of sBTC are relayed, not of {target}.")
    _verify(transaction)
    return transaction, call, raw


def _bytes(text: str) -> bytes:
    plain = text.removeprefix("0x")
    if len(plain) > 2 * MAX_BYTES:
        raise TooLarge(f"A transaction may have at most {MAX_BYTES} bytes here.")
    try:
        return bytes.fromhex(plain)
    except ValueError as error:
        raise InvalidTransaction("A transaction is sent as hexadecimal text.") from error


def _decode(raw: bytes) -> Transaction:
    try:
        return Transaction.decode(raw)
    except DecodeError as error:
        raise InvalidTransaction(f"These bytes are not a transaction: {error}.") from error
    except StacksError as error:
        raise InvalidTransaction(f"This transaction contradicts itself: {error}.") from error


def _verify(transaction: Transaction) -> None:
    try:
        verify(transaction)
    except SignatureInvalid as error:
        raise InvalidSignature("The transaction is not signed by its sender, or was changed afterwards.") from error
    except StacksError as error:
        raise InvalidTransaction(f"The signatures cannot be checked: {error}.") from error
