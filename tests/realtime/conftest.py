"""A stage for each test."""

from collections.abc import AsyncIterator

import pytest
from tests.realtime.stage import Proofs, Stage, background, running

from bitpay.kit.processes import free_port
from bitpay.realtime.log import RoomLog
from bitpay.realtime.relay import Relay
from bitpay.realtime.server import RealtimeServer
from bitpay.store import Database


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    log = RoomLog(database)
    server = RealtimeServer(log, Proofs())
    port = free_port()
    async with running(server.app, port), background(Relay(log, server.members).run):
        yield Stage(server, log, database, f"http://127.0.0.1:{port}")
        await server.stop()
