"""Events for others: all of them, in order, once, or the word that the chain moved."""

import pytest
from tests.ledger.ledger_chain import Chain, View
from tests.ledger.ledger_states import follow, state_of

from bitpay.ledger import export
from bitpay.ledger.book import Book
from bitpay.ledger.export import ChainMoved, canonical_events
from bitpay.store import Database


async def test_canonical_events_come_in_order_whatever_left_the_chain(book: Book, database: Database) -> None:
    chain = Chain(1)
    old = chain.grow(None, 250)
    view = View(chain, old)
    follower = await follow(book, view)
    view.show(chain.grow(chain.ancestor(old, 9), 12))
    while await follower.step():
        pass

    exported = [event async for event in canonical_events(database)]

    assert exported == (await state_of(database))["events"]
    some = [event async for event in canonical_events(database, first=100, last=240)]
    assert some == [event for event in exported if 100 <= event["height"] <= 240]


async def test_a_reorganisation_under_an_export_is_said(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "_BLOCKS_AT_ONCE", 5)
    chain = Chain(2)
    old = chain.grow(None, 20, events=2)
    view = View(chain, old)
    follower = await follow(book, view)
    events = canonical_events(database, first=15)
    taken = [await anext(events) for _ in range(10)]
    assert taken[-1]["height"] == 19

    view.show(chain.grow(chain.ancestor(old, 8), 12))
    while await follower.step():
        pass

    with pytest.raises(ChainMoved):
        await anext(events)
