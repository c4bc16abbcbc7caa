"""`bitpay deploy`: the seven contracts onto a network, resumable, verified."""

import asyncio
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from bitpay.commands.context import As, AsJson, Data, KeyFile, errors, print_json, reports_errors, say
from bitpay.commands.signing import demo_key, read_key
from bitpay.commands.terminal import plain
from bitpay.deployment import FEE_PER_BYTE, Cost, Deployment, Plan, Verification
from bitpay.dev.folder import DEFAULT_FOLDER, DataFolder
from bitpay.kit.errors import Conflict, InvalidInput
from bitpay.kit.money import format_sats
from bitpay.kit.settings import SBTC_TOKEN, STACKS_API, NetworkName
from bitpay.protocol.ids import Contracts
from bitpay.stacks.addresses import parse_principal
from bitpay.stacks.client import StacksClient
from bitpay.stacks.errors import AddressInvalid
from bitpay.stacks.keys import PrivateKey
from bitpay.stacks.network import Network

NOT_AS_PLANNED = "The chain is not as planned: look at the lines marked with ≠."


@dataclass(frozen=True, slots=True)
class Target:
    """Where the contracts belong: a network, its sBTC, and the API through which it is reached."""

    name: NetworkName
    sbtc: str
    url: str

    @property
    def network(self) -> Network:
        """The network as addresses and transactions name it."""
        return Network.MAINNET if self.name == "mainnet" else Network.TESTNET

    def client(self) -> StacksClient:
        """Return a client of the API; its key is read from the environment only."""
        return StacksClient(self.url, api_key=os.environ.get("BITPAY_STACKS_API_KEY"))

    def settings(self, deployer: str, start_height: int | None) -> dict[str, str]:
        """Return what an operator sets in order to run BitPay on these contracts."""
        return {
            "BITPAY_NETWORK": self.name,
            "BITPAY_DEPLOYER": deployer,
            **({} if start_height is None else {"BITPAY_START_HEIGHT": str(start_height)}),
            "BITPAY_SBTC_TOKEN": self.sbtc,
            "BITPAY_STACKS_API_URL": self.url,
        }


@reports_errors
def deploy(
    network: Annotated[NetworkName, typer.Option(envvar="BITPAY_NETWORK", help="local, testnet or mainnet.")],
    admin: Annotated[list[str], typer.Option(help="Address of an admin; repeat for each.")],
    threshold: Annotated[int, typer.Option(help="How many admins decide together.")],
    operator: Annotated[list[str] | None, typer.Option(help="Address that may pause; repeat for each.")] = None,
    sbtc: Annotated[
        str | None,
        typer.Option(envvar="BITPAY_SBTC_TOKEN", help="sBTC's contract id, if not the network's usual one."),
    ] = None,
    api: Annotated[
        str | None,
        typer.Option(envvar="BITPAY_STACKS_API_URL", help="Stacks API to use, if not the network's usual one."),
    ] = None,
    fee_rate: Annotated[int, typer.Option(min=1, max=1000, help="micro-STX per byte.")] = FEE_PER_BYTE,
    verify: Annotated[
        str | None,
        typer.Option(metavar="DEPLOYER", help="Send nothing: verify what this address has deployed. Needs no key."),
    ] = None,
    account: As = None,
    key_file: KeyFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Spend without asking.")] = False,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Deploy the contracts in order, finalise them, and verify on chain that everything is as planned.

    Run it again after an interruption: it waits for what is under way and sends only what is missing.
    """
    target = Target(network, sbtc or SBTC_TOKEN[network], api or STACKS_API[network] or _local_api(data))
    plan = Plan(admin, threshold, operator or [])
    plan.check(target.network)
    if verify is not None:
        _check_deployer(verify, target.network)
        report = asyncio.run(_verify_only(target, plan, verify))
    else:
        key = demo_key(DataFolder(data), account) if account else read_key(key_file)
        sending = Sending(target, plan, key, fee_rate, ask=not yes)
        report = asyncio.run(sending.run())
    print_json(report) if as_json else _print_report(report)
    if not report["verified"]:
        raise typer.Exit(1)


@dataclass(frozen=True, slots=True)
class Sending:
    """One run that may spend: it shows the costs and, with `ask`, asks before."""

    target: Target
    plan: Plan
    key: PrivateKey
    fee_rate: int
    ask: bool

    async def run(self) -> dict[str, Any]:
        """Send what is missing and return the report. Raises BitPayErrors and what the client raises."""
        target = self.target
        async with target.client() as client:
            deployment = Deployment(client, self.key, target.network, target.sbtc, fee_per_byte=self.fee_rate)
            await deployment.verification.check_network(target.network)
            await deployment.verification.check_sbtc()
            costs = await deployment.costs(self.plan, _tell_progress)
            await self._agree(client, deployment.contracts.deployer, costs)
            await deployment.run(self.plan, _tell_progress)
            return await _report(target, self.plan, deployment.contracts.deployer, deployment.verification, costs)

    async def _agree(self, client: StacksClient, deployer: str, costs: list[Cost]) -> None:
        """Show what it costs and ask. Raises InvalidInput for a no, Conflict for too little money."""
        if costs:
            _print_costs(costs, deployer)
        await _check_funds(client, deployer, costs)
        if costs and self.ask and not typer.confirm("Go on?", err=True):
            raise InvalidInput("Nothing was sent.")


async def _verify_only(target: Target, plan: Plan, deployer: str) -> dict[str, Any]:
    async with target.client() as client:
        verification = Verification(client, Contracts(deployer, target.sbtc))
        await verification.check_network(target.network)
        await verification.check_sbtc()
        return await _report(target, plan, deployer, verification, [])


def _tell_progress(line: str) -> None:
    say(line, "dim", to=errors)


def _local_api(data: Path) -> str:
    return DataFolder(data).instance().stacks_api_url


def _check_deployer(text: str, network: Network) -> None:
    try:
        principal = parse_principal(text)
    except AddressInvalid as error:
        raise InvalidInput(f"{text!r} is no address, so it has deployed nothing.") from error
    if principal.network is not network or principal.name is not None:
        raise InvalidInput(f"{text} is no account of this network, so it has deployed nothing.")


async def _check_funds(client: StacksClient, deployer: str, costs: list[Cost]) -> None:
    needed = sum(cost.fee for cost in costs)
    balance = (await client.account(deployer)).balance
    if balance < needed:
        raise Conflict(
            f"{deployer} has {format_sats(balance)} micro-STX; {format_sats(needed)} are needed for the fees."
        )


async def _report(
    target: Target, plan: Plan, deployer: str, verification: Verification, costs: list[Cost]
) -> dict[str, Any]:
    findings = await verification.findings(plan)
    return {
        "deployer": deployer,
        "sent": [asdict(cost) for cost in costs],
        "findings": [{**asdict(finding), "agrees": finding.agrees} for finding in findings],
        "verified": all(finding.agrees for finding in findings),
        "settings": target.settings(deployer, await verification.start_height()),
    }


def _print_costs(costs: list[Cost], deployer: str) -> None:
    table = Table("transaction", "bytes", "fee (micro-STX)", title=f"To be sent by {deployer}")
    for cost in costs:
        table.add_row(plain(cost.what), format_sats(cost.size), format_sats(cost.fee))
    table.add_row(
        "together", format_sats(sum(cost.size for cost in costs)), format_sats(sum(cost.fee for cost in costs))
    )
    errors.print(table)


def _print_report(report: dict[str, Any]) -> None:
    for finding in report["findings"]:
        if finding["agrees"]:
            say(f"= {finding['what']}: {finding['found']}")
        else:
            say(f"≠ {finding['what']}: {finding['found']}, planned: {finding['planned']}")
    if not report["verified"]:
        say(NOT_AS_PLANNED)
        return
    say(f"Deployed by {report['deployer']} and verified. BitPay runs on it with these settings:")
    for name, value in report["settings"].items():
        say(f"{name}={value}")
