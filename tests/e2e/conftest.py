"""The instance that the end-to-end tests share."""

from collections.abc import Iterator

import pytest
from tests.e2e.houses import House


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Return a running instance that the end-to-end tests share."""
    house = House(tmp_path_factory.mktemp("house") / "data")
    try:
        house.start()
        yield house
    finally:
        house.stop()
