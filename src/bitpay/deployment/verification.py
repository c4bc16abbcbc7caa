"""What is on a chain, compared with what was planned: reads only, no key."""

from dataclasses import dataclass

from bitpay.deployment.plan import Plan
from bitpay.kit.errors import Conflict, InvalidInput
from bitpay.protocol.calls import access_control
from bitpay.protocol.ids import SBTC_ASSET, Contracts
from bitpay.protocol.sources import sources
from bitpay.stacks import clarity
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.client import ContractInterface, ContractSource, StacksClient
from bitpay.stacks.errors import AddressInvalid
from bitpay.stacks.hashes import sha512_256
from bitpay.stacks.network import Network

FIRST_FEES = clarity.tuple_({"creation": clarity.uint(10), "marketplace": clarity.uint(25)})
"""Basis points."""
MISSING = "missing"
SBTC_FUNCTIONS = {
    "get-balance-available": ("read_only", ["principal"]),
    "transfer": ("public", ["uint", "principal", "principal", "(optional (buff 34))"]),
}
"""What the vault calls: access and types of the arguments."""


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


class Verification:
    """Looks at one deployment of the contracts. Every method raises an ApiError where the chain does not answer."""

    def __init__(self, client: StacksClient, contracts: Contracts) -> None:
        self._client = client
        self._contracts = contracts

    async def check_network(self, network: Network) -> None:
        """Raise Conflict where the node is of another network."""
        found = (await self._client.info()).network_id
        if found != network.chain_id:
            raise Conflict(f"The node is of another network: its chain id is {found:#x}, not {network.chain_id:#x}.")

    async def check_sbtc(self) -> None:
        """Raise Conflict unless the node knows our sBTC contract and it has the token and functions that we use.

        Raises InvalidInput where its id is none.
        """
        token = self._contracts.sbtc_token
        _check_contract_id(token)
        known = (await self._client.pox()).sbtc_contract
        if known and known != token:
            raise Conflict(f"The node says that sBTC is {known}; BitPay is configured for {token}.")
        interface = await self._client.contract_interface(token)
        if interface is None:
            raise Conflict(f"{token} does not exist on this network.")
        if not _is_sbtc(interface):
            raise Conflict(f"{token} is not sBTC: it lacks the token or a function that BitPay uses.")

    async def published(self) -> dict[str, ContractSource]:
        """Return those of our seven contracts that are on the chain, by name."""
        found = {name: await self._client.contract_source(one) for name, one in self._ids().items()}
        return {name: source for name, source in found.items() if source is not None}

    async def is_finalized(self) -> bool:
        """Whether the first admins are named. Raises ReadFailed without the contracts."""
        return await self._read("is-finalized", []) == clarity.TRUE

    async def start_height(self) -> int | None:
        """Return the Stacks block in which the first of the contracts was deployed, None where none is."""
        return min((source.height for source in (await self.published()).values()), default=None)

    async def findings(self, plan: Plan) -> list[Finding]:
        """Compare sources, finality, admins, threshold, fees and operators with the plan."""
        published = await self.published()
        findings = [
            Finding(name, _digest(source), _digest(published[name].source) if name in published else MISSING)
            for name, source in sources(self._contracts.sbtc_token).items()
        ]
        reads: list[tuple[str, list[clarity.Value], clarity.Value]] = [
            ("is-finalized", [], clarity.TRUE),
            ("get-admins", [], access_control.principals(plan.admins)),
            ("get-threshold", [], clarity.uint(plan.threshold)),
            ("get-fees", [], FIRST_FEES),
        ]
        reads += [("is-operator", [clarity.principal(who)], clarity.TRUE) for who in plan.operators]
        there = self._contracts.access_control.partition(".")[2] in published
        for function, args, planned in reads:
            found = clarity.to_repr(await self._read(function, args)) if there else MISSING
            what = " ".join([function, *(clarity.to_repr(argument) for argument in args)])
            findings.append(Finding(what, clarity.to_repr(planned), found))
        return findings

    def _ids(self) -> dict[str, str]:
        return {one.partition(".")[2]: one for one in self._contracts.all()}

    async def _read(self, function: str, args: list[clarity.Value]) -> clarity.Value:
        return await self._client.call_read(self._contracts.access_control, function, args)


def _check_contract_id(text: str) -> None:
    try:
        principal = parse_principal(text)
    except AddressInvalid as error:
        raise InvalidInput(f"{text!r} is no contract id, so it cannot be sBTC.") from error
    if principal.name is None:
        raise InvalidInput(f"{text} is an account, so it cannot be sBTC.")


def _is_sbtc(interface: ContractInterface) -> bool:
    found = {one.name: (one.access, [str(argument.type) for argument in one.args]) for one in interface.functions}
    called = all(found.get(name) == wanted for name, wanted in SBTC_FUNCTIONS.items())
    return called and SBTC_ASSET in interface.fungible_tokens


def _digest(source: str) -> str:
    """Return SHA-512/256 of a source, which is what `contract-hash?` answers on chain."""
    return sha512_256(source.encode()).hex()
