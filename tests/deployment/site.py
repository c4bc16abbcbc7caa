"""A served local chain that mines only when it is asked to, and an account with money that may deploy on it."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.serving import answers, served

from bitpay.demo.control import ChainControl
from bitpay.deployment import Deployment, Plan
from bitpay.kit.processes import free_port
from bitpay.localchain import sdk
from bitpay.localchain.api.app import create_app
from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.hooks.hooks import Hooks
from bitpay.localchain.service import ChainService, Pace
from bitpay.protocol.sources import SIMNET_SBTC
from bitpay.stacks.client import StacksClient
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import sign, token_transfer

TOKEN = "the control token, of this test run"
BY_HAND = Pace(empty=None, gather=None)
STX = 10**12
KEY = PrivateKey(b"\x01" * 31 + b"\x07")
DEPLOYER = KEY.address(Network.TESTNET)
ADMINS = [PrivateKey(b"\x01" * 31 + bytes([number])).address(Network.TESTNET) for number in (1, 2, 3)]
PLAN = Plan(ADMINS[:2], 2, [ADMINS[2]])
GOVERNING = [
    *("--threshold", "2", "--operator", ADMINS[2]),
    *(part for admin in PLAN.admins for part in ("--admin", admin)),
]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


@dataclass
class Site:
    """Where the contracts are to stand."""

    url: str
    client: StacksClient
    control: ChainControl
    folder: Path

    @property
    def key_file(self) -> Path:
        path = self.folder / "key"
        path.write_text(KEY.to_bytes().hex())
        path.chmod(0o600)
        return path

    def deployment(self, client: StacksClient | None = None, *, patience: float = 120.0) -> Deployment:
        return Deployment(client or self.client, KEY, Network.TESTNET, SIMNET_SBTC, patience=patience)

    async def waiting(self) -> int:
        return int((await self.control.status())["mempool"])

    async def wait_until_waiting(self, count: int) -> None:
        async with asyncio.timeout(120):
            while await self.waiting() < count:
                await asyncio.sleep(0.02)

    async def sent(self) -> int:
        """Return how many transactions of the deployer are on the chain; none may wait."""
        assert await self.waiting() == 0
        return (await self.client.account(DEPLOYER)).nonce

    async def transfer(self, nonce: int, fee: int = 400) -> str:
        """Send a micro-STX from the deployer to somebody and return the transaction's id."""
        unsigned = token_transfer(
            ADMINS[0], 1, network=Network.TESTNET, public_key=KEY.public_key, nonce=nonce, fee=fee
        )
        return await self.client.broadcast(sign(unsigned, KEY).encode())

    @asynccontextmanager
    async def mining(self) -> AsyncIterator[None]:
        """Mine what waits, block after block."""

        async def mine() -> None:
            while True:
                if await self.waiting():
                    await self.control.mine(1)
                await asyncio.sleep(0.02)

        task = asyncio.create_task(mine())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def begin(self, *argv: str, plan: Sequence[str] = GOVERNING) -> asyncio.subprocess.Process:
        """Begin `bitpay deploy` in a process of its own, with network and API in the environment."""
        here = {"BITPAY_NETWORK": "local", "BITPAY_STACKS_API_URL": self.url}
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("BITPAY_")}
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bitpay", "deploy", "--data", str(self.folder / "none"), *plan, *argv),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**inherited, **here, "NO_COLOR": "1"},
        )

    async def deploy(self, *argv: str, plan: Sequence[str] = GOVERNING) -> Ended:
        """Run `bitpay deploy` to its end."""
        process = await self.begin(*argv, plan=plan)
        out, err = await process.communicate()
        return Ended(process.returncode or 0, out.decode(), err.decode())


@asynccontextmanager
async def prepared(folder: Path) -> AsyncIterator[Site]:
    """Serve an empty chain from `folder` on a port."""
    sdk.install()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    genesis = Genesis({DEPLOYER: STX})
    async with ChainService(lambda heard: Chain(folder / "chain", genesis, listener=heard), BY_HAND) as service:
        hooks = Hooks(service, [], folder / "hooks.json")
        app = create_app(service, hooks, token=TOKEN, hosts=frozenset({f"127.0.0.1:{port}"}))
        control = ChainControl(url, TOKEN)
        async with served(app, port), StacksClient(url) as client:
            try:
                await answers(f"{url}/v2/info")
                yield Site(url, client, control, folder)
            finally:
                await control.close()
