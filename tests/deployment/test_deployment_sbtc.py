"""sBTC is looked at before anything is spent: the right contract, with the token and functions that the vault uses."""

import json

import httpx
import pytest
from tests.deployment.site import DEPLOYER, KEY, Site

from bitpay.deployment import Verification
from bitpay.kit.errors import Conflict, InvalidInput
from bitpay.protocol.ids import Contracts
from bitpay.protocol.sources import CLARITY_VERSION, SIMNET_SBTC
from bitpay.stacks.client import StacksClient
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import contract_deploy, sign

BALANCE = "(define-read-only (get-balance-available (who principal)) (ok u0))"
TRANSFER = (
    "(define-public (transfer (amount uint) (from principal) (to principal) (memo (optional (buff 34)))) (ok true))"
)
TOKEN = "(define-fungible-token sbtc-token)"


class Unknowing(httpx.AsyncHTTPTransport):
    """Reaches a node that does not say which contract sBTC is, as nodes before epoch 4.0."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if request.url.path != "/v2/pox":
            return answer
        told = json.loads(await answer.aread())
        return httpx.Response(200, json={name: told[name] for name in told if not name.startswith("pox_5_sbtc")})


async def published(site: Site, source: str) -> str:
    """Deploy a contract and return its id."""
    unsigned = contract_deploy(
        "token",
        source,
        clarity_version=CLARITY_VERSION,
        network=Network.TESTNET,
        public_key=KEY.public_key,
        nonce=0,
        fee=10_000,
    )
    await site.client.broadcast(sign(unsigned, KEY).encode())
    await site.control.mine(1)
    return f"{DEPLOYER}.token"


async def check(site: Site, token: str) -> None:
    async with StacksClient(site.url, transport=Unknowing()) as client:
        await Verification(client, Contracts(DEPLOYER, token)).check_sbtc()


async def test_the_right_one_is_accepted(site: Site) -> None:
    await check(site, SIMNET_SBTC)
    await Verification(site.client, Contracts(DEPLOYER, SIMNET_SBTC)).check_sbtc()
    with pytest.raises(Conflict, match="does not exist"):
        await check(site, f"{DEPLOYER}.token")
    with pytest.raises(InvalidInput, match="is an account"):
        await check(site, DEPLOYER)


@pytest.mark.parametrize(
    "source",
    [
        f"{TOKEN}\n(define-read-only (get-name) (ok u0))",
        f"{TOKEN}\n{BALANCE}",
        f"{TOKEN}\n{TRANSFER}",
        f"{BALANCE}\n{TRANSFER}",
        f"{TOKEN}\n{BALANCE}\n{TRANSFER}".replace("buff 34", "buff 33"),
        f"{TOKEN}\n{BALANCE}\n{TRANSFER}".replace("read-only", "private"),
    ],
)
async def test_another_contract_is_refused(site: Site, source: str) -> None:
    with pytest.raises(Conflict, match="is not sBTC"):
        await check(site, await published(site, source))
