"""A served chain inside the test's own process."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from bitpay.localchain.api.app import create_app
from bitpay.localchain.chain import Chain, Genesis
from bitpay.localchain.faucet import endowed
from bitpay.localchain.hooks.given import GivenHook
from bitpay.localchain.hooks.hooks import Hooks
from bitpay.localchain.service import ChainService, Pace

TOKEN = "the token of this start, long enough"
POWER = {"x-localchain-token": TOKEN}
HOST = "chain.test"
BY_HAND = Pace(empty=None, gather=None)


class House:
    """A client of the chain, with the powers that tests need."""

    def __init__(self, client: httpx.AsyncClient, service: ChainService) -> None:
        self.client = client
        self.service = service

    async def get(self, path: str, **query: object) -> Any:  # noqa: ANN401 - JSON
        answer = await self.client.get(path, params={name: str(value) for name, value in query.items()})
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def send(self, raw: bytes) -> str:
        answer = await self.client.post(
            "/v2/transactions", content=raw, headers={"content-type": "application/octet-stream"}
        )
        assert answer.status_code == 200, answer.text
        return "0x" + str(answer.json())

    async def control(self, action: str, **body: object) -> Any:  # noqa: ANN401 - JSON
        answer = await self.client.post(f"/control/{action}", json=body, headers=POWER)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def mined(self, *transactions: bytes) -> list[str]:
        """Put transactions into a block of their own."""
        txids = [await self.send(raw) for raw in transactions]
        [block] = (await self.control("mine"))["blocks"]
        assert block["transactions"] == txids
        return txids


@asynccontextmanager
async def serving(
    folder: Path, genesis: Genesis, *, pace: Pace = BY_HAND, given: Sequence[GivenHook] = ()
) -> AsyncIterator[House]:
    async with ChainService(lambda heard: Chain(folder, endowed(genesis), listener=heard), pace) as service:
        hooks = Hooks(service, given, folder / "hooks.json")
        service.follow(hooks)
        app = create_app(service, hooks, token=TOKEN, hosts=frozenset({HOST}))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            yield House(client, service)
