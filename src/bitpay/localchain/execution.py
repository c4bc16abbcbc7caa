"""One transaction in the open block: its fee, what it does, its post-conditions."""

import re
from collections.abc import Iterator

from bitpay.localchain.blocks import ERR_NONE, OK_TRUE, MinedTransaction
from bitpay.localchain.channel import VmBroken
from bitpay.localchain.operations import PAYMENTS, Call, Deployment, Transfer
from bitpay.localchain.operations import Transaction as Operation
from bitpay.localchain.outcomes import Outcome
from bitpay.localchain.post_conditions import can_be_violated, violation
from bitpay.localchain.vm import Vm
from bitpay.stacks.clarity import uint
from bitpay.stacks.model import TransactionStatus
from bitpay.stacks.transactions import ContractCall, SmartContract, TokenTransfer, Transaction

_TOO_EXPENSIVE = "CostBalanceExceeded("
_MOVES_ASSETS = re.compile(r"contract-call\?|(stx|ft|nft)-(transfer|burn)|stx-transfer-memo")


class TooExpensive(VmBroken):
    """A transaction costs more than a block may. Its fee is taken already: the block has to be made again without."""


class Executor:
    """Runs transactions whose nonces fit. Raises VmBroken when one makes the VM panic, TooExpensive."""

    def __init__(self, vm: Vm) -> None:
        self._vm = vm

    def run(self, tx: Transaction, raw: bytes) -> MinedTransaction | None:
        """Run a transaction; None when it cannot be in a block (its payer has no funds), and nothing is changed."""
        match tx.payload:
            case ContractCall():
                return self._call(tx, raw, tx.payload)
            case TokenTransfer():
                return self._transfer(tx, raw, tx.payload)
            case SmartContract():
                return self._deploy(tx, raw, tx.payload)
        return None

    def skip(self, tx: Transaction, raw: bytes) -> MinedTransaction | None:
        """Take a transaction's fee and nonce without running it, because it breaks the VM."""
        if not self._vm.run([fee_of(tx)])[0].succeeded:
            return None
        return MinedTransaction(raw, TransactionStatus.PROBLEMATIC_SKIPPED, ERR_NONE)

    def _call(self, tx: Transaction, raw: bytes, payload: ContractCall) -> MinedTransaction | None:
        call = Call(str(payload.contract), payload.function, payload.args, tx.origin_address)
        paid, outcome = self._vm.perform([(fee_of(tx), False), (call, True)])
        if not paid.succeeded:
            return None
        mined = _judge(tx, raw, outcome)
        if mined.succeeded:
            self._vm.run([call])
        return mined

    def _can_pay(self, tx: Transaction) -> bool:
        return self._vm.stx_balance(tx.sponsor_address or tx.origin_address) >= tx.fee

    def _transfer(self, tx: Transaction, raw: bytes, payload: TokenTransfer) -> MinedTransaction | None:
        own_fee = tx.fee if tx.sponsor_address is None else 0
        if self._vm.stx_balance(tx.origin_address) < payload.amount + own_fee:
            return None
        transfer = Transfer(payload.amount, str(payload.recipient), tx.origin_address, payload.memo)
        paid, outcome = self._vm.perform([(fee_of(tx), False), (transfer, False)])
        return _judge(tx, raw, outcome) if paid.succeeded else None

    def _deploy(self, tx: Transaction, raw: bytes, payload: SmartContract) -> MinedTransaction | None:
        sender = tx.origin_address
        if self._vm.source(f"{sender}.{payload.name}") is not None or not self._can_pay(tx):
            return None
        self._vm.run([fee_of(tx)])
        deployment = Deployment(payload.name, payload.source, sender, payload.clarity_version)
        if not (can_be_violated(tx) and _MOVES_ASSETS.search(payload.source)):
            return _judge(tx, raw, self._vm.deploy_measured(deployment))
        return self._deploy_guarded(tx, raw, deployment)

    def _deploy_guarded(self, tx: Transaction, raw: bytes, deployment: Deployment) -> MinedTransaction:
        # A deployment cannot be attempted: the VM keeps what is not in its store. It is done and, if need be, undone.
        before = self._vm.snapshot()
        try:
            mined = _judge(tx, raw, self._vm.deploy_measured(deployment))
            if mined.status is TransactionStatus.ABORT_BY_POST_CONDITION:
                self._vm.restore(before)
        finally:
            self._vm.forget(before)
        return mined


def effects(mined: MinedTransaction) -> Iterator[tuple[Operation, bytes | None]]:
    """Yield what a transaction of the past left behind: its fee and, if it succeeded, what it did."""
    tx = mined.tx
    yield fee_of(tx), None
    if not mined.succeeded:
        return
    match tx.payload:
        case ContractCall(contract=contract, function=function, args=args):
            yield Call(str(contract), function, args, tx.origin_address), mined.result
        case TokenTransfer(recipient=recipient, amount=amount, memo=memo):
            yield Transfer(amount, str(recipient), tx.origin_address, memo), mined.result
        case SmartContract(name=name, source=source, clarity_version=version):
            yield Deployment(name, source, tx.origin_address, version), None


def fee_of(tx: Transaction) -> Call:
    """Return the payment of a transaction's fee."""
    return Call(PAYMENTS, "pay-fee", [uint(tx.fee)], tx.sponsor_address or tx.origin_address)


def _judge(tx: Transaction, raw: bytes, outcome: Outcome) -> MinedTransaction:
    """Decide how a transaction ended, as stacks-core does. Raises TooExpensive."""
    if outcome.result is None:
        if _TOO_EXPENSIVE in (outcome.error or ""):
            raise TooExpensive(f"{tx.txid()} costs more than a block may")
        return MinedTransaction(raw, TransactionStatus.ABORT_BY_RESPONSE, ERR_NONE, error=outcome.error)
    result = OK_TRUE if isinstance(tx.payload, SmartContract) else outcome.result
    broken = None if isinstance(tx.payload, TokenTransfer) else violation(tx, outcome.events)
    if broken:
        status = TransactionStatus.ABORT_BY_POST_CONDITION
        return MinedTransaction(raw, status, result, error=broken, cost=outcome.cost, undone=outcome.events)
    if not outcome.succeeded and not isinstance(tx.payload, SmartContract):
        return MinedTransaction(raw, TransactionStatus.ABORT_BY_RESPONSE, result, cost=outcome.cost)
    return MinedTransaction(raw, TransactionStatus.SUCCESS, result, outcome.events, cost=outcome.cost)
