"""What a server's headers may demand of the client, and for how long."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.stacks.fake_hiro import FakeHiro, block

from bitpay.stacks.client import ApiRateLimited, StacksClient
from bitpay.stacks.client import http as client_http
from bitpay.stacks.client.http import LONGEST_HOLD_SECONDS, Answer

HOUR = 3600


@pytest.fixture
def hiro(monkeypatch: pytest.MonkeyPatch) -> FakeHiro:
    monkeypatch.setattr(client_http, "FIRST_PAUSE_SECONDS", 0.0)
    return FakeHiro()


@pytest.fixture
async def client(hiro: FakeHiro) -> AsyncIterator[StacksClient]:
    async with StacksClient("http://hiro.test", transport=httpx.MockTransport(hiro)) as made:
        yield made


def asked_to_wait(**headers: str) -> float | None:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer("GET", "/", 429, httpx.Headers(named), b"").retry_after


def test_a_wait_may_be_seconds_or_a_date() -> None:
    sent = "Wed, 21 Oct 2026 07:28:00 GMT"
    assert asked_to_wait(retry_after="12") == 12.0
    assert asked_to_wait(retry_after="Wed, 21 Oct 2026 07:28:12 GMT", date=sent) == 12.0
    assert asked_to_wait(retry_after="Wednesday, 21-Oct-26 07:28:12 GMT", date=sent) == 12.0
    assert asked_to_wait(retry_after="Wed, 21 Oct 2026 07:00:00 GMT", date=sent) == 0.0
    assert asked_to_wait(retry_after="Wed, 21 Oct 2026 07:28:12 -0000", date=sent) == 12.0
    soon = format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)
    assert asked_to_wait(retry_after=soon) == asked_to_wait(retry_after=soon, date="soon") == LONGEST_HOLD_SECONDS
    assert asked_to_wait() is None


@pytest.mark.parametrize("text", ["inf", "nan", "-inf", "soon", "", "Wed, 99 Oct 2026 07:28:00 GMT"])
def test_a_wait_that_is_none_is_not_kept(text: str) -> None:
    assert asked_to_wait(retry_after=text) is None


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N", "P", "Zs"])), st.none() | st.text())
@example("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", None)
@example("Wed, 21 Oct 0001 07:28:00 +2359", "Fri, 31 Dec 9999 23:59:59 -2359")
@example("Wed, 21 Oct 2026 07:28:00 +99999999999999999999", None)
@example("1e300", None)
@example("9" * 5000, None)
def test_whatever_the_header_says_the_wait_is_an_hour_at_most(text: str, now: str | None) -> None:
    named = {"retry-after": text} | ({} if now is None else {"date": now})
    wait = Answer("GET", "/", 429, named, b"").retry_after
    assert wait is None or 0 <= wait <= HOUR


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"x-ratelimit-remaining-stacks-minute": "0"}, 59, 60),
        ({"x-ratelimit-remaining-stacks-minute": "0", "ratelimit-reset": "40"}, 39, 40),
        ({"x-ratelimit-remaining-stacks-month": "0"}, HOUR - 1, HOUR),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "1e300"}, HOUR - 1, HOUR),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "86400"}, HOUR - 1, HOUR),
    ],
)
async def test_a_used_up_quota_is_told_and_the_wait_ends(
    hiro: FakeHiro, client: StacksClient, headers: dict[str, str], least: float, most: float
) -> None:
    hiro.troubles.append(httpx.Response(200, json=block(5), headers=headers))
    await client.tip()
    with pytest.raises(ApiRateLimited) as limited:
        await client.tip()
    assert limited.value.retry_after is not None
    assert least < limited.value.retry_after <= most
    assert len(hiro.requests) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"ratelimit-remaining": "0", "ratelimit-reset": "inf"},
        {"ratelimit-remaining": "nan", "ratelimit-reset": "60"},
        {"x-ratelimit-remaining-stacks-minute": "1", "ratelimit-reset": "60"},
    ],
)
async def test_headers_that_say_nothing_hold_nobody_up(
    hiro: FakeHiro, client: StacksClient, headers: dict[str, str]
) -> None:
    hiro.routes["/extended/v2/blocks/latest"] = lambda _: httpx.Response(200, json=block(5), headers=headers)
    for _ in range(3):
        await client.tip()


async def test_the_client_asks_again_when_the_longest_hold_is_over(
    hiro: FakeHiro, client: StacksClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_http, "LONGEST_HOLD_SECONDS", 0.01)
    hiro.troubles.append(httpx.Response(429, headers={"retry-after": "1e300"}))
    hiro.routes["/extended/v2/blocks/latest"] = block(5)
    assert (await client.tip()).height == 5
