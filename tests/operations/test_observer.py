"""The port for a node of our own: what arrives there is believed, so nobody else may speak there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from tests.chainhook.chainhook_payloads import node
from tests.instance import LiveInstance
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.test_ledger_run import ledger_of, reaches

from bitpay.chainhook.deliveries import DELIVERIES, Deliveries
from bitpay.kit.errors import Conflict
from bitpay.kit.processes import free_port
from bitpay.kit.settings import Settings
from bitpay.kit.tasks import running
from bitpay.ledger.alerts import Alerts
from bitpay.observer import Observer, observer_application
from bitpay.store import Database, connect, open_database

PATHS = ("/new_block", "/new_burn_block", "/new_mempool_tx", "/drop_mempool_tx", "/attachments/new")


@asynccontextmanager
async def listening(observer: Observer, port: int) -> AsyncIterator[httpx.AsyncClient]:
    observer.bind()
    async with running({"observer": observer.run}), httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
        yield http
    await observer.close()


async def test_a_nodes_block_is_applied_without_asking_anybody(database: Database) -> None:
    chain = Chain(21)
    tip = chain.grow(None, 3)
    view = View(chain, tip)
    deliveries, port = Deliveries(database, CONTRACTS), free_port()
    ledger = ledger_of(database, view, deliveries=deliveries, poll=3600)
    observer = Observer(observer_application(deliveries, ledger.alerts, ledger.wake), "127.0.0.1", port)
    async with running({"ledger": ledger.run}), listening(observer, port) as http:
        await reaches(database, tip.header.hash)
        reads = view.reads
        for _ in range(3):
            tip = chain.grow(tip, events=2)
            assert (await http.post("/new_block", json=node(tip))).status_code == 200
            await reaches(database, tip.header.hash)
    assert view.reads == reads


async def test_an_instance_hears_its_node_at_that_port_only(live: LiveInstance) -> None:
    tip = await live.stacks.tip()
    body = node(await live.stacks.full_block(tip.hash))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{live.settings.observer_port}") as http:
        told = (await http.post("/new_block", json=body)).json()
        assert (await http.get("/api/v1/chain")).status_code == 404
    async with connect(live.settings.mongodb_url.get_secret_value()) as client:
        deliveries = open_database(client, live.settings.mongodb_database)[DELIVERIES]
        async with asyncio.timeout(30):
            while not (row := await deliveries.find_one({"topic": "new_block", "state": "settled"})):
                await asyncio.sleep(0.05)
    assert (str(row["_id"]), row["outcome"]) == (told["delivery"], "applied")
    for path in PATHS:
        assert (await live.http.post(path, json=body)).status_code == 404


@pytest.mark.parametrize(
    "headers", [{"Origin": "http://127.0.0.1:1"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_a_page_in_a_browser_is_no_node(database: Database, headers: dict[str, str]) -> None:
    port = free_port()
    app = observer_application(Deliveries(database, CONTRACTS), Alerts(database), lambda: None)
    async with listening(Observer(app, "127.0.0.1", port), port) as http:
        answer = await http.post("/new_block", json=node(Chain(1).grow(None)), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
    assert await database[DELIVERIES].count_documents({}) == 0


async def test_a_port_that_is_taken_is_said_at_once(database: Database) -> None:
    port = free_port()
    app = observer_application(Deliveries(database, CONTRACTS), Alerts(database), lambda: None)
    first, second = (Observer(app, "127.0.0.1", port) for _ in range(2))
    async with listening(first, port):
        with pytest.raises(Conflict, match=f"port {port} cannot be opened"):
            second.bind()


def test_it_is_off_and_on_loopback_unless_somebody_says_otherwise() -> None:
    fields = Settings.model_fields
    assert fields["observer_port"].default is None
    assert fields["observer_host"].default == "127.0.0.1"
