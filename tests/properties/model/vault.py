"""sBTC and the vault's accounts."""

from collections.abc import Iterable
from dataclasses import replace

from tests.properties.model.state import ANY_REASON, MARKETPLACE, TREASURY, VAULT, Call, Refusal, State


def balance(state: State, who: str) -> int:
    """Return the sats that a principal can spend."""
    return state.balances.get(who, 0)


def cannot_pay(state: State, payer: str, amount: int) -> Iterable[str]:
    """Yield why `payer` cannot pay `amount`."""
    if balance(state, payer) < amount:
        yield "PAYER_SHORT"


def vault_as_receiver(who: str) -> Iterable[str]:
    """Yield why `who` cannot receive money or a token."""
    if who == VAULT:
        yield "VAULT_AS_RECIPIENT"


def move_sats(state: State, amount: int, payer: str, receiver: str) -> State:
    """Move sBTC; the payer has it."""
    moved = dict(state.balances)
    moved[payer] = moved.get(payer, 0) - amount
    moved[receiver] = moved.get(receiver, 0) + amount
    return replace(state, balances=moved)


def credit(state: State, account: str, amount: int) -> State:
    """Raise (or, with a negative amount, lower) one of the vault's accounts."""
    return replace(state, accounts={**state.accounts, account: state.accounts[account] + amount})


def deposit(state: State, account: str, payer: str, amount: int, fee: int) -> State:
    """Take `amount` for an account and `fee` for the treasury's from `payer`, who has them."""
    paid = move_sats(state, amount + fee, payer, VAULT)
    return credit(credit(paid, account, amount), TREASURY, fee)


def payout(state: State, account: str, amount: int, to: str) -> State:
    """Pay `amount` out of an account that has it."""
    return credit(move_sats(state, amount, VAULT, to), account, -amount)


def sale(state: State, buyer: str, seller: str, price: int, fee: int) -> State:
    """Let the buyer pay price - fee to the seller and the fee to the treasury."""
    return credit(move_sats(move_sats(state, price - fee, buyer, seller), fee, buyer, VAULT), TREASURY, fee)


def escrowed_sale(state: State, seller: str, price: int, fee: int) -> State:
    """Pay the seller and the treasury out of a price that lies in the marketplace's account."""
    return credit(credit(payout(state, MARKETPLACE, price - fee, seller), MARKETPLACE, -fee), TREASURY, fee)


def liabilities(state: State) -> int:
    """Return the sum of the vault's accounts."""
    return sum(state.accounts.values())


def transfer_sbtc(
    state: State, call: Call, amount: int, sender: str, recipient: str, _memo: None
) -> tuple[bool, State]:
    """sBTC's own `transfer`, which anyone may call for himself."""
    own = sender in {call.payer, call.caller}
    if not own or amount == 0 or sender == recipient or balance(state, sender) < amount:
        raise Refusal(ANY_REASON)
    return True, move_sats(state, amount, sender, recipient)
