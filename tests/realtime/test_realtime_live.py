"""From a signed transaction to the windows of everybody concerned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import socketio
from tests.instance import LiveInstance
from tests.realtime.stage import PATIENCE, Ear

from bitpay.stacks.messages import sign_message


@asynccontextmanager
async def window(live: LiveInstance, token: str | None = None) -> AsyncIterator[Ear]:
    ear = Ear(socketio.AsyncClient(reconnection=False))
    ear.client.on("*", lambda event, data: ear.heard.append((event, data)))
    await ear.client.connect(live.url, auth={"token": token} if token else None, headers={"Origin": live.url})
    try:
        yield ear
    finally:
        await ear.client.disconnect()


async def heard(ear: Ear, event: str, **parts: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    """Wait for a message with these parts."""
    async with asyncio.timeout(PATIENCE):
        while True:
            for name, data in ear.heard:
                if name == event and all(data.get(key) == value for key, value in parts.items()):
                    return data
            await asyncio.sleep(0.01)


async def access_token(live: LiveInstance, name: str) -> str:
    address = live.address(name)
    message = (await live.post("/auth/challenge", {"address": address}))["message"]
    proof = {"address": address, "message": message, "signature": sign_message(live.keys[name], message)}
    csrf = (await live.post("/auth/verify", proof))["csrfToken"]
    answer = await live.http.post("/api/v1/auth/token", headers={"X-CSRF-Token": csrf})
    live.http.cookies.clear()
    return str(answer.json()["token"])


async def test_everybody_concerned_hears_of_a_stream(live: LiveInstance) -> None:
    token = await access_token(live, "bob")
    async with window(live, token) as bob, window(live) as stranger:
        assert (await bob.ask("join-user-room", live.address("bob")))["ok"]
        assert (await stranger.ask("join-user-room", live.address("bob")))["code"] == "unauthenticated"
        stream = await live.open_stream("alice", "bob", amount=77_000)
        created = await heard(bob, "stream:created", room=f"user:{live.address('bob')}", streamId=stream["streamId"])
        assert created["txid"] == stream["txid"]
        assert created["stream"]["amount"] == 77_000
        for ear in (bob, stranger):
            block = await heard(ear, "chain:block", streams=[stream["streamId"]])
            assert {live.address("alice"), live.address("bob")} <= set(block["accounts"])
            assert block["time"] > 0
        assert all(event == "chain:block" for event, _ in stranger.heard)


async def test_a_window_that_comes_back_is_told_what_happened_meanwhile(live: LiveInstance) -> None:
    stream = await live.open_stream("alice", "bob")
    stream_id = stream["streamId"]
    async with window(live) as ear:
        joined = await ear.ask("join-stream-room", stream_id)
    await live.warp(300)
    prepared = await live.post(f"/streams/{stream_id}/prepare-withdraw", {"sender": live.address("bob")})
    await live.send(prepared, "bob")
    prepared = await live.post(f"/streams/{stream_id}/prepare-cancel", {"sender": live.address("alice")})
    await live.send(prepared, "alice")
    async with window(live) as ear:
        read = {"streamId": stream_id, "epoch": joined["epoch"], "offset": joined["offset"]}
        await ear.ask("join-stream-room", read)
        said = [event for event, data in ear.heard if data.get("room") == f"stream:{stream_id}"]
        assert said == ["stream:withdrawal", "stream:cancelled"]


async def test_a_foreign_page_cannot_open_a_socket(live: LiveInstance) -> None:
    client = socketio.AsyncClient(reconnection=False)
    for transport in ("websocket", "polling"):
        try:
            await client.connect(live.url, headers={"Origin": "https://evil.example"}, transports=[transport])
        except socketio.exceptions.ConnectionError:
            continue
        raise AssertionError(f"{transport} was open to everybody")
