"""The browser of the tests and of the screenshots: the system's own. Nothing is downloaded."""

import contextlib
import shutil
from collections.abc import AsyncIterator

from playwright.async_api import Browser, async_playwright

#: Names of one and the same browser; the first that is here is used.
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: As root, chromium does not start with its sandbox; it opens nothing but our own pages.
WITHOUT_SANDBOX = "--no-sandbox"


class NoChromium(Exception):
    """The message says what to type."""


def chromium() -> str:
    """Where it is. Raises NoChromium."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    raise NoChromium("no chromium here: apt-get install chromium")


@contextlib.asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    """Raises NoChromium."""
    path = chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=[WITHOUT_SANDBOX])
        yield browser
        await browser.close()
