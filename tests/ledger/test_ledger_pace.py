"""How the ledger says that it comes on."""

import json
from dataclasses import replace

import pytest
from tests.ledger.ledger_chain import Chain

from bitpay.ledger.book import Head
from bitpay.ledger.pace import CatchingUp, Pace


def test_speed_is_that_of_the_last_minute() -> None:
    pace = Pace()
    assert (pace.rate, pace.seconds_for(10)) == (0.0, None)
    for second in range(200):
        pace.note(height=10 * second if second < 100 else 1_000 + 2 * (second - 100), now=float(second))
    assert pace.rate == pytest.approx(2.0)
    assert pace.seconds_for(100) == pytest.approx(50.0)


def test_only_who_is_far_behind_says_so_and_not_at_every_block(capsys: pytest.CaptureFixture[str]) -> None:
    tip = replace(Chain(1).grow(None).header, height=1_000)
    now = 0.0
    catching_up = CatchingUp(clock=lambda: now)
    for height in range(1, 1_001):
        now += 0.125
        catching_up.note(Head("0x", height, 0, 0, height), tip)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = [line for line in lines if line["event"] == "catching_up"]
    assert [line["height"] for line in told] == list(range(41, 980, 40))
    assert told[-1] | {"timestamp": ""} == {
        "event": "catching_up",
        "level": "info",
        "timestamp": "",
        "height": 961,
        "remaining": 39,
        "blocks_per_second": 8.0,
        "seconds_left": 5,
    }
    assert [line["event"] for line in lines][-1] == "caught_up"
    catching_up.note(Head("0x", 1_001, 0, 0, 1_001), tip)
    assert capsys.readouterr().err == ""
