"""Errors reach people as pages and programs as problem documents; files are cached as long as they are true."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from bitpay.http.assets import Assets, AssetsMissing
from bitpay.http.error_pages import ErrorPages
from bitpay.http.problems import install_problems
from bitpay.http.templates import Templates
from bitpay.kit.errors import NotFound

BROWSER = {"Accept": "text/html,application/xhtml+xml"}


@pytest.fixture
async def client(templates: Templates, assets: Assets) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    install_problems(app)

    @app.get("/streams/{number}")
    @app.get("/api/v1/streams/{number}")
    async def missing(number: int) -> None:
        raise NotFound(f"There is no stream {number}.")

    app.mount("/static", assets.application())
    wrapped = ErrorPages(app, templates=templates, network="local")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(wrapped), base_url="http://127.0.0.1") as client:
        yield client


async def test_a_person_gets_a_page_with_the_same_status_and_sentence(client: httpx.AsyncClient) -> None:
    answer = await client.get("/streams/9", headers=BROWSER)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "There is no stream 9." in answer.text
    assert int(answer.headers["content-length"]) == len(answer.content)


async def test_an_error_about_an_account_leads_out_of_it(client: httpx.AsyncClient) -> None:
    assert "account=SP000" not in (await client.get("/streams/9?account=SP000", headers=BROWSER)).text
    account = "ST1PQHQKV0RJXZFY1DGX8MNSNYVE3VGZJSRTPGZGM"
    assert f"/streams?account={account}" in (await client.get(f"/streams/9?account={account}", headers=BROWSER)).text


async def test_an_address_that_nobody_knows_is_a_page_too(client: httpx.AsyncClient) -> None:
    answer = await client.get("/nowhere?account=%22%3E%3Cscript%3E", headers=BROWSER)
    assert answer.status_code == 404
    assert "There is no page at this address." in answer.text
    assert "<script>" not in answer.text


@pytest.mark.parametrize(("path", "accept"), [("/streams/9", "application/json"), ("/api/v1/streams/9", "text/html")])
async def test_a_program_gets_the_problem_document(client: httpx.AsyncClient, path: str, accept: str) -> None:
    answer = await client.get(path, headers={"Accept": accept})
    assert answer.json()["code"] == "not_found"


async def test_built_files_are_kept_for_ever_and_others_are_not(client: httpx.AsyncClient, assets: Assets) -> None:
    built = await client.get(assets.url("app.js"))
    assert "immutable" in built.headers["cache-control"]
    assert "immutable" not in (await client.get("/static/mark.svg")).headers["cache-control"]


def test_a_new_build_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "build").mkdir()
    found = Assets(tmp_path)
    with pytest.raises(AssetsMissing):
        found.url("app.js")
    manifest = tmp_path / "build" / "manifest.json"
    manifest.write_text(json.dumps({"app.js": "app-1.js"}))
    assert found.url("app.js") == "/static/build/app-1.js"
    manifest.write_text(json.dumps({"app.js": "app-22.js"}))
    assert found.url("app.js") == "/static/build/app-22.js"
    with pytest.raises(AssetsMissing):
        found.url("other.js")
