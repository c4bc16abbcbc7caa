"""PyMongo drops a socket where a command is cancelled while its connection is being made; nothing else may.

Python closes a dropped socket and warns, and here every warning is an error, of whichever test runs when the garbage
is collected. PyMongo's `_async_create_connection` and `Pool.connect` (4.20) close theirs after errors of the network
alone, not after a cancellation, and stopping a service cancels. So of the sockets that PyMongo dropped nothing is said.
They are known by SO_KEEPALIVE: among the sockets of a test run only PyMongo asks for it.
"""

import socket
import sys
from asyncio import BaseTransport
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs


def tolerate() -> None:
    """From now on, say nothing of the sockets that PyMongo dropped, and as before of all others."""
    sys.unraisablehook = _tolerating(sys.unraisablehook)


def _tolerating(tell: "Callable[[UnraisableHookArgs], object]") -> "Callable[[UnraisableHookArgs], None]":
    def hook(unraisable: "UnraisableHookArgs") -> None:
        dropped = _socket(unraisable) if isinstance(unraisable.exc_value, ResourceWarning) else None
        if dropped is None or not (_is_spoken_of(dropped) or _is_pymongos(dropped)):
            tell(unraisable)

    return hook


def _socket(unraisable: "UnraisableHookArgs") -> socket.socket | None:
    """Return the socket that was dropped, by itself or with its asyncio transport."""
    if isinstance(unraisable.object, socket.socket):
        return unraisable.object
    transport = _dying(unraisable.exc_traceback)
    return None if transport is None else getattr(transport, "_sock", None)


def _dying(traceback: TracebackType | None) -> BaseTransport | None:
    """Return the transport whose `__del__` raised the warning."""
    while traceback is not None:
        owner = traceback.tb_frame.f_locals.get("self")
        if traceback.tb_frame.f_code.co_name == "__del__" and isinstance(owner, BaseTransport):
            return owner
        traceback = traceback.tb_next
    return None


def _is_spoken_of(dropped: socket.socket) -> bool:
    """Return whether Python closed it, and so warned, already: the collector may take a transport after its socket."""
    return dropped.fileno() < 0


def _is_pymongos(dropped: socket.socket) -> bool:
    return dropped.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) != 0
