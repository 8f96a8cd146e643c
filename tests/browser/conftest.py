"""A real browser: Debian's chromium, driven by playwright. Nothing is downloaded."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from runtime.chromium import launched
from runtime.demo.merchant import new_merchant
from runtime.stack import Stack


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(scope="package")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """Everything, with the shop open for a new merchant."""
    stack = Stack(tmp_path_factory.mktemp("browser") / "home", environ={})
    async with stack.running():
        merchant = await new_merchant(stack, "Tea & Boots", f"{stack.at.shop_url}/webhooks")
        await stack.open_shop(merchant.api_key, merchant.webhook_secret)
        yield stack
    stack.remove()
