"""Pages rendered without a server, and the pages' TypeScript run in Node."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from tests.web.web_samples import ALICE, BOB, NOW, Node

from bitpay.http.assets import STATIC, Assets
from bitpay.http.templates import Frame, KnownAccount, Templates
from bitpay.streams import pages

WEB = Path(__file__).parents[2] / "web"


@pytest.fixture(scope="session")
def frame() -> Frame:
    accounts = (KnownAccount("alice", ALICE), KnownAccount("bob", BOB))
    return Frame("local", now=NOW, height=1234, block_time=NOW, accounts=accounts, dev_token="dev-token-of-this-start")


class SteadyFrames:
    """A frame that does not move."""

    def __init__(self, frame: Frame) -> None:
        self._frame = frame

    async def frame(self) -> Frame:
        return self._frame


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Assets:
    """Names as a build would write them."""
    folder = tmp_path_factory.mktemp("static")
    (folder / "build").mkdir()
    names = ("app.js", "dev.js", "style.css", "familjen-grotesk-latin-wght-normal.woff2")
    (folder / "build" / "manifest.json").write_text(json.dumps({name: f"hashed-{name}" for name in names}))
    (folder / "build" / "hashed-app.js").write_text("export {};")
    (folder / "mark.svg").write_bytes((STATIC / "mark.svg").read_bytes())
    return Assets(folder)


@pytest.fixture(scope="session")
def templates(frame: Frame, assets: Assets) -> Templates:
    return Templates(SteadyFrames(frame), folders={"streams": pages.TEMPLATES}, assets=assets)


@pytest.fixture
def request_of() -> Callable[..., Request]:
    def make(path: str = "/", **headers: str) -> Request:
        given = {"host": "127.0.0.1:8420", **headers}
        raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
        scope = {"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": raw}
        return Request({**scope, "client": ("127.0.0.1", 50_000)})

    return make


@pytest.fixture(scope="session")
def in_node(tmp_path_factory: pytest.TempPathFactory) -> Node:
    """Run a TypeScript snippet in Node: it reads `input` and assigns `output`, both JSON."""
    folder = tmp_path_factory.mktemp("node")

    def run(snippet: str, given: object) -> Any:  # noqa: ANN401 - any JSON
        source, bundle = folder / "snippet.ts", folder / "snippet.mjs"
        source.write_text(f"{snippet.replace('@src', str(WEB.parent / 'src' / 'bitpay'))}\n{_MAIN}")
        esbuild: list[str | Path] = [
            WEB / "node_modules" / ".bin" / "esbuild",
            source,
            "--bundle",
            "--platform=node",
            "--format=esm",
        ]
        subprocess.run([*esbuild, f"--outfile={bundle}", "--log-level=warning"], check=True, timeout=60)
        ran = subprocess.run(
            ["node", bundle], check=True, input=json.dumps(given), stdout=subprocess.PIPE, text=True, timeout=60
        )
        return json.loads(ran.stdout)

    return run


_MAIN = """
import { readFileSync } from "node:fs";
console.log(JSON.stringify(answer(JSON.parse(readFileSync(0, "utf8")))));
"""
