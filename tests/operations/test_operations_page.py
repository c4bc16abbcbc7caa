"""The operator's page names every setting, every command and every alert, and none that does not exist."""

import re
from pathlib import Path

from typer.main import get_command

from bitpay.chainhook.api import NODE_UNREADABLE
from bitpay.chainhook.registration import CONTESTED
from bitpay.cli import app
from bitpay.kit.settings import Settings
from bitpay.ledger.audit import DIFFERS
from bitpay.ledger.audit import FAILED as AUDIT_FAILED
from bitpay.ledger.follower import BEHIND, DEEP, LOST, OVERLOOKED
from bitpay.ledger.ledger import FAILED, UNANSWERED

ROOT = Path(__file__).parents[2]
PROBLEMS = ("unknown_event", "value_out_of_range", "delivery_contradicts")
PAGE = (ROOT / "docs" / "operations.md").read_text()
FOLLOWING = {DEEP, BEHIND, OVERLOOKED, LOST, FAILED, UNANSWERED}
ALERTS = FOLLOWING | {DIFFERS, AUDIT_FAILED, NODE_UNREADABLE, CONTESTED, *PROBLEMS}


def test_every_setting_stands_in_the_table() -> None:
    table = PAGE.partition("## Settings")[2].partition("## ")[0]
    named = set(re.findall(r"BITPAY_([A-Z_]+)", "".join(re.findall(r"^\| (`BITPAY.*?) \|", table, re.MULTILINE))))
    assert named == {name.upper() for name in Settings.model_fields}


def test_every_alert_is_explained() -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", PAGE.partition("## Alerts")[2], re.MULTILINE))
    assert told == ALERTS
    raised = {
        kind
        for path in (ROOT / "src" / "bitpay").rglob("*.py")
        for kind in re.findall(r'Problem\([^,]+, "(\w+)"', path.read_text())
    }
    assert raised <= ALERTS


def test_every_command_that_is_named_exists() -> None:
    command = get_command(app)
    for words in set(re.findall(r"bitpay ((?:ledger )?[a-z]+)(?=[ `\n\]])", PAGE)):
        at = command
        for word in words.split():
            at = at.commands[word]  # type: ignore[attr-defined]  # a group has commands


def test_every_measure_that_is_named_is_taken() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "src" / "bitpay").rglob("*.py"))
    for name in re.findall(r"`(bitpay_\w+)`", PAGE):
        assert f'"{name}"' in sources


def test_every_log_line_that_is_named_is_written() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "src" / "bitpay").rglob("*.py"))
    for name in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", PAGE.partition("Log lines worth")[2].partition("##")[0]):
        assert f'"{name}"' in sources
