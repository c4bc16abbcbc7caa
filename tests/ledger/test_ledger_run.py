"""The ledger as a running task: woken, polling, killed and taken over."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from types import SimpleNamespace

import pytest
from bson import ObjectId
from prometheus_client import REGISTRY
from pymongo.errors import OperationFailure
from tests.chainhook.chainhook_payloads import chainhooks2, node
from tests.faults import failing
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import clean_replay, state_of

from bitpay.chainhook.deliveries import DELIVERIES, Deliveries, Delivery
from bitpay.ledger.book import HEAD, OtherLedger
from bitpay.ledger.events import DecodedBlock, decode_block
from bitpay.ledger.lease import LEASES
from bitpay.ledger.ledger import UNANSWERED, Ledger
from bitpay.ledger.replay import Replay, order, outdated
from bitpay.ledger.source import SourceError
from bitpay.ledger.witness import AHEAD_BLOCKS, BEYOND
from bitpay.protocol.ids import Contracts
from bitpay.realtime.log import RoomLog
from bitpay.stacks.model import Block
from bitpay.store import Database
from bitpay.streams.projection import PROJECTION

SOON = 15.0
MEASURED = ("leading", "height", "behind_blocks", "failures")
BEFORE_MONGODB_WOULD = 4.0
"""Seconds; the database itself ends an abandoned transaction after 5."""


def ledger_of(database: Database, view: View, *, deliveries: Deliveries | None = None, poll: float = 0.05) -> Ledger:
    return Ledger(
        database,
        view,
        CONTRACTS,
        [PROJECTION],
        RoomLog(database),
        start_height=1,
        deliveries=deliveries,
        poll=poll,
    )


@asynccontextmanager
async def running(*ledgers: Ledger) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(ledger.run()) for ledger in ledgers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def reaches(database: Database, block_hash: str, seconds: float = SOON) -> None:
    async with asyncio.timeout(seconds):
        while (await database[HEAD].find_one() or {}).get("hash") != block_hash:
            await asyncio.sleep(0.01)


async def settled(database: Database) -> None:
    """Wait until it is known what became of every delivery."""
    async with asyncio.timeout(SOON):
        while await database[DELIVERIES].find_one({"state": {"$in": ["new", "taken"]}}):
            await asyncio.sleep(0.01)


async def test_without_any_webhook_it_follows_by_polling(database: Database) -> None:
    chain = Chain(1)
    tip = chain.grow(None, 5)
    view = View(chain, tip)
    async with running(ledger_of(database, view)):
        for _ in range(3):
            await reaches(database, tip.header.hash)
            tip = chain.grow(tip, 2)
            view.show(tip)
        await reaches(database, tip.header.hash)
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_whoever_asks_us_to_wait_for_years_is_asked_again_and_a_wake_comes_first(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitpay.ledger.ledger._UNANSWERED_SECONDS", 0)
    chain = Chain(16)
    tip = chain.grow(None, 5)
    view = View(chain, tip)
    view.failures = [SourceError("the quota is used up", retry_after=31_536_000.0)]
    ledger = ledger_of(database, view, poll=3600)
    async with running(ledger):
        async with asyncio.timeout(SOON):
            while not await ledger.alerts.open():
                await asyncio.sleep(0.01)
        assert [alert["kind"] for alert in await ledger.alerts.open()] == [UNANSWERED]
        async with asyncio.timeout(SOON):  # a wake that comes in the first moment of the pause counts for later
            while (await database[HEAD].find_one() or {}).get("hash") != tip.header.hash:
                ledger.wake()
                await asyncio.sleep(0.05)
            while await ledger.alerts.open():
                await asyncio.sleep(0.01)

        view.failures = [SourceError("the quota is used up", retry_after=31_536_000.0)]
        monkeypatch.setattr("bitpay.ledger.ledger._LONGEST_WAIT", 0.05)
        tip = chain.grow(tip, 2)
        view.show(tip)
        ledger.wake()
        await reaches(database, tip.header.hash)


async def test_how_long_the_chain_has_been_silent_is_known_where_it_is_followed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(17)
    tip = chain.grow(None, 5)
    ledger = ledger_of(database, View(chain, tip), poll=3600)
    silences = [ledger.silence]
    async with running(ledger):
        await reaches(database, tip.header.hash)
        now = ledger._follower.heard_at
        monkeypatch.setattr("bitpay.ledger.ledger.time", SimpleNamespace(monotonic=lambda: now + 1_000))
        silences.append(ledger.silence)
    assert [*silences, ledger.silence] == [None, 1_000, None]


async def test_what_an_older_process_did_not_fold_is_folded_anew(database: Database) -> None:
    added = replace(PROJECTION, collection="streams_too")
    chain = Chain(3)
    tip = chain.grow(None, 10)
    for projections in ([PROJECTION, added], [PROJECTION], [PROJECTION, added]):
        rooms = RoomLog(database)
        async with running(Ledger(database, View(chain, tip), CONTRACTS, projections, rooms, start_height=1)):
            await reaches(database, tip.header.hash)
        tip = chain.grow(tip, 5)
    assert await Replay(database, [PROJECTION, added]).verify() == []


async def test_a_database_that_refuses_us_is_not_asked_for_ever(database: Database) -> None:
    chain = Chain(1)
    ledger = ledger_of(database, View(chain, chain.grow(None, 5)))
    leases = f"{database.name}.{LEASES}"
    async with failing(database.client, "always", "update", namespace=leases, errorCode=13):
        for work in (ledger.begin, ledger.run):
            with pytest.raises(OperationFailure):
                await work()


async def test_a_whole_block_from_our_node_is_applied_without_asking_anybody(database: Database) -> None:
    chain = Chain(2)
    tip = chain.grow(None, 3)
    view = View(chain, tip)
    deliveries = Deliveries(database, CONTRACTS)
    ledger = ledger_of(database, view, deliveries=deliveries, poll=3600)
    async with running(ledger):
        await reaches(database, tip.header.hash)
        reads = view.reads
        tip = chain.grow(tip)
        await deliveries.receive("new_block", json.dumps(node(tip)).encode())
        ledger.wake()
        await reaches(database, tip.header.hash)
    assert view.reads == reads


async def test_a_hosted_hook_only_wakes_and_what_it_drops_is_found(database: Database) -> None:
    chain = Chain(3)
    tip = chain.grow(None, 3)
    view = View(chain, tip)
    deliveries = Deliveries(database, CONTRACTS)
    ledger = ledger_of(database, view, deliveries=deliveries, poll=3600)
    async with running(ledger):
        await reaches(database, tip.header.hash)
        tip = chain.grow(tip, events=4)
        view.show(tip)
        told = chainhooks2([tip])
        told["event"]["apply"][0]["transactions"].pop()  # silently, as it is known to happen
        await deliveries.receive("streams", json.dumps(told).encode())
        ledger.wake()
        await reaches(database, tip.header.hash)
        await settled(database)
    assert await state_of(database) == await clean_replay(database, chain, tip)
    assert await database[DELIVERIES].distinct("outcome") == ["applied"]


async def test_a_delivery_that_invents_an_event_raises_an_alert_and_changes_nothing(database: Database) -> None:
    chain, liar = Chain(4), Chain(5)
    tip = chain.grow(None, 4, events=1)
    invented = liar.grow(None, 1, events=1)
    told = chainhooks2([tip])
    told["event"]["apply"][0]["transactions"] += chainhooks2([invented])["event"]["apply"][0]["transactions"]
    deliveries = Deliveries(database, CONTRACTS)
    for _ in range(3):
        await deliveries.receive("streams", json.dumps(told).encode())
    ledger = ledger_of(database, View(chain, tip), deliveries=deliveries)
    async with running(ledger):
        await settled(database)
    [alert] = await ledger.alerts.open()
    assert (alert["kind"], alert["count"]) == ("delivery_contradicts", 3), "one alert, however often it is told"
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_a_delivery_that_cannot_be_read_any_more_stops_nobody(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = Chain(13)
    tip = chain.grow(None, 5)
    deliveries = Deliveries(database, CONTRACTS)
    body = json.dumps(chainhooks2([tip])).encode()
    stored = [(await deliveries.receive("streams", body)).id for _ in range(3)]
    await database[DELIVERIES].update_one({"_id": ObjectId(stored[0])}, {"$set": {"data": b"damaged"}})
    decoded = iter([RecursionError("too deep")])

    def decoding(block: Block, contracts: Contracts) -> DecodedBlock:
        for error in decoded:
            raise error
        return decode_block(block, contracts)

    monkeypatch.setattr("bitpay.ledger.ledger.decode_block", decoding)
    ledger = ledger_of(database, View(chain, tip), deliveries=deliveries)
    async with running(ledger):
        await reaches(database, tip.header.hash)
        await settled(database)
    states = [row["state"] async for row in database[DELIVERIES].find().sort("_id", 1)]
    assert states == ["unreadable", "unreadable", "settled"]
    assert await ledger.alerts.open() == []


async def test_who_hears_nothing_follows_all_the_same(database: Database) -> None:
    class Deaf(Deliveries):
        async def take(self, held: Container[str] = ()) -> AsyncIterator[Delivery]:
            async for delivery in super().take(held):
                yield delivery
            raise OperationFailure("the collection of deliveries is damaged")

    chain = Chain(14)
    tip = chain.grow(None, 5)
    async with running(ledger_of(database, View(chain, tip), deliveries=Deaf(database, CONTRACTS))):
        await reaches(database, tip.header.hash)
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_blocks_that_cannot_come_are_not_waited_for(database: Database) -> None:
    chain = Chain(15)
    tip = chain.grow(None, 5)
    deliveries = Deliveries(database, CONTRACTS)
    for height in (1 << 61, tip.header.height + AHEAD_BLOCKS + 1, tip.header.height + AHEAD_BLOCKS):
        told = chainhooks2([tip])
        told["event"]["apply"][0]["block_identifier"] = {"index": height, "hash": f"0x{height:064x}"}
        await deliveries.receive("streams", json.dumps(told).encode())
    async with running(ledger_of(database, View(chain, tip), deliveries=deliveries)):
        async with asyncio.timeout(SOON):
            while await database[DELIVERIES].count_documents({"outcome": BEYOND}) < 2:
                await asyncio.sleep(0.01)
        assert await database[DELIVERIES].count_documents({"state": "taken"}) == 1, "that one may come"


async def test_only_one_of_several_leads_and_another_goes_on_when_it_stops(database: Database) -> None:
    chain = Chain(6)
    tip = chain.grow(None, 5)
    view = View(chain, tip)
    first, second = ledger_of(database, view), ledger_of(database, view)
    async with running(second):
        async with running(first):
            await reaches(database, tip.header.hash)
            assert [first.leading, second.leading].count(True) == 1
        tip = chain.grow(tip, 5)
        view.show(tip)
        await reaches(database, tip.header.hash)
        assert second.leading
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_after_kill_9_in_mid_transaction_the_next_follower_goes_on(database: Database, mongo_url: str) -> None:
    chain = Chain(7)
    tip = chain.grow(None, 100, events=3)
    arguments = ("-m", "tests.ledger.ledger_child", mongo_url, database.name, "7")
    child = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    assert child.stdout is not None
    async with asyncio.timeout(SOON):
        while b"inside" not in await child.stdout.readline():
            pass
    committed = (await database[HEAD].find_one() or {})["height"]
    assert 0 < committed < tip.header.height
    child.send_signal(signal.SIGKILL)
    await child.wait()

    async with running(ledger_of(database, View(chain, tip))):
        await reaches(database, tip.header.hash, BEFORE_MONGODB_WOULD)

    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_documents_of_older_code_are_folded_anew_before_it_goes_on(database: Database) -> None:
    chain = Chain(10)
    tip = chain.grow(None, 20)
    view = View(chain, tip)
    async with running(ledger_of(database, view)):
        await reaches(database, tip.header.hash)
    await database["ledger_projections"].update_one({"_id": "streams"}, {"$set": {"version": 0}})
    await database["streams"].update_many({}, {"$set": {"left": "by older code"}})
    tip = chain.grow(tip, 3)
    view.show(tip)
    async with running(ledger_of(database, view)):
        await reaches(database, tip.header.hash)
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_what_is_ordered_is_folded_anew_while_the_ledger_goes_on(database: Database) -> None:
    chain = Chain(11)
    tip = chain.grow(None, 20)
    view = View(chain, tip)
    async with running(ledger_of(database, view)):
        await reaches(database, tip.header.hash)
        await database["streams"].update_many({}, {"$set": {"holder": "nobody"}})
        await order(database, [PROJECTION])
        async with asyncio.timeout(SOON):
            while await outdated(database, [PROJECTION]):
                await asyncio.sleep(0.01)
        assert await database["streams"].count_documents({"holder": "nobody"}) == 0
        tip = chain.grow(tip, 3)
        view.show(tip)
        await reaches(database, tip.header.hash)
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_what_is_ordered_while_nobody_follows_is_folded_by_whoever_begins(database: Database) -> None:
    chain = Chain(12)
    tip = chain.grow(None, 20)
    view = View(chain, tip)
    async with running(ledger_of(database, view)):
        await reaches(database, tip.header.hash)
    await database["streams"].delete_many({})
    await order(database, [PROJECTION])
    await ledger_of(database, View(chain)).begin()  # it asks the chain nothing
    assert await outdated(database, [PROJECTION]) == []
    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_another_deployments_database_ends_the_task(database: Database) -> None:
    await database[HEAD].insert_one({"_id": "head", "deployer": "ST000", "startHeight": 1})
    with pytest.raises(OtherLedger):
        await ledger_of(database, View(Chain(8))).run()


async def test_listeners_hear_every_new_head(database: Database) -> None:
    chain = Chain(9)
    tip = chain.grow(None, 2)
    heads: list[str] = []
    ledger = ledger_of(database, View(chain, tip))
    ledger.on_commit(lambda head: heads.append(head.hash))
    async with running(ledger):
        await reaches(database, tip.header.hash)
        with suppress(TimeoutError):
            async with asyncio.timeout(SOON):
                while not heads:
                    await asyncio.sleep(0.01)
        measured = {name: REGISTRY.get_sample_value(f"bitpay_ledger_{name}") for name in MEASURED}
    assert heads[-1] == tip.header.hash
    assert measured == {"leading": 1, "height": tip.header.height, "behind_blocks": 0, "failures": 0}
    assert REGISTRY.get_sample_value("bitpay_ledger_leading") == 0
