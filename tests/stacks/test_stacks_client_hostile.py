"""The client against servers that are broken or mean harm: whatever they answer, it ends with a typed word about it."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.stacks.fake_hiro import OWNER, FakeHiro, log, transaction, transaction_v3, word
from tests.stacks.hiro_answers import CONTRACT, GOOD, RAW, RAW_ID

from bitpay.stacks import clarity
from bitpay.stacks.client import AnswerInvalid, ApiRefused, BadNonce, ReadFailed, Rejected, StacksClient
from bitpay.stacks.client import http as client_http
from bitpay.stacks.client.chainhooks import ChainhooksClient
from bitpay.stacks.client.rejections import RejectedDeserialization
from bitpay.stacks.errors import StacksError
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import token_transfer

TXID = word(1)
DEEP = "[" * 200_000
TX = token_transfer(OWNER, 1, network=Network.TESTNET, public_key=PrivateKey(b"\1" * 32).public_key, nonce=0, fee=0)


@pytest.fixture
def hiro(monkeypatch: pytest.MonkeyPatch) -> FakeHiro:
    monkeypatch.setattr(client_http, "FIRST_PAUSE_SECONDS", 0.0)
    return FakeHiro()


@pytest.fixture
async def client(hiro: FakeHiro) -> AsyncIterator[StacksClient]:
    async with StacksClient("http://hiro.test", transport=httpx.MockTransport(hiro)) as made:
        yield made


def listed(items: AsyncIterator[Any]) -> Awaitable[list[Any]]:
    async def all_of_them() -> list[Any]:
        return [item async for item in items]

    return all_of_them()


Ask = Callable[[StacksClient], Awaitable[Any]]
METHODS: dict[str, Ask] = {
    "info": lambda client: client.info(),
    "health": lambda client: client.health(),
    "pox": lambda client: client.pox(),
    "account": lambda client: client.account(OWNER),
    "call_read": lambda client: client.call_read(CONTRACT, "f"),
    "map_entry": lambda client: client.map_entry(CONTRACT, "m", clarity.TRUE),
    "data_var": lambda client: client.data_var(CONTRACT, "v"),
    "constant": lambda client: client.constant(CONTRACT, "C"),
    "contract_source": lambda client: client.contract_source(CONTRACT),
    "contract_interface": lambda client: client.contract_interface(CONTRACT),
    "broadcast": lambda client: client.broadcast(RAW),
    "indexed_transaction": lambda client: client.indexed_transaction(RAW_ID),
    "simulate": lambda client: client.simulate(RAW, auth_token="x"),
    "estimate_fees": lambda client: client.estimate_fees(TX),
    "next_nonce": lambda client: client.next_nonce(OWNER),
    "nonces": lambda client: client.nonces(OWNER),
    "ft_balance": lambda client: client.ft_balance(OWNER, f"{CONTRACT}::t"),
    "stx_balance": lambda client: client.stx_balance(OWNER),
    "fees": lambda client: client.fees(),
    "transaction": lambda client: client.transaction(RAW_ID),
    "waiting": lambda client: listed(client.waiting(OWNER)),
    "transaction_events": lambda client: listed(client.transaction_events(TXID)),
    "contract_logs": lambda client: listed(client.contract_logs(CONTRACT)),
    "contract_logs_page": lambda client: client.contract_logs_page(CONTRACT, offset=1, cursor="2"),
    "contract": lambda client: client.contract(CONTRACT),
    "faucet": lambda client: client.faucet("stx", OWNER),
    "block": lambda client: client.block(5),
    "block_at": lambda client: client.block_at(5),
    "block_times": lambda client: client.block_times(),
    "burn_block": lambda client: client.burn_block("latest"),
    "burn_blocks": lambda client: listed(client.burn_blocks()),
    "blocks": lambda client: listed(client.blocks()),
    "headers": lambda client: client.headers(3, 5),
    "block_transactions": lambda client: listed(client.block_transactions(5)),
    "full_block": lambda client: client.full_block(5),
}


async def test_every_method_is_tried_and_answers_when_all_is_well() -> None:
    public = {name for name in dir(StacksClient) if not name.startswith("_")}
    assert public - METHODS.keys() == {"close", "tip"}
    for method, said in GOOD.items():
        assert await asked(method, said) is not None, method


async def asked(method: str, said: Any, status: int = 200) -> Any:  # noqa: ANN401 - JSON, and any answer
    body = json.dumps(said).encode()
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=body))
    async with StacksClient("http://hiro.test", transport=transport) as client:
        return await METHODS[method](client)


ODD: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    2**63,
    10**400,
    1e300,
    1.5,
    "",
    "0x",
    "0x09",
    "-1",
    "x",
    "\ud800",
    "9" * 70,
    word(1),
]
ANY_JSON = st.recursive(
    st.sampled_from(ODD) | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def places(said: Any) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401 - JSON
    """Yield where JSON has values: the whole, and everything inside."""
    yield ()
    inside = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for key, value in inside:
        yield from ((key, *place) for place in places(value))


def put(said: Any, place: tuple[str | int, ...], value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return JSON with another value at a place."""
    if not place:
        return value
    key, *rest = place
    changed: Any = said.copy()
    changed[key] = put(said[key], tuple(rest), value)
    return changed


@st.composite
def spoilt(draw: st.DrawFn) -> tuple[str, Any]:
    """Return a method and its good answer with something odd in it, or instead of it."""
    method = draw(st.sampled_from(sorted(GOOD)))
    place = draw(st.sampled_from(list(places(GOOD[method]))))
    return method, put(GOOD[method], place, draw(ANY_JSON))


ENDLESS = {"results": [log(1) | transaction_v3(1, 0)] * 100, "cursor": {"next": "again"}}


@settings(max_examples=400, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(spoilt(), st.sampled_from([200, 200, 200, 200, 400, 401, 404, 410]))
@example(("waiting", ENDLESS), 200)
@example(("contract_logs", ENDLESS | {"cursor": None}), 200)
@example(("contract_logs", ENDLESS | {"cursor": "x"}), 200)
@example(("contract_logs", ENDLESS | {"cursor": "\ud800"}), 200)
@example(("contract_logs", ENDLESS | {"cursor": "x" * 100_000}), 200)
@example(("waiting", ENDLESS | {"cursor": {"next": "\ud800"}}), 200)
@example(("waiting", ENDLESS | {"cursor": {"next": "x" * 100_000}}), 200)
async def test_whatever_json_comes_is_an_answer_or_an_error_of_ours(spoilt: tuple[str, Any], status: int) -> None:
    try:
        await asked(*spoilt, status)
    except StacksError as error:
        str(error).encode()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    "answer",
    [
        lambda: httpx.Response(200, text=DEEP),
        lambda: httpx.Response(200, text="[" * 900 + "]" * 900),
        lambda: httpx.Response(200, text='{"results":' * 300 + "1" + "}" * 300),
        lambda: httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no gzip")),
        lambda: httpx.Response(200, content=b"\xff\xfe\xfd"),
        lambda: httpx.Response(200, content=b"9" * 5_000),
    ],
)
async def test_answers_that_cannot_be_read_are_named(
    hiro: FakeHiro, client: StacksClient, method: str, answer: Callable[[], httpx.Response]
) -> None:
    hiro.troubles += [answer()]
    with pytest.raises(AnswerInvalid):
        await METHODS[method](client)


async def test_a_redirection_to_nowhere_is_no_answer(hiro: FakeHiro, client: StacksClient) -> None:
    for location in (
        "http://[",
        "//\x00",
        "https://" + "x" * 70_000,
        "http:",
        "\ud800".encode(errors="replace").decode(),
    ):
        hiro.troubles += [httpx.Response(301, headers={"location": location})] * client_http.ATTEMPTS
        with pytest.raises(StacksError):
            await client.info()
        hiro.troubles.clear()


async def test_a_refusal_that_nests_too_deep_is_one_all_the_same(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.troubles.append(httpx.Response(400, text=DEEP))
    with pytest.raises(RejectedDeserialization):
        await client.broadcast(RAW)
    hiro.troubles.append(httpx.Response(400, json=["no"]))
    with pytest.raises(ApiRefused):
        await client.broadcast(RAW)


@pytest.mark.parametrize("odd", [5, True, [], {}, "0xzz", "\ud800", "0x" + "f" * 70, 1.5])
async def test_a_refusal_with_odd_parts_is_still_told_apart(hiro: FakeHiro, client: StacksClient, odd: object) -> None:
    data = {"expected": odd, "actual": 2, "message": odd}
    said = json.dumps({"reason": "BadNonce", "txid": odd, "reason_data": data})
    hiro.troubles.append(httpx.Response(400, text=said))
    with pytest.raises(BadNonce) as refused:
        await client.broadcast(RAW)
    assert (refused.value.txid, refused.value.actual) == (None, 2)
    assert refused.value.expected in {None, 5}
    str(refused.value).encode()
    hiro.troubles.append(httpx.Response(400, text=json.dumps({"reason": odd, "error": odd})))
    with pytest.raises(Rejected):
        await client.broadcast(RAW)


@pytest.mark.parametrize("count", [0, 2, 4])
async def test_a_node_gives_three_fees_or_none(hiro: FakeHiro, client: StacksClient, count: int) -> None:
    hiro.routes["/v2/fees/transaction"] = {"estimations": [{"fee": 1}] * count}
    with pytest.raises(AnswerInvalid, match="three"):
        await client.estimate_fees(TX)


async def test_times_beyond_all_floats_are_named(hiro: FakeHiro, client: StacksClient) -> None:
    times = {"last_1h": 10**400, "last_24h": 1, "last_7d": 1, "last_30d": 1}
    hiro.routes["/extended/v2/blocks/average-times"] = times
    with pytest.raises(AnswerInvalid, match="last_1h"):
        await client.block_times()


async def test_an_interface_that_nests_too_deep_is_named(hiro: FakeHiro, client: StacksClient) -> None:
    said = {"contract_id": CONTRACT, "tx_id": TXID, "block_height": 1, "source_code": "", "abi": DEEP}
    hiro.routes[f"/extended/v1/contract/{CONTRACT}"] = said
    with pytest.raises(AnswerInvalid, match=r"contract\.abi is not JSON"):
        await client.contract(CONTRACT)


async def test_pages_that_lead_in_a_circle_are_left(hiro: FakeHiro, client: StacksClient) -> None:
    path = f"/extended/v3/transactions/{TXID}/events"
    turns = iter(["b", "a", "b", "a"])
    event = {
        "event_index": 0,
        "type": "stx_lock",
        "stx_lock": {"amount": "1", "unlock_bitcoin_height": 1, "address": "a"},
    }
    hiro.routes[path] = lambda _: httpx.Response(200, json={"results": [event], "cursor": {"next": next(turns)}})
    with pytest.raises(AnswerInvalid, match="nowhere"):
        await listed(client.transaction_events(TXID))
    assert len(hiro.requests) == 3
    hiro.routes[path] = {"results": [], "cursor": {"next": "a"}}
    with pytest.raises(AnswerInvalid, match="nowhere"):
        await listed(client.transaction_events(TXID))


async def test_the_same_full_page_again_and_again_is_left(hiro: FakeHiro, client: StacksClient) -> None:
    for page in ({"limit": 1, "results": [log(1)]}, {"limit": 1, "results": [log(1)], "cursor": "1", "total": 9}):
        hiro.requests.clear()
        hiro.routes[f"/extended/v2/smart-contracts/{CONTRACT}/logs"] = page
        with pytest.raises(AnswerInvalid, match="the one before"):
            await listed(client.contract_logs(CONTRACT))
        assert len(hiro.requests) == 2


async def test_another_transaction_is_no_answer(hiro: FakeHiro, client: StacksClient) -> None:
    hiro.routes["/v2/transactions"] = lambda _request: httpx.Response(200, json="ab" * 32)
    with pytest.raises(AnswerInvalid, match=RAW_ID):
        await client.broadcast(RAW)
    hiro.routes[f"/extended/v3/transactions/{TXID}"] = transaction_v3(2, 0)
    hiro.routes[f"/extended/v1/tx/{TXID}"] = transaction(2, 0)
    for hiro.v3 in (True, False):
        with pytest.raises(AnswerInvalid, match=f"tx_id is not {TXID}"):
            await client.transaction(TXID)


async def test_an_id_is_all_that_a_node_may_answer_to_a_transaction(hiro: FakeHiro, client: StacksClient) -> None:
    for answer in (httpx.Response(200, json={"txid": "ab"}), httpx.Response(200, text="thanks")):
        hiro.troubles.append(answer)
        with pytest.raises(AnswerInvalid):
            await client.broadcast(RAW)


@pytest.mark.parametrize("status", [301, 401, 403])
async def test_only_what_a_node_says_about_the_call_is_a_failed_read(
    hiro: FakeHiro, client: StacksClient, status: int
) -> None:
    hiro.troubles.append(httpx.Response(status, text="no"))
    with pytest.raises(ApiRefused):
        await client.call_read(CONTRACT, "f")
    hiro.troubles.append(httpx.Response(400, text="budget"))
    with pytest.raises(ReadFailed):
        await client.call_read(CONTRACT, "f")


@settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
@given(ANY_JSON)
async def test_whatever_json_comes_about_hooks_is_an_answer_or_an_error(said: Any) -> None:  # noqa: ANN401
    body = json.dumps(said).encode()
    transport = httpx.MockTransport(lambda _request: httpx.Response(200, content=body))
    async with ChainhooksClient("http://hiro.test", api_key="key", transport=transport) as client:
        for ask in (client.hooks, client.secret, client.rotate_secret):
            try:
                await ask()
            except StacksError as error:
                str(error).encode()


@pytest.mark.parametrize("uuid", ["", "..", "a/b", "x" * 100_000])
async def test_a_hooks_id_that_is_none_is_a_wrong_answer(hiro: FakeHiro, uuid: str) -> None:
    hook = {"uuid": uuid, "definition": {}, "status": {"status": "new", "enabled": True}}
    hiro.routes["/chainhooks/me"] = {"results": [hook], "total": 1}
    async with ChainhooksClient("http://hiro.test", api_key="key", transport=httpx.MockTransport(hiro)) as hooks:
        with pytest.raises(AnswerInvalid, match="uuid"):
            await hooks.hooks()
