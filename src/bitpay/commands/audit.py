"""`bitpay audit`: what our documents say, held against what the contracts answer in the same block."""

from typing import TYPE_CHECKING, Annotated

import typer

from bitpay.commands.context import AsJson, print_json, reports_errors
from bitpay.commands.operating import Place, operate, require_chain
from bitpay.commands.views import finding_json, print_audited, told_by
from bitpay.kit.errors import InvalidInput

if TYPE_CHECKING:
    from bitpay.foundation import Foundation
    from bitpay.ledger.audit import Audited

_SAMPLE = 20

Sample = Annotated[int | None, typer.Option(min=1, help=f"So many documents of each kind; {_SAMPLE} if left out.")]


@reports_errors
def audit(
    sample: Sample = None,
    everything: Annotated[bool, typer.Option("--all", help="Every document.")] = False,
    data: Place = None,
    as_json: AsJson = False,
) -> None:
    """Hold documents, and all totals, against the contracts' own answers. Exits with 1 unless all agree."""
    from bitpay import upkeep  # noqa: PLC0415 - other commands start faster without it

    if everything and sample is not None:
        raise InvalidInput("Either --all or --sample, not both.")

    async def work(ground: "Foundation") -> "Audited":
        require_chain(ground.settings)
        with told_by("documents") as tell:
            return await upkeep.audit(ground, None if everything else sample or _SAMPLE, tell)

    audited = operate(data, work)
    if as_json:
        findings = [finding_json(finding) for finding in audited.findings]
        told = {"documents": audited.documents, "findings": findings, "failures": audited.failures}
        print_json({"agrees": audited.agrees, **told})
    else:
        print_audited(audited)
    if not audited.agrees:
        raise typer.Exit(1)
