"""Where fuzzing a decoder begins: inputs of every kind that it accepts."""

import json
from collections.abc import Callable
from typing import Any

from tests.chainhook.chainhook_payloads import CONTRACTS, DEPLOYER, block, chainhook1, chainhooks2, node
from tests.fuzz.decoders import ANSWERS, BODIES
from tests.stacks import fake_hiro
from tests.stacks.samples import Samples

from bitpay.accounts.schemas import ChallengeRequest, VerifyRequest
from bitpay.demo.schemas import FaucetRequest, MineRequest, SignRequest, WarpRequest
from bitpay.kit.cursors import encode_cursor
from bitpay.stacks import clarity, messages, post_conditions
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.client import chain
from bitpay.stacks.client.answers import Account
from bitpay.stacks.client.fields import Fields
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import ContractCall, Transaction, build, sign, single_sig, sponsor
from bitpay.streams.schemas import PrepareCreate, PrepareForStream
from bitpay.transactions.schemas import RelayRequest

COUNT = 60
"""Samples of what is random anyway."""
_KEY = PrivateKey(b"\x07" * 32)
_ADDRESS = _KEY.address(Network.TESTNET)


def seeds(name: str) -> list[bytes]:
    """Return the first inputs of a decoder; the same each time."""
    return _SEEDS[name](Samples(1))


def _values(samples: Samples) -> list[bytes]:
    return [clarity.encode(samples.value(3)) for _ in range(COUNT)]


def _transactions(samples: Samples) -> list[bytes]:
    return [_transaction(samples).encode() for _ in range(COUNT)]


def _transaction(samples: Samples) -> Transaction:
    conditions = [samples.post_condition() for _ in range(samples.random.randint(0, 2))]
    origin = single_sig(_KEY.public_key, nonce=1, fee=300)
    sponsored = samples.random.random() < 0.3
    made = build(
        samples.payload(),
        origin,
        samples.network(),
        mode=samples.mode(),
        post_conditions=conditions,
        sponsored=sponsored,
    )
    made = sign(made, _KEY)
    return sponsor(made, single_sig(_KEY.public_key, nonce=2, fee=9)) if sponsored else made


def _texts(samples: Samples) -> list[bytes]:
    return [clarity.to_repr(samples.value(3)).encode() for _ in range(COUNT)]


def _principals(samples: Samples) -> list[bytes]:
    return [str(samples.principal()).encode() for _ in range(COUNT)]


def _conditions(samples: Samples) -> list[bytes]:
    return [post_conditions.encode(samples.post_condition()) for _ in range(COUNT)]


def _condition_documents(samples: Samples) -> list[bytes]:
    return [_json(post_conditions.to_json(samples.post_condition())) for _ in range(COUNT)]


def _deliveries(_samples: Samples) -> list[bytes]:
    blocks = [block(5), block(6, contract="bitpay-marketplace")]
    return [
        _json(chainhooks2(blocks)),
        _json(chainhooks2([], blocks)),
        _json(chainhooks2(blocks, metadata=False)),
        _json(chainhook1(blocks)),
        _json(chainhook1(blocks, blocks[:1])),
        _json(node(blocks[0])),
    ]


def _bodies(_samples: Samples) -> list[bytes]:
    routes = [model for model, _ in BODIES]
    made: list[tuple[type[Any], dict[str, Any]]] = [
        (RelayRequest, {"tx": _call().to_hex()}),
        (PrepareCreate, _ORDER),
        (PrepareCreate, {**_ORDER, "clock": "blocks", "start": 900, "cliff": 5, "atCliff": 10, "memo": "rent"}),
        (PrepareForStream, {"sender": _ADDRESS}),
        (ChallengeRequest, {"address": _ADDRESS}),
        (
            VerifyRequest,
            {"address": _ADDRESS, "message": "hello", "signature": messages.sign_message(_KEY, "hello")},
        ),
        (SignRequest, {"account": "alice", "message": "hello"}),
        (SignRequest, {"account": "alice", "structured": {"domain": "0c00000000", "message": "03"}}),
        (FaucetRequest, {"account": "bob", "token": "sbtc", "amount": 1000}),
        (WarpRequest, {"seconds": 60}),
        (MineRequest, {"blocks": 2}),
    ]
    return [bytes((routes.index(model),)) + _json(body) for model, body in made]


_ORDER = {"sender": _ADDRESS, "recipient": DEPLOYER, "amount": "100000", "duration": 86_400}


def _call() -> Transaction:
    call = ContractCall(parse_principal(CONTRACTS.core), "withdraw-from-stream", (clarity.uint(1),))
    return sign(build(call, single_sig(_KEY.public_key, nonce=0, fee=300), Network.TESTNET), _KEY)


def _answers(_samples: Samples) -> list[bytes]:
    said: list[tuple[Callable[[Fields], object], dict[str, Any]]] = [
        (chain.block_header, fake_hiro.block(5)),
        (chain.receipt, fake_hiro.transaction(1, 2)),
        (chain.receipt_v3, fake_hiro.transaction_v3(1, 2)),
        (chain.state, fake_hiro.transaction_v3(1, 0, "abort_by_response")),
        *((chain.event, one) for one in fake_hiro.EVENTS_V3),
        (Account.read, {"balance": "0x10", "locked": "0x0", "unlock_height": 0, "nonce": 3}),
    ]
    return [bytes((ANSWERS.index(read),)) + _json(document) for read, document in said]


def _cursors(_samples: Samples) -> list[bytes]:
    positions: list[dict[str, int | str]] = [{"before": 7}, {"before": 1, "kind": "sold"}, {}, {"a": "é"}]
    return [encode_cursor(position).encode() for position in positions]


def _json(document: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(document, separators=(",", ":")).encode()


_SEEDS = {
    "clarity-value": _values,
    "transaction": _transactions,
    "repr-text": _texts,
    "principal": _principals,
    "post-condition": _conditions,
    "post-condition-json": _condition_documents,
    "delivery": _deliveries,
    "api-body": _bodies,
    "node-answer": _answers,
    "cursor": _cursors,
}
