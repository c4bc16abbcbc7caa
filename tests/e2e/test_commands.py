"""The bitpay command against a running instance."""

import re

import pytest
from tests.e2e.houses import House, recorded


def test_the_demo_balances_to_the_sat(house: House) -> None:
    facts = house.bitpay("demo")
    assert facts["balanced"] is True
    assert facts["withdrawn"] + facts["refunded"] == facts["amount"]
    assert facts["amount"] // 4 <= facts["withdrawn"] < facts["amount"]
    first, last = facts["steps"][0]["balances"], facts["steps"][-1]["balances"]
    assert sum(first.values()) == sum(last.values())
    assert all(len(step["txid"].removeprefix("0x")) == 64 for step in facts["steps"] if step["txid"])


def test_a_streams_life_from_the_command_line(house: House) -> None:
    created = house.bitpay("stream", "create", "--as", "carol", "--to", "dave", "--amount", "0.002", "--duration", "1h")
    [stream] = house.bitpay("stream", "list", "--account", "Carol", "--limit", "1")["items"]
    assert stream["txid"].removeprefix("0x") == created["txid"].removeprefix("0x")
    assert stream["streamId"] == created["streamId"]
    assert (stream["amount"], stream["duration"], stream["status"]) == (200_000, 3600, "streaming")
    number = str(stream["streamId"])
    withdrawn = house.bitpay("stream", "withdraw", number, "--as", "dave")["withdrawn"]
    assert house.bitpay("stream", "show", number)["withdrawnAmount"] == withdrawn > 0
    told = house.bitpay("stream", "cancel", number, "--as", "carol")
    cancelled = house.bitpay("stream", "show", number)
    assert cancelled["status"] in {"cancelled", "depleted"}
    assert (cancelled["refundedAmount"], cancelled["vestedAmount"]) == (told["refunded"], told["vested"])
    assert told["refunded"] + told["vested"] == 200_000


def test_blocks_are_counted_in_plain_numbers(house: House) -> None:
    created = house.bitpay(
        *("stream", "create", "--as", "carol", "--to", "dave", "--amount", "0.001"),
        *("--clock", "blocks", "--duration", "50", "--step", "5"),
    )
    stream = house.bitpay("stream", "show", str(created["streamId"]))
    assert (stream["clock"], stream["duration"], stream["step"]) == ("blocks", 50, 5)
    assert stream["endBlock"] - stream["startBlock"] == 50


def test_people_read_whole_transaction_ids_and_sums(house: House) -> None:
    text = house.say("demo", "--sender", "carol", "--recipient", "erin")
    assert len(re.findall(r"^  0x[0-9a-f]{64}$", text, re.MULTILINE)) >= 3
    assert "carol cancels" in text
    assert "adds up to the sat" in text


def create(*, account: str = "alice", to: str = "bob", amount: str = "1", duration: str = "1h") -> list[str]:
    return ["stream", "create", "--as", account, "--to", to, "--amount", amount, "--duration", duration]


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["stream", "show", "4000000000"], "not_found"),
        (["stream", "create", "--as", "nobody", "--to", "bob", "--amount", "1", "--duration", "1h"], "not_found"),
        (["stream", "create", "--as", "alice", "--to", "bob", "--amount", "-1", "--duration", "1h"], "invalid_input"),
        (
            ["stream", "create", "--as", "alice", "--to", "bob", "--amount", "0.000000001", "--duration", "1h"],
            "invalid_input",
        ),
        (["stream", "create", "--as", "alice", "--to", "bob", "--amount", "1", "--duration", "soon"], "invalid_input"),
        (["stream", "create", "--as", "alice", "--to", "SP000", "--amount", "1", "--duration", "1h"], "invalid_stream"),
        (["stream", "cancel", "4000000000", "--as", "alice"], "not_found"),
        (create(amount="1000"), "conflict"),
        ([*create(duration="1h"), "--clock", "blocks"], "invalid_input"),
        (["stream", "create", "--to", "bob", "--amount", "1", "--duration", "1h", "--key-file", "/"], "invalid_input"),
        (["demo", "--sender", "alice", "--recipient", "Alice"], "invalid_input"),
    ],
)
def test_wrong_input_is_explained_and_changes_nothing(house: House, argv: list[str], code: str) -> None:
    before = recorded(house)
    answer = house.bitpay(*argv, check=False)
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert recorded(house) == before
