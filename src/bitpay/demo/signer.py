"""Demo accounts sign what a wallet would sign."""

from bitpay.demo.accounts import DemoAccount
from bitpay.demo.schemas import Signed, SignRequest, Structured
from bitpay.kit.errors import InvalidInput
from bitpay.stacks import clarity
from bitpay.stacks.errors import StacksError
from bitpay.stacks.messages import sign_message, sign_structured
from bitpay.stacks.transactions import Transaction, sign


def sign_for(account: DemoAccount, asked: SignRequest) -> Signed:
    """Return what the account signed. Raises InvalidInput unless exactly one well-formed thing is to be signed."""
    given = [part for part in (asked.tx, asked.message, asked.structured) if part is not None]
    if len(given) != 1:
        raise InvalidInput("Give exactly one of tx, message and structured.")
    try:
        return _sign(account, asked)
    except StacksError as error:
        raise InvalidInput(f"This cannot be signed: {error}.") from error


def _sign(account: DemoAccount, asked: SignRequest) -> Signed:
    who = {"address": account.address, "public_key": account.key.public_key.hex()}
    if asked.tx is not None:
        signed = sign(Transaction.from_hex(asked.tx), account.key)
        return Signed(**who, transaction=signed.to_hex(), txid=f"0x{signed.txid()}")
    if asked.structured is not None:
        return Signed(**who, signature=_structured(account, asked.structured))
    return Signed(**who, signature=sign_message(account.key, asked.message or ""))


def _structured(account: DemoAccount, data: Structured) -> str:
    domain = clarity.from_hex(data.domain)
    if not isinstance(domain, clarity.Tuple):
        raise InvalidInput("A domain is a tuple of name, version and chain-id.")
    return sign_structured(account.key, domain, clarity.from_hex(data.message))
