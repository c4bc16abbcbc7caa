import httpx
import pytest

OWN = {"origin": "http://127.0.0.1:8420"}
FOREIGN = {"origin": "https://evil.example"}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        (OWN, 200),
        ({"sec-fetch-site": "same-origin"}, 200),
        ({"sec-fetch-site": "none"}, 200),
        (FOREIGN, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:9999"}, 403),
        ({"sec-fetch-site": "cross-site"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "cross-site", **OWN}, 403),
    ],
)
async def test_unsafe_requests_come_from_our_own_pages(
    client: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    assert (await client.post("/api/v1/echo", json={"streamId": 1}, headers=headers)).status_code == status


async def test_reading_is_free_for_all(client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/hello", headers=FOREIGN)).status_code == 200


@pytest.mark.parametrize("host", ["127.0.0.1:8420", "localhost:1234", "[::1]:8420", "LOCALHOST"])
async def test_our_own_hosts(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/api/v1/hello", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "[::1", ""])
async def test_other_hosts_are_refused(client: httpx.AsyncClient, host: str) -> None:
    answer = await client.get("/api/v1/hello", headers={"host": host})
    assert (answer.status_code, answer.json()["code"]) == (421, "unknown_host")
