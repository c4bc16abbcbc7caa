"""One development instance from start to stop."""

import asyncio
import ctypes
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from bitpay.demo.control import ChainControl
from bitpay.dev.bootstrap import bootstrap
from bitpay.dev.folder import DataFolder, Instance, address_of
from bitpay.dev.services import Service, Services
from bitpay.kit.processes import free_port, spawn
from bitpay.kit.settings import DATABASE
from bitpay.stacks.client import StacksClient
from bitpay.store.server import MongoServer

HOST = "127.0.0.1"
PREFERRED_PORT = 8420
PROBE_SECONDS = 2.0


def run(path: Path, *, port: int | None, reset: bool) -> int:
    """Start everything, print the URL, wait for Ctrl-C, stop everything. Returns the exit code."""
    _die_with_parent_if_asked()
    folder = DataFolder(path)
    folder.lock()
    if reset:
        folder.erase()
    instance = DevInstance(folder, _choose_port(port), say=_say)
    return asyncio.run(instance.run())


class DevInstance:
    """MongoDB, the local chain and BitPay itself, each in its own process, sharing one data folder."""

    def __init__(self, folder: DataFolder, port: int, *, say: Callable[[str], None]) -> None:
        self._folder = folder
        self._say = say
        self._accounts = folder.accounts()
        self.url = f"http://{HOST}:{port}"
        self._port = port
        self._chain_url = f"http://{HOST}:{free_port()}"
        self._hook_secret, self._token_secret = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._dev_token, self._control_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        self._mongo = MongoServer(folder.sub("mongo"))
        self._mongo_url = os.environ.get("BITPAY_MONGODB_URL", "")
        # In a server of its own an instance's database has one name, so that it is found without the environment.
        self._database = os.environ.get("BITPAY_MONGODB_DATABASE", DATABASE) if self._mongo_url else DATABASE
        self._logs = folder.sub("logs")

    async def run(self) -> int:
        """Run until SIGINT or SIGTERM. Returns the exit code."""
        began = time.monotonic()
        ended = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        services = Services([*self._servers(), self._bitpay()], self._say)
        try:
            if not await _unless(ended, self._start(services)):
                return 130
            self._greet(time.monotonic() - began)
            await services.watch(ended)
        finally:
            self._folder.retract()
            services.down()
        return 0

    async def _start(self, services: Services) -> None:
        self._say("Starting database, local chain and BitPay")
        for service in services.services:
            service.launch()
        *servers, bitpay = services.services
        for server in servers:
            await server.settle()
        control = ChainControl(self._chain_url, self._control_token)
        async with StacksClient(self._chain_url) as client, AsyncExitStack() as open_parts:
            open_parts.push_async_callback(control.close)
            await bootstrap(client, control, self._accounts, self._say)
        await bitpay.settle()
        here = Instance(
            self.url,
            self._chain_url,
            self._control_token,
            self._mongodb_url(),
            self._dev_token,
            os.getpid(),
            self._database,
        )
        self._folder.announce(here)

    def _greet(self, seconds: float) -> None:
        self._say(f"Ready in {seconds:.1f} s. Data in {self._folder.path}. Ctrl-C stops everything.")
        print(f"\n  BitPay is running at {self.url}\n", flush=True)  # noqa: T201 - the one line everybody waits for

    def _servers(self) -> list[Service]:
        chain = Service(
            "the local chain", self._spawn_chain, self._answers(f"{self._chain_url}/v2/info"), self._log("chain")
        )
        if self._mongo_url:
            return [chain]
        return [chain, Service("mongod", self._spawn_mongo, _at_once, self._folder.path / "mongo" / "mongod.log")]

    def _bitpay(self) -> Service:
        ready = self._answers(f"{self.url}/readyz")
        return Service("BitPay", self._spawn_bitpay, ready, self._log("bitpay"), needs=("the local chain", "mongod"))

    def _spawn_mongo(self) -> subprocess.Popen[bytes]:
        self._mongo.start()
        return self._mongo.process

    def _spawn_chain(self) -> subprocess.Popen[bytes]:
        argv: list[str | Path] = [
            *(sys.executable, "-m", "bitpay.localchain", "--data", self._folder.sub("chain")),
            *("--port", self._chain_url.rpartition(":")[2]),
        ]
        return self._spawn("chain", argv, {"LOCALCHAIN_TOKEN": self._control_token})

    def _spawn_bitpay(self) -> subprocess.Popen[bytes]:
        return self._spawn("bitpay", [sys.executable, "-m", "bitpay", "serve"], self._environment())

    def _environment(self) -> dict[str, str]:
        return {
            "BITPAY_NETWORK": "local",
            "BITPAY_DEPLOYER": address_of(self._accounts["deployer"]),
            "BITPAY_STACKS_API_URL": self._chain_url,
            "BITPAY_STACKS_API_KEY": self._control_token,
            "BITPAY_CHAINHOOKS_URL": self._chain_url,
            "BITPAY_CONTROL_URL": self._chain_url,
            "BITPAY_CONTROL_TOKEN": self._control_token,
            "BITPAY_MONGODB_URL": self._mongodb_url(),
            "BITPAY_MONGODB_DATABASE": self._database,
            "BITPAY_HOST": HOST,
            "BITPAY_PORT": str(self._port),
            "BITPAY_PUBLIC_URL": self.url,
            "BITPAY_CHAINHOOK_SECRETS": f'["{self._hook_secret}"]',
            "BITPAY_TOKEN_SECRET": self._token_secret,
            "BITPAY_DEV_TOKEN": self._dev_token,
            "BITPAY_DEV_ACCOUNTS_FILE": str(self._folder.accounts_file),
        }

    def _mongodb_url(self) -> str:
        return self._mongo_url or self._mongo.url

    def _spawn(self, name: str, argv: list[str | Path], env: dict[str, str]) -> subprocess.Popen[bytes]:
        with self._log(name).open("ab") as output:
            return spawn(argv, env=env, output=output)

    def _log(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    @staticmethod
    def _answers(url: str) -> Callable[[], Awaitable[bool]]:
        async def ready() -> bool:
            try:
                async with httpx.AsyncClient(timeout=PROBE_SECONDS) as client:
                    return (await client.get(url)).is_success
            except httpx.HTTPError:
                return False

        return ready


async def _at_once() -> bool:
    return True


async def _unless(ended: asyncio.Event, starting: Coroutine[None, None, None]) -> bool:
    """Finish `starting` unless `ended` is set before. Returns whether it finished."""
    start, end = asyncio.ensure_future(starting), asyncio.ensure_future(ended.wait())
    await asyncio.wait({start, end}, return_when=asyncio.FIRST_COMPLETED)
    end.cancel()
    if not start.done():
        start.cancel()
        return False
    start.result()
    return True


def _choose_port(wanted: int | None) -> int:
    """Return the wanted port, or the usual one, or any free one where those are taken."""
    for port in filter(None, (wanted, PREFERRED_PORT)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port
    return free_port()


def _die_with_parent_if_asked() -> None:
    """`make dev` asks for it: if make is killed, nothing stays behind."""
    if os.environ.pop("BITPAY_DIE_WITH_PARENT", ""):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201 - progress for a person
