"""What callers ask for: checked before anything is asked, and never another path than the one it is meant for."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.stacks.fake_hiro import OWNER, FakeHiro, block, word

from bitpay.stacks import clarity
from bitpay.stacks.client import StacksClient
from bitpay.stacks.client.chainhooks import ChainhooksClient
from bitpay.stacks.client.questions import segment
from bitpay.stacks.errors import AddressInvalid, NameInvalid, StacksError, ValueInvalid

CONTRACT = f"{OWNER}.a"
NAMES = ["a?b", "a/b", "a+b", "<=", "/", "a*", "get?", "+", "a!"]


@pytest.fixture
def hiro() -> FakeHiro:
    return FakeHiro()


@pytest.fixture
async def client(hiro: FakeHiro) -> AsyncIterator[StacksClient]:
    async with StacksClient("http://hiro.test", transport=httpx.MockTransport(hiro)) as made:
        yield made


@pytest.mark.parametrize("name", NAMES)
async def test_names_are_asked_for_whole(hiro: FakeHiro, client: StacksClient, name: str) -> None:
    hiro.routes |= {
        f"/extended/v3/principals/{OWNER}/balances/ft/{CONTRACT}::{name}": {"balance": "7"},
        f"/v2/contracts/call-read/{OWNER}/a/{name}": {"okay": True, "result": "0x03"},
        f"/v2/map_entry/{OWNER}/a/{name}": {"data": "0x09"},
        f"/v2/data_var/{OWNER}/a/{name}": {"data": "0x03"},
        f"/v2/constant_val/{OWNER}/a/{name}": {"data": "0x03"},
    }
    assert await client.ft_balance(OWNER, f"{CONTRACT}::{name}") == 7
    assert await client.call_read(CONTRACT, name) == clarity.TRUE
    assert await client.map_entry(CONTRACT, name, clarity.TRUE) is None
    assert await client.data_var(CONTRACT, name) == clarity.TRUE
    assert await client.constant(CONTRACT, name) == clarity.TRUE
    for request in hiro.requests:
        raw = request.url.raw_path.decode().partition("?")[0]
        assert raw.count("/") == request.url.path.count("/") - name.count("/")
        assert not set("?+#") & set(raw)


async def test_an_older_servers_balance_is_of_the_same_token(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.v3 = False
    hiro.routes[f"/extended/v2/addresses/{OWNER}/balances/ft/{CONTRACT}::a?b"] = {"balance": "7"}
    assert await client.ft_balance(OWNER, f"{CONTRACT}::a?b") == 7


@given(st.text())
def test_a_segment_is_one_segment(name: str) -> None:
    try:
        written = segment(name)
    except StacksError:
        assert name in {"", ".", ".."}
    else:
        url = httpx.URL(f"http://x.test/first/{written}/last?q=1")
        assert url.path == f"/first/{name}/last"
        assert (url.query, url.fragment) == (b"q=1", "")


WRONG: list[Any] = [
    "../../../v2/info?x",
    "a\nb",
    "",
    "5",
    "0x12",
    "Latest",
    f"{word(1)}?",
    f"{word(1)}\n",
    -1,
    2**63,
    True,
    1.5,
]


@pytest.mark.parametrize("wrong", WRONG)
async def test_blocks_that_cannot_be_are_not_asked_for(hiro: FakeHiro, client: StacksClient, wrong: Any) -> None:  # noqa: ANN401
    for ask in (client.block, client.burn_block, client.full_block):
        with pytest.raises(ValueInvalid, match="not a block's"):
            await ask(wrong)
    with pytest.raises(ValueInvalid, match="not a block's"):
        await anext(client.block_transactions(wrong))
    assert hiro.requests == []


async def test_a_hash_is_asked_for_in_one_way(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes[f"/extended/v2/blocks/{word(0xABC)}"] = block(5)
    for written in (word(0xABC), word(0xABC)[2:], f"0x{word(0xABC)[2:].upper()}"):
        assert (await client.block(written)).height == 5


Ask = Callable[[StacksClient], Awaitable[Any]]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.transaction("nope"),
        lambda client: client.transaction(f"{word(1)}0"),
        lambda client: anext(client.transaction_events("nope")),
        lambda client: client.indexed_transaction("nope"),
        lambda client: client.call_read(CONTRACT, "f", tip="nope"),
        lambda client: client.simulate(b"raw", auth_token="x", tip="nope"),
        lambda client: client.block_at(-1),
        lambda client: anext(client.blocks(offset=-1)),
        lambda client: anext(client.burn_blocks(offset=-1)),
        lambda client: anext(client.contract_logs(CONTRACT, offset=-1)),
        lambda client: client.contract_logs_page(CONTRACT, offset=-1),
    ],
)
async def test_a_wrong_question_is_the_callers_error(hiro: FakeHiro, client: StacksClient, ask: Ask) -> None:
    with pytest.raises(ValueInvalid, match=r"^not "):
        await ask(client)
    assert hiro.requests == []


@pytest.mark.parametrize(
    ("ask", "error"),
    [
        (lambda client: client.call_read(CONTRACT, "../f"), NameInvalid),
        (lambda client: client.call_read(CONTRACT, "f", sender="\ud800"), AddressInvalid),
        (lambda client: client.contract(OWNER), AddressInvalid),
        (lambda client: anext(client.contract_logs(OWNER)), AddressInvalid),
        (lambda client: client.contract_logs_page(OWNER), AddressInvalid),
    ],
)
async def test_wrong_names_and_addresses_are_told(
    hiro: FakeHiro, client: StacksClient, ask: Ask, error: type[StacksError]
) -> None:
    with pytest.raises(error):
        await ask(client)
    assert hiro.requests == []


async def test_a_hooks_id_stays_an_id(hiro: FakeHiro) -> None:
    async with ChainhooksClient("http://hiro.test", api_key="key", transport=httpx.MockTransport(hiro)) as client:
        with pytest.raises(StacksError):
            await client.delete("a/../../secret")
        assert hiro.paths == ["/chainhooks/me/a/../../secret"]
        assert hiro.requests[0].url.raw_path == b"/chainhooks/me/a%2F..%2F..%2Fsecret"
        with pytest.raises(ValueInvalid):
            await client.delete("..")
        assert len(hiro.requests) == 1
