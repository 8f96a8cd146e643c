"""Signed in at the console and at the desk, nobody who reads Chinese finds an English word."""

import html
import re
from typing import Any

import httpx2
import pytest_asyncio

from api.keys import digest, key_id
from clearing.port import PayoutState
from domain.currencies import EXPONENTS
from tests.integration.api.buyer import HIDDEN
from tests.integration.api.operators.conftest import Person
from tests.integration.api.operators.test_desk import sign_in
from tests.integration.api.shop import Shop
from tests.integration.api.test_merchant_console import Clerk
from tests.integration.clearing.till import Till

#: Names, units and the other language's own name.
SAME_IN_CHINESE = set(EXPONENTS) | {
    "Danbao", "UTC", "API", "CSV", "Temporal", "UI", "English", "PNG", "JPEG", "WebP", "PDF", "MB",
    "kB", "webhook",
}  # fmt: skip
WORD = re.compile(r"[A-Za-z]{2,}")
#: Codes, a bank's own text, and whose purchase it is in the lists, with those of other tests.
NOT_OURS = re.compile(
    r'(?s)<code[^>]*>.*?</code>|<q>.*?</q>|<th scope="row"><a href="/operator.*?</th>'
    r'|<td data-label="商家">.*?</td>|<p><a href="/operator/purchases.*?</a>'
)


def english(page: httpx2.Response, *data: str) -> set[str]:
    """Words of a page that are neither codes nor `data` of somebody's."""
    text = html.unescape(NOT_OURS.sub(" ", page.text.partition("<body")[2]))
    for said in data:
        text = text.replace(said, " ")
    return set(WORD.findall(re.sub(r"<[^>]+>", " ", f"<{text}"))) - SAME_IN_CHINESE


@pytest_asyncio.fixture
async def reader(browser: httpx2.AsyncClient) -> httpx2.AsyncClient:
    browser.headers["Accept-Language"] = "zh-CN"
    return browser


async def test_the_console(
    reader: httpx2.AsyncClient, shop: Shop, contested: dict[str, Any]
) -> None:
    clerk = Clerk(reader)
    await clerk.sign_in(shop.key)
    till = Till(shop.doors.engine)
    payout = await till.paid_out(shop.id)
    await till.move(payout, PayoutState.SENT)
    order = f"/merchant/orders/{contested['id']}"
    data = ("Boots & Co", "A pair of walking boots", contested["order_id"], "order-1", "SF")
    for path in (
        "/merchant",
        "/merchant?stage=completed",
        "/merchant/payouts",
        f"/merchant/payouts/{payout.id}",
        "/merchant/events",
        "/merchant/keys",
        f"/merchant/keys/{key_id(digest(shop.key))}/revocation",
        order,
        f"{order}/acceptance",
        f"{order}/evidence",
    ):
        page = await reader.get(path)
        assert (page.status_code, english(page, *data)) == (200, set()), path
    refused = await clerk.send("/merchant/keys", "/merchant/keys")
    assert (refused.status_code, english(refused, *data)) == (422, set())


async def test_the_desk(reader: httpx2.AsyncClient, contested: dict[str, Any], mei: Person) -> None:
    await sign_in(reader, mei.login, mei.password)
    dispute = f"/operator/disputes/{contested['dispute']['id']}"
    # "looked" is what only another test writes into the log.
    data = ("Boots & Co", "The photographs show it.", contested["order_id"], mei.login, "looked")
    split = {"version": str(contested["version"]), "note": data[1]}
    form = dict(HIDDEN.findall((await reader.get(dispute)).text))[f"{dispute}/resolution"]
    for amounts, status in ((("1", "1"), 422), (("30", "10"), 303)):
        said = {"form": form, "refund": amounts[0], "release": amounts[1], **split}
        answer = await reader.post(f"{dispute}/resolution", data=said)
        assert answer.status_code == status
        assert english(answer, *data) == set()
    for path in (
        "/operator",
        dispute,
        "/operator/purchases",
        "/operator/purchases?q=0",
        f"/operator/purchases/{contested['id']}",
        "/operator/audit",
        "/operator/clearing",
        "/operator/reconciliation",
        "/operator/books",
        "/operator/attention?told=1",
    ):
        page = await reader.get(path)
        assert (page.status_code, english(page, *data)) == (200, set()), path
    stale = await reader.post(f"{dispute}/approval", data={"form": form, **said})
    assert (stale.status_code, english(stale, *data)) == (403, set())
    assert f'href="{dispute}"' in stale.text
