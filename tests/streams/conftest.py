"""The service on a real database; the contract's terms are given, reading them is tested on the chain."""

from dataclasses import dataclass, field

import pytest
from tests.streams.folded import CONTRACTS

from bitpay.access.clock import ChainClock
from bitpay.access.policy import Terms
from bitpay.store import Database
from bitpay.streams.repository import StreamRepository
from bitpay.streams.service import StreamService


@dataclass
class GivenTerms:
    present: Terms = field(default_factory=lambda: Terms(10, 25, finalized=True, paused=False))

    async def terms(self) -> Terms:
        return self.present


@pytest.fixture
def policy() -> GivenTerms:
    return GivenTerms()


@pytest.fixture
def streams(database: Database, policy: GivenTerms) -> StreamService:
    repository, clock = StreamRepository(database), ChainClock(database)
    return StreamService(repository, clock, policy, CONTRACTS, "local")  # type: ignore[arg-type]
