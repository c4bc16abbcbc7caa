"""A chain of one's own for every test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.deployment.site import Site, prepared


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with prepared(tmp_path) as site:
        yield site
