"""What the operator's commands print for people and for programs."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from bitpay.commands.context import console, errors, say
from bitpay.commands.terminal import plain
from bitpay.http.formats import duration, moment
from bitpay.kit.money import format_sats

if TYPE_CHECKING:
    from bitpay.ledger.audit import Audited, Finding
    from bitpay.ledger.replay import Difference
    from bitpay.upkeep import Tell, Verified

Json = dict[str, Any]


@contextmanager
def told_by(what: str) -> Iterator["Tell"]:
    """Yield what shows progress on standard error, while it is a terminal; it vanishes at the end."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    speed = TextColumn("{task.fields[speed]}")
    with Progress(*columns, speed, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task(what, total=None, speed="")
        yield lambda done, total, speed: bar.update(task, completed=done, total=total, speed=speed)


def finding_json(finding: "Finding") -> Json:
    """Return a finding of the audit with both sides and the events between."""
    question = finding.question
    told = {
        "subject": question.subject,
        "contract": question.contract_id,
        "function": question.function,
        "ours": question.expected,
        "contractAnswer": finding.answer,
        "block": {"height": finding.head.height, "hash": finding.head.hash},
        "events": list(finding.events),
    }
    plain: Json = json.loads(json.dumps(told, default=str))
    return plain


def print_audited(audited: "Audited") -> None:
    """Print both sides of every answer that differs and the events between, and what could not be asked."""
    counted = ", ".join(f"{format_sats(count)} {name}" for name, count in audited.documents.items())
    if audited.agrees:
        say(f"The contracts agree: {counted} and the totals.")
        return
    for finding in audited.findings:
        question = finding.question
        say(f"{question.subject}: {question.contract_id}.{question.function} in block {finding.head.height}")
        say(f"  ours      {question.expected}")
        say(f"  contract  {finding.answer}")
        for event in finding.events:
            say(f"  event     {event['height']} {event['name']} {event['txid']}")
    for name, why in audited.failures.items():
        say(f"{name}: not finished. {why}", "red")
    say(f"{len(audited.findings)} answers differ; looked at {counted} and the totals.")


def difference_json(one: "Difference") -> Json:
    """Return a difference with both sides."""
    sides = {"found": one.found, "folded": one.folded}
    told = {"collection": one.collection, "id": one.key, "fields": one.fields, **sides}
    plain: Json = json.loads(json.dumps(told, default=str))
    return plain


def print_verified(verified: "Verified") -> None:
    """Print every field that differs, or that nothing does, and what is of another version."""
    differences = verified.differences
    if differences:
        table = Table("document", "field", "found", "folded", box=SIMPLE_HEAD, pad_edge=False)
        for one in differences:
            for name in one.fields:
                sides = [str(side.get(name)) if side is not None else "(none)" for side in (one.found, one.folded)]
                table.add_row(*map(plain, (f"{one.collection} {one.key}", name, *sides)))
        console.print(table)
    if verified.outdated:
        say(f"Folded by another version of BitPay, or never: {', '.join(verified.outdated)}.")
    if not differences:
        say("Every document is the fold of its events.")
        return
    count = f"{format_sats(len(differences))} documents differ"
    more = f"At least {count}; no others were looked for" if verified.cut else count
    say(f"{more}. `bitpay ledger replay` puts them right; ask first why they do.")


def print_standing(told: Json) -> None:
    """Print what `standing` returned."""
    table = Table("", show_header=False, box=None, title=plain(f"Ledger on {told['network']}"), title_justify="left")
    table.add_column(overflow="fold")
    for label, value in _standing_lines(told):
        table.add_row(plain(label), Text("\n").join(map(plain, value.split("\n"))))
    console.print(table, highlight=False)
    for alert in told["alerts"]:
        say(f"alert {alert['id']}, {alert['count']} times, last at {alert['lastAt']}: {alert['message']}", "red")


def _standing_lines(told: Json) -> list[tuple[str, str]]:
    lag, leader, hooks = told["lag"], told["leader"], told["hooks"]
    behind = f"{format_sats(lag['blocks'])} blocks, {duration(lag['seconds'])}" if lag else "—"
    return [
        ("contracts of", f"{told['deployer']}, from block {format_sats(told['startHeight'])}"),
        ("head", _block_line(told["head"])),
        ("node", _block_line(told["node"])),
        ("behind", behind),
        ("follower", f"{leader['owner']}, until {leader['until']}" if leader else "none is running"),
        *((("folding anew", ", ".join(told["foldingAnew"])),) if told["foldingAnew"] else ()),
        ("documents", _counted([{"name": name, "count": count} for name, count in told["collections"].items()])),
        ("deliveries", _counted(told["deliveries"])),
        ("outbox", _counted(told["outbox"])),
        ("hooks", hooks["error"] if isinstance(hooks, dict) else _hook_lines(hooks)),
        ("alerts", format_sats(len(told["alerts"])) if told["alerts"] else "none"),
    ]


def _block_line(block: Json | None) -> str:
    if block is None or block.get("hash") == "":
        return "no block yet"
    if "error" in block:
        return str(block["error"])
    height, burn = format_sats(block["height"]), format_sats(block["burnHeight"])
    return f"block {height}, {moment(block['time'])}, Bitcoin block {burn}, {block['hash']}"


def _counted(rows: list[Json]) -> str:
    told = [
        f"{format_sats(row['count'])} {' '.join(str(part) for name, part in row.items() if name != 'count')}"
        for row in rows
    ]
    return ", ".join(told) or "none"


def _hook_lines(hooks: list[Json]) -> str:
    lines = [
        f"{hook['status']}{'' if hook['enabled'] else ', off'}: {hook['url'] or 'nowhere to deliver'}" for hook in hooks
    ]
    return "\n".join(lines) or "none"
