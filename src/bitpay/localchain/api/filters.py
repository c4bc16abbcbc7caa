"""What the lists of Hiro's API v1 leave out and how they are ordered, as their queries ask."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from fastapi import Request
from starlette.datastructures import QueryParams

from bitpay.localchain.api.guard import ApiError, Misfit
from bitpay.localchain.api.paging import number_of
from bitpay.localchain.api.transactions import kind_of
from bitpay.localchain.api.views import Views
from bitpay.localchain.archive import Found
from bitpay.localchain.blocks import named_in
from bitpay.localchain.mempool import Pending
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.errors import StacksError
from bitpay.stacks.transactions import ContractCall, TokenTransfer, Transaction

Place = tuple[int, int]
Test = Callable[[Found], bool]
_KINDS = ("token_transfer", "smart_contract", "contract_call", "poison_microblock", "coinbase", "tenure_change")


def chosen(views: Views, request: Request) -> list[Place]:
    """Return where the transactions are that `/extended/v1/tx` shows, in its order. Raises ApiError."""
    asked, tests = request.query_params, _tests(request)
    by = _word(asked, "sort_by", ("block_height", "burn_block_time", "fee"))
    oldest_first = _word(asked, "order", ("desc", "asc")) == "asc"
    found = [place for place in views.archive.latest() if all(test(views.found(place)) for test in tests)]
    if by == "fee":
        found.sort(key=lambda place: (views.found(place).mined.tx.fee, place), reverse=True)
    return found[::-1] if oldest_first else found


def _tests(request: Request) -> list[Test]:
    asked, tests = request.query_params, list[Test]()
    kinds = _words(asked, "type", _KINDS)
    sender, recipient = _principal(asked, "from_address", account=True), _principal(asked, "to_address")
    contract, function = _principal(asked, "contract_id"), asked.get("function_name")
    start, end = number_of(request, "start_time", 0), number_of(request, "end_time", 0)
    nonce = number_of(request, "nonce", 0)
    if kinds:
        tests.append(lambda found: kind_of(found.mined.tx) in kinds)
    if sender:
        tests.append(lambda found: found.mined.tx.origin_address == sender)
    if recipient:
        tests.append(lambda found: _recipient(found.mined.tx) == recipient)
    if contract:
        tests.append(lambda found: _called(found.mined.tx)[0] == contract)
    if function:
        tests.append(lambda found: _called(found.mined.tx)[1] == function)
    if start:
        tests.append(lambda found: found.block.header.burn_time >= start)
    if end:
        tests.append(lambda found: found.block.header.burn_time <= end)
    if nonce:  # Hiro's API takes 0 for none given
        tests.append(lambda found: found.mined.tx.nonce == nonce)
    return tests


def newest_waiting(views: Views) -> list[Pending]:
    """Return the transactions that wait, the one that came last first."""
    found = list(views.mempool)[::-1]
    return sorted(found, key=lambda one: -one.received)


def chosen_waiting(views: Views, request: Request) -> list[Pending]:
    """Return the transactions that `/extended/v1/tx/mempool` shows, in its order. Raises ApiError."""
    asked, found = request.query_params, newest_waiting(views)
    sender, recipient = _principal(asked, "sender_address"), _principal(asked, "recipient_address")
    address = _principal(asked, "address")
    if address and (sender or recipient):
        raise ApiError(400, 'The "address" filter cannot be specified with other address filters')
    if address:
        found = [one for one in found if address in named_in(one.tx)]
    if sender:
        found = [one for one in found if one.tx.origin_address == sender]
    if recipient:
        found = [one for one in found if _recipient(one.tx) == recipient]
    by = _word(asked, "order_by", ("age", "size", "fee"))
    descending = _word(asked, "order", ("desc", "asc")) == "desc"
    measures: dict[str, Callable[[Pending], int]] = {
        "age": lambda one: one.received,
        "size": lambda one: len(one.raw),
        "fee": lambda one: one.tx.fee,
    }
    return sorted(found if descending else found[::-1], key=measures[by], reverse=descending)


def heights_asked(views: Views, request: Request) -> range:
    """Return the heights whose transactions a query wants by `height` or `until_block`. Raises ApiError."""
    height, until = number_of(request, "height", 0), request.query_params.get("until_block")
    if not until:
        return range(height, height + 1) if height else range(views.archive.tip.height + 1)
    if height:
        raise ApiError(400, "can't handle until_block and block_height in the same request")
    if _word(request.query_params, "unanchored", ("false", "true")) == "true":
        raise ApiError(400, "can't handle both 'unanchored=true' and 'until_block' in the same request")
    if until.startswith("0x"):
        last = views.height_of_hash(until)
        if last is None:
            raise ApiError(404, "block not found with hash")
        return range(last + 1)
    last = number_of(request, "until_block", 0, 1)
    return range(last + 1)


def without_arguments(request: Request, said: Sequence[dict[str, Any]]) -> Sequence[dict[str, Any]]:
    """Leave the arguments of calls out of transactions where a query wants it. Raises ApiError."""
    if _word(request.query_params, "exclude_function_args", ("false", "true")) == "true":
        for one in said:
            one.get("contract_call", {}).pop("function_args", None)
    return said


def _recipient(tx: Transaction) -> str | None:
    return str(tx.payload.recipient) if isinstance(tx.payload, TokenTransfer) else None


def _called(tx: Transaction) -> tuple[str, str] | tuple[None, None]:
    return (str(tx.payload.contract), tx.payload.function) if isinstance(tx.payload, ContractCall) else (None, None)


def _principal(asked: QueryParams, name: str, *, account: bool = False) -> str | None:
    text = asked.get(name)
    if text is None:
        return None
    try:
        principal = parse_principal(text)
    except StacksError:
        principal = None
    if principal is None or (account and principal.name is not None):
        message = f'Invalid query parameter for "{name}": "{text[:100]}" is not a valid STX address'
        raise ApiError(400, message)
    return str(principal)


def _word(asked: QueryParams, name: str, words: Sequence[str]) -> str:
    """Return which of some words a query says, the first where it says none."""
    said = _words(asked, name, words)
    return said[-1] if said else words[0]


def _words(asked: QueryParams, name: str, words: Iterable[str]) -> list[str]:
    """Return which of some words a query says, separated by commas or each by itself."""
    said = [word for value in asked.getlist(name) for word in value.split(",")]
    if not set(said) <= set(words):
        raise Misfit(f"querystring/{name} must be equal to one of the allowed values: {', '.join(words)}")
    return said
