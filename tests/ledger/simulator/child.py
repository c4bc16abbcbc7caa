"""The real ledger, webhook and outbox relay in one process, as an instance runs them; made to be killed."""

import asyncio
import os
import socket
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import httpx
import structlog
import uvicorn
from fastapi import FastAPI
from tests.ledger.ledger_chain import CONTRACTS

from bitpay.chainhook.api import observer_router, webhook_router
from bitpay.chainhook.deliveries import Deliveries
from bitpay.chainhook.secrets import WebhookSecrets
from bitpay.http.problems import install_problems
from bitpay.kit.errors import NotFound
from bitpay.kit.processes import die_with_parent
from bitpay.ledger import follower
from bitpay.ledger.ledger import Ledger
from bitpay.ledger.projection import LedgerEvent, Message, Projection
from bitpay.ledger.source import ClientSource
from bitpay.realtime.log import RoomLog
from bitpay.registry import PROJECTIONS
from bitpay.stacks.client import StacksClient
from bitpay.store import Document, connect, open_database
from bitpay.store.relay import Consumer, Letter, OutboxRelay

SECRET = "the webhook secret of the simulator"
KIND = "webhook"
_TLS = ssl.create_default_context()  # made before the processes part: it takes as long as everything else here


def posted(projection: Projection) -> Projection:
    """Return a projection that sends what rooms are told to a customer's webhook, too."""

    def messages(before: Document | None, after: Document | None, event: LedgerEvent) -> Sequence[Message]:
        return [replace(message, kinds=(KIND,)) for message in projection.messages(before, after, event)]

    return replace(projection, messages=messages, leaves_house=True)


POSTED = tuple(map(posted, PROJECTIONS))


@dataclass(frozen=True, slots=True)
class Orders:
    """All that the process needs to know."""

    mongo: str
    database: str
    node: str
    sink: str
    port: int
    racing: bool


def main(orders: Orders) -> None:
    die_with_parent()
    os.setsid()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    follower._PRUNE_EVERY = 5  # a run is short, and forgetting is what makes a deep reorganisation dangerous
    asyncio.run(run(orders))


async def run(orders: Orders) -> None:
    database = open_database(connect(orders.mongo), orders.database)
    deliveries = Deliveries(database, CONTRACTS)
    ledger = Ledger(
        database,
        ClientSource(StacksClient(orders.node, timeout=2.0)),
        CONTRACTS,
        POSTED,
        RoomLog(database),
        start_height=1,
        deliveries=deliveries,
        poll=0.05,
        lease_seconds=0.4,
    )

    async def burn_height() -> int:
        with suppress(NotFound):
            return (await ledger.book.head()).burn_height
        return 0

    async with httpx.AsyncClient(verify=_TLS) as http, asyncio.TaskGroup() as group:

        async def deliver(letter: Letter) -> None:
            told = {"id": letter.id, "retracts": letter.retracts, "data": letter.data}
            (await http.post(orders.sink, json=told)).raise_for_status()

        relay = OutboxRelay(database, [Consumer(KIND, deliver, seconds=1.0)], burn_height, poll=0.1)
        group.create_task(serve(orders.port, deliveries, ledger))
        group.create_task(forever(relay))
        group.create_task(race(ledger) if orders.racing else ledger.run())


async def forever(relay: OutboxRelay) -> None:
    while True:
        with suppress(Exception):
            await relay.run()
        await asyncio.sleep(0.05)


async def race(ledger: Ledger) -> None:
    """Follow without asking for the lease: whoever is first wins, by the head's compare-and-swap alone."""
    while True:
        with suppress(Exception):
            await ledger.book.open(CONTRACTS.deployer, 1)
            async with ledger.book.database.client.start_session() as session:
                await ledger._follow(session)


async def serve(port: int, deliveries: Deliveries, ledger: Ledger) -> None:
    app = FastAPI()
    install_problems(app)
    app.include_router(webhook_router(deliveries, WebhookSecrets([SECRET]), ledger.wake))
    app.include_router(observer_router(deliveries, ledger.alerts, ledger.wake))
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        await uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off")).serve([listener])
