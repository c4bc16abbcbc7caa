"""Whatever can be made can be sent: wrong parts are refused at once, with an error of ours, and the rest survives."""

from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitpay.stacks import addresses, clarity, post_conditions
from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.errors import DecodeError, KeyInvalid, StacksError, TransactionInvalid
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import (
    Asset,
    Compare,
    FtPostCondition,
    Mode,
    NftPostCondition,
    Performs,
    PoxPostCondition,
    Sent,
    StakingPostCondition,
    StxPostCondition,
)
from bitpay.stacks.transactions import (
    AnchorMode,
    Auth,
    AuthField,
    Coinbase,
    ContractCall,
    HashMode,
    MultiSig,
    PoisonMicroblock,
    SingleSig,
    SmartContract,
    TenureCause,
    TenureChange,
    TokenTransfer,
    Transaction,
    build,
    contract_call,
    multi_sig,
    multi_sig_address,
    single_sig,
    token_transfer,
    with_public_key,
)

KEY = PrivateKey(b"\x07" * 32)
BIG = PrivateKey.uncompressed(KEY.to_bytes()).public_key
ACCOUNT = parse_principal("ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM")
CONTRACT = ACCOUNT.contract("vault")
HYBRID = bytes((6 + BIG[64] % 2,)) + BIG[1:]
NO_KEYS = [b"", b"hello", bytes(33), bytes(65), b"\x04" + bytes(64), HYBRID, KEY.public_key + b"\x00", BIG[:64]]


@pytest.mark.parametrize("garbage", [*NO_KEYS, "02", None, 5, bytearray(KEY.public_key)])
def test_what_is_no_public_key_has_no_address(garbage: Any) -> None:  # noqa: ANN401 - whatever
    common = {"network": Network.TESTNET, "public_key": garbage, "nonce": 0, "fee": 0}
    shared = build(TokenTransfer(ACCOUNT, 5), multi_sig([BIG], 1, nonce=0, fee=0, mode=HashMode.P2SH), Network.TESTNET)
    for made in (
        lambda: addresses.of_public_key(garbage, Network.TESTNET),
        lambda: single_sig(garbage, nonce=0, fee=0),
        lambda: single_sig(garbage, nonce=0, fee=0, mode=HashMode.P2WPKH),
        lambda: multi_sig([KEY.public_key, garbage], 1, nonce=0, fee=0, mode=HashMode.P2SH),
        lambda: multi_sig_address(HashMode.P2WSH, [garbage, KEY.public_key], 1, Network.MAINNET),
        lambda: token_transfer(ACCOUNT, 5, **common),
        lambda: contract_call(CONTRACT, "f", [], **common),
        lambda: with_public_key(shared, garbage),
    ):
        with pytest.raises(KeyInvalid):
            made()


def test_both_forms_of_a_key_have_their_address() -> None:
    small, big = (addresses.of_public_key(key, Network.TESTNET) for key in (KEY.public_key, BIG))
    assert (small, big) == (
        KEY.address(Network.TESTNET),
        PrivateKey.uncompressed(KEY.to_bytes()).address(Network.TESTNET),
    )
    for mode, keys in ((HashMode.P2PKH, []), (HashMode.P2PKH, [BIG, BIG]), (HashMode.P2SH, [BIG] * 17)):
        with pytest.raises(TransactionInvalid):
            multi_sig_address(mode, keys, 1, Network.TESTNET)


def transaction(payload: Any = None, **parts: Any) -> Transaction:  # noqa: ANN401 - some are wrong
    network = Network.TESTNET
    whole: dict[str, Any] = {
        "version": network.transaction_version,
        "chain_id": network.chain_id,
        "auth": Auth(single_sig(KEY.public_key, nonce=0, fee=0)),
        "payload": TokenTransfer(ACCOUNT, 5) if payload is None else payload,
    }
    return Transaction(**whole | parts)


# A good one of each class, and how it comes back from its bytes.
Survives = Callable[[Any], Any]


def by_transaction(part: str) -> Survives:
    return lambda made: getattr(Transaction.decode(transaction(**{part: made}).encode()), part)


def by_auth(made: Any) -> Any:  # noqa: ANN401 - a condition
    return Transaction.decode(transaction(auth=Auth(made)).encode()).auth.origin


def by_post_condition(made: Any) -> Any:  # noqa: ANN401 - a post-condition
    assert post_conditions.from_json(post_conditions.to_json(made)) == made
    return post_conditions.decode(post_conditions.encode(made))


def by_value(made: Any) -> Any:  # noqa: ANN401 - a value
    assert clarity.parse_repr(clarity.to_repr(made)) == made
    return clarity.decode(clarity.encode(made))


def by_principal(made: Principal) -> Principal:
    read = clarity.decode(clarity.encode(clarity.principal(made)))
    assert isinstance(read, clarity.PrincipalValue)
    assert parse_principal(str(made)) == made
    return read.value


def by_asset(made: Asset) -> Asset:
    return by_post_condition(FtPostCondition(None, made, Compare.EQ, 1)).asset  # type: ignore[no-any-return]


def by_field(made: AuthField) -> AuthField:
    return by_auth(MultiSig(HashMode.P2SH, bytes(20), 0, 0, 1, (made,))).fields[0]  # type: ignore[no-any-return]


ASSET = Asset(CONTRACT, "coin")
HASH = bytes(20)
GOOD: list[tuple[Any, Survives]] = [
    (ACCOUNT, by_principal),
    (ASSET, by_asset),
    (StxPostCondition(None, Compare.EQ, 5), by_post_condition),
    (FtPostCondition(ACCOUNT, ASSET, Compare.LTE, 5), by_post_condition),
    (NftPostCondition(CONTRACT, ASSET, clarity.uint(1), Sent.SENT), by_post_condition),
    (StakingPostCondition(None, Compare.GT, 0), by_post_condition),
    (PoxPostCondition(ACCOUNT, Performs.MAY_PERFORM), by_post_condition),
    (SingleSig(HashMode.P2PKH, HASH, 1, 2), by_auth),
    (MultiSig(HashMode.P2SH, HASH, 1, 2, 1, (AuthField(KEY.public_key), AuthField(bytes(65), False))), by_auth),
    (AuthField(KEY.public_key), by_field),
    (AuthField(bytes(65)), by_field),
    (Auth(SingleSig(HashMode.P2PKH, HASH, 0, 0), SingleSig(HashMode.P2WPKH, HASH, 0, 0)), by_transaction("auth")),
    (TokenTransfer(ACCOUNT, 5, b"hi"), by_transaction("payload")),
    (ContractCall(CONTRACT, "f", (clarity.TRUE,)), by_transaction("payload")),
    (SmartContract("a", "(+ 1 2)", 4), by_transaction("payload")),
    (PoisonMicroblock(bytes(132), bytes(132)), by_transaction("payload")),
    (Coinbase(bytes(32), ACCOUNT, bytes(80)), by_transaction("payload")),
    (TenureChange(HASH, HASH, HASH, bytes(32), 1, TenureCause.EXTENDED, HASH), by_transaction("payload")),
    (transaction(), lambda made: Transaction.decode(made.encode())),
]

anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-2, 300),
    st.sampled_from([2**32, 2**64 - 1, 2**64, 2**128, 10**5000]),
    st.floats(),
    st.text(max_size=3) | st.sampled_from(["\ud800", "é", "a", str(ACCOUNT), str(CONTRACT)]),
    st.sampled_from([b"", HASH, bytes(32), bytes(33), bytes(65), bytes(80), bytes(132), KEY.public_key, BIG, HYBRID]),
    st.just(bytearray(20)),
    st.lists(st.integers(0, 1), max_size=2),
    st.just({}),
    st.sampled_from([*HashMode, *Mode, *Compare, *Sent, *Performs, *TenureCause, *AnchorMode, *Network]),
    st.sampled_from([clarity.uint(1), clarity.NONE, clarity.Value(), str, object()]),
    st.sampled_from([made for made, _ in GOOD]),
    st.sampled_from([(made,) for made, _ in GOOD] + [(), (1,)]),
)


@given(st.data())
@settings(deadline=None, max_examples=1500)
def test_what_is_made_of_anything_is_refused_or_survives(data: st.DataObject) -> None:
    made, survives = data.draw(st.sampled_from(GOOD))
    names = [field.name for field in fields(made)]
    changed = data.draw(st.dictionaries(st.sampled_from(names), anything, min_size=1, max_size=2))
    try:
        again = type(made)(**{name: getattr(made, name) for name in names} | changed)
        read = survives(again)
    except StacksError:
        return
    assert (read, hash(read)) == (again, hash(again))


@pytest.mark.parametrize(("made", "survives"), GOOD)
def test_what_is_right_survives(made: Any, survives: Survives) -> None:  # noqa: ANN401 - one of each
    assert survives(made) == made


@pytest.mark.parametrize(
    "made",
    [
        lambda: StxPostCondition(None, Sent.SENT, 5),  # type: ignore[arg-type]
        lambda: StxPostCondition(None, 9, 5),  # type: ignore[arg-type]
        lambda: StxPostCondition(None, Compare.EQ, 5.5),  # type: ignore[arg-type]
        lambda: StxPostCondition(None, Compare.EQ, True),
        lambda: StxPostCondition(str(ACCOUNT), Compare.EQ, 5),  # type: ignore[arg-type]
        lambda: NftPostCondition(None, ASSET, clarity.uint(1), Compare.EQ),  # type: ignore[arg-type]
        lambda: PoxPostCondition(None, Sent.SENT),  # type: ignore[arg-type]
        lambda: TokenTransfer(ACCOUNT, 5.5),  # type: ignore[arg-type]
        lambda: TokenTransfer(ACCOUNT, 5, "hi"),  # type: ignore[arg-type]
        lambda: ContractCall(CONTRACT, "f", [clarity.TRUE]),  # type: ignore[arg-type]
        lambda: SmartContract("a", ["ok"]),  # type: ignore[arg-type]
        lambda: SmartContract("a", "ok", 1.0),  # type: ignore[arg-type]
        lambda: SingleSig(0, HASH, 0, 0),  # type: ignore[arg-type]
        lambda: transaction(mode=7),
        lambda: transaction(anchor_mode=Mode.ALLOW),
        lambda: transaction(version=128.0),
        lambda: transaction(post_conditions=[StxPostCondition(None, Compare.EQ, 5)]),
        lambda: build(TokenTransfer(ACCOUNT, 5), single_sig(BIG, nonce=0, fee=0), "testnet"),  # type: ignore[arg-type]
        lambda: contract_call(CONTRACT, "f", 5, network=Network.TESTNET, public_key=BIG, nonce=0, fee=0),  # type: ignore[arg-type]
        lambda: Asset.parse(None),  # type: ignore[arg-type]
        lambda: post_conditions.from_json([]),  # type: ignore[arg-type]
        lambda: post_conditions.to_json(5),  # type: ignore[arg-type]
        lambda: post_conditions.encode(5),  # type: ignore[arg-type]
    ],
)
def test_a_part_of_the_wrong_kind_is_refused(made: Callable[[], object]) -> None:
    with pytest.raises(TransactionInvalid):
        made()


@pytest.mark.parametrize("data", [bytearray(transaction().encode()), "00", [0], None, 5])
def test_what_is_no_bytes_is_not_read(data: Any) -> None:  # noqa: ANN401 - none is bytes
    for read in (Transaction.decode, post_conditions.decode):
        with pytest.raises(DecodeError):
            read(data)


def test_a_co_signers_key_is_a_point() -> None:
    for content in (bytes(33), b"\x02" + b"\xff" * 32):
        with pytest.raises(KeyInvalid):
            AuthField(content)
