"""A transaction that takes too long is tried again with less in it."""

from collections.abc import Sequence

import pytest
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import BulkWriteError, OperationFailure
from tests.ledger.ledger_chain import Chain, View
from tests.ledger.ledger_states import clean_replay, follow, state_of

from bitpay.ledger.book import Book, Head
from bitpay.ledger.events import DecodedBlock
from bitpay.ledger.portions import Portion
from bitpay.stacks.model import BlockHeader
from bitpay.store import Database


def too_long() -> OperationFailure:
    return OperationFailure("the transaction exceeded its lifetime", 290)


async def test_a_slow_database_gets_smaller_portions_until_it_can(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply, rollback = book.apply, book.rollback
    applied: list[int] = []
    undone: list[int] = []

    async def slow_apply(
        head: Head, run: Sequence[DecodedBlock], *, final_burn: int, session: AsyncClientSession | None = None
    ) -> Head:
        if len(run) > 9:
            raise too_long()
        applied.append(len(run))
        return await apply(head, run, final_burn=final_burn, session=session)

    async def slow_rollback(
        head: Head, target: BlockHeader | None, *, session: AsyncClientSession | None = None
    ) -> Head:
        count = head.height - (target.height if target else 0)
        if count > 6:
            raise too_long()
        undone.append(count)
        return await rollback(head, target, session=session)

    monkeypatch.setattr(book, "apply", slow_apply)
    monkeypatch.setattr(book, "rollback", slow_rollback)
    chain = Chain(1, burn_every=20)
    old = chain.grow(None, 100)
    view = View(chain, old)
    follower = await follow(book, view)
    new = chain.grow(chain.ancestor(old, 40), 50)
    view.show(new)
    while await follower.step():
        pass

    assert max(applied) <= 9
    assert sum(undone) == 40
    monkeypatch.undo()
    assert await state_of(database) == await clean_replay(database, chain, new)


def test_what_is_not_a_matter_of_size_is_not_hidden() -> None:
    portion = Portion(64)
    with pytest.raises(OperationFailure):
        portion.shrink(OperationFailure("not primary", 10107), 64)
    with pytest.raises(OperationFailure):
        portion.shrink(too_long(), 1)
    assert portion.size == 64


@pytest.mark.parametrize("code", [251, 257, 290, 388])
def test_too_much_is_too_much_whether_one_write_says_so_or_one_of_a_bulk(code: int) -> None:
    portion = Portion(200)
    portion.shrink(OperationFailure("too much", code), 200)
    assert portion.size == 100
    portion.shrink(BulkWriteError({"writeErrors": [{"index": 7, "code": code, "errmsg": "too much"}]}), 60)
    assert portion.size == 30


def test_a_bulk_that_fails_for_another_reason_is_not_hidden() -> None:
    with pytest.raises(BulkWriteError):
        Portion(200).shrink(BulkWriteError({"writeErrors": [{"index": 0, "code": 11000, "errmsg": "twice"}]}), 200)


def test_it_grows_again_slowly() -> None:
    portion = Portion(64)
    portion.shrink(too_long(), 64)
    assert portion.size == 32
    for _ in range(40):
        portion.fits()
    assert portion.size == 64
