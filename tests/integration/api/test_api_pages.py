"""Pages that nobody is tricked by: links, cookies, forms, headers; looking never acts."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.conftest import Temporal
from tests.integration.api.buyer import HIDDEN, Buyer
from tests.integration.api.course import shipped
from tests.integration.api.shop import Shop
from tests.workflows.parts import ScriptedBank


async def test_a_link_becomes_a_cookie_and_leaves_the_address(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    escrow = await shop.create()
    exchanged = await browser.get(urlsplit(escrow["checkout_url"]).path)
    assert (exchanged.status_code, exchanged.headers["location"]) == (303, f"/pay/{escrow['id']}")
    cookie = exchanged.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    page = await browser.get(exchanged.headers["location"])
    assert page.status_code == 200
    assert escrow["checkout_url"].rsplit("/", 1)[1] not in page.text


async def test_looking_never_acts(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    """Mail scanners and previews follow links: GET and HEAD of everything, twice."""
    escrow = await shipped(shop, teller, temporal)
    buyer = Buyer(browser, escrow)
    await buyer.order()
    await buyer.cashier()
    here = f"/orders/{escrow['id']}"
    paths = [here, f"{here}/receipt", f"{here}/extension", f"/pay/{escrow['id']}"]
    paths += [f"/pay/{escrow['id']}/payment", f"/pay/{escrow['id']}/cancellation"]
    for path in (*paths, *paths):
        for method in ("GET", "HEAD"):
            answer = await browser.request(method, path, params={"typed": "1001"})
            assert answer.status_code in (200, 303, 405)
    assert (await shop.get(f"/v1/escrows/{escrow['id']}")).json() == escrow


async def test_without_the_cookie_nothing_is_shown(shop: Shop, browser: httpx2.AsyncClient) -> None:
    escrow = await shop.create()
    for path in (f"/pay/{escrow['id']}", f"/orders/{escrow['id']}", "/pay/esc_" + "0" * 32):
        page = await browser.get(path)
        assert page.status_code == 401
        assert "open the link from the shop again" in page.text
        assert "129.00" not in page.text


async def test_the_cookie_of_one_purchase_does_not_open_another(
    shop: Shop, browser: httpx2.AsyncClient
) -> None:
    mine, other = await shop.create(), await shop.create()
    token = mine["checkout_url"].rsplit("/", 1)[1]
    browser.cookies.set(other["id"], token)
    assert (await browser.get(f"/pay/{other['id']}")).status_code == 404


@pytest.mark.parametrize("folder", ["pay", "orders"])
@pytest.mark.parametrize("token", ["x", "a.b", "%00", "esc_x", "0" * 2000, "é"])
async def test_what_is_no_link_is_a_page_that_says_so(
    browser: httpx2.AsyncClient, folder: str, token: str
) -> None:
    page = await browser.get(f"/{folder}/{token}")
    assert page.status_code == 401
    assert page.headers["content-type"].startswith("text/html")
    assert "not a valid link" in page.text
    assert "set-cookie" not in page.headers


async def test_an_expired_link_says_so(shop: Shop, browser: httpx2.AsyncClient) -> None:
    escrow = await shop.create()
    expired = shop.doors.links.token(escrow["id"], datetime.now(UTC) - timedelta(seconds=1))
    page = await browser.get(f"/pay/{expired}")
    assert (page.status_code, "This link has expired" in page.text) == (401, True)


async def test_a_form_that_we_did_not_make_does_nothing(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, browser: httpx2.AsyncClient
) -> None:
    escrow = await shipped(shop, teller, temporal)
    buyer = Buyer(browser, escrow)
    page = await buyer.order()
    path = f"/orders/{escrow['id']}"
    extension_form = dict(HIDDEN.findall(page.text))[f"{path}/extension"]
    receipt = await browser.get(f"{path}/receipt")
    receipt_form = dict(HIDDEN.findall(receipt.text))[f"{path}/receipt"]
    answers = [
        await browser.post(f"{path}/receipt", data={"form": extension_form, "typed": "1001"}),
        await browser.post(f"{path}/receipt", data={"form": "x", "typed": "1001"}),
        await browser.post(
            f"{path}/receipt",
            data={"form": receipt_form, "typed": "1001"},
            headers={"Sec-Fetch-Site": "cross-site"},
        ),
    ]
    assert {answer.status_code for answer in answers} == {403}
    missing = [
        await browser.post(f"{path}/receipt", data={"typed": "1001"}),
        await browser.post(f"{path}/receipt", content=b"\xff\xfe"),
        await browser.post(f"{path}/receipt", data={"form": "x" * 70_000}),
    ]
    assert [answer.status_code for answer in missing] == [422, 422, 413]
    assert (await shop.get(f"/v1/escrows/{escrow['id']}")).json() == escrow


async def test_the_reference_is_served_without_anybody_elses_server(
    browser: httpx2.AsyncClient,
) -> None:
    front = await browser.get("/")
    assert (front.status_code, front.headers["location"]) == (307, "/docs")
    reference = await browser.get("/docs")
    assert "POST" in reference.text
    assert "/v1/escrows/{escrow_id}/shipment" in reference.text
    errors = await browser.get("/docs/errors")
    assert 'id="wrong_stage"' in errors.text
    for page in (reference, errors):
        assert "src=" not in page.text.replace('src="/static/', "")
    assert (await browser.get("/openapi.json")).json()["openapi"].startswith("3.1")
    for name in ("danbao.css", "danbao.js", "danbao.svg"):
        assert (await browser.get(f"/static/{name}")).status_code == 200
    assert (await browser.get("/static/../app.py")).status_code == 404
