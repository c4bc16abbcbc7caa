"""Running one BitPay process as an operator configured it."""

import uvicorn

from bitpay.app import create_app
from bitpay.http.heads import BoundedHeads
from bitpay.kit.logs import configure_logs
from bitpay.kit.settings import Settings
from bitpay.realtime.server import MAX_MESSAGE


def serve() -> None:
    """Serve API, pages and sockets and follow the chain until SIGTERM."""
    configure_logs()
    settings = Settings()
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedHeads,
        log_level="warning",
        server_header=False,
        ws_max_size=MAX_MESSAGE,
        timeout_graceful_shutdown=5,
    )
