"""Which events the ledger believes."""

import pytest
from tests.ledger.ledger_chain import CONTRACTS, PEOPLE, Chain, created, printed, receipt, withdrawn

from bitpay.ledger.events import DecodedBlock, decode_block, event_document, event_from, storable_fields
from bitpay.stacks import clarity
from bitpay.stacks.model import Block, BlockHeader, ContractLog, Event, TransactionStatus

HEADER = BlockHeader(5, "0x" + "05" * 32, "0x" + "04" * 32, 1_700_000_000, 90, "0x" + "0b" * 32, 1_699_999_000, 40)


def decoded(*events: Event, status: TransactionStatus = TransactionStatus.SUCCESS) -> DecodedBlock:
    return decode_block(Block(HEADER, (receipt("0x" + "0e" * 32, 2, events, status=status),)), CONTRACTS)


def paid(index: int = 0) -> ContractLog:
    return withdrawn(index, 1, holder=PEOPLE[0], amount=5, total=5)


def test_an_event_is_named_by_block_transaction_and_its_number_among_ours() -> None:
    foreign = ContractLog(0, f"{PEOPLE[0]}.bitpay-core", "print", paid().raw)
    block = decoded(foreign, paid(1), ContractLog(2, CONTRACTS.sbtc_token, "print", b"\x03"), paid(7))
    assert [event.id for event in block.events] == [f"{HEADER.hash}:2:0", f"{HEADER.hash}:2:1"]


@pytest.mark.parametrize("status", [status for status in TransactionStatus if status is not TransactionStatus.SUCCESS])
def test_a_transaction_that_failed_said_nothing(status: TransactionStatus) -> None:
    assert decoded(paid(), status=status) == DecodedBlock(HEADER, ())


def test_the_same_names_under_another_deployer_are_not_ours() -> None:
    impostor = ContractLog(0, f"{PEOPLE[1]}.bitpay-core", "print", paid().raw)
    assert decoded(impostor) == DecodedBlock(HEADER, ())


def test_only_prints_count() -> None:
    log = paid()
    assert decoded(ContractLog(0, log.contract_id, "other", log.raw)) == DecodedBlock(HEADER, ())


@pytest.mark.parametrize(
    "log",
    [
        printed(0, "bitpay-core", "stream-withdrawal", {}),
        printed(0, "bitpay-core", "stream-exploded", {"stream-id": clarity.uint(1)}),
        printed(0, "bitpay-core", "stream-renounced", {"stream-id": clarity.uint(1)}, version=2),
        ContractLog(0, CONTRACTS.core, "print", b"\x03"),
        ContractLog(0, CONTRACTS.core, "print", b"\xff\xff"),
        ContractLog(0, CONTRACTS.core, "print", b""),
    ],
    ids=["fields missing", "unknown name", "unknown version", "no tuple", "no value", "nothing"],
)
def test_what_ours_print_in_no_known_form_is_reported_and_never_believed(log: ContractLog) -> None:
    block = decoded(log, paid(1))
    assert [problem.kind for problem in block.problems] == ["unknown_event"]
    assert [event.name for event in block.events] == ["stream-withdrawal"]


def test_a_value_beyond_63_bits_is_kept_as_text_and_reported() -> None:
    huge = created(0, 1, sender=PEOPLE[0], recipient=PEOPLE[1], amount=2**127, start=1, end=2)
    block = decoded(huge)
    assert {problem.kind for problem in block.problems} == {"value_out_of_range"}
    assert event_document(block.events[0])["fields"]["amount"] == str(2**127)


def test_a_stored_event_comes_back_as_it_was() -> None:
    chain = Chain(4)
    for event in decode_block(chain.grow(None, events=8), CONTRACTS).events:
        assert event_from(event_document(event), event.block) == event


def test_numbers_are_made_storable_at_any_depth() -> None:
    assert storable_fields({"a": [{"b": 2**70}], "c": True, "d": (1, None)}) == {
        "a": [{"b": str(2**70)}],
        "c": True,
        "d": [1, None],
    }
