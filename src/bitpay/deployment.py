"""Deploying the seven contracts and finalising them: resumable, and checked against the chain at every step."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bitpay.kit.errors import Conflict, InvalidInput, Unavailable
from bitpay.protocol.calls import access_control
from bitpay.protocol.ids import Contracts
from bitpay.protocol.sources import CLARITY_VERSION, sources
from bitpay.stacks import clarity
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.client import StacksClient
from bitpay.stacks.errors import AddressInvalid
from bitpay.stacks.hashes import sha512_256
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import Transaction, contract_deploy, sign

MAX_MEMBERS = 10
FEE_PER_BYTE = 2
"""micro-STX per byte of a transaction; nodes relay from 1 on."""
CONFIRM_SECONDS = {Network.MAINNET: 3600.0, Network.TESTNET: 3600.0}
POLL_SECONDS = 0.1
LONGEST_POLL_SECONDS = 10.0
FIRST_FEES = clarity.tuple_({"creation": clarity.uint(10), "marketplace": clarity.uint(25)})


@dataclass(frozen=True, slots=True)
class Plan:
    """Who will govern: at most ten admins, `threshold` of them decide; operators may pause."""

    admins: Sequence[str]
    threshold: int
    operators: Sequence[str] = ()

    def check(self, network: Network) -> None:
        """Raise InvalidInput where the contracts would refuse this plan, or an address is another network's."""
        for role, members in (("admin", self.admins), ("operator", self.operators)):
            for member in members:
                _check_member(role, member, network)
            if len(set(members)) != len(members) or len(members) > MAX_MEMBERS:
                raise InvalidInput(f"There are at most {MAX_MEMBERS} {role}s, each named once.")
        if not 1 <= self.threshold <= len(self.admins):
            raise InvalidInput(f"The threshold lies between 1 and the number of admins, {len(self.admins)}.")


@dataclass(frozen=True, slots=True)
class Cost:
    """One transaction that is still to be sent: what it does, its size in bytes and its fee in micro-STX."""

    what: str
    size: int
    fee: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was compared with the chain."""

    what: str
    planned: str
    found: str

    @property
    def agrees(self) -> bool:
        """Whether the chain is as planned."""
        return self.planned == self.found


class Deployment:
    """Puts the contracts on a chain with the deployer's key; what is there already is checked, not sent again."""

    def __init__(
        self,
        client: StacksClient,
        key: PrivateKey,
        network: Network,
        sbtc_token: str,
        *,
        fee_per_byte: int = FEE_PER_BYTE,
    ) -> None:
        self._client = client
        self._key = key
        self._network = network
        self._fee_per_byte = fee_per_byte
        self.contracts = Contracts(key.address(network), sbtc_token)

    async def check_sbtc(self) -> None:
        """Raise Conflict unless the node knows our sBTC contract, by the name that it uses for it itself."""
        known = (await self._client.pox()).sbtc_contract
        if known and known != self.contracts.sbtc_token:
            raise Conflict(f"The node says that sBTC is {known}; BitPay is configured for {self.contracts.sbtc_token}.")
        if await self._client.contract_source(self.contracts.sbtc_token) is None:
            raise Conflict(f"{self.contracts.sbtc_token} does not exist on this network.")

    async def costs(self, plan: Plan) -> list[Cost]:
        """Return the transactions that are still to be sent, in order. Raises Conflict where the chain differs."""
        missing = await self._missing()
        costs = [
            self._cost(f"deploy {name}", self._deploy_transaction(name, source)) for name, source in missing.items()
        ]
        if missing or not await self._is_finalized():
            costs.append(self._cost("finalize", self._finalize_transaction(plan)))
        return costs

    async def run(self, plan: Plan, say: Callable[[str], None]) -> None:
        """Deploy what is missing, then finalise. Raises Conflict where the chain holds something else."""
        missing = await self._missing()
        nonce = await self._client.next_nonce(self.contracts.deployer)
        if missing:
            say(f"Deploying {len(missing)} contracts")
            unsigned = [
                self._deploy_transaction(name, source, nonce + at) for at, (name, source) in enumerate(missing.items())
            ]
            for txid in [await self._send(transaction) for transaction in unsigned]:
                await self._confirm(txid)
            nonce += len(missing)
        if not await self._is_finalized():
            say("Finalising")
            await self._confirm(await self._send(self._finalize_transaction(plan, nonce)))

    async def verify(self, plan: Plan) -> list[Finding]:
        """Compare sources, finality, admins, threshold, operators and fees with the plan."""
        planned_sources = sources(self.contracts.sbtc_token)
        findings = [await self._verify_source(name, source) for name, source in planned_sources.items()]
        reads: list[tuple[str, list[clarity.Value], clarity.Value]] = [
            ("is-finalized", [], clarity.TRUE),
            ("get-admins", [], access_control.principals(plan.admins)),
            ("get-threshold", [], clarity.uint(plan.threshold)),
            ("get-fees", [], FIRST_FEES),
        ]
        reads += [("is-operator", [clarity.principal(who)], clarity.TRUE) for who in plan.operators]
        for function, args, planned in reads:
            found = await self._read(function, args)
            findings.append(Finding(function, clarity.to_repr(planned), clarity.to_repr(found)))
        return findings

    async def _verify_source(self, name: str, source: str) -> Finding:
        on_chain = await self._client.contract_source(f"{self.contracts.deployer}.{name}")
        found = "missing" if on_chain is None else _digest(on_chain.source)
        return Finding(name, _digest(source), found)

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

    async def _await_earlier_transactions(self) -> int:
        """Wait until nothing of the deployer waits for a block any more, and return his next nonce."""
        pause = POLL_SECONDS
        async with asyncio.timeout(CONFIRM_SECONDS[self._network]):
            while True:
                confirmed = (await self._client.account(self.contracts.deployer)).nonce
                if await self._client.next_nonce(self.contracts.deployer) <= confirmed:
                    return confirmed
                await asyncio.sleep(pause)
                pause = min(pause * 1.2, LONGEST_POLL_SECONDS)

    async def _is_finalized(self) -> bool:
        return await self._read("is-finalized", []) == clarity.TRUE

    async def _read(self, function: str, args: list[clarity.Value]) -> clarity.Value:
        return await self._client.call_read(self.contracts.access_control, function, args)

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

    async def _confirm(self, txid: str) -> None:
        pause = POLL_SECONDS
        async with asyncio.timeout(CONFIRM_SECONDS[self._network]):
            while (found := await self._client.transaction(txid)) is None or found.pending:
                await asyncio.sleep(pause)
                pause = min(pause * 1.2, LONGEST_POLL_SECONDS)
        if not found.succeeded:
            raise Unavailable(f"Transaction {txid} ended as {found.status}.")


def _check_member(role: str, member: str, network: Network) -> None:
    try:
        principal = parse_principal(member)
    except AddressInvalid as error:
        raise InvalidInput(f"{member!r} is no address, so it cannot be an {role}.") from error
    if principal.network is not network:
        raise InvalidInput(f"{member} belongs to another network, so it cannot be an {role}.")


def _digest(source: str) -> str:
    """Return SHA-512/256 of a source, which is what `contract-hash?` answers on chain."""
    return sha512_256(source.encode()).hex()
