"""The socket to the VM's process: length-prefixed JSON frames, one request at a time."""

import json
import socket
import struct
import subprocess
import threading
from collections.abc import Sequence
from typing import Any

from bitpay.kit.errors import Unavailable
from bitpay.kit.processes import spawn, stop
from bitpay.localchain import sdk
from bitpay.localchain.operations import Operation

_REPLY_SECONDS = 600.0


class VmBroken(Unavailable):
    """The VM panicked or its process ended: its state cannot be trusted; restore a snapshot or start another."""

    code = "vm_broken"


class VmGone(VmBroken):
    """The VM's process ended or does not answer."""


class Channel:
    """Owns the VM's process. Safe to use from several threads: requests take turns."""

    def __init__(self) -> None:
        sdk.require_installed()
        ours, theirs = socket.socketpair()
        with theirs:
            self._process = spawn(
                [sdk.node(), "--max-semi-space-size=16", sdk.PROGRAM, str(theirs.fileno())],
                output=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        self._socket = ours
        self._turn = threading.Lock()

    def ask(self, operations: Sequence[Operation]) -> list[dict[str, Any]]:
        """Perform `operations` in order; each outcome is {"ok": value}, {"refused": text} or {"broken": text}."""
        request = json.dumps(operations, separators=(",", ":")).encode()
        with self._turn:
            try:
                self._socket.settimeout(_REPLY_SECONDS)
                self._socket.sendall(struct.pack(">I", len(request)) + request)
                (length,) = struct.unpack(">I", self._receive(4))
                outcomes: list[dict[str, Any]] = json.loads(self._receive(length))
            except OSError as error:
                self._process.kill()  # whatever it still does would answer the wrong question
                raise VmGone(f"The VM's process does not answer: {error}") from error
        return outcomes

    def _receive(self, length: int) -> bytes:
        received = bytearray()
        while len(received) < length:
            part = self._socket.recv(min(length - len(received), 1 << 20))
            if not part:
                raise ConnectionError("it has ended")
            received += part
        return bytes(received)

    @property
    def pid(self) -> int:
        """The process id, for measurements."""
        return self._process.pid

    def close(self) -> None:
        """End the process."""
        self._socket.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            stop(self._process, grace=1.0)
