"""What the sockets count."""

from prometheus_client import Counter, Gauge

SOCKETS = Gauge("bitpay_sockets", "Open socket connections")
SLOW_SOCKETS = Counter("bitpay_slow_sockets_total", "Connections closed because their queue was full")
SOCKET_MESSAGES = Counter("bitpay_socket_messages_total", "Messages handed to connections", ["event"])
