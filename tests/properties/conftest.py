from collections.abc import Iterator

import pytest
from tests.properties.stage import Stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The contracts, deployed and not yet finalised; a story begins by restoring that."""
    built = Stage()
    yield built
    built.close()
