"""Following a public chain over a hosted API: few requests, the same documents."""

import random
from collections.abc import AsyncIterator

import pytest
from tests.ledger.ledger_chain import CONTRACTS, Chain
from tests.ledger.ledger_states import clean_replay, state_of
from tests.ledger.simulator.node import Node

from bitpay.ledger.book import Book
from bitpay.ledger.follower import Follower
from bitpay.ledger.hosted import HostedSource, settled_in
from bitpay.stacks.client import StacksClient
from bitpay.store import Database

QUIET = 1_000
"""Blocks in which others do what they do."""


@pytest.fixture
async def chain() -> Chain:
    return Chain(1, burn_every=20)


@pytest.fixture
async def node(chain: Chain) -> AsyncIterator[Node]:
    node = Node(chain, random.Random(1))  # noqa: S311 - unused while it behaves well
    await node.start()
    yield node
    await node.stop()


@pytest.fixture
async def client(node: Node) -> AsyncIterator[StacksClient]:
    async with StacksClient(node.url) as client:
        yield client


async def hosted(book: Book, client: StacksClient) -> Follower:
    await book.open(CONTRACTS.deployer, 1)
    source = HostedSource(client, CONTRACTS, settled_in(book.database))
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
