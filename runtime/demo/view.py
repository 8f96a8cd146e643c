"""One page as somebody's browser shows it."""

from dataclasses import dataclass

from playwright.async_api import BrowserContext, Page


@dataclass(frozen=True, slots=True)
class View:
    """A page of somebody who has opened `link`, "" for somebody without one.

    `wrong` is what they type into every box of that page and send, where it shall complain.
    `cookie`, by name and value, is that of somebody who is signed in.
    """

    name: str
    link: str
    path: str
    wrong: str = ""
    cookie: tuple[str, str] | None = None

    async def open(self, context: BrowserContext, url: str) -> Page:
        """In a new tab, at the service under `url`."""
        page = await context.new_page()
        if self.cookie:
            name, value = self.cookie
            await context.add_cookies([{"name": name, "value": value, "url": url}])
        if self.link:
            await page.goto(self.link)
        await page.goto(f"{url}{self.path}")
        if self.wrong:
            for box in await page.locator("main input[required]").all():
                await box.fill(self.wrong)
            await page.locator("main form .button").first.click()
        return page
