"""Collections, indexes, versions and numbers of a database."""

import pytest

from bitpay.store import Database, DatabaseTooNew, create_indexes, migrate, migration, storable
from bitpay.store.indexes import index
from bitpay.store.migrations import _STEPS, MIGRATIONS


async def test_declared_indexes_exist_after_a_start_and_a_second_start_changes_nothing(database: Database) -> None:
    index("shelves", [("room", 1), ("height", -1)], unique=True)
    await create_indexes(database)
    await create_indexes(database)

    found = await (await database["shelves"].list_indexes()).to_list()

    assert {"room": 1, "height": -1} in [dict(row["key"]) for row in found if row.get("unique")]


def test_one_index_cannot_be_declared_in_two_ways() -> None:
    index("boxes", [("label", 1)])
    with pytest.raises(ValueError, match="two different indexes label_1 of boxes"):
        index("boxes", [("label", 1)], unique=True)


async def test_migrations_run_once_each_and_in_order(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitpay.store.migrations._STEPS", {})
    ran: list[int] = []

    @migration(2, "the second")
    async def second(_: Database) -> None:
        ran.append(2)

    @migration(1, "the first")
    async def first(_: Database) -> None:
        ran.append(1)

    assert await migrate(database) == 2
    assert await migrate(database) == 2
    assert ran == [1, 2]


async def test_a_database_of_newer_code_is_left_alone(database: Database) -> None:
    await database[MIGRATIONS].insert_one({"_id": max(_STEPS, default=0) + 1})
    with pytest.raises(DatabaseTooNew):
        await migrate(database)


@pytest.mark.parametrize("number", [0, 1, -1, 2**63 - 1, -(2**63) + 1])
def test_numbers_of_63_bits_stay_numbers(number: int) -> None:
    assert storable(number) == number


@pytest.mark.parametrize("number", [2**63, 2**128 - 1, -(2**63)])
def test_larger_numbers_become_text(number: int) -> None:
    assert storable(number) == str(number)
