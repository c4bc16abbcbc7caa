"""Every example of docs/stacks.md, in order and in one session, those of the network against the local chain."""

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from bitpay.localchain.faucet import ADDRESS, KEY
from bitpay.stacks import hd
from bitpay.stacks.client import StacksClient
from bitpay.stacks.network import Network
from bitpay.stacks.transactions import sign, token_transfer

PAGE = Path(__file__).parents[2] / "docs" / "stacks.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
WRITTEN_URL = "http://localhost:3999"
MNEMONIC = "abandon " * 11 + "about"
WAIT_SECONDS = 60


def examples() -> list[tuple[int, str]]:
    """Return the page's examples with the line each begins at."""
    text = PAGE.read_text()
    return [(text.count("\n", 0, found.start(1)) + 1, found[1]) for found in BLOCK.finditer(text)]


class Expected(ast.NodeTransformer):
    """Makes an example that catches an error fail where none comes."""

    def visit_Try(self, node: ast.Try) -> ast.Try:
        node.orelse = ast.parse("raise AssertionError('nothing was raised')").body
        return ast.fix_missing_locations(node)


async def run(line: int, source: str, names: dict[str, Any]) -> None:
    """Run one example; what fails is shown at its line of the page."""
    tree = Expected().visit(ast.parse("\n" * (line - 1) + source))
    result = eval(compile(tree, str(PAGE), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)  # noqa: S307
    if inspect.isawaitable(result):
        await result


async def give(url: str, address: str, amount: int) -> None:
    async with StacksClient(url) as client:
        nonce = await client.next_nonce(ADDRESS)
        tx = token_transfer(address, amount, network=Network.TESTNET, public_key=KEY.public_key, nonce=nonce, fee=500)
        txid = await client.broadcast(sign(tx, KEY).encode())
        while (state := await client.transaction(txid)) is None or state.pending:
            await asyncio.sleep(0.02)
        assert state.succeeded


async def test_the_page_says_what_is_so(chain_url: str, capsys: pytest.CaptureFixture[str]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        await give(chain_url, hd.account(MNEMONIC).address(Network.TESTNET), 1_000_000)
        names: dict[str, Any] = {"__name__": "page"}
        for line, source in examples():
            await run(line, source.replace(WRITTEN_URL, chain_url), names)
    assert "an argument is wrong" in capsys.readouterr().out


def test_the_page_names_every_method_of_the_client() -> None:
    text = PAGE.read_text()
    methods = [name for name in dir(StacksClient) if not name.startswith("_") and name != "close"]
    assert [name for name in methods if f"`{name}`" not in text] == []
