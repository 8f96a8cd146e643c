"""A real browser: Debian's chromium, driven by playwright. Nothing is downloaded."""

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from runtime.demo.merchant import new_merchant
from runtime.stack import Stack

#: Names of one and the same browser; the first that is here is used.
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: As root, chromium does not start with its sandbox; it opens nothing but our own pages.
WITHOUT_SANDBOX = "--no-sandbox"


@pytest.fixture(scope="session")
def chromium() -> str:
    for name in NAMES:
        if found := shutil.which(name):
            return found
    pytest.fail("no chromium here: apt-get install chromium (.ci/run does)")


@pytest_asyncio.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=[WITHOUT_SANDBOX])
        yield browser
        await browser.close()


@pytest_asyncio.fixture(scope="package")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Everything, with the shop open for a new merchant."""
    stack = Stack(tmp_path_factory.mktemp("browser") / "home", environ={})
    async with stack.running():
        merchant = await new_merchant(stack, "Tea & Boots", f"{stack.at.shop_url}/webhooks")
        await stack.open_shop(merchant.api_key, merchant.webhook_secret)
        yield stack
    stack.remove()
