import httpx


async def test_our_errors_are_problems_with_a_code_and_details(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/conflict")
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "conflict",
        "detail": "This stream is cancelled already.",
        "streamId": 7,
    }


async def test_a_bug_is_answered_500_without_its_inside(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/v1/broken")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_body_that_is_not_json(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/echo", content=b"{nope", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_json")


async def test_a_wrong_field_is_named_as_the_caller_wrote_it(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/echo", json={"streamId": 0})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_input")
    assert answer.json()["fields"][0]["field"] == "streamId"
    misspelt = await client.post("/api/v1/echo", json={"streamId": 1, "stramId": 2})
    assert misspelt.json()["fields"][0]["field"] == "stramId"


async def test_what_was_sent_is_not_thrown_back_in_heaps(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/echo", json={"k" * 500_000: 1})
    assert answer.status_code == 400
    assert len(answer.content) < 1_000


async def test_what_does_not_exist(client: httpx.AsyncClient) -> None:
    assert (await client.get("/nowhere")).json()["code"] == "not_found"
    assert (await client.delete("/api/v1/hello")).json()["code"] == "method_not_allowed"


async def test_every_answer_carries_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/hello", "/nowhere", "/api/v1/conflict"):
        headers = (await client.get(path)).headers
        policy = headers["content-security-policy"]
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "connect-src 'self' ws://127.0.0.1:8420;" in policy
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "server" not in headers
