import httpx
import pytest
from limits import RateLimitItemPerMinute

from bitpay.http.rates import LIMITS, RateLimits
from bitpay.kit.errors import RateLimited, Unavailable


async def test_too_many_relays_get_429_with_the_seconds_to_wait(client: httpx.AsyncClient) -> None:
    allowed = LIMITS["relay"].amount
    for _ in range(allowed):
        assert (await client.post("/api/v1/transactions")).status_code == 200
    answer = await client.post("/api/v1/transactions")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limited")
    assert 1 <= int(answer.headers["retry-after"]) <= 60
    assert (await client.get("/api/v1/hello")).status_code == 200


async def test_webhooks_are_exempt(client: httpx.AsyncClient) -> None:
    statuses = {(await client.post("/api/webhooks/size")).status_code for _ in range(LIMITS["write"].amount + 5)}
    assert statuses == {200}


async def test_each_user_has_his_own_window() -> None:
    limits = RateLimits(limits={"user": RateLimitItemPerMinute(1)})
    await limits.spend("user", "alice")
    await limits.spend("user", "bob")
    with pytest.raises(RateLimited):
        await limits.spend("user", "alice")


async def test_without_redis_reading_goes_on_and_signing_in_waits() -> None:
    pytest.importorskip("redis")
    limits = RateLimits("redis://127.0.0.1:1")
    await limits.spend("read", "alice")
    with pytest.raises(Unavailable):
        await limits.spend("auth", "alice")
