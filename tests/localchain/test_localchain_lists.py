"""Lists of transactions and balances, as wallets and explorers ask Hiro's API for them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.localchain.accounts import Account, account
from tests.localchain.contracts import COUNTER, VAULT
from tests.localchain.house import House, serving

from bitpay.localchain.chain import Genesis
from bitpay.localchain.vm import SBTC
from bitpay.stacks.clarity import NONE, principal, uint

ALICE, BOB = account(1).address, account(2).address
COUNTER_ID, VAULT_ID = f"{ALICE}.counter", f"{ALICE}.vault"
TOKEN = f"{SBTC}::sbtc-token"
STX = 10**12
FEE = 5_000
AT = 2
"""Height of the story's first block."""


@pytest.fixture(scope="module")
async def told(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[House, list[str], list[str]]]:
    """Three blocks of two transactions each, and two that wait."""
    alice, bob = account(1), account(2)
    genesis = Genesis(stx={ALICE: STX, BOB: STX}, sbtc={ALICE: 1_000})
    async with serving(tmp_path_factory.mktemp("lists"), genesis) as house:
        txids = await house.mined(alice.deploy("counter", COUNTER), alice.deploy("vault", VAULT))
        args = [uint(40), principal(ALICE), principal(BOB), NONE]
        txids += await house.mined(alice.call(SBTC, "transfer", args), bob.transfer(ALICE, 300))
        txids += await house.mined(alice.call(VAULT_ID, "fund"), bob.call(COUNTER_ID, "refuse"))
        waiting = [
            await house.send(alice.transfer(BOB, 7)),
            await house.send(bob.call(COUNTER_ID, "increment", [uint(1)])),
        ]
        yield house, txids, waiting


def ids(page: dict[str, Any]) -> list[str]:
    return [one["tx_id"] for one in page["results"]]


@pytest.mark.parametrize("path", ["/extended/v3/transactions", "/extended/v1/tx"])
async def test_all_transactions_the_newest_first(told: tuple[House, list[str], list[str]], path: str) -> None:
    house, txids, _ = told
    page = await house.get(path, limit=4)
    assert (page["total"], page["limit"]) == (6, 4)
    assert ids(page) == txids[:1:-1]


async def test_v1_is_paged_by_offset_and_v3_by_cursor(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, _ = told
    assert ids(await house.get("/extended/v1/tx", limit=4, offset=4)) == txids[1::-1]
    assert len(ids(await house.get("/extended/v1/tx", limit=0))) == 6
    assert ids(await house.get("/extended/v3/transactions", limit=4, offset=4)) == txids[:1:-1]


async def test_pages_lead_to_one_another(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, _ = told
    first = await house.get("/extended/v3/transactions", limit=2)
    assert first["cursor"] == {"current": f"{AT + 2}:2147483647:1", "next": f"{AT + 1}:2147483647:1", "previous": None}
    second = await house.get("/extended/v3/transactions", limit=2, cursor=first["cursor"]["next"])
    assert ids(second) == [txids[3], txids[2]]
    assert second["cursor"]["previous"] == first["cursor"]["current"]
    assert second["cursor"]["next"] == f"{AT}:2147483647:1"


@pytest.mark.parametrize(
    ("cursor", "first"),
    [
        ("9:2147483647:9", 5),
        (f"{AT + 1}:2147483647:9", 3),
        (f"{AT + 1}:2147483647:0", 2),
        (f"{AT + 1}:0:0", 3),
        ("1:2147483647:0", None),
    ],
)
async def test_a_cursor_need_not_be_of_an_entry(
    told: tuple[House, list[str], list[str]], cursor: str, first: int | None
) -> None:
    house, txids, _ = told
    expected = [] if first is None else txids[first::-1]
    assert ids(await house.get("/extended/v3/transactions", cursor=cursor)) == expected


async def test_cursors_of_balances_and_events_stand_between_entries(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, _ = told
    path = f"/extended/v3/principals/{ALICE}/balances/ft"
    everything = (await house.get(path))["results"]
    assert [one["balance"] for one in everything] == ["960", "100"]
    assert (await house.get(path, cursor=f"500:{TOKEN}"))["results"] == everything[1:]
    assert (await house.get(path, cursor=f"960:{TOKEN}"))["results"] == everything
    deeds = f"/extended/v3/principals/{ALICE}/balances/nft"
    assert len((await house.get(deeds, cursor=f"0x00:{VAULT_ID}::deed"))["results"]) == 1
    assert (await house.get(deeds, cursor=f"0x02:{VAULT_ID}::deed"))["results"] == []
    assert (await house.get(f"/extended/v3/transactions/{txids[4]}/events", cursor=9))["results"] == []
    assert (await house.client.get(f"/extended/v3/transactions/{txids[4]}/events?cursor=one")).status_code == 400


async def test_cursors_of_v2_name_the_block_by_its_hash(told: tuple[House, list[str], list[str]]) -> None:
    house, _, _ = told
    path = f"/extended/v2/addresses/{BOB}/transactions"
    tip, before = [await house.get(f"/extended/v2/blocks/{height}") for height in (AT + 2, AT + 1)]
    newest = await house.get(path, limit=1)
    assert newest["cursor"] == f"{tip['index_block_hash']}:2147483647:1"
    assert (newest["next_cursor"], newest["prev_cursor"]) == (None, f"{before['index_block_hash']}:2147483647:1")
    older = await house.get(path, limit=1, cursor=newest["prev_cursor"])
    assert (older["cursor"], older["next_cursor"]) == (newest["prev_cursor"], newest["cursor"])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"type": "smart_contract,token_transfer"}, [3, 1, 0]),
        ({"type": "coinbase"}, []),
        ({"from_address": BOB}, [5, 3]),
        ({"to_address": ALICE}, [3]),
        ({"contract_id": SBTC}, [2]),
        ({"function_name": "refuse"}, [5]),
        ({"contract_id": SBTC, "function_name": "refuse"}, []),
        ({"nonce": 1}, [5, 1]),
        ({"start_time": 9_999_999_999}, []),
        ({"end_time": 9_999_999_999, "order": "asc"}, [0, 1, 2, 3, 4, 5]),
        ({"sort_by": "fee", "limit": 1, "order": "asc"}, [0]),
        ({"sort_by": "burn_block_time", "limit": 2}, [5, 4]),
    ],
)
async def test_filters_of_all_transactions(
    told: tuple[House, list[str], list[str]], query: dict[str, object], expected: list[int]
) -> None:
    house, txids, _ = told
    assert ids(await house.get("/extended/v1/tx", **query)) == [txids[index] for index in expected]


async def test_arguments_can_be_left_out(told: tuple[House, list[str], list[str]]) -> None:
    house, _, _ = told
    for wanted in ("false", "true"):
        page = await house.get("/extended/v1/tx", contract_id=SBTC, exclude_function_args=wanted)
        assert ("function_args" in page["results"][0]["contract_call"]) == (wanted == "false")


@pytest.mark.parametrize(
    ("query", "expected"), [({"height": AT + 1}, [3, 2]), ({"until_block": AT + 1}, [3, 2]), ({"until_block": AT}, [])]
)
async def test_transactions_of_somebody_in_some_blocks(
    told: tuple[House, list[str], list[str]], query: dict[str, object], expected: list[int]
) -> None:
    house, txids, _ = told
    path = f"/extended/v1/address/{BOB}/transactions"
    assert ids(await house.get(path, **query)) == [txids[index] for index in expected]
    assert (await house.get(f"{path}_with_transfers", **query))["total"] == len(expected)


async def test_a_summary_says_what_v3_says(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, _ = told
    [moved] = (await house.get("/extended/v3/transactions", limit=1, cursor=f"{AT + 1}:2147483647:0"))["results"]
    block = await house.get(f"/extended/v2/blocks/{AT + 1}")
    assert moved == {
        "tx_id": txids[2],
        "type": "contract_call",
        "sender": {"address": ALICE, "nonce": 2},
        "sponsor": None,
        "fee_rate": str(FEE),
        "contract_call": {"contract_id": SBTC, "function_name": "transfer"},
        "status": "success",
        "block": {
            "height": AT + 1,
            "hash": block["hash"],
            "index_hash": block["index_block_hash"],
            "time": block["block_time"],
            "tx_index": 0,
        },
        "bitcoin_block": {"height": block["burn_block_height"], "time": block["burn_block_time"]},
    }


@pytest.mark.parametrize("path", ["/extended/v3/blocks/{}/transactions", "/extended/v1/tx/block_height/{}"])
async def test_transactions_of_a_block(told: tuple[House, list[str], list[str]], path: str) -> None:
    house, txids, _ = told
    assert ids(await house.get(path.format(AT))) == [txids[1], txids[0]]
    assert (await house.client.get(path.format(99))).status_code == 404


async def test_what_waits(told: tuple[House, list[str], list[str]]) -> None:
    house, _, waiting = told
    page = await house.get("/extended/v3/mempool/transactions")
    assert page["results"] == sorted(page["results"], key=lambda one: (-one["receipt_time"], -int(one["tx_id"], 16)))
    [summary] = [one for one in page["results"] if one["tx_id"] == waiting[0]]
    passed = f"{summary['receipt_time']}:{int(waiting[0], 16) - 1:#066x}"
    assert waiting[0] not in ids(await house.get("/extended/v3/mempool/transactions", cursor=passed))
    assert (summary["status"], summary["receipt_block_height"]) == ("pending", AT + 2)
    assert summary["token_transfer"]["amount"] == "7"
    assert "replaced_by_tx_id" not in summary
    assert ids(await house.get("/extended/v1/tx/mempool")) == waiting[::-1]
    assert ids(await house.get("/extended/v1/tx/mempool", sender_address=BOB)) == [waiting[1]]
    assert ids(await house.get("/extended/v1/tx/mempool", recipient_address=BOB)) == [waiting[0]]
    assert ids(await house.get("/extended/v1/tx/mempool", recipient_address=BOB, sender_address=BOB)) == []
    assert ids(await house.get("/extended/v1/tx/mempool", order="asc")) == waiting
    assert ids(await house.get("/extended/v1/tx/mempool", order_by="size")) == waiting  # a call is smaller
    assert ids(await house.get("/extended/v1/tx/mempool", address=COUNTER_ID)) == [waiting[1]]
    assert ids(await house.get(f"/extended/v3/principals/{ALICE}/mempool/transactions")) == [waiting[0]]
    assert ids(await house.get(f"/extended/v1/address/{COUNTER_ID}/mempool")) == [waiting[1]]


async def test_what_concerns_somebody(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, _ = told
    page = await house.get(f"/extended/v3/principals/{BOB}/transactions")
    assert [one["transaction"]["tx_id"] for one in page["results"]] == [txids[5], txids[3], txids[2]]
    refused, sent, received = page["results"]
    assert [one["involvement"] for one in (refused, sent, received)] == ["sender", "sender", "affected"]
    assert refused["balance_changes"]["stx"] == {"sent": str(FEE), "received": "0", "net": str(-FEE)}
    assert sent["balance_changes"]["stx"]["sent"] == str(FEE + 300)
    assert sent["affected_balances"] == {"stx": True, "ft": False, "nft": False}
    assert received["affected_balances"] == {"stx": False, "ft": True, "nft": False}
    assert ids(await house.get(f"/extended/v1/address/{SBTC}/transactions")) == [txids[2]]
    called = await house.get(f"/extended/v2/addresses/{COUNTER_ID}/transactions")
    assert [one["tx"]["tx_id"] for one in called["results"]] == [txids[5], txids[0]]


async def test_transfers_of_somebody(told: tuple[House, list[str], list[str]]) -> None:
    house, _, _ = told
    [funded, given, moved] = (await house.get(f"/extended/v1/address/{ALICE}/transactions_with_transfers", limit=3))[
        "results"
    ]
    assert given["stx_transfers"] == [{"sender": BOB, "recipient": ALICE, "amount": "300"}]
    assert (given["stx_sent"], given["stx_received"]) == ("0", "300")
    assert moved["ft_transfers"] == [{"sender": ALICE, "recipient": BOB, "asset_identifier": TOKEN, "amount": "40"}]
    [deed] = funded["nft_transfers"]
    assert (deed["recipient"], deed["value"]["repr"]) == (ALICE, "u1")
    counts = (await house.get(f"/extended/v2/addresses/{ALICE}/transactions", limit=1))["results"][0]["events"]
    assert counts["ft"] == {"transfer": 0, "mint": 1, "burn": 0}
    assert counts["nft"] == {"transfer": 0, "mint": 1, "burn": 0}


async def test_balances_and_what_waits_for_them(told: tuple[House, list[str], list[str]]) -> None:
    house, _, _ = told
    balance = STX - 300 - 2 * FEE
    stx = await house.get(f"/extended/v3/principals/{BOB}/balances/stx")
    estimated = str(balance + 7 - FEE)
    assert stx == {
        "balance": str(balance),
        "available": str(balance),
        "locked": None,
        "mempool": {"estimated_balance": estimated, "inbound": "7", "outbound": str(FEE)},
    }
    former = await house.get(f"/extended/v1/address/{BOB}/balances")
    assert former["fungible_tokens"] == {TOKEN: {"balance": "40", "total_sent": "0", "total_received": "40"}}
    assert former["stx"]["total_sent"] == "300"
    assert former["stx"]["total_received"] == str(STX)
    assert former["stx"]["total_fees_sent"] == str(2 * FEE)
    assert former["stx"] == await house.get(f"/extended/v1/address/{BOB}/stx")
    newer = await house.get(f"/extended/v2/addresses/{BOB}/balances/stx")
    assert "estimated_balance" not in newer
    with_waiting = await house.get(f"/extended/v2/addresses/{BOB}/balances/stx", include_mempool="true")
    assert with_waiting["estimated_balance"] == estimated
    tokens = await house.get(f"/extended/v2/addresses/{BOB}/balances/ft")
    assert tokens["results"] == [{"token": TOKEN, "balance": "40"}]
    assert await house.get(f"/extended/v2/addresses/{BOB}/balances/ft/{TOKEN}") == {"balance": "40"}


async def test_tokens_of_v2_are_in_order_of_their_names(told: tuple[House, list[str], list[str]]) -> None:
    house, _, _ = told
    held = (await house.get(f"/extended/v2/addresses/{ALICE}/balances/ft"))["results"]
    assert [one["token"] for one in held] == sorted([TOKEN, f"{VAULT_ID}::gold"], key=str.lower)


async def test_unique_tokens(told: tuple[House, list[str], list[str]]) -> None:
    house, _, _ = told
    deed = f"{VAULT_ID}::deed"
    page = await house.get(f"/extended/v3/principals/{ALICE}/balances/nft")
    assert page["results"] == [{"asset_identifier": deed, "value": {"hex": "0x01" + f"{1:032x}", "repr": "u1"}}]
    former = await house.get(f"/extended/v1/address/{ALICE}/balances")
    assert former["non_fungible_tokens"] == {deed: {"count": "1", "total_sent": "0", "total_received": "1"}}
    assert former["fungible_tokens"][f"{VAULT_ID}::gold"]["balance"] == "100"


async def test_several_at_once(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, waiting = told
    nobody = "0x" + "ab" * 32
    found = await house.get("/extended/v1/tx/multiple", tx_id=",".join([txids[0], waiting[0], nobody]))
    assert [found[name]["found"] for name in (txids[0], waiting[0], nobody)] == [True, True, False]
    assert found[txids[0]]["result"] == await house.get(f"/extended/v1/tx/{txids[0]}")
    assert (await house.client.get("/extended/v1/tx/multiple")).status_code == 400
    raw = (await house.get(f"/extended/v1/tx/{txids[3]}/raw"))["raw_tx"]
    assert raw == "0x" + (await house.get(f"/v3/transaction/{txids[3]}"))["tx"]
    assert (await house.get(f"/extended/v1/tx/{waiting[0]}/raw"))["raw_tx"].startswith("0x80")
    events = await house.get("/extended/v1/tx/events", tx_id=txids[4])
    newest, oldest = events["events"]
    assert (newest["event_index"], newest["event_type"]) == (1, "non_fungible_token_asset")
    assert (oldest["event_index"], oldest["event_type"]) == (0, "fungible_token_asset")
    assert (await house.get("/extended/v1/tx/events", tx_id=txids[4], limit=1))["events"] == [newest]
    assert (await house.get("/extended/v1/tx/events", tx_id=txids[4], offset=1))["events"] == [oldest]
    for name in (waiting[0], nobody):
        answer = await house.client.get(f"/extended/v3/transactions/{name}/events")
        assert (answer.status_code, answer.json()["message"]) == (400, "Transaction not found")


async def test_events_come_with_one_transaction_and_in_parts(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, _ = told
    path = f"/extended/v1/tx/{txids[4]}"
    whole = await house.get(path)
    assert [event["event_index"] for event in whole["events"]] == [0, 1]
    assert (await house.get(path, event_limit=1))["events"] == whole["events"][:1]
    assert (await house.get(path, event_offset=1))["events"] == whole["events"][1:]
    for refused in (f"{path}?event_limit=101", "/extended/v1/tx/multiple", "/extended/v1/tx/events"):
        answer = await house.client.get(refused)
        assert (answer.status_code, answer.json()["code"]) == (400, "FST_ERR_VALIDATION")
    for listing in ("/extended/v1/tx", f"/extended/v2/blocks/{AT + 2}/transactions"):
        listed = next(one for one in (await house.get(listing))["results"] if one["tx_id"] == txids[4])
        assert (listed["events"], listed["event_count"]) == ([], 2)


async def test_contracts_by_their_state(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, _ = told
    found = await house.get("/extended/v2/smart-contracts/status", contract_id=f"{COUNTER_ID},{ALICE}.nothing")
    result = {"status": "success", "tx_id": txids[0], "contract_id": COUNTER_ID, "block_height": AT}
    assert found == {COUNTER_ID: {"found": True, "result": result}, f"{ALICE}.nothing": {"found": False}}
    assert (await house.get(f"/extended/v1/contract/{COUNTER_ID}/events", cursor="of v2"))["results"] == []


async def test_blocks_of_v1(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, _ = told
    newer = await house.get(f"/extended/v2/blocks/{AT}")
    former = await house.get(f"/extended/v1/block/by_height/{AT}")
    assert former["txs"] == [txids[1], txids[0]]
    assert {name: former[name] for name in newer if name in former} == {
        name: value for name, value in newer.items() if name not in {"parent_index_block_hash", "tx_count"}
    }
    assert await house.get(f"/extended/v1/block/{newer['hash']}") == former
    listed = await house.get("/extended/v1/block", limit=2, offset=1)
    assert [block["height"] for block in listed["results"]] == [AT + 1, AT]


async def test_whatever_somebody_types_is_found(told: tuple[House, list[str], list[str]]) -> None:
    house, txids, waiting = told
    block = await house.get(f"/extended/v2/blocks/{AT}")
    kinds = {
        txids[0]: "tx_id",
        waiting[0]: "mempool_tx_id",
        block["hash"]: "block_hash",
        block["hash"][2:]: "block_hash",
        ALICE: "standard_address",
        COUNTER_ID: "contract_address",
    }
    for term, kind in kinds.items():
        found = await house.get(f"/extended/v1/search/{term}")
        name = f"0x{term}" if term == block["hash"][2:] else term
        assert (found["found"], found["result"]["entity_id"], found["result"]["entity_type"]) == (True, name, kind)
    missing = {
        block["index_block_hash"]: "unknown_hash",
        "ab" * 32: "unknown_hash",
        account(9).address: "standard_address",
        f"{ALICE}.nothing": "contract_address",
        "nonsense": "invalid_term",
    }
    for term, kind in missing.items():
        answer = await house.client.get(f"/extended/v1/search/{term}")
        assert (answer.status_code, answer.json()["result"]["entity_type"]) == (404, kind)


async def test_small_facts(told: tuple[House, list[str], list[str]]) -> None:
    house, _, _ = told
    assert (await house.client.post("/extended/v1/fee_rate", json={"transaction": "00"})).json() == {"fee_rate": 400}
    assert (await house.get("/extended/v1/info/network_block_time/testnet"))["target_block_time"] == 120
    assert set(await house.get("/extended/v1/info/network_block_times")) == {"testnet", "mainnet"}
    assert int((await house.get("/extended/v3/tokens/stx/supply"))["total"]) > 0


async def test_another_history_takes_everything_back(tmp_path_factory: pytest.TempPathFactory) -> None:
    alice = Account(account(1).key)
    genesis = Genesis(stx={ALICE: STX}, sbtc={ALICE: 1_000})
    async with serving(tmp_path_factory.mktemp("back"), genesis) as house:
        await house.mined(alice.deploy("vault", VAULT))
        await house.mined(alice.call(VAULT_ID, "fund"))
        holdings, involving = house.service.chain.archive.holdings, house.service.chain.archive.involving
        before = (
            dict(holdings.balances),
            holdings.ids(ALICE),
            holdings.ids(BOB),
            dict(holdings.fees),
            len(involving(BOB)),
        )
        [give] = await house.mined(alice.call(VAULT_ID, "give-deed", [principal(BOB)]))
        [gold] = await house.mined(alice.call(VAULT_ID, "burn-gold"))
        assert [asset for asset, _ in holdings.ids(BOB)] == [f"{VAULT_ID}::deed"]
        await house.control("reorg", depth=2, drop=[give, gold])
        after = (
            dict(holdings.balances),
            holdings.ids(ALICE),
            holdings.ids(BOB),
            dict(holdings.fees),
            len(involving(BOB)),
        )
        assert after == before
