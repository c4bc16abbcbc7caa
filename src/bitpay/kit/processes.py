"""Child processes that die with their parent, their memory, and free loopback ports."""

import ctypes
import os
import resource
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def spawn(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    output: IO[bytes] | int | None = None,
    stdin: int | None = subprocess.DEVNULL,
    pass_fds: Sequence[int] = (),
    own_group: bool = True,
) -> subprocess.Popen[bytes]:
    """Start a child that the kernel kills when the *thread* that started it ends (Linux).

    Start long-lived children from the main thread, for that reason. `own_group` keeps a terminal's Ctrl-C from
    reaching the child before its parent has decided in which order things stop. `output` takes stdout and stderr.
    The child may open as many files as the machine lets it: a database needs more than the usual 1,024.
    """
    parent = os.getpid()

    def prepare() -> None:
        die_with_parent()
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        if os.getppid() != parent:  # the parent died between fork and prctl
            os._exit(1)

    return subprocess.Popen(  # noqa: S603 - argv is ours
        [str(part) for part in argv],
        env=None if env is None else {**os.environ, **env},
        cwd=cwd,
        stdin=stdin,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        pass_fds=pass_fds,
        start_new_session=own_group,
        preexec_fn=prepare,  # noqa: PLW1509 - prctl must run in the child
    )


def die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """Have the kernel send this process a signal when the thread that started it ends (Linux)."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, by)


def stop(process: subprocess.Popen[bytes], *, grace: float = 10.0) -> int:
    """End a child: SIGTERM, then SIGKILL after `grace` seconds. Returns its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            return process.wait(grace)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def free_port() -> int:
    """Return a loopback TCP port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def resident_bytes(pid: int) -> int:
    """Return the bytes of memory that a process has in use (Linux); raises FileNotFoundError when it is gone."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
