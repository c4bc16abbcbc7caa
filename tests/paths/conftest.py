from collections.abc import AsyncIterator

import pytest
from tests.paths.town import Town, founded

from bitpay.localchain import sdk


@pytest.fixture(scope="module")
async def town(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    """BitPay on a chain of the module's own; its tests follow one another on it."""
    sdk.install()
    async with founded(tmp_path_factory.mktemp("town")) as town:
        yield town
