"""`./dev screenshots`: every page and state that people see, as a desktop and a phone show it.

Everything runs for it in a folder of its own, which is gone afterwards; the pictures stay.
"""

import asyncio
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page

from runtime.chromium import NoChromium, launched
from runtime.demo.gallery import views
from runtime.demo.progress import Progress
from runtime.demo.view import View
from runtime.stack import ROOT, Stack

PICTURES = ROOT / ".danbao" / "screenshots"
SCREENS = {"desktop": (1280, 800), "phone": (390, 844)}
#: Not named by api/languages.py, which this layer doesn't know; a test holds them equal.
LANGUAGES = ("en", "zh-CN")
#: Whose clock the pages' times are told by.
ZONE = "Asia/Shanghai"


class NoChineseFont(Exception):
    """Chinese would be boxes; the message says what to type."""


def look_for_fonts() -> None:
    """Raises NoChineseFont."""
    listed = subprocess.run(
        ["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False
    )
    if not listed.stdout.strip():
        raise NoChineseFont("no font for Chinese here: apt-get install fonts-noto-cjk")


async def photograph(folder: Path, progress: Progress) -> int:
    """How many pictures there are."""
    taken = 0
    with tempfile.TemporaryDirectory() as home:
        stack = Stack(Path(home) / "stack", environ={})
        async with stack.running(progress.part), launched() as browser:
            shown = await views(stack, "Tea & Boots")
            for screen, size in SCREENS.items():
                for language in LANGUAGES:
                    progress.say(f"{screen}, {language}")
                    for view in shown:
                        name = f"{view.name}.{screen}.{language}.png"
                        await take(browser, stack.at.api_url, view, size, language, folder / name)
                        taken += 1
    return taken


async def take(
    browser: Browser, url: str, view: View, size: tuple[int, int], language: str, file: Path
) -> None:
    width, height = size
    context = await browser.new_context(
        viewport={"width": width, "height": height}, locale=language, timezone_id=ZONE
    )
    page: Page = await view.open(context, url)
    await page.screenshot(path=file, full_page=True)
    await context.close()


def main() -> int:
    progress = Progress()
    try:
        look_for_fonts()
        PICTURES.mkdir(parents=True, exist_ok=True)
        taken = asyncio.run(photograph(PICTURES, progress))
    except (NoChineseFont, NoChromium) as missing:
        progress.wrong(str(missing))
        return 1
    progress.say(f"{taken} pictures in {PICTURES.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
