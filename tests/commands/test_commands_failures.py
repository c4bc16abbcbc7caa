"""What a database, a node or a clock refuses is one sentence and exit code 1; a fault of ours stays a traceback."""

import json
from typing import Annotated, NoReturn

import pytest
import typer
from pymongo.errors import ServerSelectionTimeoutError
from typer.testing import CliRunner

from bitpay.commands.context import AsJson, reports_errors
from bitpay.ledger.source import SourceError
from bitpay.stacks.client import ApiRateLimited, ApiUnavailable, ConflictingNonce, FeeTooLow, ReadFailed

FAILURES: dict[str, tuple[Exception, str, str]] = {
    "node": (ApiUnavailable("nobody there"), "unavailable", "The Stacks API does not answer: nobody there"),
    "quota": (ApiRateLimited("the quota is used up"), "unavailable", "The Stacks API does not answer: the quota"),
    "source": (SourceError("nobody there"), "unavailable", "The Stacks API does not answer: nobody there"),
    "database": (ServerSelectionTimeoutError("no primary"), "unavailable", "The database does not do it: no primary"),
    "read": (ReadFailed("Unchecked(1)"), "unavailable", "The chain does not say: "),
    "clock": (TimeoutError(), "unavailable", "It took too long. Try again."),
    "nonce": (
        ConflictingNonce("ConflictingNonceInMempool", {}, None),
        "conflict",
        "The node did not take a transaction: another transaction with this nonce is waiting",
    ),
    "fee": (FeeTooLow("FeeTooLow", {}, None), "conflict", "The node did not take a transaction: the fee is too low"),
}

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
@reports_errors
def fail(name: Annotated[str, typer.Argument()], as_json: AsJson = False) -> NoReturn:
    raise FAILURES[name][0] if name in FAILURES else AssertionError(name)


@pytest.mark.parametrize("name", FAILURES)
def test_failures_of_others_are_sentences(name: str) -> None:
    _, code, sentence = FAILURES[name]
    told = CliRunner().invoke(app, [name])
    assert (told.exit_code, told.stdout) == (1, "")
    assert told.stderr.startswith(sentence)
    assert len(told.stderr.splitlines()) == 1
    error = json.loads(CliRunner().invoke(app, [name, "--json"]).stdout)["error"]
    assert error["code"] == code
    assert error["message"].startswith(sentence)


def test_our_own_faults_are_not_hidden() -> None:
    assert isinstance(CliRunner().invoke(app, ["ours"]).exception, AssertionError)
