"""Fixtures that several areas share."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

import pytest

from bitpay.kit.logs import configure_logs
from bitpay.store import Client, Database, connect, create_indexes, open_database
from bitpay.store.server import MongoServer

if TYPE_CHECKING:
    from tests.instance import LiveInstance


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    configure_logs()


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real mongod of this test run's own."""
    directory: Path = tmp_path_factory.mktemp("mongo")
    with MongoServer(directory, test_commands=True) as server:
        yield server.url


@pytest.fixture(scope="session")
async def mongo_client(mongo_url: str) -> AsyncIterator[Client]:
    client = connect(mongo_url)
    yield client
    await client.close()


@pytest.fixture
async def database(mongo_client: Client) -> AsyncIterator[Database]:
    """An empty database with every declared collection and index, dropped afterwards."""
    database = open_database(mongo_client, f"test_{token_hex(6)}")
    await create_indexes(database)
    yield database
    await mongo_client.drop_database(database.name)


@pytest.fixture(scope="session")
async def live(tmp_path_factory: pytest.TempPathFactory, mongo_url: str) -> AsyncIterator["LiveInstance"]:
    """A whole BitPay on a local chain, shared by all tests that act as people do: each opens streams of its own."""
    from tests.instance import live_instance

    async with live_instance(tmp_path_factory.mktemp("live"), mongo_url) as instance:
        yield instance
