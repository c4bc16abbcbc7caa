"""Any shuffled, duplicated, partial, interrupted, reorganised delivery ends as one clean replay does."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from pymongo.errors import PyMongoError
from tests.chainhook.chainhook_payloads import chainhook1, chainhooks2, node
from tests.ledger.ledger_chain import CONTRACTS, Chain, View
from tests.ledger.ledger_states import clean_replay, state_of

from bitpay.chainhook.arrivals import Format
from bitpay.chainhook.deliveries import Deliveries
from bitpay.ledger.book import HeadMoved
from bitpay.ledger.ledger import Ledger
from bitpay.ledger.source import SourceError
from bitpay.realtime.log import RoomLog
from bitpay.stacks.model import Block
from bitpay.store import Database
from bitpay.streams.projection import PROJECTION


class World:
    """One chain with forks, a node that shows some of it, and somebody who delivers badly."""

    def __init__(self, database: Database, seed: int) -> None:
        self.database = database
        self.random = random.Random(seed)  # noqa: S311 - a seed that replays is the point
        self.chain = Chain(seed)
        self.tip = self.chain.grow(None, 3)
        self.view = View(self.chain, self.tip)
        self.deliveries = Deliveries(database, CONTRACTS, trust=(Format.NODE, Format.CHAINHOOKS_2))
        self.ledger = self.fresh_ledger()

    def fresh_ledger(self) -> Ledger:
        rooms = RoomLog(self.database)
        return Ledger(
            self.database, self.view, CONTRACTS, [PROJECTION], rooms, start_height=1, deliveries=self.deliveries
        )

    async def happen(self) -> None:
        """Do one thing that happens in the world."""
        match self.random.choices(["grow", "fork", "deliver", "partial", "fail", "crash"], [6, 1, 6, 2, 1, 1])[0]:
            case "grow":
                self.tip = self.chain.grow(self.tip, self.random.randint(1, 4))
                self.show(self.tip)
            case "fork":
                depth = self.random.randint(1, 8)
                self.tip = self.chain.grow(self.chain.ancestor(self.tip, depth), depth + self.random.randint(0, 2))
                self.show(self.tip)
            case "deliver":
                await self.deliver([self.any_block() for _ in range(self.random.randint(1, 3))])
            case "partial":
                block = self.any_block()
                kept = tuple(receipt for receipt in block.transactions if self.random.random() < 0.5)
                await self.tell("streams", chainhook1([replace(block, transactions=kept)], [self.any_block()]))
            case "fail":
                self.view.failures.append(SourceError("429", retry_after=0.01))
            case "crash":
                self.ledger = self.fresh_ledger()
                await self.ledger._begin(None)

    def show(self, tip: Block) -> None:
        if self.random.random() < 0.7:
            self.view.show(tip)

    def any_block(self) -> Block:
        recent = list(self.chain.blocks.values())[-25:]
        return self.random.choice(recent)

    async def deliver(self, blocks: list[Block]) -> None:
        if self.random.random() < 0.5:
            for block in blocks:
                await self.tell("new_block", node(block))
        else:
            await self.tell("streams", chainhooks2(blocks, [self.any_block()]))

    async def tell(self, topic: str, body: dict[str, Any]) -> None:
        encoded = json.dumps(body).encode()
        for _ in range(self.random.choice([1, 1, 1, 2])):
            await self.deliveries.receive(topic, encoded)

    async def look(self) -> bool:
        try:
            return await self.ledger._round(None)
        except (SourceError, HeadMoved, PyMongoError):
            await self.ledger._begin(None)
            return True


@pytest.mark.parametrize("seed", range(12))
async def test_disorder_ends_as_a_clean_replay(database: Database, seed: int) -> None:
    world = World(database, seed)
    await world.ledger.book.open(CONTRACTS.deployer, 1)
    await world.ledger._begin(None)
    for _ in range(40):
        await world.happen()
        if world.random.random() < 0.6:
            await world.look()

    world.tip = world.chain.grow(world.tip, 2)
    world.view.show(world.tip)
    while await world.look():
        pass

    assert world.ledger.head.hash == world.tip.header.hash
    assert await state_of(database) == await clean_replay(database, world.chain, world.tip)
    alerts = [alert for alert in await world.ledger.alerts.open() if alert["kind"] != "node_knows_less"]
    assert alerts == []
