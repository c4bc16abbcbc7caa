"""@stacks/connect as it is published, in Chromium, with the development wallet: found, chosen, asked, heard."""

import os
import shutil
import subprocess
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, Route, async_playwright
from tests.e2e.houses import House
from tests.e2e.test_browser import ARGUMENTS, PATIENCE_MS

from bitpay.kit.settings import SBTC_TOKEN
from bitpay.localchain import sdk
from bitpay.stacks.messages import verify_message
from bitpay.stacks.network import Network

SCRIPT = "/static/build/somebody-elses.js"
WEB = Path(__file__).parents[2] / "web"
SBTC = SBTC_TOKEN["local"]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return a script with @stacks/connect and nothing of ours."""
    out = tmp_path_factory.mktemp("connect") / "page.js"
    esbuild = WEB / "node_modules" / "esbuild" / "bin" / "esbuild"
    script = Path(__file__).with_name("connect") / "page.mjs"
    argv = [str(sdk.node()), str(esbuild), str(script), "--bundle", "--format=iife"]
    env = {**os.environ, "NODE_PATH": str(WEB / "node_modules")}
    subprocess.run([*argv, "--define:global=globalThis", f"--outfile={out}"], env=env, check=True, timeout=120)
    return out.read_text()


@pytest.fixture(scope="module")
async def page(house: House, bundle: str) -> AsyncIterator[Page]:
    """A page on which the development wallet lives and somebody else's script runs, for Alice."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "the browser tests need Chromium: sudo apt-get install chromium"

    async def serve(route: Route) -> None:
        await route.fulfill(content_type="text/javascript", body=bundle)

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        context = await browser.new_context()
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await page.route(f"**{SCRIPT}", serve)
        await page.goto(f"{house.here.url}/streams?account={address(house, 'alice')}")
        await page.add_script_tag(url=SCRIPT)
        yield page
        await browser.close()


def address(house: House, name: str) -> str:
    return house.folder.accounts()[name].address(Network.TESTNET)


async def ask(page: Page, call: str) -> Any:  # noqa: ANN401 - JSON
    """Begin a call of the page's script; its answer is fetched with `answer`."""
    await page.evaluate(f"() => {{ window.asked = {call}.then((it) => ({{it}}), ({{code}}) => ({{code}})) }}")


async def answer(page: Page) -> Any:  # noqa: ANN401 - JSON
    told = await page.evaluate("() => window.asked")
    assert "it" in told, told
    return told["it"]


async def connect(page: Page) -> Any:  # noqa: ANN401 - JSON
    await ask(page, "dapp.connect()")
    entry = page.locator("connect-modal li", has_text="Development wallet")
    await entry.get_by_role("button", name="Connect").click()
    return await answer(page)


def mined(house: House, txid: str) -> dict[str, Any]:
    """Wait until a transaction is in a block of the local chain and return what Hiro's API says of it."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while True:
        told: dict[str, Any] = httpx.get(f"{house.here.stacks_api_url}/extended/v1/tx/{txid}").json()
        if told.get("tx_status") not in {"pending", None}:
            return told
        assert time.monotonic() < deadline, told
        time.sleep(0.05)


async def test_the_wallet_is_found_and_chosen_once(house: House, page: Page) -> None:
    alice = address(house, "alice")
    connected = await connect(page)
    assert [one["address"] for one in connected["addresses"]] == [alice]
    assert await page.evaluate("() => dapp.isConnected()")
    kept = await page.evaluate("() => dapp.getLocalStorage()")
    assert [one["address"] for one in kept["addresses"]["stx"]] == [alice]
    for method in ("stx_getAddresses", "getAddresses"):
        await ask(page, f"dapp.request('{method}')")
        assert (await answer(page))["addresses"] == connected["addresses"]
    await page.evaluate("() => dapp.disconnect()")
    assert not await page.evaluate("() => dapp.isConnected()")


async def test_a_contract_is_called_under_post_conditions(house: House, page: Page) -> None:
    alice, bob = address(house, "alice"), address(house, "bob")
    await connect(page)
    condition = (
        f"{{type: 'ft-postcondition', address: '{alice}', condition: 'eq', asset: '{SBTC}::sbtc-token', amount: 1000}}"
    )
    args = f"[dapp.Cl.uint(1000), dapp.Cl.principal('{alice}'), dapp.Cl.principal('{bob}'), dapp.Cl.none()]"
    call = f"contract: '{SBTC}', functionName: 'transfer', functionArgs: {args}, postConditions: [{condition}]"
    await ask(page, f"dapp.request('stx_callContract', {{{call}, postConditionMode: 'deny', network: 'devnet'}})")
    await page.get_by_test_id("confirm-sign").click()
    told = await answer(page)
    transaction = mined(house, told["txid"])
    assert transaction["tx_status"] == "success"
    assert transaction["sender_address"] == alice
    assert transaction["post_condition_mode"] == "deny"
    [moved] = [event["asset"] for event in transaction["events"]]
    assert (moved["sender"], moved["recipient"], moved["amount"]) == (alice, bob, "1000")


async def test_a_broken_post_condition_takes_everything_back(house: House, page: Page) -> None:
    alice, bob = address(house, "alice"), address(house, "bob")
    await connect(page)
    args = f"[dapp.Cl.uint(1000), dapp.Cl.principal('{alice}'), dapp.Cl.principal('{bob}'), dapp.Cl.none()]"
    call = f"contract: '{SBTC}', functionName: 'transfer', functionArgs: {args}, postConditionMode: 'deny'"
    await ask(page, f"dapp.request('stx_callContract', {{{call}}})")
    await page.get_by_test_id("confirm-sign").click()
    assert mined(house, (await answer(page))["txid"])["tx_status"] == "abort_by_post_condition"


async def test_stx_are_sent(house: House, page: Page) -> None:
    erin = address(house, "erin")
    await connect(page)
    await ask(page, f"dapp.request('stx_transferStx', {{recipient: '{erin}', amount: 1234, memo: 'hello'}})")
    await page.get_by_test_id("confirm-sign").click()
    transaction = mined(house, (await answer(page))["txid"])
    assert transaction["tx_status"] == "success"
    sent = transaction["token_transfer"]
    assert (sent["recipient_address"], sent["amount"]) == (erin, "1234")
    assert bytes.fromhex(sent["memo"][2:]).rstrip(b"\0") == b"hello"


async def test_a_message_is_signed(house: House, page: Page) -> None:
    await connect(page)
    await ask(page, "dapp.request('stx_signMessage', {message: 'It is me.'})")
    signed = await answer(page)
    assert verify_message("It is me.", signed["signature"], address(house, "alice"))
    assert signed["publicKey"] == house.folder.accounts()["alice"].public_key.hex()


async def test_a_no_is_told_as_one(house: House, page: Page) -> None:
    await connect(page)
    await ask(page, f"dapp.request('stx_transferStx', {{recipient: '{address(house, 'erin')}', amount: 1}})")
    await page.get_by_test_id("reject-sign").click()
    assert await page.evaluate("() => window.asked") == {"code": -32000}
