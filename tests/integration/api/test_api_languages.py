"""Pages for people speak Chinese and English; what programmers read does not change."""

import httpx2
import pytest

from tests.integration.api.buyer import Buyer, told
from tests.integration.api.shop import Shop

CHINESE = {"Accept-Language": "zh-Hans-CN,zh;q=0.9,en;q=0.8"}


async def test_a_browser_that_prefers_chinese_reads_chinese(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    browser.headers.update(CHINESE)
    buyer = Buyer(browser, await shop.create())
    page = await buyer.cashier()
    assert '<html lang="zh-CN">' in page.text
    assert "¥129.00" in told(page)
    assert page.headers["content-language"] == "zh-CN"
    assert {"Accept-Language", "Cookie"} <= set(page.headers["vary"].split(", "))


async def test_a_language_once_chosen_is_kept(shop: Shop, browser: httpx2.AsyncClient) -> None:
    browser.headers.update(CHINESE)
    buyer = Buyer(browser, await shop.create())
    page = await buyer.cashier()
    assert 'lang="en" hreflang="en">English</a>' in page.text
    for switched in (await browser.get(page.url, params={"lang": "en"}), await buyer.order()):
        assert '<html lang="en">' in switched.text
        assert "129.00 CNY" in told(switched)


async def test_a_shop_can_name_the_language_in_the_link(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    escrow = await shop.create()
    exchanged = await browser.get(escrow["checkout_url"], params={"lang": "zh-CN"})
    assert exchanged.status_code == 303
    page = await browser.get(exchanged.headers["location"])
    assert '<html lang="zh-CN">' in page.text


@pytest.mark.parametrize("lang", ["tlh", "", "zh", "zh-CN; Path=/x", "../en"])
async def test_a_language_that_nobody_speaks_changes_nothing(
    shop: Shop, browser: httpx2.AsyncClient, lang: str
) -> None:
    buyer = Buyer(browser, await shop.create())
    page = await buyer.cashier()
    asked = await browser.get(page.url, params={"lang": lang})
    assert '<html lang="en">' in asked.text
    assert "set-cookie" not in asked.headers


async def test_what_goes_wrong_is_told_in_the_same_language(browser: httpx2.AsyncClient) -> None:
    page = await browser.get("/pay/x", headers=CHINESE)
    assert page.status_code == 401
    assert '<html lang="zh-CN">' in page.text


@pytest.mark.parametrize("room", ["merchant", "operator"])
async def test_rooms_are_entered_and_refused_in_the_same_language(
    browser: httpx2.AsyncClient, room: str
) -> None:
    entrance = await browser.get(f"/{room}/sign-in", headers=CHINESE)
    assert '<html lang="zh-CN">' in entrance.text
    assert 'lang="en" hreflang="en">English</a>' in entrance.text
    posted = await browser.post(entrance.url.path, data={"form": "forged"}, headers=CHINESE)
    assert posted.status_code in (403, 422)
    assert '<html lang="zh-CN">' in posted.text


async def test_programs_read_english(browser: httpx2.AsyncClient) -> None:
    for path in ("/docs", "/docs/errors"):
        page = await browser.get(path, headers=CHINESE)
        assert '<html lang="en">' in page.text
        assert "content-language" not in page.headers
        assert 'aria-label="Language"' not in page.text
