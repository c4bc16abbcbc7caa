"""Following a public chain over a hosted API: few requests, the same documents."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import fields, replace

import pytest
from tests.ledger.ledger_chain import CONTRACTS, Chain
from tests.ledger.ledger_states import clean_replay, state_of
from tests.ledger.simulator.node import Node
from tests.ledger.simulator.plan import Rates

from bitpay.ledger.book import UNFINAL_BURN_BLOCKS, Book, HeadMoved
from bitpay.ledger.follower import LOST, OVERLOOKED, Follower
from bitpay.ledger.hosted import HostedSource
from bitpay.ledger.prints import PrintList
from bitpay.ledger.recorded import Recorded
from bitpay.ledger.source import SourceError
from bitpay.stacks.client import StacksClient
from bitpay.stacks.model import Block, ContractLog
from bitpay.store import Database

QUIET = 1_000
"""Blocks in which others do what they do."""
QUIET_RATES = Rates(*[0.0] * len(fields(Rates)))
QUOTA = 60
"""Requests in a window, as an API allows them without a key."""


@pytest.fixture
async def chain() -> Chain:
    return Chain(1, burn_every=20)


@asynccontextmanager
async def node_of(chain: Chain, draw: random.Random) -> AsyncIterator[Node]:
    node = Node(chain, draw)
    await node.start()
    try:
        yield node
    finally:
        await node.stop()


@pytest.fixture
async def node(chain: Chain) -> AsyncIterator[Node]:
    async with node_of(chain, random.Random(1)) as node:  # noqa: S311 - unused while it behaves well
        yield node


@pytest.fixture
async def client(node: Node) -> AsyncIterator[StacksClient]:
    async with StacksClient(node.url) as client:
        yield client


async def hosted(book: Book, client: StacksClient) -> Follower:
    await book.open(CONTRACTS.deployer, 1)
    source = HostedSource(client, CONTRACTS, Recorded(book.database))
    follower = Follower(book, source, CONTRACTS, 1)
    await follower.load()
    return follower


async def catch_up(follower: Follower) -> None:
    while await follower.step():
        pass


async def test_years_without_events_of_ours_are_leapt_over(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    early = chain.grow(chain.grow(None, QUIET, events=0), 3, events=2)
    late = chain.grow(chain.grow(early, QUIET, events=0), 4, events=3)
    tip = chain.grow(late, QUIET, events=0)
    node.show(tip)

    await catch_up(await hosted(book, client))

    assert await state_of(database) == await clean_replay(database, chain, tip)
    assert node.requests < len(chain.path(tip)) / 4


async def test_a_quiet_tip_costs_a_handful_of_requests(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    tip = chain.grow(None, 30, events=2)
    node.show(tip)
    follower = await hosted(book, client)
    await catch_up(follower)
    tip = chain.grow(tip, 5, events=0)
    node.show(tip)
    before = node.requests

    await catch_up(follower)

    assert follower.head.hash == tip.header.hash
    assert node.requests - before < 30


async def test_more_prints_than_an_api_skips_are_read(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    quiet = chain.grow(None, 5, events=1)
    node.show(quiet)
    follower = await hosted(book, client)
    await catch_up(follower)
    chain.burn_every = 1_000  # none of them becomes final
    tip = chain.grow(quiet, 380, events=4)
    node.show(tip)

    await catch_up(follower)
    await catch_up(await hosted(book, client))

    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_where_prints_have_no_cursors_they_are_counted(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    node.cursors = False
    tip = chain.grow(None, 120, events=3)
    node.show(tip)

    await catch_up(await hosted(book, client))

    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_what_a_replica_shows_late_in_a_list_is_put_in_its_place(
    chain: Chain, node: Node, client: StacksClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitpay.stacks.client.http.ATTEMPTS", 1)
    tip = chain.grow(None, 300, events=1)
    node.show(tip)
    newest_first = [receipt for block in reversed(chain.path(tip)) for receipt in block.transactions]
    logs = [(one.txid, log) for one in newest_first for log in one.events if isinstance(log, ContractLog)]
    core = [txid for txid, log in logs if log.contract_id == CONTRACTS.core]
    prints = PrintList(client, CONTRACTS.core, is_known=lambda txid: asyncio.sleep(0, txid == core[220]))
    node.hidden, node.quota = set(core[80:95]), 1
    with pytest.raises(SourceError, match="429"):
        await prints.read()
    node.hidden, node.quota = set(), None
    with pytest.raises(SourceError, match="replicas differ"):
        await prints.read()

    await prints.read()

    assert list(prints.found) == core[:220]


async def test_a_reorganisation_is_followed_and_no_print_of_the_old_branch_is_left(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    old = chain.grow(None, 50, events=2)
    node.show(old)
    follower = await hosted(book, client)
    await catch_up(follower)
    for depth in (1, 9, 25):
        old = chain.grow(chain.ancestor(old, depth), depth + 2, events=2)
        node.show(old)
        await catch_up(follower)
        assert await state_of(database) == await clean_replay(database, chain, old)


async def test_after_a_restart_final_prints_are_not_listed_again(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    tip = chain.grow(chain.grow(None, 400, events=1), QUIET, events=0)
    node.show(tip)
    await catch_up(await hosted(book, client))
    before = node.requests
    tip = chain.grow(tip, 1, events=1)
    node.show(tip)

    again = await hosted(book, client)
    await catch_up(again)

    assert await state_of(database) == await clean_replay(database, chain, tip)
    assert node.requests - before < 40


async def test_a_moving_chain_only_delays(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    tip = chain.grow(None, 5, events=2)
    node.show(tip)
    follower = await hosted(book, client)
    for _ in range(8):
        tip = chain.grow(chain.ancestor(tip, 1), 3, events=2)
        node.show(tip)
        await follower.step()
    await catch_up(follower)
    assert await state_of(database) == await clean_replay(database, chain, tip)


@pytest.mark.parametrize("late", ["logs", "transactions", "blocks"])
async def test_what_a_lagging_replica_kept_back_is_read_when_it_is_told(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient, late: str
) -> None:
    tip = chain.grow(None, 20, events=2)
    node.show(tip)
    follower = await hosted(book, client)
    await catch_up(follower)
    tip = chain.grow(tip, 3, events=2)
    node.show(tip)
    node.behind = {late: 1}
    with suppress(SourceError):
        await catch_up(follower)
    node.behind = {}
    tip = chain.grow(tip, 1, events=2)
    node.show(tip)

    await catch_up(follower)

    assert await state_of(database) == await clean_replay(database, chain, tip)
    raised = [alert["kind"] for alert in await book.alerts.open()]
    assert raised == ([OVERLOOKED] if late == "logs" else [])


async def test_a_print_that_is_listed_late_below_others_is_found_with_the_next_bitcoin_block(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    tip = chain.grow(None, 21, events=2)
    node.hidden = {receipt.txid for receipt in tip.transactions}
    tip = chain.grow(tip, 5, events=2)
    node.show(tip)
    follower = await hosted(book, client)
    await catch_up(follower)
    node.hidden = set()
    tip = chain.grow(tip, 20, events=1)
    node.show(tip)

    await catch_up(follower)

    assert await state_of(database) == await clean_replay(database, chain, tip)
    assert [alert["kind"] for alert in await book.alerts.open()] == [OVERLOOKED]


async def test_what_was_overlooked_in_a_final_block_is_told_and_nothing_is_undone(
    book: Book, chain: Chain, node: Node, client: StacksClient
) -> None:
    tip = chain.grow(None, 20, events=2)
    node.show(tip)
    follower = await hosted(book, client)
    await catch_up(follower)
    tip = chain.grow(tip, 20 * (UNFINAL_BURN_BLOCKS + 2), events=1)
    node.show(tip)
    final = tip.header.burn_height - UNFINAL_BURN_BLOCKS - 1
    told_late = [block for block in chain.path(tip)[20:] if block.header.burn_height <= final]
    node.hidden = {receipt.txid for block in told_late for receipt in block.transactions}
    await catch_up(follower)
    await book.prune(follower.head)
    node.hidden = set()
    tip = chain.grow(tip, 20, events=1)
    node.show(tip)

    await catch_up(follower)

    assert follower.head.hash == tip.header.hash
    [alert] = await book.alerts.open()
    assert alert["kind"] == LOST


async def test_what_was_overlooked_in_a_final_block_hides_nothing_that_can_be_read_again(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    tip = chain.grow(None, 20, events=2)
    node.show(tip)
    follower = await hosted(book, client)
    await catch_up(follower)
    tip = chain.grow(tip, 20 * (UNFINAL_BURN_BLOCKS + 2), events=1)
    node.show(tip)
    node.hidden = {receipt.txid for block in chain.path(tip)[20:] for receipt in block.transactions}
    await catch_up(follower)
    await book.prune(follower.head)
    node.hidden = set()
    tip = chain.grow(tip, 21, events=2)
    node.show(tip)

    await catch_up(follower)

    floor = await book.image_floor()
    told = {block.header.height for block in chain.path(tip) if block.header.height > floor}
    kept = database["blocks"].find({"canonical": True, "height": {"$gt": floor}, "events": {"$gt": 0}})
    assert {row["height"] async for row in kept} == told
    assert {alert["kind"] for alert in await book.alerts.open()} == {OVERLOOKED, LOST}


async def test_what_was_overlooked_on_a_branch_that_is_gone_stops_nothing(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    late = chain.grow(None, 21, events=2)
    node.hidden = {receipt.txid for receipt in late.transactions}
    tip = chain.grow(late, 3, events=2)
    node.show(tip)
    follower = await hosted(book, client)
    await catch_up(follower)
    node.hidden = set()
    node.show(chain.grow(tip, 20, events=0))
    assert await follower.step(), "all is listed again, and nothing is asked yet of what is new in it"
    tip = chain.grow(chain.ancestor(late, 1), 30, events=1)
    node.show(tip)

    await catch_up(follower)

    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_a_list_of_events_that_is_too_short_is_not_believed(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    tip = chain.grow(None, 3, events=2)
    node.show(tip)
    node.short = {tip.transactions[0].txid}
    follower = await hosted(book, client)
    with pytest.raises(SourceError, match="events are listed"):
        await catch_up(follower)
    assert follower.head.height < tip.header.height

    node.short = set()
    await catch_up(follower)

    assert await state_of(database) == await clean_replay(database, chain, tip)


@pytest.mark.parametrize(("history", "events"), [(150, 1), (250, 0), (400, 1)])
async def test_a_small_quota_only_delays(
    book: Book,
    database: Database,
    chain: Chain,
    node: Node,
    client: StacksClient,
    monkeypatch: pytest.MonkeyPatch,
    history: int,
    events: int,
) -> None:
    monkeypatch.setattr("bitpay.stacks.client.http.ATTEMPTS", 1)
    tip = chain.grow(chain.grow(None, history, events=events), 5, events=0)
    node.show(tip)
    follower = await hosted(book, client)
    windows, node.quota = 1, QUOTA
    while follower.head.hash != tip.header.hash:
        try:
            await follower.step()
        except SourceError:
            windows, node.quota = windows + 1, QUOTA
            assert windows < 5 + 4 * history * events / QUOTA

    assert await state_of(database) == await clean_replay(database, chain, tip)


async def test_a_long_history_is_applied_while_it_is_looked_up_and_a_restart_loses_little(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient
) -> None:
    tip = chain.grow(chain.grow(None, 600, events=1), 300, events=0)
    node.show(tip)
    follower = await hosted(book, client)
    assert await follower.step()
    assert len(node.looked_up) < 300
    for _ in range(2):
        follower = await hosted(book, client)
        for _ in range(3):
            assert await follower.step()
    assert follower.head.height < 600
    await catch_up(await hosted(book, client))

    assert await state_of(database) == await clean_replay(database, chain, tip)
    assert len(node.looked_up) < 600 * 1.7


async def test_a_tip_that_is_replaced_again_and_again_does_not_hold_up_history(
    book: Book, database: Database, chain: Chain, node: Node, client: StacksClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bitpay.stacks.client.http.ATTEMPTS", 1)
    tip = chain.grow(chain.grow(None, 200, events=1), 600, events=0)
    node.show(tip)
    follower = await hosted(book, client)
    windows, node.quota = 1, QUOTA
    while follower.head.height < 200:
        try:
            await follower.step()
        except SourceError:
            tip = chain.grow(chain.ancestor(tip, 1), 2, events=0)
            node.show(tip)
            windows, node.quota = windows + 1, QUOTA
            assert windows < 5 + 4 * 200 / QUOTA
    node.quota = None
    await catch_up(follower)

    assert await state_of(database) == await clean_replay(database, chain, tip)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_replicas_and_the_chain_do_the_ledger_ends_right(
    book: Book, database: Database, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr("bitpay.stacks.client.http.ATTEMPTS", 1)
    draw = random.Random(seed)  # noqa: S311 - a seed that replays is the point
    chain = Chain(seed, burn_every=5)
    async with node_of(chain, draw) as node, StacksClient(node.url) as client:
        tip = await misled(book, chain, node, client, draw)
        assert node.lagging
        assert await state_of(database) == await clean_replay(database, chain, tip)
    assert {alert["kind"] for alert in await book.alerts.open()} <= {OVERLOOKED}


async def misled(book: Book, chain: Chain, node: Node, client: StacksClient, draw: random.Random) -> Block:
    """Follow a chain that moves over an API whose replicas lag, until both are calm; return the tip."""
    node.rates = replace(QUIET_RATES, lag=0.2, api_error=0.02)
    follower = await hosted(book, client)
    tip = chain.grow(None, 10)
    for _ in range(25):
        depth = draw.choice([0, 0, 0, 1, 2, 7])
        tip = chain.grow(chain.ancestor(tip, depth), depth + draw.randint(1, 3))
        node.show(tip)
        with suppress(SourceError, HeadMoved):
            await catch_up(follower)
    node.rates = None
    for _ in range(2):
        tip = chain.grow(tip, 5)
        node.show(tip)
        await catch_up(follower)

    assert follower.head.hash == tip.header.hash
    return tip
