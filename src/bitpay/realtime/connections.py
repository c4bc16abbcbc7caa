"""Handing messages to socket connections: encoded once, never waiting for a slow client."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from engineio import packet as engine_packet
from socketio import AsyncServer
from socketio import packet as socket_packet

from bitpay.realtime.log import MAX_MISSED
from bitpay.realtime.metrics import SLOW_SOCKETS, SOCKET_MESSAGES

MAX_QUEUED = 4 * MAX_MISSED
"""Messages waiting for one client; a slower one is cut off and, once back, told what it missed."""

_NAMESPACE = "/"


@dataclass(frozen=True, slots=True)
class Proof:
    """What a connection has proven: an address, by a session."""

    address: str
    session: str


class Connections:
    """The open connections of this node and what each has proven."""

    def __init__(self, server: AsyncServer) -> None:
        self._server = server
        self._proofs: dict[str, Proof | None] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def add(self, sid: str, proof: Proof | None) -> None:
        """Remember a connection."""
        self._proofs[sid] = proof

    def remove(self, sid: str) -> None:
        """Forget a connection."""
        self._proofs.pop(sid, None)

    def proof(self, sid: str) -> Proof | None:
        """Return what the connection has proven so far."""
        return self._proofs.get(sid)

    def all(self) -> list[str]:
        """Return the ids of all connections."""
        return list(self._proofs)

    def post(self, sids: Iterable[str], event: str, data: dict[str, Any]) -> None:
        """Queue one message for each connection; one whose queue is full is cut off instead."""
        packets = self._encode(event, data)
        for sid in sids:
            socket = self._socket(sid)
            if socket is None or socket.closed:
                continue
            if socket.queue.qsize() >= MAX_QUEUED:
                self._cut(socket)
                continue
            for packet in packets:
                socket.queue.put_nowait(packet)
            SOCKET_MESSAGES.labels(event).inc()

    def close(self, sid: str) -> None:
        """Cut off one connection."""
        socket = self._socket(sid)
        if socket is not None and not socket.closed:
            self._close(socket)

    def close_session(self, session: str) -> None:
        """Cut off every connection that a session proves."""
        for sid, proof in list(self._proofs.items()):
            if proof is not None and proof.session == session:
                self.close(sid)

    def _encode(self, event: str, data: dict[str, Any]) -> list[Any]:
        encoded = self._server.packet_class(socket_packet.EVENT, namespace=_NAMESPACE, data=[event, data]).encode()
        parts = encoded if isinstance(encoded, list) else [encoded]
        return [engine_packet.Packet(engine_packet.MESSAGE, part) for part in parts]

    def _socket(self, sid: str) -> Any:  # noqa: ANN401 - engineio is untyped
        return self._server.eio.sockets.get(self._server.manager.eio_sid_from_sid(sid, _NAMESPACE))

    def _cut(self, socket: Any) -> None:  # noqa: ANN401 - engineio is untyped
        SLOW_SOCKETS.inc()
        while not socket.queue.empty():
            socket.queue.get_nowait()
            socket.queue.task_done()
        self._close(socket)

    def _close(self, socket: Any) -> None:  # noqa: ANN401 - engineio is untyped
        """End the transport without a farewell: the official client then reconnects by itself."""
        socket.queue.put_nowait(None)
        task = asyncio.create_task(socket.close(wait=False, abort=True))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
