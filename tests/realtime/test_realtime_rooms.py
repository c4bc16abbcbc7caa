import asyncio

import pytest
from tests.realtime.stage import Stage

from bitpay.kit.errors import InvalidInput
from bitpay.realtime.members import MAX_ROOMS
from bitpay.realtime.rooms import read_position, read_stream_id

ALICE = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"


async def test_a_listener_hears_what_is_said_with_its_position(stage: Stage) -> None:
    async with stage.ear() as ear:
        joined = await ear.ask("join-stream-room", 7)
        assert joined["ok"]
        assert (joined["room"], joined["offset"]) == ("stream:7", 0)
        await stage.say("stream:7", 1, 2)
        heard = await ear.until(2)
    assert [event for event, _ in heard] == ["stream:updated", "stream:updated"]
    first = heard[0][1]
    assert first == {"n": 1, "room": "stream:7", "epoch": joined["epoch"], "offset": 1, "retracted": False}
    assert ear.offsets() == [1, 2]


async def test_nobody_hears_other_rooms(stage: Stage) -> None:
    async with stage.ear() as ear:
        await ear.ask("join-stream-room", "7")
        await stage.say("stream:8", 1)
        await stage.say("stream:7", 2)
        assert [data["n"] for _, data in await ear.until(1)] == [2]


async def test_who_leaves_hears_no_more(stage: Stage) -> None:
    async with stage.ear() as ear:
        await ear.ask("join-stream-room", 7)
        await ear.ask("join-marketplace")
        await ear.ask("leave-stream-room", {"streamId": 7})
        await stage.say("stream:7", 1)
        await stage.say("marketplace", 2)
        assert [data["n"] for _, data in await ear.until(1)] == [2]


async def test_who_comes_back_gets_all_that_was_missed_in_order(stage: Stage) -> None:
    async with stage.ear() as ear:
        joined = await ear.ask("join-stream-room", 7)
        await stage.say("stream:7", 1)
        await ear.until(1)
    await stage.say("stream:7", *range(2, 41))
    async with stage.ear() as ear:
        read = {"streamId": 7, "epoch": joined["epoch"], "offset": 1}
        back = await ear.ask("join-stream-room", read)
        assert back["offset"] == 40
        await stage.say("stream:7", 41)
        await ear.until(40)
    assert ear.offsets() == list(range(2, 42))


async def test_nothing_is_lost_or_repeated_while_joining_a_busy_room(stage: Stage) -> None:
    epoch = (await stage.log.position("treasury")).epoch

    async def talk() -> None:
        for number in range(1, 101):
            await stage.say("treasury", number)

    talking = asyncio.create_task(talk())
    async with stage.ear() as early, stage.ear() as late:
        await early.ask("join-treasury", {"epoch": epoch, "offset": 0})
        await asyncio.sleep(0.1)
        await late.ask("join-treasury", {"epoch": epoch, "offset": 0})
        await talking
        await early.until(100)
        await late.until(100)
    assert early.offsets() == list(range(1, 101))
    assert late.offsets() == list(range(1, 101))


@pytest.mark.parametrize("read", [("another", 0), (None, 5), (None, 400)])
async def test_a_position_that_cannot_be_served_whole_is_answered_with_reload(
    stage: Stage, read: tuple[str | None, int]
) -> None:
    await stage.say("stream:7", 1)
    epoch = read[0] or (await stage.log.position("stream:7")).epoch
    async with stage.ear() as ear:
        joined = await ear.ask("join-stream-room", {"streamId": 7, "epoch": epoch, "offset": read[1]})
        (event, told), *rest = await ear.until(1)
        assert (event, told["room"], told["offset"], rest) == ("room:reload", "stream:7", 1, [])
        assert joined["offset"] == 1
        await stage.say("stream:7", 2)
        await ear.until(2)
        assert ear.heard[1][1]["offset"] == 2


async def test_a_new_epoch_makes_listeners_reload_once(stage: Stage) -> None:
    async with stage.ear() as ear:
        await ear.ask("join-stream-room", 7)
        async with stage.database.client.start_session() as session, await session.start_transaction():
            await stage.log.begin_epoch(session)
        await stage.say("stream:7", 1)
        (event, told), *_ = await ear.until(1)
        assert event == "room:reload"
        await stage.say("stream:7", 2)
        await ear.until(2)
        assert ear.heard[1][1]["offset"] == told["offset"] + 1


async def test_a_message_that_the_change_stream_lost_is_made_good(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stage.ear() as ear:
        await ear.ask("join-stream-room", 7)
        with monkeypatch.context() as patch:
            patch.setattr(stage.server.members, "deliver", lambda _: None)
            await stage.say("stream:7", 1)
            await asyncio.sleep(0.2)
        await stage.say("stream:7", 2)
        await ear.until(2)
    assert ear.offsets() == [1, 2]


async def test_the_slow_look_finds_what_nobody_was_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage.ear() as ear:
        await ear.ask("join-stream-room", 7)
        monkeypatch.setattr(stage.server.members, "deliver", lambda _: None)
        await stage.say("stream:7", 1, 2, 3)
        await asyncio.sleep(0.2)
        await stage.server.members.check()
        await ear.until(3)
    assert ear.offsets() == [1, 2, 3]


async def test_a_retraction_is_said_as_such(stage: Stage) -> None:
    async with stage.ear() as ear:
        await ear.ask("join-stream-room", 7)
        entry = {"room": "stream:7", "event": "stream:created", "data": {"n": 1}, "block": "0xab"}
        async with stage.database.client.start_session() as session:
            async with await session.start_transaction():
                await stage.log.append([entry], session)
            async with await session.start_transaction():
                await stage.log.retract(["0xab"], session)
        await ear.until(2)
    assert [data["retracted"] for _, data in ear.heard] == [False, True]


async def test_only_the_owner_enters_a_users_room(stage: Stage) -> None:
    async with stage.ear() as stranger, stage.ear(token=ALICE) as alice, stage.ear(cookie=ALICE) as browser:
        assert (await stranger.ask("join-user-room", ALICE))["code"] == "unauthenticated"
        assert (await alice.ask("join-user-room", ALICE))["room"] == f"user:{ALICE}"
        assert (await browser.ask("join-user-room", {"address": ALICE}))["ok"]
        other = "ST2CY5V39NHDPWSXMW9QDT3HC3GD6Q6XX4CFRK9AG"
        assert (await alice.ask("join-user-room", other))["code"] == "forbidden"
        assert (await stranger.ask("join-user-room", {"address": ALICE, "token": "bad"}))["code"] == "unauthenticated"
        assert (await stranger.ask("join-user-room", {"address": ALICE, "token": ALICE}))["ok"]


async def test_an_outdated_token_leaves_public_rooms_open(stage: Stage) -> None:
    async with stage.ear(token="outdated") as ear:
        assert (await ear.ask("join-stream-room", 7))["ok"]
        assert (await ear.ask("join-user-room", ALICE))["code"] == "unauthenticated"


@pytest.mark.parametrize("asked", [None, 0, -1, 1.5, True, "x", "1e3", {"streamId": 7, "offset": 1}, [1], {}])
async def test_nonsense_is_answered_and_joins_nothing(stage: Stage, asked: object) -> None:
    async with stage.ear() as ear:
        answer = await ear.ask("join-stream-room", asked)
        assert (answer["ok"], answer["code"]) == (False, "invalid_input")


async def test_rooms_per_connection_are_bounded(stage: Stage) -> None:
    async with stage.ear() as ear:
        for number in range(1, MAX_ROOMS + 1):
            assert (await ear.ask("join-stream-room", number))["ok"]
        assert (await ear.ask("join-stream-room", MAX_ROOMS + 1))["code"] == "conflict"
        assert (await ear.ask("join-stream-room", 1))["ok"]
        await ear.ask("leave-stream-room", 1)
        assert (await ear.ask("join-stream-room", MAX_ROOMS + 1))["ok"]


async def test_everybody_hears_of_a_block(stage: Stage) -> None:
    block = {"height": 5, "time": 1_800_000_000, "hash": "0xab", "streams": [7], "accounts": [], "whole": True}
    async with stage.ear() as one, stage.ear() as two:
        stage.server.announce(block)
        assert await one.until(1) == [("chain:block", block)]
        assert await two.until(1) == [("chain:block", block)]


async def test_a_revoked_session_loses_its_connections(stage: Stage) -> None:
    async with stage.ear(token=ALICE) as alice, stage.ear() as other:
        await alice.ask("join-user-room", ALICE)
        stage.server.connections.close_session(f"session-of-{ALICE}")
        async with asyncio.timeout(5):
            while alice.client.connected:
                await asyncio.sleep(0.01)
        assert (await other.ask("join-marketplace"))["ok"]


def test_what_clients_may_write() -> None:
    assert read_stream_id("12") == 12
    position = read_position({"epoch": "ab", "offset": 3})
    assert position is not None
    assert position.offset == 3
    assert read_position({}) is None
    with pytest.raises(InvalidInput):
        read_position({"epoch": "ab", "offset": -1})
