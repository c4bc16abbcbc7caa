"""The follower against a node that says what each test wants it to say, with a real database and real books."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from bitpay.ledger.book import BLOCKS, HEAD, UNFINAL_BURN_BLOCKS, Book
from bitpay.protocol.calls import core
from bitpay.protocol.ids import Contracts
from bitpay.realtime.log import RoomLog
from bitpay.stacks.clarity import TRUE, encode, err, ok, uint
from bitpay.stacks.client import StacksClient
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import Transaction, sign
from bitpay.store import Database
from bitpay.transactions.follower import TransactionFollower
from bitpay.transactions.models import DOUBTED_FOR, GIVEN_UP_AFTER
from bitpay.transactions.repository import TRANSACTIONS, TransactionRepository
from bitpay.transactions.service import TransactionService

KEY = PrivateKey(b"\x05" * 32)
OWNER = KEY.address(Network.TESTNET)
CONTRACTS = Contracts(OWNER, "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token")
CALL = core.withdraw_from_stream(CONTRACTS, stream_id=1, shown=1, owed=1_000)
SIGNED = sign(CALL.transaction(network=Network.TESTNET, public_key=KEY.public_key, nonce=0, fee=300), KEY)
TXID = f"0x{SIGNED.txid()}"
NONCE_USED = {"reason": "BadNonce", "reason_data": {"expected": 3, "actual": 0}, "txid": SIGNED.txid()}


def block_hash(height: int) -> str:
    return f"0x{height:064x}"


@dataclass
class Node:
    """A node that knows one transaction, or not; `broadcasts` are those it was given."""

    answer: dict[str, Any] | None = None
    refusal: dict[str, Any] | None = None
    broadcasts: list[bytes] = field(default_factory=list)
    is_away: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.is_away:
            raise httpx.ConnectError("away")
        if request.method == "POST":
            self.broadcasts.append(request.content)
            return httpx.Response(400, json=self.refusal) if self.refusal else httpx.Response(200, json=SIGNED.txid())
        return (
            httpx.Response(200, json=self.answer) if self.answer else httpx.Response(404, json={"error": "not found"})
        )

    def says(self, status: str, height: int | None = None, result: bytes = b"\x03") -> None:
        self.answer = {
            "tx_id": TXID,
            "sender": {"address": OWNER, "nonce": 0},
            "sponsor": None,
            "fee_rate": "300",
            "status": status,
            "type": "contract_call",
            "vm_error": None,
            "contract_call": {"contract_id": CONTRACTS.core, "function_name": "withdraw-from-stream"},
        }
        if height is not None:
            place = {"height": height, "hash": block_hash(height), "index_hash": block_hash(height)}
            self.answer["block"] = {**place, "time": 1_800_000_000, "tx_index": 0}
            self.answer["bitcoin_block"] = {"height": height, "time": 1_800_000_000}
            self.answer["result"] = {"hex": f"0x{result.hex()}", "repr": ""}


@dataclass
class Post:
    """One relayed transaction and everything around it."""

    node: Node
    database: Database
    service: TransactionService
    follower: TransactionFollower

    async def look(self) -> tuple[str, str | None]:
        """Let the follower look now; return status and reason."""
        await self.database[TRANSACTIONS].update_many({"nextLookAt": {"$ne": None}}, {"$set": {"nextLookAt": _PAST}})
        await self.follower._round()
        told = await self.service.get(TXID)
        return told.status, told.reason

    async def ledger_at(self, height: int) -> None:
        """Put blocks 1 to `height` into the books, each with its own Bitcoin block."""
        await self.database[BLOCKS].delete_many({})
        await self.database[BLOCKS].insert_many([_block(number) for number in range(1, height + 1)])
        head = {"hash": block_hash(height), "height": height, "time": 0, "burnHeight": height, "nonce": 0}
        await self.database[HEAD].replace_one({"_id": "head"}, head, upsert=True)


_PAST = datetime(2020, 1, 1, tzinfo=UTC)


def _block(height: int) -> dict[str, Any]:
    return {
        "_id": block_hash(height),
        "height": height,
        "parent": block_hash(height - 1),
        "time": 0,
        "burnHeight": height,
        "burnHash": "",
        "burnTime": 0,
        "tenureHeight": 0,
        "canonical": True,
        "applies": 1,
        "events": 0,
    }


@pytest.fixture
def post(database: Database) -> Post:
    node = Node()
    client = StacksClient("http://node", transport=httpx.MockTransport(node))
    repository = TransactionRepository(database)
    follower = TransactionFollower(repository, client, Book(database, [], RoomLog(database)))
    service = TransactionService(repository, client, CONTRACTS, Network.TESTNET, follower.wake)
    return Post(node, database, service, follower)


async def relay(post: Post) -> None:
    assert (await post.service.relay(SIGNED.to_hex())).status == "pending"


async def test_a_success_counts_once_our_own_lists_can_show_it(post: Post) -> None:
    await relay(post)
    post.node.says("pending")
    await post.ledger_at(4)
    assert await post.look() == ("pending", None)
    post.node.says("success", 5, encode(ok(TRUE)))
    assert await post.look() == ("pending", None)
    await post.ledger_at(5)
    assert await post.look() == ("success", None)
    told = await post.service.get(TXID)
    assert told.block is not None
    assert (told.block.height, told.block.hash) == (5, block_hash(5))


async def test_a_block_that_leaves_the_chain_makes_it_pending_again(post: Post) -> None:
    await relay(post)
    await post.ledger_at(5)
    post.node.says("success", 5)
    assert await post.look() == ("success", None)
    await post.ledger_at(4)
    post.node.says("pending")
    assert await post.look() == ("pending", None)
    await post.ledger_at(6)
    post.node.says("success", 6)
    assert await post.look() == ("success", None)


async def test_what_is_final_is_not_looked_at_again(post: Post) -> None:
    await relay(post)
    post.node.says("success", 5)
    await post.ledger_at(5 + UNFINAL_BURN_BLOCKS + 1)
    assert await post.look() == ("success", None)
    post.node.says("pending")
    assert await post.look() == ("success", None)


async def test_failures_are_told_in_words(post: Post) -> None:
    await relay(post)
    await post.ledger_at(5)
    post.node.says("abort_by_response", 5, encode(err(uint(999_999))))
    status, reason = await post.look()
    assert (status, reason) == (
        "abort_by_response",
        "The contract refused it with the unknown code 999999. Nothing moved.",
    )


async def test_a_replaced_transaction_is_dropped(post: Post) -> None:
    await relay(post)
    post.node.says("dropped_replace_by_fee")
    status, reason = await post.look()
    assert status == "dropped"
    assert reason == "Another transaction with the same nonce and a higher fee took its place."


async def test_what_the_node_forgot_is_sent_again(post: Post) -> None:
    await relay(post)
    await post.look()
    assert post.node.broadcasts == [SIGNED.encode()] * 2


async def test_what_can_no_longer_come_into_a_block_is_dropped(post: Post) -> None:
    await relay(post)
    post.node.refusal = NONCE_USED
    assert await post.look() == ("pending", None)
    since = datetime.now(UTC) - DOUBTED_FOR
    await post.database[TRANSACTIONS].update_one({"_id": TXID}, {"$set": {"refusedAt": since}})
    assert await post.look() == ("dropped", "The account's next nonce is 3, not 0.")


async def test_a_success_that_the_api_learns_late_is_not_called_dropped(post: Post) -> None:
    """Whoever is told that it was dropped signs again, and pays twice."""
    await relay(post)
    post.node.refusal = NONCE_USED
    await post.ledger_at(5)
    for _ in range(3):
        assert await post.look() == ("pending", None)
    post.node.says("success", 5)
    assert await post.look() == ("success", None)


async def test_after_two_days_it_is_given_up(post: Post) -> None:
    await relay(post)
    long_ago = datetime.now(UTC) - GIVEN_UP_AFTER - timedelta(minutes=1)
    await post.database[TRANSACTIONS].update_one({"_id": TXID}, {"$set": {"submittedAt": long_ago}})
    status, reason = await post.look()
    assert status == "dropped"
    assert reason is not None
    assert "forgot" in reason


async def test_a_lost_answer_loses_no_transaction(post: Post, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitpay.stacks.client.http.FIRST_PAUSE_SECONDS", 0.001)
    post.node.is_away = True
    await relay(post)
    post.node.is_away = False
    assert post.node.broadcasts == []
    await post.look()
    assert post.node.broadcasts == [SIGNED.encode()]


async def test_the_document_survives_and_a_new_process_goes_on(post: Post, database: Database) -> None:
    await relay(post)
    client = StacksClient("http://node", transport=httpx.MockTransport(post.node))
    book = Book(database, [], RoomLog(database))
    post.follower = TransactionFollower(TransactionRepository(database), client, book)
    await post.ledger_at(5)
    post.node.says("success", 5)
    assert await post.look() == ("success", None)


def test_the_txid_is_the_transactions() -> None:
    assert Transaction.from_hex(SIGNED.to_hex()).txid() == TXID.removeprefix("0x")
