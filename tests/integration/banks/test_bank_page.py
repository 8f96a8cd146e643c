"""The bank's own page: works without JavaScript, and money moves on one POST only."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio

from runtime.demo.browser import PageNotAsExpected
from tests import buyer
from tests.buyer import TLS
from tests.integration.banks.houses import House

STRANGE = "4111 1111 1111 1111"


@pytest_asyncio.fixture
async def raw() -> AsyncIterator[httpx2.AsyncClient]:
    """A browser that a test drives by hand: no redirect is followed."""
    async with httpx2.AsyncClient(verify=TLS, follow_redirects=False) as client:
        yield client


def form_token(page: httpx2.Response) -> str:
    return page.text.partition('name="form_token" value="')[2].partition('"')[0]


async def signed_in(raw: httpx2.AsyncClient, page: str, customer: str = "li.lei") -> str:
    """The form token of the confirmation step."""
    token = form_token(await raw.get(page))
    said = {"form_token": token, "customer": customer, "password": "sandbox"}
    moved = await raw.post(f"{page}/sign-in", data=said)
    assert moved.status_code == 303
    return form_token(await raw.get(f"{page}/confirm"))


async def test_a_buyer_pays_by_card_and_comes_back_to_the_shop(house: House) -> None:
    reference, page = await house.payment()
    shop = await buyer.pay_by_card(page, "6200 0000 0000 0013")
    assert shop.url == f"{house.url}/healthz"
    assert await house.journal(reference) == [("deduct", 5_000)]


async def test_every_load_test_card_has_its_own_account(house: House) -> None:
    _, page = await house.payment()
    await buyer.pay_by_card(page, "6299000000000007")
    answer = await house.api.get("/v1/journal", params={"prefix": "opening:payer:card.0000"})
    assert answer.json()["entries"][0]["credit"] == "payer:card.000000000007"


async def test_looking_at_pages_moves_nothing(house: House, raw: httpx2.AsyncClient) -> None:
    """Mail scanners and prefetching browsers follow every link."""
    reference, page = await house.payment()
    await signed_in(raw, page)
    for path in ("", "/confirm", "/sign-in", "/card", "/cancel"):
        for method in ("GET", "HEAD"):
            answer = await raw.request(method, f"{page}{path}")
            assert answer.status_code in {200, 303, 405}
    assert (await house.find(reference))["status"] == "open"


async def test_two_confirmations_at_once_charge_once(house: House, raw: httpx2.AsyncClient) -> None:
    reference, page = await house.payment()
    said = {"form_token": await signed_in(raw, page), "code": "123456"}
    answers = await asyncio.gather(*(raw.post(f"{page}/confirm", data=said) for _ in range(12)))
    assert {answer.status_code for answer in answers} == {303}
    assert await house.journal(reference) == [("deduct", 5_000)]


async def test_two_customers_at_once_charge_one_of_them(house: House) -> None:
    reference, page = await house.payment()
    await asyncio.gather(
        *(buyer.pay(page, customer) for customer in ("li.lei", "han.meimei", "load.1")),
        return_exceptions=True,
    )
    assert await house.journal(reference) == [("deduct", 5_000)]


async def test_an_account_never_goes_below_zero(mortal: House) -> None:
    """1.00 in the account, eight payments of 0.30 at once: three are made."""
    paid = [await mortal.payment(30, currency="SEK") for _ in range(8)]
    await asyncio.gather(*(buyer.pay(page, "wang.wu") for _, page in paid))
    truths = [await mortal.find(reference) for reference, _ in paid]
    assert [truth["status"] for truth in truths].count("deducted") == 3
    assert [truth.get("code") for truth in truths].count("insufficient_funds") == 5


async def test_a_form_from_elsewhere_does_nothing(house: House, raw: httpx2.AsyncClient) -> None:
    reference, page = await house.payment()
    token = await signed_in(raw, page)
    async with httpx2.AsyncClient(verify=TLS) as stranger:
        for client, forged in ((stranger, token), (raw, "guessed"), (raw, "")):
            for path in ("/confirm", "/cancel"):
                said = {"form_token": forged, "code": "123456"}
                answer = await client.post(f"{page}{path}", data=said)
                assert answer.status_code == 403
                assert "Nothing was paid" in answer.text
    assert (await house.find(reference))["status"] == "open"


async def test_a_cookie_of_one_payment_opens_no_other(
    house: House, raw: httpx2.AsyncClient
) -> None:
    token = await signed_in(raw, (await house.payment())[1])
    reference, page = await house.payment()
    said = {"form_token": token, "code": "123456"}
    assert (await raw.post(f"{page}/confirm", data=said)).status_code == 403
    assert (await house.find(reference))["status"] == "open"


async def test_who_has_not_signed_in_can_not_confirm(house: House, raw: httpx2.AsyncClient) -> None:
    reference, page = await house.payment()
    said = {"form_token": form_token(await raw.get(page)), "code": "123456"}
    answer = await raw.post(f"{page}/confirm", data=said)
    assert answer.headers["location"] == page.removeprefix(house.url)
    assert (await house.find(reference))["status"] == "open"


async def test_signing_in_gives_a_new_cookie(house: House, raw: httpx2.AsyncClient) -> None:
    """Who planted the old one knows nothing of the new."""
    _, page = await house.payment()
    await raw.get(page)
    before = raw.cookies["bank_visit"]
    await signed_in(raw, page)
    assert raw.cookies["bank_visit"] != before


@pytest.mark.parametrize(
    ("path", "typed", "complaint"),
    [
        ("/sign-in", {"customer": "li.lei", "password": "wrong"}, "know this customer"),
        ("/sign-in", {"customer": "nobody", "password": "sandbox"}, "know this customer"),
        ("/sign-in", {"customer": "load.x", "password": "sandbox"}, "know this customer"),
        ("/card", {"number": STRANGE, "expiry": "12/49", "cvc": "123"}, "published cards"),
        ("/card", {"number": "6299000000000004", "expiry": "12/49", "cvc": "123"}, "published"),
        ("/card", {"number": "6200000000000013", "expiry": "12/19", "cvc": "123"}, "is over"),
        ("/card", {"number": "6200000000000013", "expiry": "13/49", "cvc": "123"}, "a month"),
        ("/card", {"number": "6200000000000013", "expiry": "12/49", "cvc": "12"}, "three or four"),
    ],
)
async def test_mistakes_are_explained_and_can_be_corrected(
    house: House, raw: httpx2.AsyncClient, path: str, typed: dict[str, str], complaint: str
) -> None:
    reference, page = await house.payment()
    token = form_token(await raw.get(page))
    answer = await raw.post(f"{page}{path}", data={**typed, "form_token": token})
    assert answer.status_code == 422
    assert complaint in answer.text
    typed_in = answer.text.partition("<details")[0]
    assert not any(secret in typed_in for secret in (typed.get("number"), "wrong") if secret)
    await signed_in(raw, page)
    assert (await house.find(reference))["status"] == "open"


async def test_no_strange_card_is_kept(house: House, raw: httpx2.AsyncClient) -> None:
    _, page = await house.payment()
    said = {"form_token": form_token(await raw.get(page)), "number": STRANGE}
    await raw.post(f"{page}/card", data={**said, "expiry": "12/49", "cvc": "123"})
    logged = house.process.tail(1000)
    assert STRANGE not in logged
    assert STRANGE.replace(" ", "") not in logged


async def test_three_wrong_codes_are_a_decline(house: House, raw: httpx2.AsyncClient) -> None:
    reference, page = await house.payment()
    said = {"form_token": await signed_in(raw, page), "code": "000000"}
    statuses = [(await raw.post(f"{page}/confirm", data=said)).status_code for _ in range(3)]
    assert statuses == [422, 422, 303]
    assert (await house.find(reference))["code"] == "authentication_failed"
    said["code"] = "123456"
    await raw.post(f"{page}/confirm", data=said)
    assert await house.journal(reference) == []


async def test_a_decline_says_why_and_leads_back(house: House) -> None:
    reference, page = await house.payment()
    answer = await buyer.pay(page, "sun.qi")
    assert answer.url == page
    assert "above the account" in answer.text
    assert (await house.find(reference))["code"] == "limit_exceeded"


async def test_cancelling_leads_back_at_once(house: House) -> None:
    reference, page = await house.payment()
    assert (await buyer.cancel(page)).url == f"{house.url}/healthz"
    assert (await house.find(reference))["code"] == "cancelled"
    with pytest.raises(PageNotAsExpected, match="Not paid"):
        await buyer.pay(page)


async def test_an_unknown_address_is_a_page_for_people(
    house: House, raw: httpx2.AsyncClient
) -> None:
    answer = await raw.get(f"{house.url}/pay/nothing")
    assert answer.status_code == 404
    assert "go back to the shop" in answer.text
    assert (await raw.post(f"{house.url}/pay/nothing/confirm", data={})).status_code in {403, 404}


async def test_the_page_lets_nothing_in_and_sends_nothing_out(
    house: House, raw: httpx2.AsyncClient
) -> None:
    _, page = await house.payment()
    answer = await raw.get(page)
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {house.url}"
    )
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "<script" not in answer.text
    assert "style=" not in answer.text
