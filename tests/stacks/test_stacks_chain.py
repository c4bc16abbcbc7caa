"""The client, builders and signatures against a chain with the real Clarity VM behind a real socket."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import httpx
import pytest
from tests.stacks.conftest import LOCALCHAIN_TOKEN, WAIT_SECONDS

from bitpay.localchain.faucet import ADDRESS, KEY
from bitpay.localchain.vm import SBTC
from bitpay.stacks import clarity
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.client import (
    Access,
    ApiError,
    ApiNotFound,
    BadFunctionArgument,
    BadNonce,
    BadSignature,
    ChainMoved,
    ContractAlreadyExists,
    FeeTooLow,
    NoSuchContract,
    NoSuchPublicFunction,
    NotEnoughFunds,
    ReadFailed,
    Rejected,
    StacksClient,
    StxBalance,
    TransactionState,
)
from bitpay.stacks.client.rejections import RecipientIsSender
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.model import ContractLog, EventKind, NftEvent, StxEvent
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Asset, Compare, Mode, NftPostCondition, PostCondition, Sent, StxPostCondition
from bitpay.stacks.transactions import (
    ContractCall,
    HashMode,
    Payload,
    Role,
    TokenTransfer,
    Transaction,
    build,
    contract_call,
    contract_deploy,
    multi_sig,
    sign,
    sign_multi,
    single_sig,
    sponsor,
    token_transfer,
)

SOURCE = """
(define-non-fungible-token ticket uint)
(define-constant PRICE u100)
(define-data-var sold uint u0)
(define-map notes uint (string-utf8 20))
(define-public (buy (note (string-utf8 20)))
  (let ((id (+ (var-get sold) u1)))
    (var-set sold id)
    (map-set notes id note)
    (print { event: "bought", id: id, by: tx-sender, note: note })
    (try! (stx-transfer? PRICE tx-sender current-contract))
    (try! (nft-mint? ticket id tx-sender))
    (ok id)))
(define-public (fail) (err u7))
(define-read-only (note-of (id uint)) (map-get? notes id))
"""
CONTRACT = f"{ADDRESS}.tickets"


class Permitted(httpx.AsyncHTTPTransport):
    """The network, with what opens the local chain's faucets."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.headers["x-localchain-token"] = LOCALCHAIN_TOKEN
        return await super().handle_async_request(request)


@pytest.fixture(scope="module")
async def client(chain_url: str) -> AsyncIterator[StacksClient]:
    async with StacksClient(chain_url, transport=Permitted()) as made:
        yield made


async def settled(client: StacksClient, tx: Transaction) -> TransactionState:
    txid = await client.broadcast(tx.encode())
    assert txid == f"0x{tx.txid()}"
    async with asyncio.timeout(WAIT_SECONDS):
        while (state := await client.transaction(txid)) is None or state.pending:
            await asyncio.sleep(0.02)
    return state


async def call(client: StacksClient, function: str, *args: clarity.Value, mode: Mode = Mode.ALLOW) -> Transaction:
    tx = contract_call(
        CONTRACT,
        function,
        args,
        network=Network.TESTNET,
        public_key=KEY.public_key,
        nonce=await client.next_nonce(ADDRESS),
        fee=1_000,
        mode=mode,
    )
    return sign(tx, KEY)


@pytest.fixture(scope="module")
async def deployed(client: StacksClient) -> TransactionState:
    tx = contract_deploy(
        "tickets",
        SOURCE,
        network=Network.TESTNET,
        public_key=KEY.public_key,
        nonce=await client.next_nonce(ADDRESS),
        fee=2_000,
        clarity_version=4,
    )
    return await settled(client, sign(tx, KEY))


async def pay(client: StacksClient, address: str, amount: int) -> TransactionState:
    tx = token_transfer(
        address,
        amount,
        network=Network.TESTNET,
        public_key=KEY.public_key,
        nonce=await client.next_nonce(ADDRESS),
        fee=500,
        memo=b"for tests",
    )
    return await settled(client, sign(tx, KEY))


async def test_a_contract_is_deployed_and_read_back(client: StacksClient, deployed: TransactionState) -> None:
    assert (deployed.succeeded, deployed.contract_id, deployed.sender) == (True, CONTRACT, ADDRESS)
    source = await client.contract_source(CONTRACT)
    assert source is not None
    assert source.source == SOURCE
    interface = await client.contract_interface(CONTRACT)
    assert interface is not None
    assert {function.name for function in interface.functions} >= {"buy", "fail", "note-of"}
    note_of = interface.function("note-of")
    assert note_of is not None
    assert (note_of.access, str(note_of.returns)) == (Access.READ_ONLY, "(optional (string-utf8 20))")
    assert [(token.name, str(token.type)) for token in interface.non_fungible_tokens] == [("ticket", "uint")]
    assert await client.constant(CONTRACT, "PRICE") == clarity.uint(100)
    assert await client.contract_source(f"{ADDRESS}.nothing") is None
    known = await client.contract(CONTRACT)
    assert known is not None
    assert (known.txid, known.source, known.interface) == (deployed.txid, SOURCE, interface)
    assert deployed.block is not None
    assert (known.height, known.clarity_version) == (deployed.block.height, 4)
    assert await client.contract(f"{ADDRESS}.nothing") is None


async def test_a_call_is_in_a_block_with_its_events(client: StacksClient, deployed: TransactionState) -> None:
    state = await settled(client, await call(client, "buy", clarity.utf8("für Élise 🎹")))
    assert state.succeeded
    assert state.result is not None
    result = clarity.decode(state.result)
    assert isinstance(result, clarity.Ok)
    number = clarity.to_python(result.value)
    events = [event async for event in client.transaction_events(state.txid)]
    log, transfer, mint = sorted(events, key=lambda event: event.index)
    assert isinstance(log, ContractLog)
    bought = {"event": "bought", "id": number, "by": ADDRESS, "note": "für Élise 🎹"}
    assert (log.contract_id, clarity.to_python(log.value)) == (CONTRACT, bought)
    assert isinstance(transfer, StxEvent)
    assert (transfer.sender, transfer.recipient, transfer.amount) == (ADDRESS, CONTRACT, 100)
    assert isinstance(mint, NftEvent)
    assert (mint.kind, mint.asset, mint.recipient) == (EventKind.NFT_MINT, f"{CONTRACT}::ticket", ADDRESS)
    assert mint.value == clarity.uint(number)
    assert await client.data_var(CONTRACT, "sold") == clarity.uint(number)
    assert await client.map_entry(CONTRACT, "notes", clarity.uint(number)) == clarity.utf8("für Élise 🎹")
    assert await client.map_entry(CONTRACT, "notes", clarity.uint(0)) is None
    assert await client.call_read(CONTRACT, "note-of", [clarity.uint(number)]) == clarity.some(log_note(log))


def log_note(log: ContractLog) -> clarity.Value:
    assert isinstance(log.value, clarity.Tuple)
    return log.value["note"]


async def test_a_whole_block_is_what_its_parts_say(client: StacksClient, deployed: TransactionState) -> None:
    state = await settled(client, await call(client, "buy", clarity.utf8("")))
    assert state.block is not None
    whole = await client.full_block(state.block.height)
    assert whole.header.hash == state.block.hash
    assert whole == await client.full_block(state.block.hash)
    receipt = next(tx for tx in whole.transactions if tx.txid == state.txid)
    assert (receipt.sender, receipt.nonce, receipt.fee) == (state.sender, state.nonce, state.fee)
    assert (receipt.contract_id, receipt.function, receipt.result) == (CONTRACT, "buy", state.result)
    assert list(receipt.events) == [event async for event in client.transaction_events(state.txid)]


async def test_headers_link_to_their_parents(client: StacksClient, deployed: TransactionState) -> None:
    tip = await client.tip()
    headers = await client.headers(max(1, tip.height - 40), tip.height)
    assert headers[-1].hash == (await client.block(tip.height)).hash
    for parent, child in pairwise(headers):
        assert (child.parent_hash, child.height) == (parent.hash, parent.height + 1)
        assert child.time > parent.time
    with pytest.raises(ApiNotFound):
        await client.block(tip.height + 1_000)


async def test_failures_say_how_they_ended(client: StacksClient, deployed: TransactionState) -> None:
    failed = await settled(client, await call(client, "fail"))
    assert (failed.status, failed.result) == ("abort_by_response", clarity.encode(clarity.err(clarity.uint(7))))
    denied = await settled(client, await call(client, "buy", clarity.utf8("x"), mode=Mode.DENY))
    assert denied.status == "abort_by_post_condition"
    with pytest.raises(ReadFailed):
        await client.call_read(CONTRACT, "no-such-function")


async def test_post_conditions_let_through_what_they_name(client: StacksClient, deployed: TransactionState) -> None:
    plain = await call(client, "buy", clarity.utf8("y"))
    number = clarity.to_python(await client.data_var(CONTRACT, "sold")) + 1
    token = Asset(parse_principal(CONTRACT), "ticket")
    conditions: list[PostCondition] = [
        StxPostCondition(None, Compare.EQ, 100),
        NftPostCondition(None, token, clarity.uint(number), Sent.NOT_SENT),
    ]
    origin = single_sig(KEY.public_key, nonce=plain.nonce, fee=1_000)
    tx = build(plain.payload, origin, Network.TESTNET, mode=Mode.DENY, post_conditions=conditions)
    assert (await settled(client, sign(tx, KEY))).succeeded


async def test_several_keys_spend_together_and_a_sponsor_pays(client: StacksClient) -> None:
    keys = [PrivateKey(bytes((number,)) * 32) for number in (41, 42, 43)]
    payer = PrivateKey(b"\x44" * 32)
    await pay(client, payer.address(Network.TESTNET), 10_000)
    public_keys = [key.public_key for key in keys]
    for mode in (HashMode.P2SH, HashMode.P2WSH_ANY_ORDER):
        origin = multi_sig(public_keys, 2, nonce=0, fee=0, mode=mode)
        tx = build(TokenTransfer(parse_principal(ADDRESS), 5), origin, Network.TESTNET, sponsored=True)
        await pay(client, tx.origin_address, 5)
        tx = sign_multi(tx, public_keys, keys[1:])
        nonce = await client.next_nonce(payer.address(Network.TESTNET))
        tx = sign(sponsor(tx, single_sig(payer.public_key, nonce=nonce, fee=700)), payer, Role.SPONSOR)
        state = await settled(client, tx)
        assert (state.succeeded, state.sponsor, state.fee) == (True, payer.address(Network.TESTNET), 700)
        assert (await client.stx_balance(tx.origin_address)).available == 0


async def test_refusals_come_as_their_own_errors(client: StacksClient, deployed: TransactionState) -> None:
    poor = PrivateKey(b"\x55" * 32)
    good = await call(client, "fail")

    def signed(payload: Payload = good.payload, *, nonce: int = good.nonce, fee: int = 1_000) -> bytes:
        origin = single_sig(KEY.public_key, nonce=nonce, fee=fee)
        return sign(build(payload, origin, Network.TESTNET), KEY).encode()

    def calling(contract: str, function: str, *args: clarity.Value) -> bytes:
        return signed(ContractCall(parse_principal(contract), function, args))

    unfunded = build(good.payload, single_sig(poor.public_key, nonce=0, fee=1_000), Network.TESTNET)
    tampered = bytearray(signed())
    tampered[60] ^= 1
    refused: list[tuple[type[Rejected], bytes]] = [
        (BadNonce, signed(nonce=0)),
        (FeeTooLow, signed(fee=1)),
        (NotEnoughFunds, sign(unfunded, poor).encode()),
        (BadSignature, bytes(tampered)),
        (NoSuchContract, calling(f"{ADDRESS}.nowhere", "fail")),
        (NoSuchPublicFunction, calling(CONTRACT, "fly")),
        (BadFunctionArgument, calling(CONTRACT, "buy", clarity.TRUE)),
        (RecipientIsSender, signed(TokenTransfer(parse_principal(ADDRESS), 5))),
    ]
    for kind, raw in refused:
        with pytest.raises(kind) as refusal:
            await client.broadcast(raw)
        assert type(refusal.value) is kind


async def test_a_contract_is_deployed_once(client: StacksClient, deployed: TransactionState) -> None:
    tx = contract_deploy(
        "tickets",
        "(ok true)",
        network=Network.TESTNET,
        public_key=KEY.public_key,
        nonce=await client.next_nonce(ADDRESS),
        fee=2_000,
        clarity_version=4,
    )
    with pytest.raises(ContractAlreadyExists) as refusal:
        await client.broadcast(sign(tx, KEY).encode())
    assert refusal.value.data["contract_identifier"] == CONTRACT


async def test_money_fees_and_prints_are_read(client: StacksClient, deployed: TransactionState) -> None:
    sbtc = "SM3VDXK3WZZSA84XXFKAFAF15NNZX32CTSG82JFQ4.sbtc-token::sbtc-token"
    assert await client.ft_balance(ADDRESS, sbtc) > 0
    assert (await client.fees()).all.high >= 1
    bought = await settled(client, await call(client, "buy", clarity.utf8("log")))
    newest = await anext(client.contract_logs(CONTRACT))
    assert newest.txid == bought.txid
    page = await client.contract_logs_page(CONTRACT)
    assert page.logs[0] == newest
    with pytest.raises(ChainMoved):
        await client.contract_logs_page(CONTRACT, offset=len(page.logs), cursor=page.cursor)
    again = await client.contract_logs_page(CONTRACT, offset=len(page.logs) - 1, cursor=page.cursor)
    assert (again.logs, again.last) == (page.logs[-1:], True)


async def test_an_unknown_transaction_is_none(client: StacksClient) -> None:
    assert await client.transaction("ab" * 32) is None
    with pytest.raises(ApiNotFound):
        _ = [event async for event in client.transaction_events("ab" * 32)]


async def test_the_chain_tells_how_it_is(client: StacksClient, deployed: TransactionState) -> None:
    assert deployed.block is not None
    health, pox = await client.health(), await client.pox()
    assert (health.behind, health.peer) == (0, None)
    assert health.height >= deployed.block.height
    assert pox.burn_height >= deployed.block.burn_height
    assert pox.cycle.number == pox.burn_height // pox.cycle_length == pox.next_cycle.number - 1
    assert pox.epoch in {epoch.name for epoch in pox.epochs}
    assert pox.sbtc_contract == SBTC


async def test_a_transaction_is_in_the_nodes_index(client: StacksClient, deployed: TransactionState) -> None:
    tx = await call(client, "fail")
    state = await settled(client, tx)
    found = await client.indexed_transaction(state.txid)
    assert found is not None
    assert state.block is not None
    assert (found.raw, found.result, found.canonical) == (tx.encode(), state.result, True)
    assert (found.block_hash, found.height) == (state.block.hash, state.block.height)
    assert await client.indexed_transaction("0x" + "00" * 32) is None
    with pytest.raises(ApiError):
        await client.simulate(tx.encode(), auth_token=LOCALCHAIN_TOKEN)  # this chain cannot


async def test_blocks_are_found_by_time_and_under_bitcoins(client: StacksClient, deployed: TransactionState) -> None:
    assert deployed.block is not None
    at = await client.block_at(deployed.block.time)
    assert (at.hash, at.height) == (deployed.block.hash, deployed.block.height)
    with pytest.raises(ApiNotFound):
        await client.block_at(1)
    assert (await client.block_times()).hour >= 0
    burn_blocks = [one async for one in client.burn_blocks()]
    heights = [one.height for one in burn_blocks]
    assert heights == sorted(heights, reverse=True)
    under = await client.burn_block(deployed.block.burn_height)
    assert under.height == deployed.block.burn_height
    assert deployed.block.hash in [(await client.block(name)).hash for name in under.blocks]
    assert under.hash == at.burn_hash


async def test_nonces_and_money_are_told(client: StacksClient, deployed: TransactionState) -> None:
    nonces = await client.nonces(ADDRESS)
    assert nonces.confirmed is not None
    assert (nonces.next, nonces.waiting, nonces.missing) == (nonces.confirmed + 1, (), ())
    nobody = PrivateKey(b"\x66" * 32).address(Network.TESTNET)
    fresh = await client.nonces(nobody)
    assert (fresh.next, fresh.confirmed) == (0, None)
    assert await client.stx_balance(nobody) == StxBalance(0, 0)
    gift = await client.faucet("stx", nobody)
    assert f"0x{Transaction.decode(gift.raw).txid()}" == gift.txid
    async with asyncio.timeout(WAIT_SECONDS):
        while (state := await client.transaction(gift.txid)) is None or state.pending:
            await asyncio.sleep(0.02)
    balance = await client.stx_balance(nobody)
    assert balance.available == balance.balance > 0
    assert (await client.account(nobody)).balance == balance.available
