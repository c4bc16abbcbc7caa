"""What a node checks before it takes a transaction into its mempool, in its order (stacks-core `can_include_tx`).

Different from a node: contracts at mainnet addresses may be called, because sBTC's stands at its mainnet address.
"""

from collections.abc import Callable, Mapping
from typing import Any

from bitpay.localchain import abi
from bitpay.localchain.rejections import Rejected, Undecodable
from bitpay.stacks.errors import SignatureInvalid, StacksError
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import (
    Coinbase,
    ContractCall,
    PoisonMicroblock,
    SmartContract,
    TenureChange,
    TokenTransfer,
    Transaction,
    verify,
)

CHAINING_LIMIT = 25
NETWORK = Network.TESTNET


def decode(raw: bytes) -> Transaction:
    """Read a posted transaction. Raises Undecodable."""
    try:
        return Transaction.decode(raw)
    except StacksError as error:
        raise Undecodable(f"Failed to deserialize posted transaction: {error}") from error


class Admission:
    """Checks transactions against the state at the tip, which it asks the given functions for."""

    def __init__(
        self,
        nonces: Mapping[str, int],
        balance: Callable[[str], int],
        interface: Callable[[str], Mapping[str, Any] | None],
    ) -> None:
        self._nonces = nonces
        self._balance = balance
        self._interface = interface

    def check(self, tx: Transaction, size: int) -> None:
        """Raise Rejected unless the transaction, `size` bytes long, may wait for a block."""
        check_alone(tx, size)
        self._check_nonces(tx)
        self._check_funds(tx)
        self._check_payload(tx)

    def _check_nonces(self, tx: Transaction) -> None:
        self._check_nonce(tx, tx.origin_address, tx.nonce, is_origin=True)
        if tx.auth.sponsor is not None and tx.sponsor_address is not None:
            self._check_nonce(tx, tx.sponsor_address, tx.auth.sponsor.nonce, is_origin=False)

    def _check_nonce(self, tx: Transaction, account: str, nonce: int, *, is_origin: bool) -> None:
        expected = self._nonces.get(account, 0)
        who = {"principal": account, "is_origin": is_origin}
        if nonce < expected:
            raise _rejected(tx, "BadNonce", {"expected": expected, "actual": nonce, **who})
        limit = expected + 1 + CHAINING_LIMIT
        if nonce > limit:
            message = "Nonce would exceed chaining limit in mempool"
            data = {"message": message, "expected": limit, "actual": nonce, **who}
            raise _rejected(tx, "TooMuchChaining", data)

    def _check_funds(self, tx: Transaction) -> None:
        payer = tx.sponsor_address or tx.origin_address
        self._check_balance(tx, payer, tx.fee)
        if isinstance(tx.payload, TokenTransfer):
            own_fee = tx.fee if payer == tx.origin_address else 0
            self._check_balance(tx, tx.origin_address, tx.payload.amount + own_fee)

    def _check_balance(self, tx: Transaction, account: str, needed: int) -> None:
        balance = self._balance(account)
        if balance < needed:
            data = {"expected": f"0x{needed:032x}", "actual": f"0x{balance:032x}"}
            raise _rejected(tx, "NotEnoughFunds", data)

    def _check_payload(self, tx: Transaction) -> None:
        match tx.payload:
            case ContractCall():
                self._check_call(tx, tx.payload)
            case SmartContract():
                contract_id = f"{tx.origin_address}.{tx.payload.name}"
                if self._interface(contract_id) is not None:
                    raise _rejected(tx, "ContractAlreadyExists", {"contract_identifier": contract_id})
            case Coinbase():
                raise _rejected(tx, "NoCoinbaseViaMempool")
            case TenureChange():
                raise _rejected(tx, "NoTenureChangeViaMempool")

    def _check_call(self, tx: Transaction, call: ContractCall) -> None:
        interface = self._interface(str(call.contract))
        if interface is None:
            raise _rejected(tx, "NoSuchContract")
        function = abi.find_function(interface, call.function)
        if function is None or function["access"] != "public":
            raise _rejected(tx, "NoSuchPublicFunction")
        wrong = abi.misfit(function, call.args)
        if wrong:
            raise _rejected(tx, "BadFunctionArgument", {"message": wrong})


def check_alone(tx: Transaction, size: int) -> None:
    """Raise Rejected for what no state of the chain could make right."""
    _check_meaning(tx)
    _check_signature(tx)
    _check_fee(tx, size)


def _check_meaning(tx: Transaction) -> None:
    if tx.version != NETWORK.transaction_version:
        raise _rejected(tx, "BadTransactionVersion")
    if isinstance(tx.payload, PoisonMicroblock):
        message = "PoisonMicroblock transactions not accepted via mempool"
        raise _rejected(tx, "ServerFailureOther", {"message": message})
    if isinstance(tx.payload, TokenTransfer):
        _check_transfer(tx, tx.payload)


def _check_transfer(tx: Transaction, transfer: TokenTransfer) -> None:
    recipient = transfer.recipient
    if str(recipient) == tx.origin_address:
        raise _rejected(tx, "TransferRecipientCannotEqualSender", {"recipient": tx.origin_address})
    if transfer.amount == 0:
        raise _rejected(tx, "TransferAmountMustBePositive")
    if recipient.version not in (NETWORK.single_sig, NETWORK.multi_sig):
        raise _rejected(tx, "BadAddressVersionByte")
    if tx.post_conditions:
        message = "Invalid Stacks transaction: TokenTransfer transactions do not support post-conditions"
        raise _rejected(tx, "ServerFailureOther", {"message": message})


def _check_signature(tx: Transaction) -> None:
    if tx.chain_id != NETWORK.chain_id:
        message = f"Invalid chain ID {tx.chain_id} (expected {NETWORK.chain_id})"
        raise _rejected(tx, "SignatureValidation", {"message": message})
    try:
        verify(tx)
    except SignatureInvalid as error:
        raise _rejected(tx, "SignatureValidation", {"message": str(error)}) from error


def _check_fee(tx: Transaction, size: int) -> None:
    needed = max(1, size)
    if tx.fee < needed:
        raise _rejected(tx, "FeeTooLow", {"expected": needed, "actual": tx.fee})


def _rejected(tx: Transaction, reason: str, data: dict[str, Any] | None = None) -> Rejected:
    return Rejected(tx.txid(), reason, data)
