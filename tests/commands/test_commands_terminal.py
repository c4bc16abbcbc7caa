"""What outsiders write into contracts is shown to an operator, and never obeyed."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bitpay.commands import stream, views
from bitpay.commands.context import console, print_json, say
from bitpay.commands.terminal import escaped, escaped_json
from bitpay.ledger.audit import Audited, Finding, Question
from bitpay.ledger.book import Head
from bitpay.ledger.replay import MAX_DIFFERENCES, Difference
from bitpay.upkeep import Verified

HOSTILE = "[/bold] [red]\x1b]0;owned\x07\x9b2J\u202e\ud800\nall is well"
OBEYED = set("\x1b\x07\x9b\u202e\ud800")
FIGURES = {"streamId": 1, "amount": 1, "vestedAmount": 1, "withdrawnAmount": 1}
ALERT = {"id": HOSTILE, "count": 1, "lastAt": HOSTILE, "message": HOSTILE}
STANDING = {
    "network": HOSTILE,
    "deployer": HOSTILE,
    "startHeight": 1,
    "head": None,
    "node": {"error": HOSTILE},
    "lag": None,
    "leader": None,
    "foldingAnew": [],
    "collections": {HOSTILE: 1},
    "deliveries": [{"state": HOSTILE, "count": 1}],
    "outbox": [],
    "hooks": [{"status": HOSTILE, "enabled": True, "url": HOSTILE}],
    "alerts": [ALERT],
}


def difference(number: int = 1) -> Difference:
    return Difference("streams", HOSTILE, {"memo": HOSTILE}, {"memo": str(number)})


def audited() -> Audited:
    question = Question(HOSTILE, "ST1.core", "get-stream", (), {"memo": HOSTILE})
    events = ({"height": 1, "name": HOSTILE, "txid": "0x1"},)
    return Audited([Finding(question, HOSTILE, Head("0x1", 1, 1, 1, 1), events)], {"streams": 1}, {"offers": HOSTILE})


@pytest.mark.parametrize(
    "show",
    [
        lambda: views.print_verified(Verified([difference()], [HOSTILE])),
        lambda: views.print_audited(audited()),
        lambda: views.print_standing(STANDING),
        lambda: console.print(stream._table([dict.fromkeys(("status", "sender", "recipient"), HOSTILE) | FIGURES], {})),
        lambda: say(HOSTILE, "red"),
    ],
)
def test_what_somebody_wrote_is_shown_and_not_obeyed(show: Callable[[], None]) -> None:
    with console.capture() as shown:
        show()
    assert not OBEYED & set(shown.get())
    assert "[/" in shown.get(), "no markup of theirs counts"


@given(st.text())
def test_what_can_be_seen_stays_and_what_cannot_is_told(text: str) -> None:
    shown = escaped(text)
    assert not OBEYED & set(shown)
    assert escaped(shown) == shown
    assert all(char >= " " for char in shown)
    assert escaped("0.001 sBTC \u2009 給 ⚡ é") == "0.001 sBTC \u2009 給 ⚡ é"


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_json_reads_the_same(value: object) -> None:
    document = escaped_json(json.dumps(value, ensure_ascii=False, indent=2))
    assert json.loads(document) == value
    assert not set("\x7f\x9b\u202e") & set(document)


def test_programs_get_no_control_characters_either(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"memo": HOSTILE})
    printed = capsys.readouterr().out
    assert not OBEYED & set(printed)
    assert json.loads(printed) == {"memo": HOSTILE}


def test_where_only_some_differences_are_shown_it_says_so() -> None:
    for count, cut in ((MAX_DIFFERENCES - 1, False), (MAX_DIFFERENCES, True)):
        with console.capture() as shown:
            views.print_verified(Verified([difference(number) for number in range(count)], []))
        assert ("no others were looked for" in shown.get()) is cut


def test_what_another_version_folded_is_told_though_nothing_differs() -> None:
    with console.capture() as shown:
        views.print_verified(Verified([], ["streams"]))
    assert "another version of BitPay, or never: streams." in shown.get()


def test_what_could_not_be_asked_is_told_beside_what_differs() -> None:
    with console.capture() as shown:
        views.print_audited(audited())
    assert "offers: not finished." in shown.get()
    assert "1 answers differ; looked at 1 streams and the totals." in shown.get()
