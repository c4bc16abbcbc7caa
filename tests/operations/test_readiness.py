"""Whether a process can serve: `/readyz` looks at what it knows of the chain, and how old that is."""

from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
from tests.instance import HOOK_SECRET, TOKEN_SECRET
from tests.ledger.ledger_chain import CONTRACTS, Chain, View

from bitpay import upkeep
from bitpay.app import House
from bitpay.kit.errors import Unavailable
from bitpay.kit.settings import Settings
from bitpay.store import Database


@pytest.fixture
async def house(mongo_url: str, database: Database) -> AsyncIterator[House]:
    chain = Chain(1)
    house = House(
        Settings.model_validate(
            {
                "network": "local",
                "deployer": CONTRACTS.deployer,
                "stacks_api_url": "http://127.0.0.1:1",
                "mongodb_url": mongo_url,
                "mongodb_database": database.name,
                "chainhook_secrets": [HOOK_SECRET],
                "token_secret": TOKEN_SECRET,
            }
        )
    )
    follower = house.ledger._follower
    house.source = follower._source = follower._reader._source = View(chain, chain.grow(None, 5))
    try:
        await upkeep.fill(house, lambda _done, _total, _speed: None)
        yield house
    finally:
        await house.close()


async def test_who_follows_and_hears_nothing_of_the_chain_is_not_ready(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, heard = house.checks()["ledger"], house.ledger._follower.heard_at
    monkeypatch.setattr("bitpay.ledger.ledger.time", SimpleNamespace(monotonic=lambda: heard + 301))
    await check()  # another process follows

    house.ledger.leading = True

    with pytest.raises(Unavailable, match="301 seconds"):
        await check()
    monkeypatch.setattr("bitpay.ledger.ledger.time", SimpleNamespace(monotonic=lambda: heard + 299))
    await check()
