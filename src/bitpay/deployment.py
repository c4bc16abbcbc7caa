"""Deploying the seven contracts and finalising them: resumable, and checked against the chain at every step."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bitpay.kit.errors import Conflict, Unavailable
from bitpay.protocol.ids import Contracts
from bitpay.protocol.sources import CLARITY_VERSION, sources
from bitpay.stacks import clarity
from bitpay.stacks.client import StacksClient
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.post_conditions import Mode
from bitpay.stacks.transactions import Transaction, contract_call, contract_deploy, sign

FEE_PER_BYTE = 2
CONFIRM_SECONDS = 120.0
POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """Who will govern: at most ten admins, `threshold` of them decide; operators may pause."""

    admins: Sequence[str]
    threshold: int
    operators: Sequence[str]


class Deployment:
    """Puts the contracts on a chain with the deployer's key; what is there already is checked, not sent again."""

    def __init__(self, client: StacksClient, key: PrivateKey, network: Network, sbtc_token: str) -> None:
        self._client = client
        self._key = key
        self._network = network
        self.contracts = Contracts(key.address(network), sbtc_token)

    async def run(self, plan: Plan, say: Callable[[str], None]) -> None:
        """Deploy what is missing, then finalise. Raises Conflict where the chain holds something else."""
        missing = await self._missing()
        if missing:
            say(f"Deploying {len(missing)} contracts")
            await self._deploy(missing)
        if not await self._finalized():
            say("Finalising")
            await self._finalize(plan)

    async def _missing(self) -> dict[str, str]:
        missing = {}
        for name, source in sources(self.contracts.sbtc_token).items():
            on_chain = await self._client.contract_source(f"{self.contracts.deployer}.{name}")
            if on_chain is None:
                missing[name] = source
            elif on_chain.source != source:
                raise Conflict(
                    f"{self.contracts.deployer}.{name} is on the chain with another source than this version's. "
                    "Contracts never change: start afresh (make dev RESET=1) or deploy with another account."
                )
        return missing

    async def _deploy(self, missing: dict[str, str]) -> None:
        nonce = await self._client.next_nonce(self.contracts.deployer)
        txids = []
        for offset, (name, source) in enumerate(missing.items()):

            def build(fee: int, name: str = name, source: str = source, offset: int = offset) -> Transaction:
                return contract_deploy(
                    name,
                    source,
                    clarity_version=CLARITY_VERSION,
                    network=self._network,
                    public_key=self._key.public_key,
                    nonce=nonce + offset,
                    fee=fee,
                )

            txids.append(await self._send(build))
        for txid in txids:
            await self._confirm(txid)

    async def _finalized(self) -> bool:
        answer = await self._client.call_read(
            self.contracts.access_control, "is-finalized", [], sender=self.contracts.deployer
        )
        return answer == clarity.TRUE

    async def _finalize(self, plan: Plan) -> None:
        nonce = await self._client.next_nonce(self.contracts.deployer)
        args = (_principals(plan.admins), clarity.uint(plan.threshold), _principals(plan.operators))

        def build(fee: int) -> Transaction:
            return contract_call(
                self.contracts.access_control,
                "finalize",
                args,
                network=self._network,
                public_key=self._key.public_key,
                nonce=nonce,
                fee=fee,
                post_conditions=(),
                mode=Mode.DENY,
            )

        await self._confirm(await self._send(build))

    async def _send(self, build: Callable[[int], Transaction]) -> str:
        signed = sign(build(len(build(0).encode()) * FEE_PER_BYTE), self._key)
        return await self._client.broadcast(signed.encode())

    async def _confirm(self, txid: str) -> None:
        async with asyncio.timeout(CONFIRM_SECONDS):
            while (found := await self._client.transaction(txid)) is None or found.pending:
                await asyncio.sleep(POLL_SECONDS)
        if not found.succeeded:
            raise Unavailable(f"Transaction {txid} ended as {found.status}.")


def _principals(addresses: Sequence[str]) -> clarity.List:
    return clarity.list_([clarity.principal(address) for address in addresses])
