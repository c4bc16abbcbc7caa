"""A whole BitPay in this process, on a real local chain with the contracts deployed, for tests of what people do."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import httpx
from fastapi import FastAPI
from limits import RateLimitItemPerMinute
from tests.serving import answers, served

from bitpay.app import create_app
from bitpay.demo.control import ChainControl
from bitpay.dev.bootstrap import bootstrap
from bitpay.http.rates import LIMITS, RateLimits
from bitpay.kit.processes import free_port, spawn, stop
from bitpay.kit.settings import Settings
from bitpay.protocol.ids import Contracts
from bitpay.stacks import clarity
from bitpay.stacks.client import StacksClient
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import decode as decode_post_condition
from bitpay.stacks.transactions import Transaction, contract_call, sign

Json: TypeAlias = Any
"""What the API takes or gives."""

NAMES = ("deployer", "operator", "alice", "bob", "carol", "dave", "erin")
HOOK_SECRET = "the hook's secret, of this test run"
TOKEN_SECRET = "the tokens' secret, of this test run"
DEV_TOKEN = "the development token, of this test run"
CONTROL_TOKEN = "the control token, of this test run"
PATIENCE = 30.0
GENEROUS = {name: RateLimitItemPerMinute(100 * item.amount) for name, item in LIMITS.items()}


@dataclass
class LiveInstance:
    """Where it answers, who plays, and how they act."""

    url: str
    app: FastAPI
    http: httpx.AsyncClient
    stacks: StacksClient
    control: ChainControl
    contracts: Contracts
    keys: dict[str, PrivateKey]
    chain_url: str
    settings: Settings

    def address(self, name: str) -> str:
        return self.keys[name].address(Network.TESTNET)

    async def get(self, path: str, **params: str | int) -> Json:
        answer = await self.http.get(f"/api/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: dict[str, Any], *, status: int = 200) -> Json:
        answer = await self.http.post(f"/api/v1{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def prepare_create(self, sender: str, recipient: str, **changes: Json) -> Json:
        parties = {"sender": self.address(sender), "recipient": self.address(recipient)}
        return await self.post("/streams/prepare-create", {**parties, "amount": 100_000, "duration": 1_000, **changes})

    async def signed(self, prepared: Json, name: str, *, nonce: int | None = None, fee: int = 3_000) -> Transaction:
        """Sign a prepared call as a wallet would."""
        key = self.keys[name]
        conditions = [bytes.fromhex(condition) for condition in prepared["postConditions"]]
        unsigned = contract_call(
            prepared["contract"],
            prepared["functionName"],
            [clarity.from_hex(argument) for argument in prepared["functionArgs"]],
            network=Network.TESTNET,
            public_key=key.public_key,
            nonce=await self.stacks.next_nonce(self.address(name)) if nonce is None else nonce,
            fee=fee,
            post_conditions=[decode_post_condition(condition) for condition in conditions],
        )
        return sign(unsigned, key)

    async def relay(self, transaction: Transaction) -> str:
        told = await self.post("/transactions", {"tx": transaction.to_hex()}, status=202)
        assert told["txid"] == f"0x{transaction.txid()}"
        return str(told["txid"])

    async def outcome(self, txid: str) -> Json:
        """Wait until the transaction is decided."""
        async with asyncio.timeout(PATIENCE):
            while (told := await self.get(f"/transactions/{txid}"))["status"] == "pending":
                await asyncio.sleep(0.05)
        return told

    async def send(self, prepared: Json, name: str) -> Json:
        return await self.outcome(await self.relay(await self.signed(prepared, name)))

    async def open_stream(self, sender: str = "alice", recipient: str = "bob", **changes: Json) -> Json:
        """Open a stream and return its JSON."""
        told = await self.send(await self.prepare_create(sender, recipient, **changes), sender)
        assert told["status"] == "success", told
        [stream, *_] = (await self.get("/streams", sender=self.address(sender), limit=1))["items"]
        assert stream["txid"] == told["txid"]
        return stream

    async def warp(self, seconds: int) -> Json:
        """Let the chain's time pass, and wait until the instance has seen it."""
        answer = await self.http.post("/dev/warp", json={"seconds": seconds}, headers=self.dev_headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    @property
    def dev_headers(self) -> dict[str, str]:
        return {"X-BitPay-Dev-Token": DEV_TOKEN, "Origin": self.url}


@asynccontextmanager
async def live_instance(folder: Path, mongo_url: str) -> AsyncIterator[LiveInstance]:
    """Start the chain, deploy, serve. `folder` holds the chain and the keys."""
    keys = {name: PrivateKey.generate() for name in NAMES}
    port, chain_port = free_port(), free_port()
    url, chain_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{chain_port}"
    accounts = folder / "accounts.json"
    accounts.write_text(json.dumps({name: key.to_bytes().hex() for name, key in keys.items()}))
    accounts.chmod(0o600)
    with (folder / "chain.log").open("ab") as log:
        argv = [sys.executable, "-m", "bitpay.localchain", "--data", str(folder / "chain"), "--port", str(chain_port)]
        env = {**os.environ, "LOCALCHAIN_TOKEN": CONTROL_TOKEN}
        chain = spawn([*argv, "--empty-seconds", "1"], env=env, output=log)
    control = ChainControl(chain_url, CONTROL_TOKEN)
    try:
        await answers(f"{chain_url}/v2/info")
        async with StacksClient(chain_url) as stacks:
            contracts = await bootstrap(stacks, control, keys, lambda _: None)
            settings = _settings(contracts, url, chain_url, mongo_url, folder)
            app = create_app(settings)
            app.state.services.get(RateLimits)._limits = GENEROUS  # all tests come from one address
            async with served(app, port), httpx.AsyncClient(base_url=url, timeout=PATIENCE) as http:
                await answers(f"{url}/readyz")
                yield LiveInstance(url, app, http, stacks, control, contracts, keys, chain_url, settings)
    finally:
        await control.close()
        stop(chain)


def _settings(contracts: Contracts, url: str, chain_url: str, mongo_url: str, folder: Path) -> Settings:
    given: dict[str, Any] = {
        "network": "local",
        "deployer": contracts.deployer,
        "stacks_api_url": chain_url,
        "stacks_api_key": CONTROL_TOKEN,
        "chainhooks_url": chain_url,
        "mongodb_url": f"{mongo_url}&appName=live",
        "mongodb_database": f"live_{folder.name.replace('.', '_')}",
        "public_url": url,
        "chainhook_secrets": [HOOK_SECRET],
        "token_secret": TOKEN_SECRET,
        "dev_token": DEV_TOKEN,
        "dev_accounts_file": folder / "accounts.json",
        "observer_port": free_port(),
        "control_url": chain_url,
        "control_token": CONTROL_TOKEN,
    }
    return Settings(**given)
