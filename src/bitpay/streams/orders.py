"""What somebody wants to open, checked before a wallet is asked: each refusal says in a sentence what is wrong.

The bounds are the protocol's; the contract checks them again. Amounts are sats, times ticks of the stream's clock.
"""

from dataclasses import dataclass

from bitpay.kit.errors import InvalidInput
from bitpay.kit.money import MAX_SATS, format_sats
from bitpay.protocol.calls.terms import Schedule, Terms
from bitpay.protocol.curves import MAX_SECONDS, MAX_TIME, Curve
from bitpay.protocol.ids import Contracts
from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.errors import AddressInvalid, NameInvalid
from bitpay.stacks.network import Network

CLOCKS = ("seconds", "blocks")
MAX_MEMO = 64
"""Characters."""


class InvalidOrder(InvalidInput):
    """The stream cannot be opened as asked; `field` names what is wrong."""

    code = "invalid_stream"


@dataclass(frozen=True, slots=True)
class Order:
    """One stream to be opened by `sender`."""

    sender: str
    recipient: str
    amount: int
    schedule: Schedule
    terms: Terms

    def curve(self, now: int) -> Curve:
        """Return how it would vest if it were opened at `now` (on its own clock)."""
        schedule = self.schedule
        start = now if schedule.start is None else schedule.start
        return Curve(
            self.amount,
            start,
            schedule.duration,
            schedule.cliff,
            schedule.upfront,
            schedule.at_cliff,
            schedule.step,
        )


def check_order(order: Order, contracts: Contracts, network: Network, now: int) -> None:
    """Raise InvalidOrder unless the protocol would take the order at `now` (on its own clock)."""
    _check_amounts(order)
    _check_times(order.schedule, now)
    _check_terms(order.terms)
    check_wallet(order.sender, network)
    check_recipient(order.recipient, contracts, network)


def check_wallet(address: str, network: Network) -> None:
    """Raise InvalidOrder unless the address can sign transactions on this network."""
    who = _principal("sender", address)
    if who.is_contract:
        raise InvalidOrder("The sender signs the transaction, so it is an account, not a contract.", field="sender")
    if Network.of_address_version(who.version) is not network:
        raise _foreign("sender", network)


def check_principal(field: str, text: str, contracts: Contracts, network: Network) -> Principal:
    """Return the account or contract that `text` names on this network; the sBTC token's own address may differ."""
    who = _principal(field, text)
    token = parse_principal(contracts.sbtc_token)
    if Network.of_address_version(who.version) is not network and who.address != token.address:
        raise _foreign(field, network)
    return who


def check_recipient(text: str, contracts: Contracts, network: Network) -> None:
    """Raise InvalidOrder unless `text` can be the recipient of a stream on this network."""
    check_principal("recipient", text, contracts, network)
    if text == contracts.vault:
        raise InvalidOrder("The vault cannot be a recipient: it already holds the money.", field="recipient")
    if text == contracts.sbtc_token:
        raise InvalidOrder("The sBTC token's contract cannot be paid.", field="recipient")
    if contracts.name_of(text) is not None:
        raise InvalidOrder("BitPay's own contracts could never pass the money on.", field="recipient")


def _check_amounts(order: Order) -> None:
    schedule = order.schedule
    if not 1 <= order.amount <= MAX_SATS:
        raise InvalidOrder(f"An amount lies between 1 and {format_sats(MAX_SATS)} sats.", field="amount")
    _check_natural("upfront", schedule.upfront, MAX_SATS)
    _check_natural("atCliff", schedule.at_cliff, MAX_SATS)
    if schedule.at_cliff and not schedule.cliff:
        raise InvalidOrder("An amount at the cliff needs a cliff.", field="atCliff")
    if schedule.upfront + schedule.at_cliff > order.amount:
        raise InvalidOrder("What vests upfront and at the cliff is more than the whole amount.", field="upfront")


def _check_times(schedule: Schedule, now: int) -> None:
    if schedule.clock not in CLOCKS:
        raise InvalidOrder("A stream's clock is seconds or blocks.", field="clock")
    if schedule.start is not None:
        _check_natural("start", schedule.start, MAX_TIME)
    if not 1 <= schedule.duration <= MAX_TIME:
        raise InvalidOrder(f"A stream lasts between 1 and {MAX_TIME} {schedule.clock}.", field="duration")
    _check_natural("cliff", schedule.cliff, MAX_TIME)
    if schedule.cliff >= schedule.duration:
        raise InvalidOrder("The cliff must come before the end.", field="cliff")
    if not 1 <= schedule.step <= schedule.duration - schedule.cliff:
        raise InvalidOrder("A step is at least 1 and fits between the cliff and the end.", field="step")
    start = now if schedule.start is None else schedule.start
    if schedule.clock == "seconds" and start + schedule.duration > MAX_SECONDS:
        raise InvalidOrder("A stream ends before the year 10000.", field="duration")


def _check_terms(terms: Terms) -> None:
    if len(terms.memo) > MAX_MEMO:
        raise InvalidOrder(f"A memo has at most {MAX_MEMO} characters; this one has {len(terms.memo)}.", field="memo")
    try:
        terms.memo.encode()
    except UnicodeEncodeError as error:
        raise InvalidOrder("The memo holds a character that is half of a pair.", field="memo") from error


def _check_natural(field: str, value: int, most: int) -> None:
    if not 0 <= value <= most:
        raise InvalidOrder(f"{field} lies between 0 and {most}.", field=field)


def _principal(field: str, text: str) -> Principal:
    try:
        return parse_principal(text)
    except (AddressInvalid, NameInvalid) as error:
        raise InvalidOrder(f"The {field} is not a Stacks address or contract.", field=field) from error


def _foreign(field: str, network: Network) -> InvalidOrder:
    other = "a test network" if network is Network.MAINNET else "mainnet"
    return InvalidOrder(f"The {field} is an address of {other}; this is another network.", field=field)
