"""Three formats, one block."""

import copy
from typing import Any

import pytest
from tests.chainhook.chainhook_payloads import CONTRACTS, block, chainhook1, chainhooks2, node

from bitpay.chainhook.arrivals import Format, Unreadable
from bitpay.chainhook.deliveries import read_arrival
from bitpay.ledger.events import decode_block
from bitpay.stacks.model import TransactionStatus


@pytest.mark.parametrize(
    ("told", "form"),
    [
        (chainhooks2([block()]), Format.CHAINHOOKS_2),
        (chainhook1([block()]), Format.CHAINHOOK_1),
        (node(block()), Format.NODE),
    ],
)
def test_every_format_gives_the_same_header_and_the_same_events(told: dict[str, Any], form: Format) -> None:
    arrival = read_arrival(told)

    (delivered,) = arrival.blocks
    assert arrival.format is form
    assert delivered.header == block().header
    decoded, known = decode_block(delivered, CONTRACTS), decode_block(block(), CONTRACTS)
    assert [event.id for event in decoded.events] == [event.id for event in known.events]
    assert [event.fields for event in decoded.events] == [event.fields for event in known.events]


def test_only_a_node_and_a_complete_2_0_delivery_carry_a_whole_header() -> None:
    assert read_arrival(chainhooks2([block()])).complete
    assert read_arrival(node(block())).complete
    assert not read_arrival(chainhooks2([block()], metadata=False)).complete
    assert not read_arrival(chainhook1([block()])).complete


def test_rollbacks_are_named_by_hash() -> None:
    assert read_arrival(chainhooks2([block(6)], [block(5)])).rolled_back == (block(5).header.hash,)
    assert read_arrival(chainhook1([block(6)], [block(5)])).rolled_back == (block(5).header.hash,)


@pytest.mark.parametrize("status", list(TransactionStatus))
def test_only_success_counts(status: TransactionStatus) -> None:
    told = [chainhooks2([block(status=status)]), chainhook1([block(status=status)]), node(block(status=status))]
    counts = {read_arrival(body).events_of(CONTRACTS) for body in told}
    assert counts == {1 if status is TransactionStatus.SUCCESS else 0}


def test_a_bare_hexadecimal_value_is_as_good_as_an_object() -> None:
    told = chainhooks2([block()])
    for operation in told["event"]["apply"][0]["transactions"][0]["operations"][1:]:
        operation["metadata"]["value"] = operation["metadata"]["value"]["hex"]
    assert read_arrival(told).events_of(CONTRACTS) == 1


def test_what_a_node_did_not_commit_never_happened() -> None:
    told = node(block())
    told["events"][0]["committed"] = False
    assert read_arrival(told).events_of(CONTRACTS) == 0


def test_transactions_that_are_not_in_the_chain_are_passed_over() -> None:
    told = chainhooks2([block()])
    orphan = copy.deepcopy(told["event"]["apply"][0]["transactions"][0])
    orphan["metadata"] |= {"canonical": False}
    pending = copy.deepcopy(orphan)
    pending["metadata"] |= {"canonical": True, "status": "pending"}
    told["event"]["apply"][0]["transactions"] += [orphan, pending]
    (delivered,) = read_arrival(told).blocks
    assert len(delivered.transactions) == 1


def test_a_value_that_was_decoded_to_json_on_the_way_is_not_believed() -> None:
    told = chainhook1([block()])
    data = told["apply"][0]["transactions"][0]["metadata"]["receipt"]["events"][0]["data"]
    data["value"] = {"event": "stream-renounced"}
    del data["raw_value"]
    with pytest.raises(Unreadable, match="raw_value"):
        read_arrival(told)


def test_the_place_of_the_fault_is_told() -> None:
    told = chainhooks2([block()])
    told["event"]["apply"][0]["block_identifier"]["hash"] = "0x12"
    with pytest.raises(Unreadable, match=r"event\.apply\.0\.block_identifier\.hash"):
        read_arrival(told)
