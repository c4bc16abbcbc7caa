"""Whatever is killed, nothing is lost."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.e2e.houses import House, assert_gone, descendants

MOVING = {
    "status",
    "vestedAmount",
    "withdrawableAmount",
    "percentComplete",
    "refundableAmount",
    "endBlock",
    "confirmed",
}


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    try:
        house.start()
        yield house
    finally:
        house.stop()


def state(house: House) -> object:
    streams = house.bitpay("stream", "list")["items"]
    moving = {
        "status",
        "vestedAmount",
        "withdrawableAmount",
        "percentComplete",
        "refundableAmount",
        "endBlock",
        "confirmed",
    }
    return [{name: value for name, value in stream.items() if name not in moving} for stream in streams]


def test_everything_is_there_again_after_every_kind_of_end(own_house: House) -> None:
    house = own_house
    house.bitpay("stream", "create", "--as", "alice", "--to", "bob", "--amount", "0.5", "--duration", "7d")
    house.bitpay("demo")
    before = state(house)
    house.stop()
    house.start()
    assert state(house) == before, "after Ctrl-C"
    house.kill()
    house.start()
    assert state(house) == before, "after kill -9 of the supervisor"
    family = house.family()
    for pid in family:
        os.kill(pid, signal.SIGKILL)
    assert house.process is not None
    house.process.wait()
    house.process = None
    assert_gone(family)
    house.start()
    assert state(house) == before, "after kill -9 of everything at once"
    for child in children_to_kill(house):
        os.kill(child, signal.SIGKILL)
        wait_until_ready(house, unless=child)
        assert state(house) == before, "after kill -9 of one child"
    facts = house.bitpay("demo")
    assert facts["balanced"]


def children_to_kill(house: House) -> list[int]:
    assert house.process is not None
    own = house.process.pid
    return [pid for pid in descendants(own) if f"\n{own}\n" in f"\n{parent_of(pid)}\n"]


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def wait_until_ready(house: House, *, unless: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        time.sleep(0.1)
        try:
            if not Path(f"/proc/{unless}").exists() and httpx.get(f"{house.here.url}/readyz", timeout=2).is_success:
                return
        except httpx.HTTPError:
            continue
    raise AssertionError(house.log())
