"""What is read from bytes skips the constructors' checks, so it is what the constructors would have made."""

from dataclasses import FrozenInstanceError, dataclass, fields, is_dataclass
from typing import Any

import pytest
from tests.stacks.samples import Samples

from bitpay.stacks import clarity
from bitpay.stacks.errors import DecodeError
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Asset, Compare, FtPostCondition
from bitpay.stacks.transactions import (
    Auth,
    HashMode,
    SpendingCondition,
    Transaction,
    contract_call,
    multi_sig,
    single_sig,
)
from bitpay.stacks.unchecked import unchecked

ACCOUNT = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"


def condition(samples: Samples) -> SpendingCondition:
    mode = samples.pick(list(HashMode))
    keys = [samples.secret().public_key for _ in range(1 if mode.single else 3)]
    nonce, fee = samples.amount(), samples.amount()
    if mode.single:
        return single_sig(keys[0], nonce=nonce, fee=fee, mode=mode)
    return multi_sig(keys, 2, nonce=nonce, fee=fee, mode=mode)


def transaction(samples: Samples) -> Transaction:
    network = samples.network()
    auth = Auth(condition(samples), samples.pick((None, condition(samples))))
    conditions = tuple(samples.post_condition() for _ in range(samples.pick((0, 1, 3))))
    return Transaction(
        network.transaction_version, network.chain_id, auth, samples.payload(), samples.mode(), conditions
    )


def made(read: Any) -> Any:  # noqa: ANN401 - whatever transactions are made of
    """The same thing through the constructors of all its parts."""
    if isinstance(read, tuple):
        return tuple(map(made, read))
    if isinstance(read, clarity.Tuple):
        return clarity.Tuple({key: made(value) for key, value in read.items})
    if is_dataclass(read) and not isinstance(read, type):
        return type(read)(*[made(getattr(read, field.name)) for field in fields(read)])
    return read


def assert_as_made(read: Transaction) -> None:
    again = made(read)
    assert (again, hash(again), repr(again)) == (read, hash(read), repr(read))


@pytest.mark.parametrize("seed", range(4))
def test_what_is_read_is_what_constructors_make(seed: int) -> None:
    samples = Samples(seed)
    for _ in range(50):
        tx = transaction(samples)
        read = Transaction.decode(tx.encode())
        assert read == tx
        assert_as_made(read)


@pytest.mark.parametrize("seed", range(4))
def test_what_constructors_refuse_is_not_read(seed: int) -> None:
    samples = Samples(seed)
    readable = 0
    for _ in range(300):
        data = samples.mutated(transaction(samples).encode())
        try:
            read = Transaction.decode(data)
        except DecodeError:
            continue
        readable += 1
        assert_as_made(read)
        assert read.encode() == data
    assert readable > 0


@pytest.mark.parametrize(
    ("written", "wrong", "field"),
    [
        (b"\x05vault", b"\x06vault?", "contract name"),
        (b"\x05vault", b"\x29" + b"v" * 41, "contract name"),
        (b"\x06create", b"\x07create.", "function"),
        (b"\x06create", b"\x81" + b"c" * 129, "function"),
        (b"\x05token", b"\x29" + b"t" * 41, "asset name"),
        (b"\x05token", b"\x00", "asset name"),
        (b"\x04coin", b"\x051coin", "asset name"),
    ],
)
def test_a_wrong_name_is_named(written: bytes, wrong: bytes, field: str) -> None:
    data = contract_call(
        f"{ACCOUNT}.vault",
        "create",
        [],
        network=Network.TESTNET,
        public_key=PrivateKey(b"\x07" * 32).public_key,
        nonce=0,
        fee=0,
        post_conditions=[FtPostCondition(None, Asset.parse(f"{ACCOUNT}.token::coin"), Compare.EQ, 1)],
    ).encode()
    with pytest.raises(DecodeError) as refused:
        Transaction.decode(data.replace(written, wrong))
    assert (refused.value.offset, refused.value.field) == (data.index(written), field)


def test_what_is_made_unchecked_is_of_its_class_and_frozen() -> None:
    @dataclass(frozen=True, slots=True)
    class Pair:
        first: int
        second: int = 2

    pair = unchecked(Pair)
    made = pair(1, 2)
    assert (made, hash(made), repr(made), type(made)) == (Pair(1), hash(Pair(1)), repr(Pair(1)), Pair)
    with pytest.raises(FrozenInstanceError):
        made.first = 3  # type: ignore[misc]
    for values in ((1,), (1, 2, 3)):
        with pytest.raises(TypeError):
            pair(*values)
