import pytest

from bitpay.stacks import clarity, post_conditions
from bitpay.stacks.errors import DecodeError, NameInvalid, StacksError, TransactionInvalid
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

ACCOUNT = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
TOKEN = f"{ACCOUNT}.token::coin"


def test_every_kind_has_its_json() -> None:
    asset = Asset.parse(TOKEN)
    common = {"address": "origin"}
    assert [
        post_conditions.to_json(condition)
        for condition in (
            StxPostCondition(None, Compare.GTE, 5),
            FtPostCondition(None, asset, Compare.LTE, 7),
            NftPostCondition(None, asset, clarity.uint(1), Sent.MAYBE_SENT),
            StakingPostCondition(None, Compare.EQ, 0),
            PoxPostCondition(None, Performs.WILL_NOT_PERFORM),
        )
    ] == [
        {"type": "stx-postcondition", **common, "condition": "gte", "amount": "5"},
        {"type": "ft-postcondition", **common, "condition": "lte", "amount": "7", "asset": TOKEN},
        {
            "type": "nft-postcondition",
            **common,
            "condition": "maybe-sent",
            "asset": TOKEN,
            "assetId": clarity.to_hex(clarity.uint(1)),
        },
        {"type": "staking-postcondition", **common, "condition": "eq", "amount": "0"},
        {"type": "pox-postcondition", **common, "condition": "will-not-perform"},
    ]
    assert [mode.word for mode in Mode] == ["allow", "deny", "originator"]


GOOD = {"type": "stx-postcondition", "address": ACCOUNT, "condition": "eq", "amount": "5"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        {**GOOD, "type": "btc-postcondition"},
        {**GOOD, "address": "ST1"},
        {**GOOD, "address": None},
        {**GOOD, "condition": "about"},
        {**GOOD, "amount": "many"},
        {**GOOD, "amount": "-1"},
        {**GOOD, "amount": 5.5},
        {**GOOD, "amount": True},
        {**GOOD, "amount": " 5"},
        {**GOOD, "amount": "\u0665"},
        {**GOOD, "condition": ["eq"]},
        {**GOOD, "amount": str(2**64)},
        {**GOOD, "amount": "9" * 5000},
        {**GOOD, "address": f"{ACCOUNT}.{'a' * 41}"},
        {**GOOD, "type": "ft-postcondition", "asset": ACCOUNT},
        {**GOOD, "type": "ft-postcondition", "asset": f"{ACCOUNT}::coin"},
        {**GOOD, "type": "nft-postcondition", "condition": "sent", "asset": TOKEN, "assetId": "0x"},
    ],
)
def test_json_that_says_no_condition_is_refused(document: dict[str, object]) -> None:
    with pytest.raises(TransactionInvalid):
        post_conditions.from_json(document)


@pytest.mark.parametrize(
    ("text", "offset", "field"),
    [
        ("00", 1, "principal type"),
        ("0501", 0, "post-condition type"),
        ("0004", 1, "principal type"),
        ("000100" + "00" * 8, 2, "condition code"),
        ("000106" + "00" * 8, 2, "condition code"),
        ("040133", 2, "condition code"),
        ("0220", 1, "principal type"),
        ("000220" + "00" * 20 + "01" + "00" * 8, 2, "principal"),
        ("0001010000000000000000ff", 11, "post-condition"),
        ("00010100", 4, "amount"),
    ],
)
def test_malformed_bytes_are_refused_with_the_place(text: str, offset: int, field: str) -> None:
    with pytest.raises(DecodeError) as refused:
        post_conditions.decode(bytes.fromhex(text))
    assert (refused.value.offset, refused.value.field) == (offset, field)


@pytest.mark.parametrize("text", ["", ACCOUNT, f"{ACCOUNT}::a", f"{ACCOUNT}.a::", f"{ACCOUNT}.{'a' * 41}::a"])
def test_an_asset_is_a_token_of_a_contract(text: str) -> None:
    with pytest.raises(StacksError):
        Asset.parse(text)


def test_amounts_may_be_numbers() -> None:
    assert post_conditions.from_json({**GOOD, "amount": 5}) == post_conditions.from_json(GOOD)


def test_an_asset_has_a_proper_name() -> None:
    with pytest.raises(NameInvalid):
        Asset.parse(f"{ACCOUNT}.token::1coin")
