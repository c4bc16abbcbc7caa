"""The bitpay command against a running instance."""

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
    [stream] = house.bitpay("stream", "list", "--account", "carol", "--limit", "1")["items"]
    assert stream["txid"].removeprefix("0x") == created["txid"].removeprefix("0x")
    assert (stream["amount"], stream["duration"], stream["status"]) == (200_000, 3600, "streaming")
    number = str(stream["streamId"])
    house.bitpay("stream", "cancel", number, "--as", "carol")
    cancelled = house.bitpay("stream", "show", number)
    assert cancelled["status"] in {"cancelled", "depleted"}
    assert cancelled["refundedAmount"] + cancelled["vestedAmount"] == 200_000


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
    ],
)
def test_wrong_input_is_explained_and_changes_nothing(house: House, argv: list[str], code: str) -> None:
    before = recorded(house)
    answer = house.bitpay(*argv, check=False)
    assert answer["error"]["code"] == code
    assert answer["error"]["message"]
    assert recorded(house) == before
