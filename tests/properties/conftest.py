from collections.abc import Iterator

import pytest
from tests.properties.ground import Ground
from tests.properties.stage import Stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """The contracts, deployed and not yet finalised; a story begins by restoring that."""
    built = Stage()
    yield built
    built.close()


@pytest.fixture(scope="session")
def ground(stage: Stage) -> Ground:
    """The contracts, finalised; an example begins with `ground.again()`."""
    return Ground(stage)
