"""Operating the ledger of a development instance, running and stopped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from tests.e2e.houses import House

from bitpay.protocol.ids import NAMES
from bitpay.store.server import MongoServer

Row = dict[str, Any]


@pytest.fixture
def played(house: House) -> House:
    house.bitpay("demo")
    return house


@pytest.fixture
def streams(played: House) -> Iterator["Collection[Row]"]:
    with MongoClient[Row](played.here.mongodb_url) as client:
        yield client["bitpay"]["streams"]


def test_status_tells_where_the_ledger_stands_and_what_waits(played: House) -> None:
    told = played.bitpay("ledger", "status")
    assert told["network"] == "local"
    assert told["head"]["height"] > len(NAMES)
    assert abs(told["lag"]["blocks"]) <= 2
    assert told["leader"]["owner"]
    assert told["collections"]["streams"] >= 1
    assert all(row["state"] in {"new", "taken", "settled"} for row in told["deliveries"])
    assert (told["alerts"], told["foldingAnew"]) == ([], [])
    [hook] = told["hooks"]
    assert (hook["status"], hook["enabled"]) == ("streaming", True)
    text = played.say("ledger", "status")
    for word in (told["deployer"], "behind", "follower", "deliveries", "streaming"):
        assert word in text


def test_what_was_tampered_with_is_found_from_both_sides_and_put_right(
    played: House, streams: "Collection[Row]"
) -> None:
    assert played.bitpay("ledger", "verify") == {"sound": True, "differences": [], "cut": False, "outdated": []}
    [number] = [row["_id"] for row in streams.find({}, {"_id": 1}).sort("_id", -1).limit(1)]
    whole = streams.find_one({"_id": number})
    streams.update_one({"_id": number}, {"$set": {"withdrawnAmount": 1}})

    [difference] = played.bitpay("ledger", "verify", check=False)["differences"]
    audited = played.bitpay("audit", "--all", check=False)

    assert (difference["collection"], difference["id"], difference["fields"]) == (
        "streams",
        number,
        ["withdrawnAmount"],
    )
    assert difference["found"]["withdrawnAmount"] == 1
    subjects = {finding["subject"] for finding in audited["findings"]}
    assert {f"stream {number}", "streams: sats owed in all"} <= subjects
    [stream] = [one for one in audited["findings"] if one["function"] == "get-stream"]
    assert stream["ours"]["withdrawn"] == 1
    assert stream["contractAnswer"]["withdrawn"] == difference["folded"]["withdrawnAmount"]
    assert {event["name"] for event in stream["events"]} >= {"stream-created", "stream-withdrawal"}
    assert played.bitpay("ledger", "status")["alerts"] != []
    assert "withdrawnAmount" in played.say("ledger", "verify", check=False)

    assert "streams" in played.bitpay("ledger", "replay", "--collection", "streams")["collections"]

    assert streams.find_one({"_id": number}) == whole
    assert played.bitpay("audit", "--all")["agrees"] is True
    assert played.bitpay("ledger", "status")["alerts"] == []
    assert played.bitpay("demo")["balanced"], "the instance went on serving"


def test_a_sample_is_audited(played: House) -> None:
    assert played.bitpay("audit", "--sample", "1")["documents"]["streams"] == 1
    assert "agree" in played.say("audit")


def test_events_and_documents_go_out_as_lines_of_json(played: House, tmp_path: Path) -> None:
    events = [json.loads(line) for line in played.say("ledger", "export").splitlines()]
    places = [(event["height"], event["txIndex"], event["index"]) for event in events]
    assert places == sorted(set(places))
    height = events[-1]["height"]
    last = played.say("ledger", "export", "--from-height", str(height), "--to-height", str(height)).splitlines()
    assert [json.loads(line)["id"] for line in last] == [event["id"] for event in events if event["height"] == height]
    file = tmp_path / "streams.jsonl"
    played.say("ledger", "export", "--collection", "streams", "--output", str(file))
    listed = [json.loads(line) for line in file.read_text().splitlines()]
    assert [row["id"] for row in listed] == sorted(row["streamId"] for row in listed)
    played.say("ledger", "export", "--output", str(file), check=False)
    assert len(file.read_text().splitlines()) == len(listed), "what is there already stays"


@pytest.mark.parametrize(
    "argv",
    [
        ["ledger", "export", "--collection", "sessions"],
        ["ledger", "export", "--collection", "streams", "--from-height", "3"],
        ["ledger", "replay", "--collection", "users"],
        ["ledger", "close", "no such alert"],
        ["audit", "--all", "--sample", "3"],
    ],
)
def test_wrong_input_is_refused(played: House, argv: list[str]) -> None:
    played.say(*argv, check=False)


def test_a_backup_is_taken_while_bitpay_runs_but_not_restored(played: House, tmp_path: Path) -> None:
    backup = str(tmp_path / "small.backup")
    assert "streams" not in played.bitpay("backup", backup)["collections"]
    assert "stop it first" in played.bitpay("restore", backup, "--replace", check=False)["error"]["message"]


def test_a_backfill_ends_at_the_tip(played: House) -> None:
    assert played.bitpay("ledger", "backfill")["height"] >= played.bitpay("ledger", "status")["head"]["height"] - 2


def test_a_stopped_instance_is_read_and_mended_as_well(tmp_path: Path) -> None:
    house = House(tmp_path / "data")
    try:
        house.start()
        house.bitpay("demo")
    finally:
        house.stop()
    told = house.bitpay("ledger", "status")
    assert (told["leader"], told["lag"], told["node"]["error"]) == (None, None, "The local chain is not running.")
    with MongoServer(house.folder.sub("mongo")) as server, MongoClient[Row](server.url) as client:
        client["bitpay"]["streams"].delete_many({})
    assert len(house.bitpay("ledger", "verify", check=False)["differences"]) == 1
    house.bitpay("ledger", "replay")
    assert house.bitpay("ledger", "verify")["sound"] is True
    backup = str(tmp_path / "whole.backup")
    held = house.bitpay("backup", backup, "--with-chain-data")["collections"]
    assert held["streams"] == 1
    assert house.bitpay("restore", backup, check=False)["error"]["code"] == "conflict"
    assert house.bitpay("restore", backup, "--replace")["collections"] == held
    assert house.bitpay("ledger", "verify")["sound"] is True
    for argv in (["audit"], ["ledger", "backfill"]):
        assert house.bitpay(*argv, check=False)["error"]["code"] == "unavailable"
