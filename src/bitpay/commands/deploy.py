"""`bitpay deploy`: the seven contracts onto a network, resumable, verified."""

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from bitpay.commands.context import As, AsJson, Data, KeyFile, console, errors, print_json, reports_errors
from bitpay.commands.signing import demo_key, read_key
from bitpay.deployment import FEE_PER_BYTE, Cost, Deployment, Finding, Plan
from bitpay.dev.folder import DEFAULT_FOLDER, DataFolder
from bitpay.kit.errors import Conflict, InvalidInput
from bitpay.kit.money import format_sats
from bitpay.kit.settings import SBTC_TOKEN, STACKS_API, NetworkName
from bitpay.stacks.client import StacksClient
from bitpay.stacks.network import Network

NOT_AS_PLANNED = "The chain is not as planned: look at the lines marked with ≠."


@reports_errors
def deploy(
    network: Annotated[NetworkName, typer.Option(help="local, testnet or mainnet.")],
    admin: Annotated[list[str], typer.Option(help="Address of an admin; repeat for each.")],
    threshold: Annotated[int, typer.Option(help="How many admins decide together.")],
    operator: Annotated[list[str] | None, typer.Option(help="Address that may pause; repeat for each.")] = None,
    sbtc: Annotated[str | None, typer.Option(help="sBTC's contract id, if not the network's usual one.")] = None,
    api: Annotated[str | None, typer.Option(help="Stacks API to use, if not the network's usual one.")] = None,
    fee_rate: Annotated[int, typer.Option(min=1, max=1000, help="micro-STX per byte.")] = FEE_PER_BYTE,
    account: As = None,
    key_file: KeyFile = None,
    yes: Annotated[bool, typer.Option("--yes", help="Spend without asking.")] = False,
    data: Data = DEFAULT_FOLDER,
    as_json: AsJson = False,
) -> None:
    """Deploy the contracts in order, finalise them, and verify on chain that everything is as planned."""
    folder = DataFolder(data)
    key = demo_key(folder, account) if account else read_key(key_file)
    chain = Network.MAINNET if network == "mainnet" else Network.TESTNET
    plan = Plan(admin, threshold, operator or [])
    plan.check(chain)
    url = api or STACKS_API[network] or folder.instance().stacks_api_url

    async def go() -> dict[str, Any]:
        async with StacksClient(url) as client:
            deployment = Deployment(client, key, chain, sbtc or SBTC_TOKEN[network], fee_per_byte=fee_rate)
            await deployment.check_sbtc()
            costs = await deployment.costs(plan)
            await _check_funds(client, deployment.contracts.deployer, costs)
            if costs and not as_json:
                _print_costs(costs, deployment.contracts.deployer)
            if costs and not yes and not typer.confirm("Go on?", err=True):
                raise InvalidInput("Nothing was sent.")
            await deployment.run(plan, lambda line: errors.print(line, style="dim"))
            findings = await deployment.verify(plan)
            return _report(deployment.contracts.deployer, costs, findings)

    report = asyncio.run(go())
    print_json(report) if as_json else _print_report(report)
    if not report["verified"]:
        raise typer.Exit(1)


async def _check_funds(client: StacksClient, deployer: str, costs: list[Cost]) -> None:
    needed = sum(cost.fee for cost in costs)
    balance = (await client.account(deployer)).balance
    if balance < needed:
        raise Conflict(
            f"{deployer} has {format_sats(balance)} micro-STX; {format_sats(needed)} are needed for the fees."
        )


def _report(deployer: str, costs: list[Cost], findings: list[Finding]) -> dict[str, Any]:
    return {
        "deployer": deployer,
        "sent": [asdict(cost) for cost in costs],
        "findings": [{**asdict(finding), "agrees": finding.agrees} for finding in findings],
        "verified": all(finding.agrees for finding in findings),
    }


def _print_costs(costs: list[Cost], deployer: str) -> None:
    table = Table("transaction", "bytes", "fee (micro-STX)", title=f"To be sent by {deployer}")
    for cost in costs:
        table.add_row(cost.what, format_sats(cost.size), format_sats(cost.fee))
    table.add_row(
        "together", format_sats(sum(cost.size for cost in costs)), format_sats(sum(cost.fee for cost in costs))
    )
    console.print(table)


def _print_report(report: dict[str, Any]) -> None:
    for finding in report["findings"]:
        sign = "=" if finding["agrees"] else "≠"
        console.print(f"{sign} {finding['what']}: {finding['found']}", highlight=False, soft_wrap=True)
    console.print(f"Deployed by {report['deployer']} and verified." if report["verified"] else NOT_AS_PLANNED)
