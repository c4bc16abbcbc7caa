"""What clients may send: connect, disconnect, and events with a name of their own. Anything else ends the connection.

The library would gather binary attachments without a bound, and take a client's event named "connect" for a connection.
"""

from typing import Any

from socketio import packet

_LIBRARYS_OWN = frozenset({"connect", "disconnect"})
_FAREWELL = str(packet.DISCONNECT)


class ClientPacket(packet.Packet):  # type: ignore[misc]  # socketio is untyped
    """A Socket.IO packet; one that nobody has a use for is read as a farewell."""

    def __init__(self, *arguments: Any, encoded_packet: str | bytes | None = None, **options: Any) -> None:  # noqa: ANN401 - the library's own
        given = _FAREWELL if encoded_packet == "" else encoded_packet
        super().__init__(*arguments, encoded_packet=given, **options)

    def decode(self, encoded_packet: str | bytes) -> int:
        """Read what came; returns how many attachments follow: none."""
        try:
            super().decode(encoded_packet)
            if self._is_of_use():
                return 0
        except (ValueError, TypeError, RecursionError):
            pass
        super().decode(_FAREWELL)
        self.id = None
        return 0

    def _is_of_use(self) -> bool:
        if self.packet_type == packet.EVENT:
            name = self.data[0] if isinstance(self.data, list) and self.data else None
            return isinstance(name, str) and name not in _LIBRARYS_OWN
        return self.packet_type in {packet.CONNECT, packet.DISCONNECT}
