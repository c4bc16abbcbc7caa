"""Whatever is killed, nothing is lost."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.e2e.houses import House, recorded


@pytest.fixture
def own_house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "data")
    try:
        house.start()
        yield house
    finally:
        house.stop()


def test_everything_is_there_again_after_every_kind_of_end(own_house: House) -> None:
    house = own_house
    house.bitpay("stream", "create", "--as", "alice", "--to", "bob", "--amount", "0.5", "--duration", "7d")
    house.bitpay("demo")
    before = recorded(house)
    house.stop()
    house.start()
    assert recorded(house) == before, "after Ctrl-C"
    house.kill()
    house.start()
    assert recorded(house) == before, "after kill -9 of the supervisor"
    house.kill_all()
    house.start()
    assert recorded(house) == before, "after kill -9 of everything at once"
    for number in range(len(house.children())):
        victim = house.children()[number]
        os.kill(victim, signal.SIGKILL)
        house.wait_for_recovery_from(victim)
        assert recorded(house) == before, f"after kill -9 of child {number}"
    assert house.bitpay("demo")["balanced"]
