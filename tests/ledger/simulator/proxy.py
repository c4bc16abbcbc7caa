"""Stands between the ledger and its MongoDB and fails commits: before they arrive, or after, with the reply lost."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

_COMMIT = b"\x10commitTransaction\x00"


class Fault(StrEnum):
    """What happens to a commit."""

    NONE = "none"
    CUT_BEFORE = "cut before it arrived"
    CUT_AFTER = "applied, and the reply cut"
    KILL_BEFORE = "the ledger killed before it arrived"
    KILL_AFTER = "applied, and the ledger killed"


class Proxy:
    """Listens on a port of its own and passes everything on to `port`, commits at its own discretion."""

    def __init__(self, port: int, draw: random.Random, kill: Callable[[], None]) -> None:
        self.rate = 0.0
        self.counts = dict.fromkeys(Fault, 0)
        self._upstream = port
        self._draw = draw
        self._kill = kill
        self._commits = 0
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def commits(self) -> int:
        """How many commits came by, failed ones included."""
        return self._commits

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        up_reader, up_writer = await asyncio.open_connection("127.0.0.1", self._upstream)
        cut = asyncio.Event()
        answers = asyncio.create_task(self._pass_answers(up_reader, writer, cut))
        with suppress(ConnectionError):
            await self._pass_commands(reader, up_writer, cut)
        answers.cancel()
        for end in (up_writer, writer):
            end.close()

    async def _pass_commands(
        self, reader: asyncio.StreamReader, upstream: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        while data := await reader.read(1 << 16):
            is_commit = _COMMIT in data
            self._commits += is_commit
            fault = self._fault() if is_commit else Fault.NONE
            self.counts[fault] += 1
            if fault is Fault.KILL_BEFORE:
                self._kill()
            if fault in {Fault.CUT_BEFORE, Fault.KILL_BEFORE}:
                return
            if fault in {Fault.CUT_AFTER, Fault.KILL_AFTER}:
                cut.set()
            upstream.write(data)
            await upstream.drain()
            if fault is Fault.KILL_AFTER:
                self._kill()
            if cut.is_set():
                await asyncio.sleep(0.05)  # the commit is applied meanwhile
                return

    async def _pass_answers(
        self, upstream: asyncio.StreamReader, writer: asyncio.StreamWriter, cut: asyncio.Event
    ) -> None:
        with suppress(ConnectionError):
            while data := await upstream.read(1 << 16):
                if cut.is_set():
                    return
                writer.write(data)
                await writer.drain()
        writer.close()

    def _fault(self) -> Fault:
        if self._draw.random() >= self.rate:
            return Fault.NONE
        return self._draw.choice([fault for fault in Fault if fault is not Fault.NONE])
