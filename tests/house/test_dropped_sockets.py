"""Only the sockets that PyMongo drops are closed without a word."""

import asyncio
import gc
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import pytest
from tests.dropped_sockets import tolerate

Told: TypeAlias = list[str]
"""What each warning was about."""


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """What is said of dropped sockets from now on."""
    told: Told = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: told.append(str(unraisable.exc_value)))
    tolerate()
    return told


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def dialled(listener: socket.socket, *, keepalive: bool) -> socket.socket:
    """Connect as PyMongo does, or as everybody else."""
    dialled = socket.create_connection(listener.getsockname())
    dialled.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, keepalive)
    return dialled


@pytest.mark.parametrize("keepalive", [True, False])
def test_a_dropped_socket(told: Told, listener: socket.socket, *, keepalive: bool) -> None:
    dropped = dialled(listener, keepalive=keepalive)
    del dropped
    gc.collect()
    assert bool(told) is not keepalive, told
    assert_closed(listener)


@pytest.mark.parametrize("keepalive", [True, False])
async def test_a_dropped_transport(told: Told, listener: socket.socket, *, keepalive: bool) -> None:
    made: Callable[[], Any] = asyncio.Protocol
    transport, _ = await asyncio.get_running_loop().create_connection(made, sock=dialled(listener, keepalive=keepalive))
    transport.pause_reading()
    del transport, _
    gc.collect()
    assert bool(told) is not keepalive, told
    assert_closed(listener)


def assert_closed(listener: socket.socket) -> None:
    """The other side hears that nobody is there any more."""
    accepted, _ = listener.accept()
    with accepted:
        accepted.settimeout(10)
        assert accepted.recv(1) == b""
