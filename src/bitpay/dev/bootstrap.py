"""What a new local chain needs: STX and sBTC for the demo accounts, the contracts, and their finalisation."""

import asyncio
from collections.abc import Callable, Mapping

from bitpay.demo.control import ChainControl
from bitpay.deployment import Deployment, Plan
from bitpay.dev.folder import DEMO_ACCOUNTS, address_of
from bitpay.kit.settings import SBTC_TOKEN
from bitpay.protocol.ids import SBTC_ASSET, Contracts
from bitpay.stacks.client import StacksClient
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network

STX_EACH = 1_000_000_000_000
"""micro-STX for every account."""
SBTC_EACH = 1_000_000_000
"""sats for every demo account: 10 sBTC."""
SBTC = f"{SBTC_TOKEN['local']}::{SBTC_ASSET}"


async def bootstrap(
    client: StacksClient, control: ChainControl, accounts: Mapping[str, PrivateKey], say: Callable[[str], None]
) -> Contracts:
    """Bring a local chain to the state in which BitPay can be used; what is done already stays as it is."""
    addresses = {name: address_of(key) for name, key in accounts.items()}
    await _fund(client, control, addresses)
    deployment = Deployment(client, accounts["deployer"], Network.TESTNET, SBTC_TOKEN["local"])
    admins = [addresses[name] for name in ("alice", "bob", "carol")]
    await deployment.run(Plan(admins, 2, [addresses["operator"]]), say)
    return deployment.contracts


async def _fund(client: StacksClient, control: ChainControl, addresses: Mapping[str, str]) -> None:
    async def fund(name: str, address: str) -> None:
        account = await client.account(address)
        if account.nonce:
            return
        if not account.balance:
            await control.faucet("stx", address, STX_EACH)
        if name in DEMO_ACCOUNTS and not await client.ft_balance(address, SBTC):
            await control.faucet("sbtc", address, SBTC_EACH)

    await asyncio.gather(*(fund(name, address) for name, address in addresses.items()))
