"""Everything that reads bytes or text from outside, and what it owes: the same bytes back, or a typed error.

A check takes any bytes, returns whether they were accepted, and raises whatever should never be raised.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError
from tests.chainhook.chainhook_payloads import CONTRACTS

from bitpay.accounts.schemas import ChallengeRequest, VerifyRequest
from bitpay.chainhook.deliveries import parse_json, read_arrival
from bitpay.demo.schemas import FaucetRequest, MineRequest, SignRequest, WarpRequest
from bitpay.kit.cursors import decode_cursor, encode_cursor
from bitpay.kit.errors import BitPayError, InvalidInput
from bitpay.protocol.events import UnknownEvent, decode_event
from bitpay.stacks import addresses, clarity, messages, post_conditions
from bitpay.stacks.client import chain
from bitpay.stacks.client.answers import Account, NodeInfo
from bitpay.stacks.client.errors import AnswerInvalid
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.errors import AddressInvalid, DecodeError, NameInvalid, SignatureInvalid, TransactionInvalid
from bitpay.stacks.model import ContractLog
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import Transaction, verify
from bitpay.streams.orders import check_order
from bitpay.streams.schemas import PrepareCreate, PrepareForStream
from bitpay.streams.service import order_of
from bitpay.transactions.relay import read_transaction
from bitpay.transactions.schemas import RelayRequest

Check: TypeAlias = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class Decoder:
    """What is tried. `json`: its input is mostly JSON, so that members may be changed besides bytes."""

    check: Check
    json: bool = False


def clarity_value(data: bytes) -> bool:
    """Consensus bytes: what is read writes the same bytes, and prints as text that reads as the same value."""
    try:
        value = clarity.decode(data)
    except DecodeError:
        return False
    assert clarity.encode(value) == data
    assert clarity.parse_repr(clarity.to_repr(value)) == value
    clarity.to_python(value)
    return True


def transaction(data: bytes) -> bool:
    """Transactions: what is read writes the same bytes, and has an id and a signature that is right or wrong."""
    try:
        decoded = Transaction.decode(data)
    except DecodeError:
        return False
    assert decoded.encode() == data
    assert len(decoded.txid()) == 64
    assert addresses.decode(decoded.origin_address)
    try:
        verify(decoded)
    except SignatureInvalid:
        return True
    return True


def repr_text(data: bytes) -> bool:
    """The text of a Clarity value: what is read is a value that the chain can hold."""
    text = _text(data)
    try:
        value = clarity.parse_repr(text)
    except DecodeError:
        return False
    assert clarity.decode(clarity.encode(value)) == value
    assert clarity.parse_repr(clarity.to_repr(value)) == value
    return True


def principal(data: bytes) -> bool:
    """Addresses and contract names: each has one spelling."""
    text = _text(data)
    try:
        found = addresses.parse_principal(text)
    except (AddressInvalid, NameInvalid):
        return False
    assert str(found) == text
    assert addresses.encode(*addresses.decode(found.address)) == found.address
    assert clarity.parse_repr(f"'{text}") == clarity.principal(found)
    return True


def post_condition(data: bytes) -> bool:
    """Post-conditions in bytes: what is read writes the same bytes, and survives JSON."""
    try:
        found = post_conditions.decode(data)
    except DecodeError:
        return False
    assert post_conditions.encode(found) == data
    assert post_conditions.from_json(post_conditions.to_json(found)) == found
    return True


def post_condition_json(data: bytes) -> bool:
    """Post-conditions as wallets take them."""
    document = _object(data)
    if document is None:
        return False
    try:
        found = post_conditions.from_json(document)
    except TransactionInvalid:
        return False
    assert post_conditions.from_json(post_conditions.to_json(found)) == found
    assert post_conditions.decode(post_conditions.encode(found)) == found
    return True


def delivery(data: bytes) -> bool:
    """Deliveries of Chainhook 2.0, Chainhook v1 and a node, and the events printed in them."""
    try:
        arrival = read_arrival(parse_json(data))
    except BitPayError as error:
        _assert_told(error)
        return False
    for block in arrival.blocks:
        for receipt in block.transactions:
            for event in receipt.events:
                if isinstance(event, ContractLog):
                    _read_event(event)
    return True


def _read_event(event: ContractLog) -> None:
    try:
        decode_event(CONTRACTS.name_of(event.contract_id) or "bitpay-core", event.raw)
    except UnknownEvent:
        return


def api_body(data: bytes) -> bool:
    """Bodies of the API: the first byte chooses the route, the rest is the body."""
    model, use = BODIES[data[0] % len(BODIES)] if data else BODIES[0]
    try:
        document = json.loads(data[1:])  # as the framework does it
    except (ValueError, RecursionError):
        return False
    try:
        asked = model.model_validate(document)
    except ValidationError:
        return False
    try:
        use(asked)
    except BitPayError as error:
        _assert_told(error)
        return False
    return True


def _relay(asked: Any) -> None:  # noqa: ANN401 - a body
    read_transaction(asked.tx, CONTRACTS, Network.TESTNET)


def _create(asked: Any) -> None:  # noqa: ANN401 - a body
    check_order(order_of(asked), CONTRACTS, Network.TESTNET, 1_700_000_000)


def _sign_in(asked: Any) -> None:  # noqa: ANN401 - a body
    try:
        addresses.decode(asked.address)
    except AddressInvalid as error:
        raise InvalidInput(str(error)) from error
    messages.verify_message(asked.message, asked.signature, asked.address)


def _nothing(asked: Any) -> None:  # noqa: ANN401 - a body
    assert asked.model_dump_json()


BODIES: tuple[tuple[type[BaseModel], Callable[[Any], None]], ...] = (
    (RelayRequest, _relay),
    (PrepareCreate, _create),
    (PrepareForStream, _nothing),
    (ChallengeRequest, _nothing),
    (VerifyRequest, _sign_in),
    (SignRequest, _nothing),
    (FaucetRequest, _nothing),
    (WarpRequest, _nothing),
    (MineRequest, _nothing),
)


def node_answer(data: bytes) -> bool:
    """Answers of a node and of Hiro's API: the first byte chooses the endpoint, the rest is what it says."""
    document = _object(data[1:])
    if document is None:
        return False
    try:
        ANSWERS[data[0] % len(ANSWERS)](Fields(document, "answer"))
    except AnswerInvalid:
        return False
    return True


ANSWERS: tuple[Callable[[Fields], object], ...] = (
    chain.block_header,
    chain.receipt,
    chain.receipt_v3,
    chain.state,
    chain.event,
    NodeInfo.read,
    Account.read,
)


def cursor(data: bytes) -> bool:
    """Page cursors: what is accepted is a position that can be written again."""
    try:
        position = decode_cursor(_text(data))
    except InvalidInput as error:
        _assert_told(error)
        return False
    assert decode_cursor(encode_cursor(position)) == position
    return True


DECODERS: Mapping[str, Decoder] = {
    "clarity-value": Decoder(clarity_value),
    "transaction": Decoder(transaction),
    "repr-text": Decoder(repr_text),
    "principal": Decoder(principal),
    "post-condition": Decoder(post_condition),
    "post-condition-json": Decoder(post_condition_json, json=True),
    "delivery": Decoder(delivery, json=True),
    "api-body": Decoder(api_body, json=True),
    "node-answer": Decoder(node_answer, json=True),
    "cursor": Decoder(cursor),
}


def _assert_told(error: BitPayError) -> None:
    """A refusal is the sender's fault, and says so in a sentence."""
    assert 400 <= error.status < 500, error
    assert error.message, error


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None
