"""The client against a node's answers about itself, contracts and transactions, in the words of its sources."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.stacks.fake_hiro import OWNER, FakeHiro, word
from tests.stacks.hiro_answers import INTERFACE, POX, node_event, simulation

from bitpay.stacks import clarity
from bitpay.stacks.client import (
    Access,
    AnswerInvalid,
    ApiNotFound,
    ApiRefused,
    ApiUnavailable,
    Cost,
    Cycle,
    Epoch,
    Health,
    IndexedTransaction,
    NextCycle,
    PoxContract,
    StacksClient,
)
from bitpay.stacks.client import http as client_http
from bitpay.stacks.hashes import sha512_256
from bitpay.stacks.model import ContractLog, EventKind, FtEvent, NftEvent, StxEvent, StxLockEvent

CONTRACT = f"{OWNER}.a"


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> FakeHiro:
    monkeypatch.setattr(client_http, "FIRST_PAUSE_SECONDS", 0.001)
    return FakeHiro()


@pytest.fixture
async def client(node: FakeHiro) -> AsyncIterator[StacksClient]:
    async with StacksClient("http://node.test", transport=httpx.MockTransport(node)) as made:
        yield made


async def test_a_node_tells_the_networks_parameters(node: FakeHiro, client: StacksClient) -> None:
    node.routes["/v2/pox"] = POX
    pox = await client.pox()
    assert (pox.first_burn_height, pox.burn_height, pox.cycle_length, pox.prepare_length) == (10, 1_100, 1_050, 50)
    assert (pox.liquid_supply, pox.epoch) == (10**16, "Epoch40")
    assert pox.cycle == Cycle(number=1, threshold=7, stacked=8, active=True)
    assert pox.next_cycle == NextCycle(2, threshold=9, stacked=6, prepare_height=2_050, reward_height=2_100)
    assert pox.epochs == (Epoch("Epoch40", 0, 99, Cost(1, 2, 3, 4, 5)),)
    assert pox.contracts == (PoxContract(pox.contract_id, 5, 1),)
    assert (pox.sbtc_contract, pox.sbtc_registry) == (f"{OWNER}.sbtc-token", f"{OWNER}.sbtc-registry")


async def test_nodes_before_epoch_4_know_no_sbtc(node: FakeHiro, client: StacksClient) -> None:
    node.routes["/v2/pox"] = {name: value for name, value in POX.items() if not name.startswith("pox_5")}
    assert (await client.pox()).sbtc_contract is None
    node.routes["/v2/pox"] = {**POX, "current_cycle": {"id": 1}}
    with pytest.raises(AnswerInvalid, match=r"pox\.current_cycle\.min_threshold_ustx"):
        await client.pox()


async def test_a_node_tells_how_far_behind_it_is(node: FakeHiro, client: StacksClient) -> None:
    node.routes["/v3/health"] = {
        "difference_from_max_peer": 3,
        "max_stacks_height_of_neighbors": 13,
        "max_stacks_neighbor_address": "10.0.0.1:20444",
        "node_stacks_tip_height": 10,
    }
    assert await client.health() == Health(behind=3, height=10, peer_height=13, peer="10.0.0.1:20444")


async def test_constants_are_read(node: FakeHiro, client: StacksClient) -> None:
    node.routes[f"/v2/constant_val/{OWNER}/a/LIMIT"] = {"data": clarity.to_hex(clarity.uint(3))}
    assert await client.constant(CONTRACT, "LIMIT") == clarity.uint(3)
    with pytest.raises(ApiNotFound):
        await client.constant(CONTRACT, "ABSENT")


async def test_an_interface_tells_functions_and_types(node: FakeHiro, client: StacksClient) -> None:
    node.routes[f"/v2/contracts/interface/{OWNER}/a"] = INTERFACE
    interface = await client.contract_interface(CONTRACT)
    assert interface is not None
    put, get = interface.functions
    assert interface.function("put") is put
    assert interface.function("absent") is None
    assert (put.access, get.access) == (Access.PUBLIC, Access.READ_ONLY)
    types = [(arg.name, str(arg.type)) for arg in put.args]
    assert types == [("key", "(buff 32)"), ("to", "(optional principal)"), ("rows", "(list 4 (string-utf8 9))")]
    assert str(put.returns) == "(response bool uint)"
    assert (str(get.args[0].type), str(get.returns)) == ("trait", "{ left: int, name: (string-ascii 3) }")
    assert [(one.name, one.constant) for one in interface.variables] == [("LIMIT", True), ("sold", False)]
    assert [(one.name, str(one.key), str(one.value)) for one in interface.maps] == [
        ("notes", "uint", "(optional none)")
    ]
    assert interface.fungible_tokens == ("coin",)
    assert [(one.name, one.type.kind) for one in interface.non_fungible_tokens] == [("ticket", "uint")]
    assert (interface.epoch, interface.clarity_version) == ("Epoch40", "Clarity4")


@pytest.mark.parametrize(
    "kind",
    ["float", None, 7, {}, {"buffer": {}}, {"box": "bool"}, {"optional": {"list": {"length": 1}}}, {"tuple": [{}]}],
)
async def test_types_in_other_words_are_not_guessed(node: FakeHiro, client: StacksClient, kind: object) -> None:
    variable = {"name": "v", "type": kind, "access": "variable"}
    node.routes[f"/v2/contracts/interface/{OWNER}/a"] = {**INTERFACE, "variables": [variable]}
    with pytest.raises(AnswerInvalid):
        await client.contract_interface(CONTRACT)


async def test_a_type_without_end_is_refused(node: FakeHiro, client: StacksClient) -> None:
    kind: object = "bool"
    for _ in range(clarity.MAX_DEPTH + 2):
        kind = {"optional": kind}
    variable = {"name": "v", "type": kind, "access": "variable"}
    node.routes[f"/v2/contracts/interface/{OWNER}/a"] = {**INTERFACE, "variables": [variable]}
    with pytest.raises(AnswerInvalid, match="a type"):
        await client.contract_interface(CONTRACT)


async def test_access_in_other_words_is_not_guessed(node: FakeHiro, client: StacksClient) -> None:
    odd = {**INTERFACE["functions"][0], "access": "friends"}
    node.routes[f"/v2/contracts/interface/{OWNER}/a"] = {**INTERFACE, "functions": [odd]}
    with pytest.raises(AnswerInvalid, match="read_only"):
        await client.contract_interface(CONTRACT)


async def test_a_node_with_an_index_knows_transactions(node: FakeHiro, client: StacksClient) -> None:
    raw_id = sha512_256(b"\x80\x00").hex()
    node.routes[f"/v3/transaction/{raw_id}"] = node.routes[f"/v3/transaction/{word(3)[2:]}"] = {
        "index_block_hash": word(5)[2:],
        "tx": "8000",
        "result": "0703",
        "block_height": 12,
        "is_canonical": True,
    }
    found = IndexedTransaction(b"\x80\x00", b"\x07\x03", word(5), height=12, canonical=True)
    assert await client.indexed_transaction(raw_id) == found
    with pytest.raises(AnswerInvalid, match="bytes"):
        await client.indexed_transaction(word(3))
    assert await client.indexed_transaction(word(2)) is None
    node.troubles.append(httpx.Response(501, text="No transaction index"))
    with pytest.raises(ApiUnavailable) as lacking:
        await client.indexed_transaction(word(1))
    assert lacking.value.status == 501


async def test_a_transaction_is_tried_without_sending_it(node: FakeHiro, client: StacksClient) -> None:
    events = [
        node_event(0, "contract_event", {"contract_identifier": CONTRACT, "topic": "print", "raw_value": "0x03"}),
        node_event(1, "ft_mint_event", {"asset_identifier": f"{OWNER}.t::t", "recipient": OWNER, "amount": "5"}),
        node_event(2, "nft_burn_event", {"asset_identifier": f"{OWNER}.n::n", "sender": OWNER, "raw_value": "0x03"}),
        node_event(
            3, "stx_transfer_event", {"sender": OWNER, "recipient": CONTRACT, "amount": "7", "memo": "6869" + "00" * 32}
        ),
        node_event(4, "stx_lock_event", {"locked_amount": "9", "unlock_height": "1000", "locked_address": OWNER}),
    ]
    node.routes["/v3/transactions/simulate"] = simulation(b"\x80\x01", events=events)
    tried = await client.simulate(b"\x80\x01", auth_token="secret", tip=word(5))
    txid = "0x" + sha512_256(b"\x80\x01").hex()
    assert (tried.txid, tried.block_hash, tried.height, tried.result) == (txid, word(5), 13, b"\x07\x03")
    assert (tried.cost, tried.succeeded) == (Cost(1, 2, 3, 4, 5), True)
    assert list(tried.events) == [
        ContractLog(0, CONTRACT, "print", b"\x03"),
        FtEvent(1, EventKind.FT_MINT, f"{OWNER}.t::t", None, OWNER, 5),
        NftEvent(2, EventKind.NFT_BURN, f"{OWNER}.n::n", OWNER, None, b"\x03"),
        StxEvent(3, EventKind.STX_TRANSFER, OWNER, CONTRACT, 7, b"hi"),
        StxLockEvent(4, OWNER, 9, 1000),
    ]
    assert node.bodies() == [{"transaction_hex": "8001"}]
    assert node.requests[0].headers["authorization"] == "secret"
    assert node.requests[0].url.params["tip"] == word(5)[2:]


@pytest.mark.parametrize(
    "changes",
    [{"post_condition_aborted": True}, {"vm_error": "Runtime(DivisionByZero)"}, {"result_hex": "0x0803"}],
)
async def test_a_tried_transaction_may_fail(node: FakeHiro, client: StacksClient, changes: dict[str, Any]) -> None:
    node.routes["/v3/transactions/simulate"] = simulation(b"\x80", **changes)
    assert not (await client.simulate(b"\x80", auth_token="secret")).succeeded


async def test_a_try_may_be_refused(node: FakeHiro, client: StacksClient) -> None:
    node.troubles += [httpx.Response(401, text="Unauthorized"), httpx.Response(400, text="Skipped transaction: x")]
    for word_of_it in ("Unauthorized", "Skipped"):
        with pytest.raises(ApiRefused, match=word_of_it):
            await client.simulate(b"\x80", auth_token="wrong")
    node.routes["/v3/transactions/simulate"] = simulation(b"\x80", events=[node_event(0, "stx_melt_event", {})])
    with pytest.raises(AnswerInvalid, match="an event"):
        await client.simulate(b"\x80", auth_token="secret")
    node.routes["/v3/transactions/simulate"] = simulation(b"\x81")
    with pytest.raises(AnswerInvalid, match="txid"):
        await client.simulate(b"\x80", auth_token="secret")
