from collections.abc import Iterator

import pytest
from tests.stacks.stacks_js import StacksJs


@pytest.fixture(scope="session")
def reference() -> Iterator[StacksJs]:
    """@stacks/transactions, for as long as the tests run."""
    with StacksJs() as child:
        yield child
