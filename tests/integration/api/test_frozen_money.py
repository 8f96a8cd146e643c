"""What both sides see of frozen money that the bank holds for less than shipping may take."""

from typing import Any

import httpx2
import pytest

from tests.conftest import Temporal
from tests.integration.api.buyer import Buyer, told
from tests.integration.api.course import paid
from tests.integration.api.shop import Shop
from tests.integration.api.test_merchant_console import Clerk
from tests.workflows.parts import ScriptedBank

BEFORE = "The bank's hold ends before your time to ship does"


@pytest.fixture(params=["lapse", "deduct"])
def hold_expiry(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def frozen(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, hold_expiry: str
) -> dict[str, Any]:
    """On hold for five days, with seven to ship."""
    terms = {"funding": "freeze", "hold_expiry": hold_expiry}
    return await paid(shop, teller, temporal, terms=terms)


async def test_the_terms_say_what_becomes_of_it(frozen: dict[str, Any], hold_expiry: str) -> None:
    assert frozen["terms"]["hold_expiry"] == hold_expiry
    assert frozen["capture_before"] < frozen["deadline"]


async def test_the_outlook_follows_the_terms(
    shop: Shop, frozen: dict[str, Any], hold_expiry: str
) -> None:
    outlook = (await shop.get(f"/v1/escrows/{frozen['id']}/outlook")).json()
    assert [step["name"] for step in outlook["if_nobody_acts"]] == (
        ["hold_lapsed"]
        if hold_expiry == "lapse"
        else ["early_deduction", "captured", "shipment_lapsed"]
    )


async def test_the_merchant_reads_until_when_to_ship(
    shop: Shop, browser: httpx2.AsyncClient, frozen: dict[str, Any], hold_expiry: str
) -> None:
    await Clerk(browser).sign_in(shop.key)
    text = told(await browser.get(f"/merchant/orders/{frozen['id']}"))
    assert BEFORE in text
    assert ("send nothing after that" in text) == (hold_expiry == "lapse")
    assert ("it is deducted and held by us" in text) == (hold_expiry == "deduct")


async def test_the_buyer_reads_what_becomes_of_the_money(
    browser: httpx2.AsyncClient, frozen: dict[str, Any], hold_expiry: str
) -> None:
    text = told(await Buyer(browser, frozen).order())
    assert "Frozen at your bank" in text
    assert ("nothing is taken" in text) == (hold_expiry == "lapse")
    assert ("the bank deducts" in text.lower()) == (hold_expiry == "deduct")
    assert ("your money comes back by itself" in text) == (hold_expiry == "deduct")


async def test_a_hold_that_lasts_longer_than_shipping_needs_no_word(
    shop: Shop, browser: httpx2.AsyncClient, teller: ScriptedBank, temporal: Temporal
) -> None:
    terms = {"funding": "freeze", "windows": {"shipping": "P1D"}}
    escrow = await paid(shop, teller, temporal, terms=terms)
    await Clerk(browser).sign_in(shop.key)
    assert BEFORE not in told(await browser.get(f"/merchant/orders/{escrow['id']}"))
