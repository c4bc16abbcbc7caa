"""Fixtures that several areas share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

import pytest
from pymongo.errors import AutoReconnect
from tests import dropped_sockets

from bitpay.kit.logs import configure_logs
from bitpay.store import Client, Database, connect, create_indexes, open_database
from bitpay.store.server import MongoServer

if TYPE_CHECKING:
    from tests.instance import LiveInstance


@pytest.hookimpl(trylast=True)
def pytest_configure() -> None:
    """Come after pytest's own plugin, which makes an error of what cannot be raised."""
    dropped_sockets.tolerate()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that at the end no process waits for the other."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    configure_logs()


@pytest.fixture(scope="session")
def mongo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real mongod of this test run's own."""
    directory: Path = tmp_path_factory.mktemp("mongo")
    with MongoServer(directory, for_tests=True) as server:
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
    await _insistently(lambda: create_indexes(database))
    yield database
    await _insistently(lambda: mongo_client.drop_database(database.name))


async def _insistently(work: Callable[[], Awaitable[None]], attempts: int = 5) -> None:
    """Do what prepares or clears up a test, though an earlier test's step-down may still be closing connections."""
    for left in reversed(range(attempts)):
        try:
            return await work()
        except AutoReconnect:
            if not left:
                raise
            await asyncio.sleep(0.2)
    return None


@pytest.fixture(scope="session")
async def live(tmp_path_factory: pytest.TempPathFactory, mongo_url: str) -> AsyncIterator["LiveInstance"]:
    """A whole BitPay on a local chain, shared by all tests that act as people do: each opens streams of its own."""
    from tests.instance import live_instance

    async with live_instance(tmp_path_factory.mktemp("live"), mongo_url) as instance:
        yield instance
