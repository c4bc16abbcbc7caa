"""Running one BitPay process as an operator configured it."""

import asyncio

import uvicorn
from pymongo.errors import PyMongoError

from bitpay.app import create_app
from bitpay.foundation import Foundation
from bitpay.http.heads import BoundedHeads
from bitpay.kit.errors import Unavailable
from bitpay.kit.logs import configure_logs
from bitpay.kit.settings import Settings
from bitpay.observer import listening
from bitpay.realtime.server import MAX_MESSAGE


def serve() -> None:
    """Serve API, pages and sockets and follow the chain until SIGTERM.

    Raises a BitPayError where the database or a port is not what it takes.
    """
    configure_logs()
    settings = Settings()
    app = create_app(settings)
    asyncio.run(_check(settings))
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http=BoundedHeads,
        log_level="warning",
        server_header=False,
        ws_max_size=MAX_MESSAGE,
        timeout_graceful_shutdown=5,
    )


async def _check(settings: Settings) -> None:
    """Find out what would stop this process, and say it in a sentence, before anybody is answered."""
    if settings.observer_port is not None:
        listening(settings.observer_host, settings.observer_port).close()
    ground = Foundation(settings)
    try:
        await ground.open()
    except PyMongoError as error:
        raise Unavailable(f"The database cannot be used: {error}") from error
    finally:
        await ground.close()
