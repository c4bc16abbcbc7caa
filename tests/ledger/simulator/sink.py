"""A customer's webhook: takes letters, sometimes twice, sometimes not at once."""

import asyncio
import json
import random
from typing import Any


class Sink:
    """Keeps every letter by its id. `refusal` is how often it answers that it is not well."""

    def __init__(self, draw: random.Random) -> None:
        self.letters: dict[str, dict[str, Any]] = {}
        self.repeats = 0
        self.refusal = 0.03
        self._draw = draw
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def believed(self) -> list[dict[str, Any]]:
        """Return what the customer holds for true: everything told and not taken back."""
        retracted = {letter["retracts"] for letter in self.letters.values()}
        return [
            letter["data"]
            for letter_id, letter in self.letters.items()
            if letter["retracts"] is None and letter_id not in retracted
        ]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readline():
                length = 0
                while line := (await reader.readline()).strip():
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                self._take(json.loads(await reader.readexactly(length)))
                refused = self._draw.random() < self.refusal
                writer.write(b"HTTP/1.1 %d x\r\ncontent-length: 0\r\n\r\n" % (503 if refused else 204))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    def _take(self, letter: dict[str, Any]) -> None:
        self.repeats += letter["id"] in self.letters
        self.letters[letter["id"]] = letter
