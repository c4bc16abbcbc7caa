"""Sending the contracts: resumable, and checked against the chain at every step."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from bitpay.deployment.plan import Plan
from bitpay.deployment.verification import Verification
from bitpay.kit.errors import Conflict, Unavailable
from bitpay.protocol.calls import access_control
from bitpay.protocol.ids import Contracts
from bitpay.protocol.sources import CLARITY_VERSION, sources
from bitpay.stacks.client import StacksClient
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import Transaction, contract_deploy, sign

FEE_PER_BYTE = 2
"""micro-STX per byte of a transaction; nodes relay from 1 on."""
PATIENCE_SECONDS = 3600.0
POLL_SECONDS = 0.1
LONGEST_POLL_SECONDS = 10.0

T = TypeVar("T")
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Cost:
    """One transaction that is still to be sent: what it does, its size in bytes and its fee in micro-STX."""

    what: str
    size: int
    fee: int


class Deployment:
    """Puts the contracts on a chain with the deployer's key; what is there already is checked, not sent again.

    Whatever waits for a block is waited for first, up to `patience` seconds: an interrupted deployment goes on.
    """

    def __init__(
        self,
        client: StacksClient,
        key: PrivateKey,
        network: Network,
        sbtc_token: str,
        *,
        fee_per_byte: int = FEE_PER_BYTE,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._client = client
        self._key = key
        self._network = network
        self._fee_per_byte = fee_per_byte
        self._patience = patience
        self.contracts = Contracts(key.address(network), sbtc_token)
        self.verification = Verification(client, self.contracts)

    async def costs(self, plan: Plan, say: Say) -> list[Cost]:
        """Return the transactions that are still to be sent, in order. Raises Conflict where the chain differs."""
        await self._await_earlier_transactions(say)
        missing = await self._missing()
        costs = [
            self._cost(f"deploy {name}", self._deploy_transaction(name, source)) for name, source in missing.items()
        ]
        if missing or not await self.verification.is_finalized():
            costs.append(self._cost("finalize", self._finalize_transaction(plan)))
        return costs

    async def run(self, plan: Plan, say: Say) -> None:
        """Deploy what is missing, then finalise.

        Raises Conflict where the chain holds something else, Unavailable where a transaction fails or waits too long.
        """
        nonce = await self._await_earlier_transactions(say)
        missing = await self._missing()
        if missing:
            say(f"Deploying {len(missing)} contracts")
            unsigned = [
                self._deploy_transaction(name, source, nonce + at) for at, (name, source) in enumerate(missing.items())
            ]
            for txid in [await self._send(transaction) for transaction in unsigned]:
                await self._confirm(txid)
            nonce += len(missing)
        if not await self.verification.is_finalized():
            say("Finalising")
            await self._confirm(await self._send(self._finalize_transaction(plan, nonce)))

    async def _missing(self) -> dict[str, str]:
        published = await self.verification.published()
        planned = sources(self.contracts.sbtc_token)
        for name, found in published.items():
            if found.source != planned[name]:
                raise Conflict(
                    f"{self.contracts.deployer}.{name} is on the chain with another source than this version's. "
                    "Contracts never change: start afresh (make dev RESET=1) or deploy with another account."
                )
        return {name: source for name, source in planned.items() if name not in published}

    async def _await_earlier_transactions(self, say: Say) -> int:
        """Wait until nothing of the deployer waits for a block any more, and return his next nonce."""
        deployer, told = self.contracts.deployer, False

        async def next_nonce() -> int | None:
            nonlocal told
            confirmed = (await self._client.account(deployer)).nonce
            following = await self._client.next_nonce(deployer)
            if following <= confirmed:
                return confirmed
            if not told:
                say(f"Waiting for earlier transactions of {deployer}, nonces {confirmed} to {following - 1}")
                told = True
            return None

        return await self._poll(next_nonce)

    async def _confirm(self, txid: str) -> None:
        async def status() -> str | None:
            found = await self._client.transaction(txid)
            return None if found is None or found.pending else found.status

        ended = await self._poll(status)
        if ended != "success":
            raise Unavailable(
                f"Transaction {txid} ended as {ended}. What is on the chain stays: look at it in an explorer, "
                "then run the same command again."
            )

    async def _poll(self, ask: Callable[[], Awaitable[T | None]]) -> T:
        pause = POLL_SECONDS
        try:
            async with asyncio.timeout(self._patience):
                while (answer := await ask()) is None:
                    await asyncio.sleep(pause)
                    pause = min(pause * 1.2, LONGEST_POLL_SECONDS)
                return answer
        except TimeoutError as error:
            raise Unavailable(await self._why_stuck()) from error

    async def _why_stuck(self) -> str:
        """Say which transaction of the deployer holds up the others, and what to do."""
        deployer = self.contracts.deployer
        nonce = (await self._client.account(deployer)).nonce
        waiting = {tx.nonce: tx async for tx in self._client.waiting(deployer) if tx.sender == deployer}
        first = waiting.get(nonce)
        if first is not None:
            held_up = (
                f"Transaction {first.txid} of {deployer}, nonce {nonce}, fee {first.fee} micro-STX, still waits for a "
                f"block after {self._patience:.0f} s. Run the same command again to wait on. If the fee is too low, "
                "replace it from a wallet: any transaction with the same nonce and a higher fee."
            )
        else:
            behind = ", ".join(f"{tx.txid} (nonce {tx.nonce})" for _, tx in sorted(waiting.items()))
            held_up = (
                f"Nobody knows a transaction of {deployer} with nonce {nonce}, which has to come first; there waits: "
                f"{behind or 'nothing'}. Send any transaction with nonce {nonce} from a wallet."
            )
        return f"{held_up} Then run the same command again: it goes on, and sends nothing twice."

    def _deploy_transaction(self, name: str, source: str, nonce: int = 0) -> Transaction:
        def build(fee: int) -> Transaction:
            return contract_deploy(
                name,
                source,
                clarity_version=CLARITY_VERSION,
                network=self._network,
                public_key=self._key.public_key,
                nonce=nonce,
                fee=fee,
            )

        return build(len(build(0).encode()) * self._fee_per_byte)

    def _finalize_transaction(self, plan: Plan, nonce: int = 0) -> Transaction:
        call = access_control.finalize(
            self.contracts, admins=plan.admins, threshold=plan.threshold, operators=plan.operators
        )

        def build(fee: int) -> Transaction:
            return call.transaction(network=self._network, public_key=self._key.public_key, nonce=nonce, fee=fee)

        return build(len(build(0).encode()) * self._fee_per_byte)

    @staticmethod
    def _cost(what: str, transaction: Transaction) -> Cost:
        return Cost(what, len(transaction.encode()), transaction.fee)

    async def _send(self, transaction: Transaction) -> str:
        return await self._client.broadcast(sign(transaction, self._key).encode())
