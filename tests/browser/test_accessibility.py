"""axe finds nothing on any page or state that people can see (WCAG 2.2 AA), nor do we."""

from typing import Literal

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize

from runtime.demo.gallery import views
from runtime.demo.view import View
from runtime.stack import Stack

Scheme = Literal["light", "dark"]
AXE = Axe().axe_script
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
#: Views of these are looked at once, by turns by day and by night: their pages share all colours.
ROOMS = ("console-", "desk-", "wallet-")
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest_asyncio.fixture(scope="module")
async def shown(stack: Stack) -> list[View]:
    return await views(stack, "A shop to look at")


@pytest.mark.parametrize(
    ("language", "scheme", "size", "other"),
    [("en", "light", PHONE, DESKTOP), ("zh-CN", "dark", DESKTOP, PHONE)],
    ids=["English by day on a phone", "Chinese by night on a desktop"],
)
async def test_every_page_is_for_everybody(
    browser: Browser,
    stack: Stack,
    shown: list[View],
    language: str,
    scheme: Scheme,
    size: ViewportSize,
    other: ViewportSize,
) -> None:
    """Looked at whole in one size; that it fits, in both."""
    context = await browser.new_context(locale=language, color_scheme=scheme)
    wrong: list[str] = []
    for view in turn(shown, scheme):
        page = await view.open(context, stack.at.api_url)
        await page.set_viewport_size(other)
        found = await sticking_out(page)
        await page.set_viewport_size(size)
        found += await sticking_out(page)
        await page.evaluate(AXE)
        wrong += [f"{view.name}: {flaw}" for flaw in found + await flaws(page)]
        assert await page.locator("html").get_attribute("lang") == language
        await page.close()
    await context.close()
    assert wrong == []


def turn(shown: list[View], scheme: Scheme) -> list[View]:
    """All of the buyers', and half of the rooms': the other half is the other scheme's."""
    inside = [view for view in shown if view.name.startswith(ROOMS)]
    return [view for view in shown if view not in inside] + inside[scheme == "dark" :: 2]


async def sticking_out(page: Page) -> list[str]:
    wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth")
    return [f"at {await page.evaluate('innerWidth')} px it is scrolled sideways"] if wide else []


async def flaws(page: Page) -> list[str]:
    """What axe complains about."""
    found = await page.evaluate("rules => axe.run(rules)", RULES)
    return [
        f"{flaw['id']}: {node['html'][:200]} {node['failureSummary']}"
        for flaw in found["violations"]
        for node in flaw["nodes"]
    ]
