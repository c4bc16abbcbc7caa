"""Bounds on what comes with a request beside its body, in bytes and in time: uvicorn has none of its own here."""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD = 64 << 10
"""Bytes of request line and headers, and of trailers."""
PATIENCE = 20.0
"""Seconds that a head may take to arrive."""

_FRAMING = 16
"""Bytes around one chunk of a body that are not held against its sender."""


class BoundedHeads(HttpToolsProtocol):
    """uvicorn's HTTP protocol; who sends a head without end, or none, is hung up on."""

    patience = PATIENCE
    _waiting: asyncio.TimerHandle | None = None
    _allowance = MAX_HEAD

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Expect the first request."""
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        """Expect nothing any more."""
        self._arrived()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, as long as what is no body stays within its bound."""
        super().data_received(data)
        self._allowance = min(MAX_HEAD, self._allowance - len(data))
        if self._allowance < 0 and not self.transport.is_closing():
            self._refuse()

    def on_message_begin(self) -> None:
        """Expect the rest of the head."""
        super().on_message_begin()
        self._expect()
        self._allowance = max(MAX_HEAD, self._allowance)  # the body before may be in the same piece of data

    def on_headers_complete(self) -> None:
        """Leave body and answer to others."""
        self._arrived()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count no body: it has bounds of its own."""
        self._allowance += len(body) + _FRAMING
        super().on_body(body)

    def _expect(self) -> None:
        if self._waiting is None:
            self._waiting = asyncio.get_running_loop().call_later(self.patience, self.transport.close)

    def _arrived(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _refuse(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self.send_400_response(f"The head of a request may have {MAX_HEAD} bytes.")
        else:
            self.transport.close()
