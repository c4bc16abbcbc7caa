"""What is kept of deliveries until they are judged, and what becomes of them."""

import pytest
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import follow

from bitpay.ledger import witness as witnesses
from bitpay.ledger.book import Book, Head
from bitpay.ledger.events import DecodedBlock, decode_block
from bitpay.ledger.witness import APPLIED, BEYOND, CONTRADICTED, LAPSED, ORPHANED, Witness
from bitpay.realtime.log import RoomLog
from bitpay.registry import PROJECTIONS
from bitpay.store import Database


@pytest.fixture
async def chain(database: Database) -> list[DecodedBlock]:
    """Five blocks that the books have, and two that follow."""
    chain = Chain(31)
    known = chain.grow(None, 5, events=2)
    await follow(Book(database, PROJECTIONS, RoomLog(database)), View(chain, known))
    return [decode_block(block, CONTRACTS) for block in chain.path(chain.grow(known, 2))]


async def outcomes(witness: Witness, head: Head) -> dict[str, str]:
    return {verdict.delivery: verdict.outcome for verdict in await witness.judge(head)}


def at(block: DecodedBlock) -> Head:
    return Head(block.header.hash, block.header.height, block.header.time, block.header.burn_height, 1)


async def test_a_delivery_waits_for_its_last_block(database: Database, chain: list[DecodedBlock]) -> None:
    witness = Witness(database)
    witness.hear("old", chain[:3], whole=True)
    witness.hear("new", chain[4:6], whole=False)
    assert "new" in witness.held
    assert await outcomes(witness, at(chain[4])) == {"old": APPLIED}
    assert await outcomes(witness, at(chain[4])) == {}
    assert await outcomes(witness, at(chain[6])) == {"new": ORPHANED}
    assert "new" not in witness.held


async def test_what_differs_in_the_same_way_is_one_problem(database: Database, chain: list[DecodedBlock]) -> None:
    witness = Witness(database)
    less = DecodedBlock(chain[2].header, chain[2].events[:1])
    for delivery in ("first", "second"):
        witness.hear(delivery, [less], whole=True)
    witness.hear("third", [DecodedBlock(chain[2].header, chain[1].events)], whole=True)
    verdicts = await witness.judge(at(chain[4]))
    assert {verdict.outcome for verdict in verdicts} == {CONTRADICTED}
    first, second, third = (problem.id for verdict in verdicts for problem in verdict.problems)
    assert first == second
    assert first.startswith(chain[2].header.hash)
    assert third.startswith(chain[2].header.hash)


async def test_who_is_far_above_the_tip_is_let_go(
    database: Database, chain: list[DecodedBlock], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnesses, "AHEAD_BLOCKS", 1)
    witness = Witness(database)
    witness.hear("near", chain[5:6], whole=True)
    witness.hear("far", chain[6:7], whole=True)
    assert await outcomes(witness, at(chain[2])) == {}, "nobody has said yet where the chain ends"
    witness.see(chain[4].header)
    witness.see(None)
    assert await outcomes(witness, at(chain[2])) == {"far": BEYOND}
    assert "near" in witness.held


async def test_only_so_much_testimony_is_kept_and_the_oldest_goes_first(
    database: Database, chain: list[DecodedBlock], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnesses, "CAPACITY", 3 * (2 + len(chain[6].events)))
    witness = Witness(database)
    for number in range(5):
        witness.hear(f"{number}", chain[6:7], whole=True)
    witness.hear("2", chain[6:7], whole=True)  # heard again, it weighs no more
    assert await outcomes(witness, at(chain[4])) == {"0": LAPSED, "1": LAPSED}
    assert await outcomes(witness, at(chain[6])) == {"2": ORPHANED, "3": ORPHANED, "4": ORPHANED}


async def test_many_are_judged_in_portions(
    database: Database, chain: list[DecodedBlock], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(witnesses, "_JUDGED_BLOCKS", 4)
    witness = Witness(database)
    for number in range(5):
        witness.hear(f"{number}", chain[:2], whole=True)
    judged = [len(await outcomes(witness, at(chain[4]))) for _ in range(4)]
    assert judged == [2, 2, 1, 0]
