"""Clients that others wrote, unmodified, against a served chain."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.localchain.accounts import Account
from tests.localchain.contracts import COUNTER
from tests.localchain.house import TOKEN
from tests.localchain.receiver import listening

from bitpay.localchain import sdk
from bitpay.localchain.api.app import create_app
from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.faucet import endowed
from bitpay.localchain.hooks.hooks import Hooks
from bitpay.localchain.service import ChainService, Pace
from bitpay.stacks.clarity import uint

FOLDER = Path(__file__).with_name("clients")


@pytest.fixture(scope="module", autouse=True)
def _clients() -> None:
    if not (FOLDER / "node_modules" / ".package-lock.json").exists():
        argv = [*map(str, sdk.npm()), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        subprocess.run(argv, cwd=FOLDER, check=True, capture_output=True, timeout=300)


@asynccontextmanager
async def listening_chain(folder: Path, genesis: Genesis) -> AsyncIterator[tuple[str, ChainService]]:
    """Serve a chain over TCP from the test's own process."""
    pace = Pace(empty=None, gather=0.02)
    async with ChainService(lambda heard: Chain(folder, endowed(genesis), listener=heard), pace) as service:
        hooks = Hooks(service, [], folder / "hooks.json")
        service.follow(hooks)
        hosts: set[str] = set()
        app = create_app(service, hooks, token=TOKEN, hosts=hosts)
        server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off"))
        task = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        address = f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        hosts.add(address)
        yield f"http://{address}", service
        server.should_exit = True
        await task


async def run(script: str, *args: str) -> dict[str, Any]:
    """Run a script of the clients' folder and return what it said."""
    process = await asyncio.create_subprocess_exec(
        str(sdk.node()), script, *args, cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    async with asyncio.timeout(120):
        out, error = await process.communicate()
    assert process.returncode == 0, error.decode()
    said: dict[str, Any] = json.loads(out)
    return said


async def test_stacks_transactions(tmp_path: Path, alice: Account, bob: Account) -> None:
    async with listening_chain(tmp_path, Genesis(stx={alice.address: 10**12})) as (url, service):
        secret = alice.key.to_bytes().hex()
        said = await run("stacks.mjs", url, secret, alice.address, bob.address, COUNTER)
        assert service.chain.stx_balance(bob.address) == 1_234
    assert (said["deployed"], said["called"], said["transferred"]) == ("success", "success", "success")
    assert (said["count"], said["visit"]) == ("u7", "(some u7)")
    assert said["broken"] == "abort_by_post_condition"
    assert said["nonce"] == "4"
    assert said["abi"] >= 5
    assert said["rejected"]["reason"] == "BadNonce"


async def test_chainhooks_client(tmp_path: Path, alice: Account) -> None:
    async with (
        listening() as receiver,
        listening_chain(tmp_path, Genesis(stx={alice.address: 10**12})) as (url, service),
    ):
        await service.submit(alice.deploy("counter", COUNTER))
        await service.mine()
        said = await run("chainhooks.mjs", url, TOKEN, f"{receiver.url}/hook")
        await service.submit(alice.call(f"{alice.address}.counter", "increment", [uint(1)]))
        await service.mine()
        [document] = await receiver.until(1)
    assert said["status"]["status"] == "ready"
    assert (said["registered"]["enabled"], said["enabled"]["status"]) == (False, "streaming")
    assert (said["secret"], said["listed"], said["renamed"], said["missing"]) == (64, 1, "renamed", 404)
    assert (said["bulk"], said["noSecret"], said["left"]) == ([said["uuid"]], None, ["renamed"])
    assert document["chainhook"] == {"uuid": said["uuid"], "name": "renamed"}
