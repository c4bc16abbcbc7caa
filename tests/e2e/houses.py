"""Whole development instances as `make dev` starts them, each in a folder of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from bitpay.dev.folder import DataFolder, Instance
from bitpay.kit.processes import free_port

START_SECONDS = 90


@dataclass
class House:
    """One development instance: start it, kill it, run commands against it."""

    data: Path
    process: subprocess.Popen[bytes] | None = None
    port: int = field(default_factory=free_port)

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.data)

    @property
    def here(self) -> Instance:
        return self.folder.instance()

    def start(self) -> None:
        argv = [sys.executable, "-m", "bitpay", "dev", "--data", str(self.data), "--port", str(self.port)]
        with (self.data.parent / "dev.log").open("ab") as log:
            env = {**os.environ, "BITPAY_DIE_WITH_PARENT": "1"}
            self.process = subprocess.Popen(argv, stdout=log, stderr=log, env=env, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not (self.data / "instance.json").exists() or self.here.pid != self.process.pid:
            assert self.process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def log(self) -> str:
        logs = [self.data.parent / "dev.log", *self.data.glob("logs/*.log")]
        return "\n".join(
            f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in logs if path.exists()
        )

    def family(self) -> list[int]:
        """All processes of this instance: whoever has the data folder in its command line or environment."""
        assert self.process is not None
        return [self.process.pid, *descendants(self.process.pid)]

    def stop(self) -> None:
        if self.process is None:
            return
        family = self.family()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.process = None
        assert_gone(family)

    def kill(self) -> None:
        """Kill -9 the supervisor; everything else must die with it."""
        assert self.process is not None
        family = self.family()
        self.process.kill()
        self.process.wait()
        self.process = None
        assert_gone(family)

    def kill_all(self) -> None:
        """Kill -9 everything at once."""
        assert self.process is not None
        family = self.family()
        for pid in family:
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process = None
        assert_gone(family)

    def children(self) -> list[int]:
        """The supervisor's own children, oldest first."""
        assert self.process is not None
        own = self.process.pid
        return sorted(pid for pid in descendants(own) if parents().get(pid) == own)

    def wait_for_recovery_from(self, victim: int) -> None:
        """Wait until the instance answers again after a child was killed."""
        deadline = time.monotonic() + START_SECONDS
        assert_gone([victim])
        while time.monotonic() < deadline:
            time.sleep(0.3)  # the supervisor looks after its children a few times a second
            try:
                if len(self.children()) >= 3 and httpx.get(f"{self.here.url}/readyz", timeout=2).is_success:
                    return
            except httpx.HTTPError:
                continue
        raise AssertionError(self.log())

    def bitpay(self, *argv: str, check: bool = True) -> Any:  # noqa: ANN401 - JSON
        """Run a bitpay command with --json and return what it printed."""
        return json.loads(self.say(*argv, "--json", check=check))

    def say(self, *argv: str, check: bool = True) -> str:
        """Run a bitpay command and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "bitpay", *argv, "--data", str(self.data)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env={**os.environ, "NO_COLOR": "1"},
        )
        assert (done.returncode == 0) is check, done.stdout + done.stderr + self.log()
        return done.stdout


def parents() -> dict[int, int]:
    """Return every process's parent."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
    return found


def descendants(pid: int) -> list[int]:
    """Return the processes below `pid`."""
    parent_of = parents()
    found = [pid]
    for parent in found:
        found += [child for child, of in parent_of.items() if of == parent]
    return found[1:]


MOVING = frozenset(
    {"status", "vestedAmount", "withdrawableAmount", "percentComplete", "refundableAmount", "endBlock", "confirmed"}
)
"""What of a stream depends on the time now."""


def recorded(house: "House") -> list[dict[str, Any]]:
    """Return all streams without what changes by itself as time passes."""
    streams = house.bitpay("stream", "list")["items"]
    return [{name: value for name, value in stream.items() if name not in MOVING} for stream in streams]


def assert_gone(pids: list[int]) -> None:
    """Wait for the processes to end; fail where one stays."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        left = [pid for pid in pids if alive(pid)]
        if not left:
            return
        time.sleep(0.02)
    raise AssertionError(f"left behind: {[(pid, Path(f'/proc/{pid}/cmdline').read_text()) for pid in left]}")


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
