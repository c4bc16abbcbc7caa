"""`python -m bitpay.localchain`: serves a local chain until it is told to stop."""

import argparse
import asyncio
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import uvicorn

from bitpay.kit.errors import BitPayError
from bitpay.localchain import sdk
from bitpay.localchain.api.app import create_app
from bitpay.localchain.blocks import Change
from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.faucet import endowed
from bitpay.localchain.hooks.given import GivenHook
from bitpay.localchain.hooks.hooks import Hooks
from bitpay.localchain.service import ChainService, Pace

_GRACE_SECONDS = 3
_MAX_PORT = 65_535


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = _parser().parse_args(argv)
    try:
        if options.command == "install":
            sdk.install()
        else:
            sdk.require_installed()
            asyncio.run(serve(options))
    except BitPayError as error:
        sys.exit(error.message)


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM, or until the chain fails."""

    def open_chain(heard: Callable[[Change], None]) -> Chain:
        return Chain(options.data, endowed(Genesis()), burn_seconds=options.burn_seconds, listener=heard)

    async with ChainService(open_chain, Pace(options.empty_seconds, options.gather_seconds)) as service:
        hooks = Hooks(service, _given(options), options.data / "hooks.json")
        service.follow(hooks)
        token = os.environ.get("LOCALCHAIN_TOKEN", "")
        app = create_app(service, hooks, token=token, hosts=_hosts(options.host, options.port))
        server = _Server(
            uvicorn.Config(
                app,
                host=options.host,
                port=options.port,
                log_level="warning",
                lifespan="off",
                server_header=False,
                timeout_graceful_shutdown=_GRACE_SECONDS,
            )
        )
        service.failure.add_done_callback(lambda _: setattr(server, "should_exit", True))
        await server.serve()
        if service.failure.done():
            service.failure.result()


class _Server(uvicorn.Server):
    """Says when it can be used."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            print(f"The local chain is ready at http://{self.config.host}:{self.config.port}", flush=True)  # noqa: T201


def _given(options: argparse.Namespace) -> list[GivenHook]:
    secret = os.environ.get("LOCALCHAIN_HOOK_SECRET", "")
    return [
        *(GivenHook("chainhooks2", url, secret) for url in options.hook),
        *(GivenHook("chainhook1", url, secret) for url in options.hook_v1),
        *(GivenHook("observer", url.rstrip("/")) for url in options.observer),
    ]


def _hosts(host: str, port: int) -> frozenset[str]:
    names = {host, "127.0.0.1", "localhost", "[::1]"}
    return frozenset(f"{name}:{port}" for name in names)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bitpay.localchain", description=__doc__)
    parser.add_argument("command", nargs="?", choices=["serve", "install"], default="serve")
    parser.add_argument("--data", type=Path, default=Path(".localchain"), help="folder of the chain")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    parser.add_argument("--port", type=_port, default=3999)
    parser.add_argument("--empty-seconds", type=_seconds, default=5.0, help="an empty block after so long; 0: never")
    parser.add_argument("--gather-seconds", type=float, default=0.1, help="a block so long after a transaction came")
    parser.add_argument("--burn-seconds", type=int, default=600, help="chain seconds between burn blocks")
    parser.add_argument("--hook", action="append", default=[], help="URL that gets Chainhooks 2.0 deliveries of all")
    parser.add_argument("--hook-v1", action="append", default=[], help="URL that gets Chainhook v1 deliveries of all")
    parser.add_argument("--observer", action="append", default=[], help="URL of an event observer (/new_block)")
    parser.epilog = "LOCALCHAIN_TOKEN opens /control and /chainhooks; LOCALCHAIN_HOOK_SECRET goes with deliveries."
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= _MAX_PORT:
        raise argparse.ArgumentTypeError(f"a port is 1 to {_MAX_PORT}, not {text}")
    return int(text)


def _seconds(text: str) -> float | None:
    return float(text) or None


if __name__ == "__main__":
    main()
