"""A child never outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bitpay.kit.processes import resident_bytes, spawn, stop

PARENT = """
import sys, time
from bitpay.kit.processes import spawn
child = spawn([sys.executable, "-c", "import time; time.sleep(60)"])
print(child.pid, flush=True)
time.sleep(60)
"""


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_kill_minus_9_of_the_parent_ends_the_child() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        parent.wait()
    for _ in range(200):
        if gone(child):
            return
        time.sleep(0.01)
    raise AssertionError("the child outlived its parent")


def test_stop_ends_even_a_stubborn_child() -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); time.sleep(60)"
    child = spawn([sys.executable, "-c", code], output=subprocess.PIPE)
    assert child.stdout is not None
    with child.stdout:
        child.stdout.readline()
        assert stop(child, grace=0.2) == -signal.SIGKILL


def test_memory_in_use_is_told() -> None:
    before = resident_bytes(os.getpid())
    held = b"\x01" * (64 << 20)
    assert resident_bytes(os.getpid()) - before > len(held) // 2
