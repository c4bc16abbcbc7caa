from typing import Any

import pytest

from bitpay.stacks import addresses, names
from bitpay.stacks.addresses import Principal, parse_principal
from bitpay.stacks.errors import AddressInvalid, NameInvalid
from bitpay.stacks.network import Network

BURN = "SP000000000000000000002Q6VF78"
ACCOUNT = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"


@pytest.mark.parametrize(
    ("version", "prefix", "network"),
    [
        (22, "SP", Network.MAINNET),
        (20, "SM", Network.MAINNET),
        (26, "ST", Network.TESTNET),
        (21, "SN", Network.TESTNET),
    ],
)
def test_the_four_versions_in_use(version: int, prefix: str, network: Network) -> None:
    address = addresses.encode(version, bytes(range(20)))
    assert address.startswith(prefix)
    assert addresses.decode(address) == (version, bytes(range(20)))
    assert parse_principal(address).network is network


def test_leading_zero_bytes_are_zeros() -> None:
    assert addresses.encode(22, bytes(20)) == BURN
    assert addresses.decode(BURN) == (22, bytes(20))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "S",
        "SP",
        ACCOUNT[:-1],
        ACCOUNT + "0",
        ACCOUNT.lower(),
        ACCOUNT.replace("0", "O"),
        ACCOUNT.replace("1", "I"),
        "T" + ACCOUNT[1:],
        "SU" + ACCOUNT[2:],
        "SP" + ACCOUNT[2:],
        ACCOUNT[:-1] + "N",
        "SP0" + BURN[2:],
        "S" * 10_000,
        ACCOUNT + "\n",
        "ＳＴ" + ACCOUNT[2:],  # noqa: RUF001
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(AddressInvalid):
        addresses.decode(text)


def test_a_principal_is_an_account_or_a_contract() -> None:
    account, contract = parse_principal(ACCOUNT), parse_principal(f"{ACCOUNT}.stream-nft")
    assert (account.is_contract, contract.is_contract) == (False, True)
    assert account.contract("stream-nft") == contract
    assert (str(account), str(contract), contract.address) == (ACCOUNT, f"{ACCOUNT}.stream-nft", ACCOUNT)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a.b", "ä", "a" * 129, "-a"])
def test_a_contract_has_a_proper_name(name: str) -> None:
    with pytest.raises(NameInvalid):
        parse_principal(f"{ACCOUNT}.{name}")


def test_only_short_names_can_be_deployed_but_old_ones_are_read() -> None:
    assert names.contract_name("a" * 40)
    assert parse_principal(f"{ACCOUNT}.{'a' * 128}").is_contract
    with pytest.raises(NameInvalid):
        names.contract_name("a" * 41)


@pytest.mark.parametrize("name", ["a", "a-b", "is-ok?", "set!", "+", "<=", "a1_/*"])
def test_clarity_names(name: str) -> None:
    assert names.clarity_name(name) == name


@pytest.mark.parametrize("name", ["", "1", "a b", "-a", "=<", "é", "a\n"])
def test_what_is_no_clarity_name(name: str) -> None:
    with pytest.raises(NameInvalid):
        names.clarity_name(name)


@pytest.mark.parametrize("text", [None, 5, b"SP", [], {}])
def test_what_is_no_text_is_no_address(text: Any) -> None:  # noqa: ANN401 - none is text
    for read in (addresses.decode, parse_principal):
        with pytest.raises(AddressInvalid, match="not a Stacks address"):
            read(text)
    with pytest.raises(AddressInvalid):
        addresses.encode(22, text)
    with pytest.raises(AddressInvalid):
        addresses.encode(text, text)


def test_versions_and_sizes_are_checked() -> None:
    for version, digest in ((32, bytes(20)), (-1, bytes(20)), (22, bytes(19))):
        with pytest.raises(AddressInvalid):
            addresses.encode(version, digest)
        with pytest.raises(AddressInvalid):
            Principal(version, digest)
    with pytest.raises(AddressInvalid):
        _ = Principal(0, bytes(20)).network
