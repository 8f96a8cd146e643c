"""A dispute at the merchant's console, in a browser without JavaScript."""

from typing import Any

import httpx2
import pytest
import pytest_asyncio

from api.merchants import add_key
from api.pages.merchant.story import SENTENCES
from api.scopes import Scope
from domain.transitions import TRANSITIONS
from tests.conftest import Temporal
from tests.integration.api.buyer import HIDDEN, told
from tests.integration.api.complaint import PDF, complain, evidence, png, say, show
from tests.integration.api.conftest import NewShop
from tests.integration.api.course import paid, shipped
from tests.integration.api.shop import Shop, token_of
from tests.integration.api.test_merchant_console import Clerk
from tests.workflows.parts import ScriptedBank


@pytest_asyncio.fixture
async def clerk(browser: httpx2.AsyncClient, shop: Shop) -> Clerk:
    """Signed in."""
    clerk = Clerk(browser)
    await clerk.sign_in(shop.key)
    return clerk


@pytest_asyncio.fixture
async def disputed(shop: Shop, teller: ScriptedBank, temporal: Temporal) -> dict[str, Any]:
    return await complain(shop, await shipped(shop, teller, temporal))


def path(escrow: dict[str, Any], more: str = "") -> str:
    return f"/merchant/orders/{escrow['id']}{more}"


async def fill_in(
    clerk: Clerk,
    escrow: dict[str, Any],
    action: str,
    *files: tuple[str, bytes, str],
    form: str = "",
    statement: str = "",
) -> httpx2.Response:
    """Send the form with files of the page `action`."""
    target = path(escrow, f"/{action}")
    form = form or dict(HIDDEN.findall((await clerk.http.get(target)).text))[target]
    parts: list[Any] = [("form", (None, form.encode())), ("statement", (None, statement.encode()))]
    return await clerk.http.post(target, files=[*parts, *(("file", one) for one in files)])


async def now(shop: Shop, escrow: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.get(f"/v1/escrows/{escrow['id']}")).json()
    return found


def test_every_step_has_words_for_a_merchant() -> None:
    assert set(SENTENCES) == {"created", *(row.event.name for row in TRANSITIONS)}


async def test_the_page_says_what_the_buyer_says_and_what_happens_otherwise(
    shop: Shop, clerk: Clerk, disputed: dict[str, Any]
) -> None:
    buyer = token_of(disputed)
    await say(shop, disputed, "It has a <hole>.", token=buyer)
    photo = (await show(shop, disputed, png(), token=buyer)).json()
    listed = await clerk.http.get("/merchant")
    assert path(disputed) in listed.text
    assert "Your turn: answer by" in told(listed)
    page = await clerk.http.get(path(disputed))
    text = told(page)
    assert "The buyer disputes 40.00 CNY" in text
    assert "It is damaged." in text
    assert "If you say nothing until then, we decide." in text
    assert "The buyer Confirm receipt, extend the inspection, withdraw the problem." in text
    assert "The buyer reported a problem 40.00 CNY: It is damaged" in text
    assert "It has a &lt;hole&gt;." in page.text
    saved = await clerk.http.get(path(disputed, f"/evidence/{photo['id']}"))
    assert saved.content == png()
    assert saved.headers["content-disposition"].startswith("attachment")


async def test_an_order_that_was_not_shipped_says_that_silence_refunds(
    shop: Shop, clerk: Clerk, teller: ScriptedBank, temporal: Temporal
) -> None:
    disputed = await complain(shop, await paid(shop, teller, temporal))
    text = told(await clerk.http.get(path(disputed)))
    assert "the disputed money goes back to the buyer" in text


async def test_accepting_takes_a_second_step(
    shop: Shop, clerk: Clerk, disputed: dict[str, Any]
) -> None:
    second = await clerk.http.get(path(disputed, "/acceptance"))
    assert "can't be undone" in told(second)
    assert (await now(shop, disputed))["disputed"] == 4000
    form = {"form": dict(HIDDEN.findall(second.text))[path(disputed, "/acceptance")]}
    for _ in range(2):
        done = await clerk.http.post(path(disputed, "/acceptance"), data=form)
        assert (done.status_code, done.headers["location"]) == (303, path(disputed))
    assert (await now(shop, disputed))["refunded"] == 4000
    assert "You accepted" in told(await clerk.http.get(path(disputed)))
    away = await clerk.http.get(path(disputed, "/acceptance"))
    assert away.headers["location"] == path(disputed)


async def test_contesting_says_why_and_shows_it(
    shop: Shop, clerk: Clerk, disputed: dict[str, Any]
) -> None:
    silent = await fill_in(clerk, disputed, "contest")
    assert (silent.status_code, "say what happened" in told(silent)) == (422, True)
    wrong = await fill_in(
        clerk, disputed, "contest", ("a.exe", b"MZ", "application/x-msdownload"), statement="Whole!"
    )
    assert (wrong.status_code, "Whole!" in wrong.text) == (422, True)
    assert (await now(shop, disputed))["dispute"]["state"] == "open"
    page = await clerk.http.get(path(disputed, "/contest"))
    form = dict(HIDDEN.findall(page.text))[path(disputed, "/contest")]
    bill = ("packing list.pdf", PDF, "application/pdf")
    for _ in range(2):
        done = await fill_in(clerk, disputed, "contest", bill, form=form, statement="It was whole.")
        assert done.status_code == 303, told(done)
    contested = await now(shop, disputed)
    assert contested["dispute"]["state"] == "arbitration"
    said = (await shop.get(evidence(disputed))).json()["data"]
    assert [(one["by"], one["text"] or one["filename"]) for one in said] == [
        ("merchant", "It was whole."),
        ("merchant", "packing list.pdf"),
    ]
    text = told(await clerk.http.get(path(disputed)))
    assert "We decide by" in text
    assert "Accept: give it back" in text
    assert "Contest it" not in text
    again = await fill_in(clerk, disputed, "evidence", statement="One thing more.")
    assert again.status_code == 303
    assert "One thing more." in told(await clerk.http.get(path(disputed)))


async def test_what_a_key_may_not_do_is_not_offered_and_refused(
    shop: Shop, clerk: Clerk, disputed: dict[str, Any]
) -> None:
    async with shop.doors.engine.begin() as connection:
        reads = await add_key(connection, shop.id, "test", {Scope.ESCROWS_READ, Scope.KEYS})
    await clerk.sign_in(reads)
    text = told(await clerk.http.get(path(disputed)))
    assert "Contest it" not in text
    assert "sign in with a key that has the scope refunds" in text
    for action in ("acceptance", "contest", "evidence"):
        for method in ("GET", "POST"):
            refused = await clerk.http.request(
                method, path(disputed, f"/{action}"), files={"form": (None, b"x")}
            )
            assert (refused.status_code, "has no scope" in told(refused)) == (403, True)
    assert await now(shop, disputed) == disputed


@pytest.mark.parametrize("page", ["", "/acceptance", "/contest", "/evidence"])
async def test_another_shops_order_is_not_there(new_shop: NewShop, clerk: Clerk, page: str) -> None:
    other = await new_shop("Other")
    escrow = await other.create()
    assert (await clerk.http.get(path(escrow, page))).status_code == 404
    form = {"form": (None, b"x")}
    assert (await clerk.http.post(path(escrow, page), files=form)).status_code in (404, 405)
