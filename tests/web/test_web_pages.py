"""What pages show, whatever people write into streams, and that a strict content policy has nothing to refuse."""

from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from starlette.requests import Request
from tests.web.web_samples import ALICE, BOB, NOW, a_stream

from bitpay.accounts.schemas import Balances
from bitpay.http.templates import Frame, Templates
from bitpay.streams.example import example_stream
from bitpay.streams.forms import read_form
from bitpay.streams.history import Entry
from bitpay.streams.pages import Preview, Side
from bitpay.streams.schemas import Stream
from bitpay.streams.views import StreamView

HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7 * 7 }}"

Page = Callable[..., str]


class Reader(HTMLParser):
    """Collects a page's elements and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def ids(self) -> list[str]:
        return [attributes["data-testid"] or "" for _, attributes in self.elements if "data-testid" in attributes]


@pytest.fixture
def page(templates: Templates, frame: Frame, request_of: Callable[..., Request]) -> Page:
    def render(name: str, account: str = BOB, **values: object) -> str:
        return templates.render(request_of("/streams"), name, frame, account=account, **values)

    return render


def _view(stream: Stream, account: str) -> StreamView:
    return StreamView(stream, account, NOW, 1234, NOW)


def _list(page: Page, account: str, *streams: Stream) -> str:
    views = [_view(stream, account) for stream in streams]
    sides = [
        Side("incoming", [view for view in views if view.is_incoming], "", is_first=True),
        Side("outgoing", [view for view in views if view.stream.sender == account], "", is_first=True),
    ]
    balances = Balances(address=account, sbtc=998_765_432, stx=1_234_567_890, nonce=3)
    return page(
        "streams/list.html", account, sides=sides, balances=balances, shown="7", chosen="", here="/streams?account=x"
    )


def _new(page: Page, **typed: str) -> str:
    form = read_form(typed, ALICE)
    form.demand()
    preview = Preview("M0 240L1000 0", "M0 240L1000 0V240H0Z", 5, 15, "1.93 sats a second", "Now", "Later")
    return page(
        "streams/new.html",
        ALICE,
        form=form,
        problem=typed.get("memo", ""),
        refused=typed.get("memo", ""),
        prepared=typed.get("memo", "") if form.order else "",
        fee_bps=10,
        balances=None,
        preview=preview if form.order else None,
    )


def _every_page(page: Page) -> dict[str, str]:
    hostile = a_stream(memo=HOSTILE, sender=HOSTILE, cliff=5, at_cliff=9)
    entries = [Entry(HOSTILE, 5, NOW, 12, HOSTILE)]
    return {
        "home": page("streams/home.html", "", example=_view(example_stream(NOW), "")),
        "choose": page("streams/choose.html", "", title=HOSTILE),
        "list": _list(page, BOB, hostile),
        "empty list": _list(page, BOB),
        "outgoing": _list(page, ALICE, a_stream(memo=HOSTILE, holder=None), a_stream(stream_id=8, holder=HOSTILE)),
        "both ends": _list(page, ALICE, a_stream(holder=ALICE)),
        "detail": page(
            "streams/detail.html", stream=_view(hostile, BOB), history=entries, here=f"/streams/7?{HOSTILE}"
        ),
        "new": _new(page, recipient=HOSTILE, memo=HOSTILE, amount=HOSTILE, duration=HOSTILE, unit=HOSTILE),
        "signed": _new(page, recipient=BOB, memo=HOSTILE, amount="0.001", duration="30", unit="days"),
        "error": page("error.html", HOSTILE, title=HOSTILE, detail=HOSTILE, status=400),
    }


def test_hostile_words_stay_words(page: Page) -> None:
    for name, html in _every_page(page).items():
        tags = [tag for tag, attributes in Reader(html).elements if tag == "img" or "onerror" in attributes]
        assert not tags, name
        assert "<script>alert" not in html, name
        assert "49" not in Reader(html).text.replace("{{ 7 * 7 }}", ""), name


def test_nothing_is_inline_that_the_content_policy_refuses(page: Page) -> None:
    for name, html in _every_page(page).items():
        for tag, attributes in Reader(html).elements:
            assert "style" not in attributes, (name, tag)
            assert not [key for key in attributes if key.startswith(("on", "hx-on"))], (name, tag)
            assert not [value for value in attributes.values() if (value or "").startswith("javascript:")], (name, tag)
            if tag == "script":
                assert (attributes["src"] or "").startswith("/static/build/"), name
            assert tag != "style", name


def test_ids_are_unique_and_every_label_and_description_has_its_field(page: Page) -> None:
    for name, html in _every_page(page).items():
        elements = Reader(html).elements
        ids = [attributes["id"] or "" for _, attributes in elements if "id" in attributes]
        assert len(ids) == len(set(ids)), (name, sorted(ids))
        labels = [attributes["for"] for tag, attributes in elements if tag == "label" and "for" in attributes]
        described = [one for _, a in elements for one in (a.get("aria-labelledby") or "").split()]
        assert not [one for one in (*labels, *described) if one not in ids], name


def test_the_recipient_can_withdraw_and_the_sender_can_cancel(page: Page) -> None:
    stream = a_stream()
    incoming, outgoing = Reader(_list(page, BOB, stream)).ids(), Reader(_list(page, ALICE, stream)).ids()
    assert "withdraw-7" in incoming
    assert "cancel-7" not in incoming
    assert "cancel-7" in outgoing
    assert "withdraw-7" not in outgoing
    assert {"counter-7", "stream-card-7", "balance-sbtc"} <= set(incoming) & set(outgoing)


def test_withdrawing_does_not_invite_where_nothing_is_withdrawable(page: Page) -> None:
    cliff = a_stream(cliff=12 * 86_400, at_cliff=9, vested_amount=0, withdrawn_amount=0, withdrawable_amount=0)
    closed, opened = Reader(_list(page, BOB, cliff)), Reader(_list(page, BOB, a_stream()))
    [button] = [attributes for _, attributes in closed.elements if attributes.get("data-testid") == "withdraw-7"]
    assert "disabled" in button
    assert button["data-opens"] == str(NOW + 2 * 86_400)
    assert "Withdraw in 2 d" in closed.text
    [button] = [attributes for _, attributes in opened.elements if attributes.get("data-testid") == "withdraw-7"]
    assert "disabled" not in button


def test_what_is_over_shows_what_was_withdrawn(page: Page) -> None:
    over = a_stream(status="depleted", vested_amount=5_000_000, withdrawn_amount=5_000_000, withdrawable_amount=0)
    text = Reader(_list(page, BOB, over)).text
    assert "0.05000000" in text
    assert "all withdrawn" in text


def test_every_word_of_the_protocol_is_explained(page: Page) -> None:
    text = Reader(_list(page, BOB, a_stream())).text
    for word in ("Vested", "Withdrawable", "Withdrawn", "Not yet vested", "Refunded", "Pending", "Settled", "Depleted"):
        assert word in text, word
    detail = page("streams/detail.html", stream=_view(a_stream(), BOB), history=[], here="/streams/7")
    assert "Earned so far" in Reader(detail).text


@pytest.mark.parametrize(
    "different",
    [
        {"cancelable": False},
        {"status": "settled"},
        {"status": "cancelled", "cancelled_at": NOW},
        {"status": "depleted"},
    ],
)
def test_what_cannot_be_cancelled_offers_no_cancelling(page: Page, different: dict[str, Any]) -> None:
    assert "cancel-7" not in Reader(_list(page, ALICE, a_stream(**different))).ids()


def test_a_list_says_what_it_shows_in_figures_without_any_script(page: Page) -> None:
    text = Reader(_list(page, BOB, a_stream())).text
    assert "9.98765432" in text
    assert "0.01066666" in text.replace("0000", "", 1) or "0.01066666" in text
    assert "Salary" in text
    assert "streaming" in text


def test_missing_balances_do_not_hide_the_streams(page: Page) -> None:
    html = page(
        "streams/list.html",
        sides=[Side("incoming", [_view(a_stream(), BOB)], "", is_first=True)],
        balances=None,
        shown="7",
        chosen="",
        here="/",
    )
    assert "does not answer" in html
    assert "stream-card-7" in html


def test_the_development_token_is_in_the_page_in_development_only(
    templates: Templates, frame: Frame, request_of: Callable[..., Request]
) -> None:
    values: dict[str, Any] = {"title": "t", "detail": "d", "status": 404}
    assert frame.dev_token in templates.render(request_of(), "error.html", frame, **values)
    mainnet = templates.render(request_of(), "error.html", Frame("mainnet"), **values)
    assert "bitpay-dev-token" not in mainnet
    assert "dev.js" not in mainnet


@pytest.mark.parametrize(
    "headers", [{"host": "evil.example:8420"}, {"x_forwarded_for": "203.0.113.9"}, {"forwarded": "for=203.0.113.9"}]
)
def test_the_development_token_leaves_neither_through_a_proxy_nor_to_a_rebound_name(
    templates: Templates, frame: Frame, request_of: Callable[..., Request], headers: dict[str, str]
) -> None:
    page = templates.render(request_of(**headers), "error.html", frame, title="t", detail="d", status=421)
    assert "dev-token" not in page


def test_the_theme_is_taken_from_the_cookie_and_nothing_else_is(
    templates: Templates, frame: Frame, request_of: Callable[..., Request]
) -> None:
    values: dict[str, Any] = {"title": "t", "detail": "d", "status": 404}
    assert 'data-theme="dark"' in templates.render(request_of(cookie="theme=dark"), "error.html", frame, **values)
    assert (
        "data-theme"
        not in templates.render(request_of(cookie='theme="><b>'), "error.html", frame, **values).split("<body")[0]
    )
