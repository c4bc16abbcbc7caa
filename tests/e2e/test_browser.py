"""A person, a browser, a stream: opened, watched, withdrawn from, cancelled; a second window sees it all."""

import re
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect
from tests.e2e.houses import House

from bitpay.commands.client import Api
from bitpay.kit.money import format_sbtc
from bitpay.stacks.network import Network

ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE_MS = 15_000

Windows = Callable[[str], Awaitable[Page]]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "the browser tests need Chromium: sudo apt-get install chromium"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@dataclass
class Window:
    """A browser window and all that went wrong in it."""

    page: Page
    errors: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)

    def _hear(self, line: ConsoleMessage) -> None:
        if line.type == "error":
            self.errors.append(line.text)


@pytest.fixture
async def windows(browser: Browser) -> AsyncIterator[Windows]:
    """Open windows that share no storage; any error in one of them fails the test."""
    opened: list[Window] = []

    async def open_window(url: str) -> Page:
        context = await browser.new_context()
        context.set_default_timeout(PATIENCE_MS)
        window = Window(await context.new_page())
        opened.append(window)
        window.listen()
        await window.page.goto(url)
        return window.page

    yield open_window
    for window in opened:
        await window.page.context.close()
    assert [error for window in opened for error in window.errors] == []


def address(house: House, name: str) -> str:
    return house.folder.accounts()[name].address(Network.TESTNET)


async def sats(page: Page, testid: str) -> int:
    """Return what a counter or a balance shows, in sats; digits below a sat are set small and do not count."""
    text = await page.get_by_test_id(testid).first.get_attribute("data-balance")
    assert text is not None
    return int(text)


async def shown_sats(page: Page, testid: str) -> int:
    text = await page.get_by_test_id(testid).first.inner_text()
    whole, fraction = re.sub(r"[^0-9.]", "", text).split(".")
    return int(whole) * 10**8 + int(fraction[:8].ljust(8, "0"))


async def sign(page: Page) -> None:
    await page.get_by_test_id("confirm-sign").click()


async def test_a_streams_life_in_two_windows(house: House, windows: Windows) -> None:
    alice, bob = address(house, "alice"), address(house, "bob")
    sender = await windows(f"{house.here.url}/streams?account={alice}")
    recipient = await windows(f"{house.here.url}/streams?account={bob}")
    before_sender, before_recipient = await sats(sender, "balance-sbtc"), await sats(recipient, "balance-sbtc")
    known = set(await ids(recipient))

    await sender.get_by_role("link", name="New stream").first.click()
    form = sender.get_by_test_id("create-form")
    await form.locator("[name=recipient]").fill(bob)
    await form.locator("[name=amount]").fill("0.036")
    await form.locator("[name=duration]").fill("1")
    await form.locator("[name=unit]").select_option("hours")
    await form.locator("[name=memo]").fill("watch me flow")
    await expect(sender.get_by_test_id("total")).to_contain_text("0.036")
    await sender.get_by_test_id("submit-create").click()
    await sign(sender)

    card = recipient.get_by_text("watch me flow").first
    await expect(card).to_be_visible(timeout=PATIENCE_MS)
    [stream_id] = set(await ids(recipient)) - known
    first = await shown_sats(recipient, f"counter-{stream_id}")
    await recipient.wait_for_timeout(1500)
    second = await shown_sats(recipient, f"counter-{stream_id}")
    assert first < second < 3_600_000, "the counter ticks by itself, 1,000 sats a second"

    await recipient.get_by_test_id(f"withdraw-{stream_id}").first.click()
    await sign(recipient)
    await until_changed(recipient, before_recipient)
    gained = await sats(recipient, "balance-sbtc") - before_recipient
    assert 0 < gained < 3_600_000
    told_balances = recipient.get_by_test_id("tx-balances")
    for amount in (before_recipient, before_recipient + gained, gained):
        await expect(told_balances).to_contain_text(format_sbtc(amount), timeout=PATIENCE_MS)

    await sender.goto(f"{house.here.url}/streams?account={alice}")
    await sender.get_by_test_id(f"cancel-{stream_id}").first.click()
    await sender.get_by_test_id(f"confirm-cancel-{stream_id}").click()
    await sign(sender)
    await expect(recipient.get_by_test_id(f"status-{stream_id}").first).to_have_text(re.compile("cancelled|depleted"))

    told = house.bitpay("stream", "show", str(stream_id))
    assert told["withdrawnAmount"] == gained
    assert told["refundedAmount"] + told["vestedAmount"] == 3_600_000
    await sender.goto(f"{house.here.url}/streams?account={alice}")
    spent = before_sender - await sats(sender, "balance-sbtc")
    assert spent == 3_600_000 + told["fee"] - told["refundedAmount"]


async def test_withdrawing_waits_for_the_cliff_and_opens_by_itself(house: House, windows: Windows) -> None:
    order = ["--amount", "0.01", "--duration", "20h", "--cliff", "10h", "--at-cliff", "0.004"]
    created = house.bitpay("stream", "create", "--as", "carol", "--to", "dave", *order)
    page = await windows(f"{house.here.url}/streams/{created['streamId']}?account={address(house, 'dave')}")
    button = page.get_by_test_id(f"withdraw-{created['streamId']}")
    await expect(button).to_be_disabled()
    await expect(button).to_have_text(re.compile(r"Withdraw in 9 h 59 min"))
    with Api(house.here.url, dev_token=house.here.dev_token) as api:
        api.dev("/warp", {"seconds": 10 * 3600})
    await expect(button).to_be_enabled(timeout=PATIENCE_MS)
    await expect(button).to_have_text("Withdraw", use_inner_text=True)
    counter = page.get_by_test_id(f"counter-{created['streamId']}")
    at_least_at_cliff = re.compile(r"^([4-9]\d{5}|1000000)$")
    await expect(counter).to_have_attribute("data-sats", at_least_at_cliff, timeout=PATIENCE_MS)


async def test_a_form_sent_too_early_leads_to_what_is_missing(house: House, windows: Windows) -> None:
    page = await windows(f"{house.here.url}/streams/new?account={address(house, 'carol')}")
    await page.get_by_test_id("submit-create").click()
    await expect(page.locator("[name=recipient]")).to_be_focused(timeout=PATIENCE_MS)
    await expect(page.get_by_test_id("error-recipient")).not_to_be_empty()
    await page.get_by_test_id("pick-dave").click()
    await expect(page.get_by_test_id("error-recipient")).to_be_empty()
    await page.locator("[name=amount]").fill("20000")
    await expect(page.get_by_test_id("form-problem")).to_contain_text("you hold")


async def ids(page: Page) -> list[int]:
    cards = await page.locator("[data-testid^=stream-card-]").all()
    return [int((await card.get_attribute("data-testid") or "").rpartition("-")[2]) for card in cards]


async def until_changed(page: Page, before: int) -> None:
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while await sats(page, "balance-sbtc") == before:
        assert time.monotonic() < deadline, "the balance never changed"
        await page.wait_for_timeout(50)


@pytest.mark.parametrize(
    ("field", "text"),
    [("amount", "-1"), ("amount", "0.000000001"), ("amount", "99999999999"), ("recipient", "SP000"), ("duration", "0")],
)
async def test_wrong_input_is_explained_beside_its_field(house: House, windows: Windows, field: str, text: str) -> None:
    page = await windows(f"{house.here.url}/streams/new?account={address(house, 'alice')}")
    await page.locator("[name=recipient]").fill(address(house, "bob"))
    await page.locator("[name=amount]").fill("0.5")
    await page.locator(f"[name={field}]").fill(text)
    await page.locator(f"[name={field}]").blur()
    await expect(page.get_by_test_id(f"error-{field}")).not_to_be_empty()


async def test_pages_read_without_javascript(house: House, browser: Browser) -> None:
    house.bitpay("stream", "create", "--as", "dave", "--to", "erin", "--amount", "0.01", "--duration", "7d")
    async with await browser.new_context(java_script_enabled=False) as context:
        page = await context.new_page()
        await page.goto(f"{house.here.url}/streams?account={address(house, 'erin')}")
        assert await ids(page)
        await page.goto(house.here.url)
        await expect(page.get_by_role("heading", level=1)).to_be_visible()
