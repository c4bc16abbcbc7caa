from tests.contracts.error_constants import all_constants, constants

from bitpay.protocol.error_table import ERRORS
from bitpay.protocol.ids import NAMES

HUNDREDS = {
    "bitpay-access-control": 100,
    "bitpay-sbtc-helper": 200,
    "bitpay-nft": 300,
    "bitpay-obligation-nft": 400,
    "bitpay-core": 500,
    "bitpay-treasury": 600,
    "bitpay-marketplace": 700,
}


def test_the_table_holds_exactly_the_constants_of_the_contracts() -> None:
    defined = {code: name.partition(" ")[2] for code, name in all_constants().items()}

    assert {code: name for code, (name, _) in ERRORS.items()} == defined


def test_each_contract_keeps_to_its_hundred() -> None:
    for contract in NAMES:
        codes = set(constants(contract).values())
        assert codes == set(range(HUNDREDS[contract], HUNDREDS[contract] + len(codes))), contract


def test_every_sentence_is_one_a_person_can_read() -> None:
    for code, (_, sentence) in ERRORS.items():
        assert sentence[0].isupper(), code
        assert sentence.endswith("."), code
        assert len(sentence) <= 110, code
