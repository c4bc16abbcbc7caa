import asyncio
from typing import Any

import httpx
import pytest
import socketio
from fastapi import FastAPI
from tests.realtime.stage import PATIENCE, Stage

from bitpay.accounts.tokens import ServerTokens
from bitpay.http.problems import install_problems
from bitpay.realtime.api import broadcast_router
from bitpay.realtime.connections import MAX_QUEUED
from bitpay.realtime.log import MAX_MISSED

ALICE = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
SECRET = "a secret of this test that is long enough"


async def test_a_client_that_does_not_read_is_cut_off_and_others_are_not(stage: Stage) -> None:
    block: dict[str, Any] = {"height": 1}
    async with stage.ear() as slow, stage.ear() as quick:
        await slow.ask("join-marketplace")
        await quick.ask("join-marketplace")
        [sid] = [sid for sid in stage.server.connections.all() if sid == slow.client.get_sid()]
        for _ in range(MAX_QUEUED + 1):
            stage.server.connections.post([sid], "chain:block", block)
        async with asyncio.timeout(PATIENCE):
            while slow.client.connected:
                await asyncio.sleep(0.01)
        await stage.say("marketplace", 1)
        await quick.until(1)


async def test_as_much_as_can_be_missed_can_be_made_good(stage: Stage) -> None:
    await stage.say("stream:7", *range(1, MAX_MISSED + 1))
    epoch = (await stage.log.position("stream:7")).epoch
    async with stage.ear() as ear:
        await ear.ask("join-stream-room", {"streamId": 7, "epoch": epoch, "offset": 0})
        await ear.until(MAX_MISSED)
        assert ear.offsets() == list(range(1, MAX_MISSED + 1))


async def test_the_official_client_comes_back_by_itself_after_a_cut(stage: Stage) -> None:
    client = socketio.AsyncClient(reconnection_delay=0.01, randomization_factor=0)
    connected = asyncio.Queue[str]()
    client.on("connect", lambda: connected.put_nowait("connected"))
    await client.connect(stage.url, auth={"token": ALICE})
    await connected.get()
    stage.server.connections.close_session(f"session-of-{ALICE}")
    async with asyncio.timeout(PATIENCE):
        await connected.get()
    await client.disconnect()


async def test_polling_works_where_websockets_do_not(stage: Stage) -> None:
    client = socketio.AsyncClient(reconnection=False)
    heard = asyncio.Queue[dict[str, Any]]()
    client.on("stream:updated", heard.put_nowait)
    await client.connect(stage.url, transports=["polling"])
    await client.call("join-stream-room", 7, timeout=PATIENCE)
    await stage.say("stream:7", 1)
    async with asyncio.timeout(PATIENCE):
        assert (await heard.get())["n"] == 1
    await client.eio.disconnect(abort=True)


@pytest.fixture
def speaker(stage: Stage) -> httpx.AsyncClient:
    app = FastAPI()
    install_problems(app)
    app.include_router(broadcast_router(stage.database.client, stage.log, ServerTokens(SECRET).check))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1")


async def test_another_server_of_ours_can_speak_in_a_room(stage: Stage, speaker: httpx.AsyncClient) -> None:
    message = {"room": "treasury", "event": "treasury:balance-updated", "data": {"balance": 5}}
    proof = {"Authorization": ServerTokens(SECRET).issue()}
    async with stage.ear() as ear:
        await ear.ask("join-treasury")
        answer = await speaker.post("/broadcast", json=message, headers=proof)
        assert answer.status_code == 202
        [(event, data)] = await ear.until(1)
        assert (event, data["balance"], data["offset"]) == ("treasury:balance-updated", 5, 1)


@pytest.mark.parametrize("proof", ["", "Bearer nonsense", ServerTokens("another secret, long enough too").issue()])
async def test_nobody_else_can_speak(stage: Stage, speaker: httpx.AsyncClient, proof: str) -> None:
    message = {"room": "treasury", "event": "treasury:balance-updated", "data": {}}
    answer = await speaker.post("/broadcast", json=message, headers={"Authorization": proof})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert (await stage.log.position("treasury")).offset == 0


@pytest.mark.parametrize(("room", "event"), [("stream:0", "stream:updated"), ("treasury", "connect"), ("*", "x")])
async def test_only_known_rooms_and_events(speaker: httpx.AsyncClient, room: str, event: str) -> None:
    proof = {"Authorization": ServerTokens(SECRET).issue()}
    answer = await speaker.post("/broadcast", json={"room": room, "event": event, "data": {}}, headers=proof)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param('51000000-["join-stream-room",{"_placeholder":true,"num":0}]', id="attachments"),
        pytest.param('2["connect",{"HTTP_COOKIE":"address=ST1"}]', id="connect"),
        pytest.param('2["disconnect"]', id="disconnect"),
        pytest.param("1", id="goodbye"),
        pytest.param('2[["join-stream-room"]]', id="a list for a name"),
        pytest.param("2{}", id="no list"),
        pytest.param('2["join-stream-room"', id="half an event"),
        pytest.param('2["join-stream-room",' + "[" * 5_000, id="a deep event"),
        pytest.param('3999["x"]', id="an answer to nothing"),
        pytest.param("9", id="no such type"),
        pytest.param("", id="nothing"),
        pytest.param(b"\x00\xff", id="bytes"),
    ],
)
async def test_who_speaks_out_of_turn_is_shown_out_quietly(
    stage: Stage, frame: str | bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with stage.ear(token=ALICE) as ear:
        await ear.ask("join-user-room", ALICE)
        await ear.client.eio.send(frame)
        async with asyncio.timeout(PATIENCE):
            while ear.client.connected or stage.server.connections.all():
                await asyncio.sleep(0.005)
    assert not caplog.records
