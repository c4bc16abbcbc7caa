"""`bitpay chain …` against a running instance."""

from pathlib import Path

import httpx
import pytest
from tests.e2e.houses import House

from bitpay.dev.folder import DataFolder
from bitpay.stacks.network import Network


def address(house: House, name: str) -> str:
    return house.folder.accounts()[name].address(Network.TESTNET)


def sats_of(house: House, name: str) -> int:
    answer = httpx.get(f"{house.here.url}/api/v1/accounts/{address(house, name)}")
    return int(answer.json()["sbtc"])


def blocks_since(house: House, txid: str) -> int:
    """How many blocks there are from a transaction's own to the tip, and some that may come meanwhile."""
    chain = house.here.stacks_api_url
    own = httpx.get(f"{chain}/extended/v1/tx/{txid}").json()["block_height"]
    return int(httpx.get(f"{chain}/v2/info").json()["stacks_tip_height"]) - int(own) + 6


def test_blocks_are_made_on_demand(house: House) -> None:
    before = house.bitpay("chain", "status")
    [block] = house.bitpay("chain", "mine")["blocks"]
    assert block["height"] > before["height"]
    blocks = house.bitpay("chain", "mine", "3", "--burn")["blocks"]
    after = house.bitpay("chain", "status")
    assert [one["height"] for one in blocks] == list(range(blocks[0]["height"], blocks[0]["height"] + 3))
    assert after["burnHeight"] >= before["burnHeight"] + 3
    assert after["height"] >= blocks[-1]["height"]


def test_time_passes_and_bitpay_has_seen_it(house: House) -> None:
    before = house.bitpay("chain", "status")
    block = house.bitpay("chain", "warp", "2h")
    assert block["time"] >= before["time"] + 2 * 3600
    assert httpx.get(f"{house.here.url}/api/v1/chain").json()["time"] >= block["time"]
    assert house.bitpay("chain", "status")["offset"] >= before["offset"] + 2 * 3600


def test_money_comes_out_of_nothing(house: House) -> None:
    before = sats_of(house, "erin")
    told = house.bitpay("chain", "faucet", "Erin", "0.25")
    assert (told["recipient"], told["amount"]) == (address(house, "erin"), 25_000_000)
    assert sats_of(house, "erin") == before + 25_000_000
    chain, erin = house.here.stacks_api_url, address(house, "erin")
    path = f"{chain}/extended/v3/principals/{erin}/balances/stx"
    stx = int(httpx.get(path).json()["balance"])
    assert house.bitpay("chain", "faucet", erin, "1.5", "stx")["amount"] == 1_500_000
    assert int(httpx.get(path).json()["balance"]) == stx + 1_500_000


def test_another_history_takes_a_payment_back(house: House) -> None:
    before = sats_of(house, "dave")
    txid = house.bitpay("chain", "faucet", "dave", "0.1")["txid"]
    assert sats_of(house, "dave") == before + 10_000_000
    depth = blocks_since(house, txid)
    shape = ("--depth", str(depth), "--blocks", str(depth + 2), "--order", "same", "--seed", "7")
    change = house.bitpay("chain", "reorg", "--drop", txid, *shape)
    assert any(txid in block["transactions"] for block in change["rollback"])
    assert not any(txid in block["transactions"] for block in change["apply"])
    assert (len(change["rollback"]), len(change["apply"])) == (depth, depth + 2)
    assert sats_of(house, "dave") == before


def test_people_see_what_was_rolled_back_and_applied(house: House) -> None:
    txid = house.bitpay("chain", "faucet", "dave", "0.1")["txid"]
    text = house.say("chain", "reorg", "--depth", str(blocks_since(house, txid)))
    assert text.index("rolled back") < text.index("applied")
    assert text.count(txid) == 2
    shown = house.say("chain", "status")
    for word in ("block", "Bitcoin block", "time", "waiting", "chainhooks2", "/api/webhooks/chainhook/streams"):
        assert word in shown
    assert "the chain stands at block" in house.say("chain", "mine")


@pytest.mark.parametrize(
    ("argv", "code", "said"),
    [
        (["warp", "soon"], "invalid_input", "'soon' is no duration"),
        (["warp", "0s"], "invalid_input", "at least a second"),
        (["warp", "99999w"], "invalid_input", "less than or equal"),
        (["faucet", "nobody", "1"], "not_found", "nobody"),
        (["faucet", "SP000", "1"], "invalid_input", "SP000"),
        (["faucet", "alice", "one"], "invalid_input", "is not"),
        (["faucet", "alice", "0.0000001", "stx"], "invalid_input", "at most 6 decimals"),
        (["faucet", "alice", "9999999999", "stx"], "invalid_input", "faucet can give"),
        (["faucet", "alice", "20999999"], "invalid_input", "faucet can give"),
        (["reorg", "--depth", "1", "--drop", "0x12"], "invalid_input", "no transaction id"),
        (["reorg", "--depth", "1", "--drop", "0x" + "12" * 32], "invalid_input", "none of the blocks"),
        (["reorg", "--depth", "1000000"], "invalid_input", "blocks that can be replaced"),
    ],
)
def test_wrong_input_is_explained_and_moves_nothing(house: House, argv: list[str], code: str, said: str) -> None:
    before = house.bitpay("chain", "status")
    answer = house.bitpay("chain", *argv, check=False)["error"]
    after = house.bitpay("chain", "status")
    assert (answer["code"], said in answer["message"]) == (code, True), answer
    assert [after[name] for name in ("offset", "fork", "transactions")] == [
        before[name] for name in ("offset", "fork", "transactions")
    ]


@pytest.mark.parametrize("argv", [["status"], ["mine"], ["warp", "1h"], ["faucet", "alice", "1"]])
def test_without_an_instance_it_says_so(tmp_path: Path, argv: list[str]) -> None:
    nowhere = House(tmp_path)
    answer = nowhere.bitpay("chain", *argv, check=False)["error"]
    assert (answer["code"], "No running BitPay" in answer["message"]) == ("not_found", True)


def test_an_instance_that_died_is_missed(house: House, tmp_path: Path) -> None:
    here = house.here
    folder = DataFolder(tmp_path)
    folder.announce(type(here)(here.url, "http://127.0.0.1:9", "token", here.mongodb_url, here.dev_token, here.pid))
    answer = House(tmp_path).bitpay("chain", "status", check=False)["error"]
    assert (answer["code"], answer["message"]) == ("unavailable", "The local chain does not answer.")
