"""Blocks to deliver, and the place where they arrive."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from tests.chainhook.chainhook_payloads import CONTRACTS, OLD_SECRET, SECRET

from bitpay.chainhook.api import observer_router, webhook_router
from bitpay.chainhook.deliveries import Deliveries
from bitpay.chainhook.secrets import WebhookSecrets
from bitpay.http.problems import install_problems
from bitpay.ledger.alerts import Alerts
from bitpay.store import Database


@pytest.fixture
def deliveries(database: Database) -> Deliveries:
    return Deliveries(database, CONTRACTS)


@pytest.fixture
def woken() -> list[str]:
    return []


@pytest.fixture
async def http(database: Database, deliveries: Deliveries, woken: list[str]) -> AsyncIterator[AsyncClient]:
    app = FastAPI()
    install_problems(app)
    app.include_router(webhook_router(deliveries, WebhookSecrets([SECRET, OLD_SECRET]), lambda: woken.append("hook")))
    app.include_router(observer_router(deliveries, Alerts(database), lambda: woken.append("node")))
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        yield client
