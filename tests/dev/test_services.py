"""Children are started, watched, restarted together with whoever needs them, and stopped."""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bitpay.dev.run import PREFERRED_PORT, _choose_port
from bitpay.dev.services import Service, Services, trim_log
from bitpay.kit.errors import Unavailable
from bitpay.kit.processes import spawn

SLEEP = "import time; time.sleep(60)"


def service(folder: Path, name: str, code: str = SLEEP, needs: tuple[str, ...] = ()) -> Service:
    log = folder / f"{name}.log"

    def start() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return spawn([sys.executable, "-c", code], output=output)

    async def ready() -> bool:
        return code == SLEEP

    return Service(name, start, ready, log, needs, patience=20.0)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Services]:
    """A server and an app that needs it, both running."""
    services = Services([service(tmp_path, "server"), service(tmp_path, "app", needs=("server",))], lambda _: None)
    for each in services.services:
        each.launch()
    yield services
    services.down()


def pids(services: Services) -> list[int]:
    return [each.process.pid for each in services.services if each.process]


async def watch_until(services: Services, changed: int, before: list[int]) -> None:
    ended = asyncio.Event()
    watching = asyncio.create_task(services.watch(ended))
    async with asyncio.timeout(20):
        while len(pids(services)) < len(before) or pids(services)[changed] == before[changed]:
            await asyncio.sleep(0.02)
    ended.set()
    await watching


async def test_who_needs_the_dead_is_started_again_with_it(pair: Services) -> None:
    before = pids(pair)
    server, _ = pair.services
    assert server.process is not None
    server.process.kill()
    await watch_until(pair, 1, before)
    assert all(now != then for now, then in zip(pids(pair), before, strict=True))


async def test_who_does_not_need_the_dead_stays(pair: Services) -> None:
    before = pids(pair)
    _, app = pair.services
    assert app.process is not None
    app.process.kill()
    await watch_until(pair, 1, before)
    assert pids(pair)[0] == before[0]


async def test_a_child_that_ends_at_its_start_shows_its_last_words(tmp_path: Path) -> None:
    broken = service(tmp_path, "broken", "raise SystemExit('no space left')")
    broken.launch()
    with pytest.raises(Unavailable, match="broken ended at its start:\nno space left"):
        await broken.settle()


def test_a_child_that_dies_again_and_again_is_given_up(tmp_path: Path) -> None:
    dying = service(tmp_path, "dying")
    for _ in range(5):
        dying.count_death()
    with pytest.raises(Unavailable, match="died 5 times within a minute"):
        dying.count_death()


def test_logs_stay_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bitpay.dev.services.LOG_LIMIT_BYTES", 10)
    log = tmp_path / "x.log"
    for text in ("0123456789ab", "new"):
        log.write_text(text)
        trim_log(log)
    assert (log.read_text(), log.with_suffix(".old.log").read_text()) == ("new", "0123456789ab")


def test_no_port_is_assumed_free() -> None:
    with socket.socket() as taken:
        try:
            taken.bind(("127.0.0.1", PREFERRED_PORT))
        except OSError:
            pass  # somebody has it already, which is as good
        else:
            taken.listen()
        assert _choose_port(None) != PREFERRED_PORT
        assert _choose_port(PREFERRED_PORT) != PREFERRED_PORT
