"""`bitpay audit`: what our documents say, held against what the contracts answer in the same block."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import typer

from bitpay.commands.context import AsJson, print_json, reports_errors
from bitpay.commands.operating import Place, operate, require_chain
from bitpay.commands.views import finding_json, print_findings, progress_bar
from bitpay.foundation import Foundation
from bitpay.kit.errors import InvalidInput
from bitpay.ledger.audit import Check, Finding
from bitpay.ledger.projection import Key

_SAMPLE = 20


@reports_errors
def audit(
    sample: Annotated[
        int | None, typer.Option(min=1, help=f"So many documents of each kind; {_SAMPLE} if left out.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every document.")] = False,
    data: Place = None,
    as_json: AsJson = False,
) -> None:
    """Hold documents, and all totals, against the contracts' own answers. Exits with 1 where they differ."""
    if everything and sample is not None:
        raise InvalidInput("Either --all or --sample, not both.")
    report = operate(data, lambda ground: _audit(ground, None if everything else sample or _SAMPLE))
    if as_json:
        print_json({**report, "findings": [finding_json(finding) for finding in report["findings"]]})
    else:
        print_findings(report["findings"], report["documents"])
    if report["findings"]:
        raise typer.Exit(1)


async def _audit(ground: Foundation, sample: int | None) -> dict[str, Any]:
    """Return what was found, and how many documents of which kind were looked at. None: all."""
    require_chain(ground)
    documents: dict[str, int] = {}
    findings: list[Finding] = []
    for check in ground.auditor.checks:
        name = check.collection
        total = await ground.database[name].estimated_document_count()
        with progress_bar(name, total if sample is None else min(sample, total)) as bar:
            async for key in _keys(ground, check, sample):
                findings += await ground.auditor.document(check, key)
                documents[name] = documents.get(name, 0) + 1
                bar.advance(bar.task_ids[0])
            findings += await ground.auditor.totals(check)
    return {"agrees": not findings, "documents": documents, "findings": findings}


async def _keys(ground: Foundation, check: Check, sample: int | None) -> AsyncIterator[Key]:
    if sample is None:
        async for key in ground.auditor.keys(check):
            yield key
        return
    for key in await ground.auditor.drawn(check, sample):
        yield key
