import asyncio
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
from tests.stacks.stacks_js import StacksJs

from bitpay.kit.processes import free_port, spawn, stop
from bitpay.localchain import sdk
from bitpay.stacks.client import ApiError, NodeClient

LOCALCHAIN_TOKEN = "for these tests only"
WAIT_SECONDS = 30


@pytest.fixture(scope="session")
def reference() -> Iterator[StacksJs]:
    """@stacks/transactions, for as long as the tests run."""
    with StacksJs() as child:
        yield child


@pytest.fixture(scope="session")
async def chain_url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A local chain behind a real socket that mines whatever comes at once; `LOCALCHAIN_TOKEN` opens its powers."""
    sdk.install()
    folder, port = tmp_path_factory.mktemp("chain"), free_port()
    argv = [sys.executable, "-m", "bitpay.localchain", "--data", str(folder), "--port", str(port)]
    argv += ["--empty-seconds", "0", "--gather-seconds", "0.01"]
    chain = spawn(argv, env={"LOCALCHAIN_TOKEN": LOCALCHAIN_TOKEN})
    try:
        await _until_open(f"http://127.0.0.1:{port}")
        yield f"http://127.0.0.1:{port}"
    finally:
        stop(chain)


async def _until_open(url: str) -> None:
    async with NodeClient(url) as client, asyncio.timeout(WAIT_SECONDS):
        while True:
            try:
                await client.info()
            except ApiError:  # not listening yet
                await asyncio.sleep(0.1)
            else:
                return
