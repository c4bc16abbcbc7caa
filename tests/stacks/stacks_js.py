"""The reference implementation, @stacks/transactions, as a child process."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bitpay.kit.processes import spawn, stop
from bitpay.localchain import sdk

PROGRAM = Path(__file__).with_name("stacks_js.mjs")


class StacksJs:
    """Answers batches. A result is what the reference returned, or `Refused` with its words."""

    def __init__(self) -> None:
        sdk.install()
        argv = [sdk.node(), PROGRAM, sdk.FOLDER]
        self._child = spawn(argv, stdin=subprocess.PIPE, output=subprocess.PIPE)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.close()
        stop(self._child)
        self._child.stdout.close()

    def __call__(self, operation: str, items: Sequence[Any]) -> list[Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(json.dumps({"op": operation, "items": list(items)}).encode() + b"\n")
        self._child.stdin.flush()
        answer = self._child.stdout.readline()
        if not answer.startswith(b'{"results"'):
            rest = b"" if self._child.poll() is None else self._child.stdout.read()
            raise RuntimeError((answer + rest).decode())
        return [
            result["ok"] if "ok" in result else Refused(result["error"]) for result in json.loads(answer)["results"]
        ]


class Refused(str):
    """What the reference said when it refused."""

    __slots__ = ()
