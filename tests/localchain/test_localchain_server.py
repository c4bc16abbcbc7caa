import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.localchain.accounts import account

from bitpay.kit.processes import free_port, spawn, stop
from bitpay.localchain.server import main

TOKEN = "the token of this start, long enough"
POWER = {"x-localchain-token": TOKEN}
ALICE = account(1)


@contextmanager
def served(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], httpx.Client]]:
    port = free_port()
    argv = [sys.executable, "-m", "bitpay.localchain", "--data", str(folder), "--port", str(port), *options]
    process = spawn(argv, env={"LOCALCHAIN_TOKEN": TOKEN}, output=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert b"ready" in process.stdout.readline()
        with httpx.Client(base_url=f"http://127.0.0.1:{port}") as client:
            yield process, client
    finally:
        stop(process)
        if process.stdout is not None:
            process.stdout.close()


def descendants(pid: int) -> list[int]:
    found = [
        int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()
    ]
    return found + [one for child in found for one in descendants(child)]


def gone(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def wait_until_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + 10
    while not all(map(gone, pids)):
        assert time.monotonic() < deadline, "a process was left behind"
        time.sleep(0.02)


def test_killed_it_leaves_nothing_behind_and_goes_on_where_it_was(tmp_path: Path) -> None:
    with served(tmp_path, "--empty-seconds", "0") as (process, client):
        given = {"token": "stx", "address": ALICE.address, "amount": 10_000_000}
        assert client.post("/control/faucet", json=given, headers=POWER).status_code == 200
        tip = client.get("/extended/v2/blocks/latest").json()
        children = descendants(process.pid)
        assert children
        process.kill()
        process.wait()
        wait_until_gone(children)
    with served(tmp_path, "--empty-seconds", "0") as (process, client):
        assert client.get("/extended/v2/blocks/latest").json() == tip
        assert int(client.get(f"/v2/accounts/{ALICE.address}").json()["balance"], 16) == 10_000_000
        children = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        process.wait(10)
        wait_until_gone(children)


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with served(tmp_path, "--empty-seconds", "0") as (_, client):
        port = client.base_url.port
        assert port is not None
        listening = [
            line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines() if f":{port:04X} 0" in line
        ]
        assert listening
        assert all(local.startswith("0100007F") for local in listening)


def test_without_a_token_nobody_has_powers(tmp_path: Path) -> None:
    port = free_port()
    argv = [sys.executable, "-m", "bitpay.localchain", "--data", str(tmp_path), "--port", str(port)]
    process = spawn(argv, env={"LOCALCHAIN_TOKEN": ""}, output=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        for headers in ({}, {"x-localchain-token": ""}):
            url = f"http://127.0.0.1:{port}/control/mine"
            assert httpx.post(url, headers=headers, json={}).status_code == 403
    finally:
        stop(process)
        if process.stdout is not None:
            process.stdout.close()


def test_a_second_process_on_the_same_folder_says_why_it_cannot(tmp_path: Path) -> None:
    with served(tmp_path):
        argv = [sys.executable, "-m", "bitpay.localchain", "--data", str(tmp_path), "--port", str(free_port())]
        done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode != 0
        assert "in use by another process" in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize("port", ["-1", "70000", "x"])
def test_a_port_that_cannot_be_is_refused(tmp_path: Path, port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--data", str(tmp_path / "chain"), "--port", port])
    assert "a port is 1 to 65535" in capsys.readouterr().err
    assert not (tmp_path / "chain").exists()
