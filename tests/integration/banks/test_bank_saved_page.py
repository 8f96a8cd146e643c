"""The page for a saved method: the bank's own password each time, and a buyer who asked for it."""

import asyncio
from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pytest

from tests import buyer
from tests.buyer import TLS
from tests.integration.banks.houses import House
from tests.integration.banks.test_bank_page import form_token, raw

__all__ = ["raw"]

CARD = "6200 0000 0000 0005"
GONE = "not available any more"


@dataclass
class Customer:
    """Somebody with an account at the platform."""

    house: House
    name: str

    async def payment(self, token: str = "", amount: int = 5_000) -> tuple[str, str]:
        """A started payment that offers to remember: its reference and its page."""
        payer = {"reference": self.name, "token": token, "remember": True}
        return await self.house.payment(amount, payer=payer)

    async def methods(self) -> list[dict[str, str]]:
        answer = await self.house.api.get(f"/v1/payers/{self.name}/methods")
        return list(answer.raise_for_status().json()["methods"])

    async def remembered(self) -> str:
        """The token of a card."""
        await buyer.pay_by_card((await self.payment())[1], CARD, remember=True)
        return (await self.methods())[-1]["token"]

    async def forget(self, token: str) -> None:
        answer = await self.house.api.delete(f"/v1/payers/{self.name}/methods/{token}")
        assert answer.raise_for_status().json() == {"status": "forgotten"}


@pytest.fixture
def customer(house: House) -> Customer:
    return Customer(house, f"pyr_{uuid4().hex}")


async def typed(raw: httpx2.AsyncClient, page: str, password: str) -> httpx2.Response:
    said = {"form_token": form_token(await raw.get(page)), "password": password}
    return await raw.post(f"{page}/saved", data=said)


async def confirmation(raw: httpx2.AsyncClient, page: str, card: str = CARD) -> httpx2.Response:
    said = {"form_token": form_token(await raw.get(page)), "number": card}
    await raw.post(f"{page}/card", data={**said, "expiry": "04/39", "cvc": "123"})
    return await raw.get(f"{page}/confirm")


async def test_the_box_is_there_and_not_ticked(customer: Customer, raw: httpx2.AsyncClient) -> None:
    _, page = await customer.payment()
    shown = (await confirmation(raw, page)).text
    assert "Remember UnionPay •••• 0005 for payments through Danbao" in shown
    assert '<input type="checkbox" name="remember" value="yes">' in shown
    assert "6200" not in shown


async def test_there_is_no_box_where_nobody_asked(house: House, raw: httpx2.AsyncClient) -> None:
    _, page = await house.payment()
    assert "checkbox" not in (await confirmation(raw, page)).text


async def test_a_wrong_code_does_not_untick_the_box(
    customer: Customer, raw: httpx2.AsyncClient
) -> None:
    _, page = await customer.payment()
    said = {"form_token": form_token(await confirmation(raw, page)), "code": "000000"}
    again = await raw.post(f"{page}/confirm", data={**said, "remember": "yes"})
    assert 'value="yes" checked>' in again.text
    assert 'value="yes">' in (await raw.post(f"{page}/confirm", data=said)).text
    assert await customer.methods() == []


async def test_a_customer_of_online_banking_is_remembered_without_the_whole_name(
    customer: Customer,
) -> None:
    _, page = await customer.payment()
    async with buyer.new_browser() as browser:
        form = await browser.open(page)
        form = await browser.press(form, "/sign-in", customer="han.meimei", password="sandbox")
        await browser.press(form, "/confirm", code="123456", remember="yes")
    (kept,) = await customer.methods()
    assert (kept["method"], kept["expires"]) == ("online_banking", "")
    assert kept["label"] == "Online banking ha•••"


async def test_the_password_is_all_that_is_asked(
    customer: Customer, raw: httpx2.AsyncClient
) -> None:
    reference, page = await customer.payment(await customer.remembered())
    shown = await raw.get(page)
    assert "UnionPay •••• 0005" in shown.text
    assert 'name="number"' not in shown.text
    assert (await typed(raw, page, "888888")).headers["location"] == f"{customer.house.url}/healthz"
    assert await customer.house.journal(reference) == [("deduct", 5_000)]


async def test_looking_and_passwords_from_elsewhere_move_nothing(
    customer: Customer, raw: httpx2.AsyncClient
) -> None:
    reference, page = await customer.payment(await customer.remembered())
    await raw.get(f"{page}/otherwise")
    assert (await raw.get(f"{page}/saved")).status_code == 405
    async with httpx2.AsyncClient(verify=TLS) as stranger:
        said = {"form_token": form_token(await raw.get(page)), "password": "888888"}
        assert (await stranger.post(f"{page}/saved", data=said)).status_code == 403
    assert (await customer.house.find(reference))["status"] == "open"


async def test_a_password_for_no_saved_method_moves_nothing(
    customer: Customer, raw: httpx2.AsyncClient
) -> None:
    reference, page = await customer.payment()
    assert (await typed(raw, page, "888888")).status_code == 303
    assert (await customer.house.find(reference))["status"] == "open"


async def test_another_way_is_a_click_away(customer: Customer, raw: httpx2.AsyncClient) -> None:
    reference, page = await customer.payment(await customer.remembered())
    assert f'href="{page.removeprefix(customer.house.url)}/otherwise"' in (await raw.get(page)).text
    said = {"form_token": form_token(await raw.get(f"{page}/otherwise"))}
    said |= {"customer": "han.meimei", "password": "sandbox"}
    await raw.post(f"{page}/sign-in", data=said)
    said = {"form_token": form_token(await raw.get(f"{page}/confirm")), "code": "123456"}
    await raw.post(f"{page}/confirm", data=said)
    assert await customer.house.journal(reference) == [("deduct", 5_000)]
    assert (await raw.get(f"{page}/otherwise")).status_code == 303


async def test_three_wrong_passwords_anywhere_and_the_bank_forgets(
    customer: Customer, raw: httpx2.AsyncClient
) -> None:
    """Another payment and another browser are no more tries."""
    token = await customer.remembered()
    _, elsewhere = await customer.payment(token)
    async with httpx2.AsyncClient(verify=TLS) as other:
        assert (await typed(other, elsewhere, "000000")).status_code == 422
    reference, page = await customer.payment(token)
    assert (await typed(raw, page, "000000")).status_code == 422
    assert (await typed(raw, page, "000000")).status_code == 303
    assert (await customer.house.find(reference))["code"] == "authentication_failed"
    assert await customer.methods() == []


async def test_the_right_password_starts_the_count_anew(
    customer: Customer, raw: httpx2.AsyncClient
) -> None:
    token = await customer.remembered()
    for _ in range(2):
        reference, page = await customer.payment(token)
        assert [(await typed(raw, page, "1")).status_code for _ in range(2)] == [422, 422]
        assert (await typed(raw, page, "888888")).status_code == 303
        assert (await customer.house.find(reference))["status"] == "deducted"


async def test_many_guesses_at_once_are_three(customer: Customer) -> None:
    """Nine wrong ones and the right one: it may be among the first three, or nothing is paid."""
    token = await customer.remembered()
    reference, page = await customer.payment(token)
    async with httpx2.AsyncClient(verify=TLS) as client:
        said = {"form_token": form_token(await client.get(page))}
        guesses = [f"{n:06}" for n in range(9)] + ["888888"]
        answers = await asyncio.gather(
            *(client.post(f"{page}/saved", data={**said, "password": one}) for one in guesses)
        )
    assert [answer.status_code for answer in answers].count(422) <= 4
    moved = await customer.house.journal(reference)
    assert moved in ([], [("deduct", 5_000)])


async def test_what_is_forgotten_at_the_open_page_is_declined(
    customer: Customer, raw: httpx2.AsyncClient
) -> None:
    token = await customer.remembered()
    reference, page = await customer.payment(token)
    said = {"form_token": form_token(await raw.get(page)), "password": "888888"}
    await customer.forget(token)
    assert (await raw.post(f"{page}/saved", data=said)).status_code == 303
    assert (await customer.house.find(reference))["code"] == "unknown_method"
    assert await customer.house.journal(reference) == []


async def test_the_page_of_what_is_forgotten_offers_the_other_ways(
    customer: Customer, raw: httpx2.AsyncClient
) -> None:
    token = await customer.remembered()
    reference, page = await customer.payment(token)
    await customer.forget(token)
    shown = (await raw.get(page)).text
    assert GONE in shown
    assert 'name="number"' in shown
    await buyer.pay(page)
    assert await customer.house.journal(reference) == [("deduct", 5_000)]


async def test_forgotten_and_paid_in_the_same_instant_is_one_of_both(customer: Customer) -> None:
    """Whatever comes first: nothing is paid once the bank has said that it is forgotten."""
    token = await customer.remembered()
    reference, page = await customer.payment(token)
    async with httpx2.AsyncClient(verify=TLS) as client:
        said = {"form_token": form_token(await client.get(page)), "password": "888888"}
        await asyncio.gather(client.post(f"{page}/saved", data=said), customer.forget(token))
    truth = await customer.house.find(reference)
    assert (truth["status"], truth.get("code")) in {
        ("deducted", None),
        ("declined", "unknown_method"),
    }
    assert await customer.methods() == []


@pytest.mark.parametrize(
    "payer",
    [
        {},
        {"reference": ""},
        {"reference": "a/b"},
        {"reference": "x" * 101},
        {"reference": "pyr_1", "remember": "yes"},
        {"reference": "pyr_1", "card": CARD},
        {"reference": "pyr_1", "token": "a\x00"},
    ],
    ids=repr,
)
async def test_a_payer_that_is_none_is_refused(house: House, payer: dict[str, object]) -> None:
    with pytest.raises(httpx2.HTTPStatusError, match="400"):
        await house.payment(payer=payer)


async def test_methods_are_for_the_merchant_alone(customer: Customer) -> None:
    token = await customer.remembered()
    async with httpx2.AsyncClient(base_url=customer.house.url, verify=TLS) as stranger:
        path = f"/v1/payers/{customer.name}/methods"
        assert (await stranger.get(path)).status_code == 401
        assert (await stranger.delete(f"{path}/{token}")).status_code == 401
    assert len(await customer.methods()) == 1
