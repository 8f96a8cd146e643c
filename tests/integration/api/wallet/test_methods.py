"""Ways to pay that a bank keeps for a buyer: offered at every shop, at nobody else's cashier."""

import asyncio
import re
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text

from api.doors import Doors
from api.errors import Unauthenticated
from api.wallet import accounts
from api.wallet.methods import Purse
from banks.port import Declined, Payer
from banks.sandbox.magic import Call, Fault, Kind
from tests.fake_keeper import FakeKeeper
from tests.integration.api.buyer import Buyer, told
from tests.integration.api.shop import Shop
from tests.integration.api.wallet.conftest import ENTRANCE, Holder, NewHolder
from tests.integration.api.wallet.test_purchases import account_of
from tests.workflows.parts import ScriptedBank

METHODS = "/wallet/methods"
#: Seconds for whatever a slow machine may take.
PATIENCE = 60
#: Whether the deletion of a wallet waits for somebody.
WAITING = text(
    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    " AND datname = current_database() AND wait_event = 'advisory'"
)
CHOICE = re.compile(r'value="(saved/pm_[0-9a-f]+)"')


async def pays(
    shop: Shop, teller: ScriptedBank, holder: Holder, choice: str = "sandbox/card"
) -> tuple[Buyer, Payer | None]:
    """Sent to the bank: whom the bank was told to pay."""
    buyer = Buyer(holder.http, await shop.create())
    sent = await buyer.send(await buyer.cashier(), "payment", choice=choice)
    assert sent.status_code == 303, told(sent)
    return buyer, teller.payers[f"{buyer.escrow['id']}:payment:1"]


async def saves(shop: Shop, teller: ScriptedBank, holder: Holder, keeper: FakeKeeper) -> str:
    """Lets the bank remember a card; the choice that other cashiers offer then."""
    _, payer = await pays(shop, teller, holder)
    assert payer
    keeper.keep(payer, "li.lei")
    await holder.http.get(METHODS)
    offered = CHOICE.findall((await Buyer(holder.http, await shop.create()).cashier()).text)
    return str(offered[0])


async def test_the_bank_is_asked_to_offer_it_to_who_is_signed_in_and_to_nobody_else(
    shop: Shop, teller: ScriptedBank, holder: Holder, new_holder: NewHolder
) -> None:
    _, payer = await pays(shop, teller, holder)
    _, again = await pays(shop, teller, holder, "sandbox/online_banking")
    _, stranger = await pays(shop, teller, await new_holder())
    assert payer == again
    assert payer
    assert (payer.remember, payer.token) == (True, "")
    assert re.fullmatch(r"pyr_[0-9a-f]{32}", payer.reference)
    assert stranger is None


async def test_what_the_bank_remembers_is_offered_at_the_next_shop(
    shop: Shop, teller: ScriptedBank, holder: Holder, keeper: FakeKeeper
) -> None:
    buyer, first = await pays(shop, teller, holder)
    assert first
    keeper.keep(first, "li.lei")
    await holder.http.get(f"/pay/{buyer.escrow['id']}", params={"looked": 0})
    cashier = await Buyer(holder.http, await shop.create()).cashier()
    assert "UnionPay •••• 0005" in told(cashier)
    (choice,) = CHOICE.findall(cashier.text)
    _, payer = await pays(shop, teller, holder, choice)
    assert payer
    (kept,) = await keeper.saved_methods(payer.reference)
    assert (payer.token, payer.remember) == (kept.token, False)
    assert f'"{kept.token}"' not in cashier.text
    assert "UnionPay •••• 0005" in told(await holder.http.get(METHODS))


async def test_nobody_pays_with_what_is_another_s(
    shop: Shop, teller: ScriptedBank, holder: Holder, keeper: FakeKeeper, new_holder: NewHolder
) -> None:
    choice = await saves(shop, teller, holder, keeper)
    other, away = await new_holder(), await new_holder()
    await other.sign_in()
    for thief in (other, away):
        buyer = Buyer(thief.http, await shop.create())
        page = await buyer.cashier()
        assert "0005" not in told(page)
        refused = await buyer.send(page, "payment", choice=choice)
        assert refused.status_code == 409
        assert teller.calls_about(buyer.escrow["id"]) == []
    form = await other.http.get(METHODS)
    assert (await other.http.post(f"{METHODS}/{choice[6:]}/removal", data={"form": "x"})
            ).status_code == 403  # fmt: skip
    assert "0005" not in told(form)


async def test_pressing_twice_is_one_payment_and_another_method_is_another(
    shop: Shop, teller: ScriptedBank, holder: Holder, keeper: FakeKeeper
) -> None:
    choice = await saves(shop, teller, holder, keeper)
    buyer = Buyer(holder.http, await shop.create())
    page = await buyer.cashier()
    sent = [await buyer.send(page, "payment", choice=choice) for _ in range(2)]
    assert sent[0].headers["location"] == sent[1].headers["location"]
    assert teller.times("start", f"{buyer.escrow['id']}:payment:1") == 1


async def test_what_the_bank_does_not_keep_any_more_is_not_offered_again(
    shop: Shop, teller: ScriptedBank, holder: Holder, keeper: FakeKeeper
) -> None:
    choice = await saves(shop, teller, holder, keeper)
    _, payer = await pays(shop, teller, holder, choice)
    assert payer
    await keeper.forget_method(payer.reference, payer.token)
    buyer = Buyer(holder.http, await shop.create())
    teller.refusals[f"{buyer.escrow['id']}:payment:1"] = Declined("unknown_method")
    declined = await buyer.send(await buyer.cashier(), "payment", choice=choice)
    assert declined.status_code == 409
    assert "does not keep this way to pay any more" in told(declined)
    assert choice not in declined.text


async def test_removing_it_makes_the_bank_forget(
    shop: Shop, teller: ScriptedBank, holder: Holder, keeper: FakeKeeper
) -> None:
    choice = await saves(shop, teller, holder, keeper)
    _, payer = await pays(shop, teller, holder, choice)
    assert payer
    page, removal = await holder.http.get(METHODS), f"{METHODS}/{choice[6:]}/removal"
    for _ in range(2):
        assert (await holder.press(page, removal)).headers["location"] == METHODS
    assert await keeper.saved_methods(payer.reference) == ()
    assert "Nothing is kept for you yet" in told(await holder.http.get(METHODS))
    refused = Buyer(holder.http, await shop.create())
    sent = await refused.send(await refused.cashier(), "payment", choice=choice)
    assert sent.status_code == 409


async def test_a_silent_bank_is_not_taken_to_have_forgotten(
    shop: Shop, teller: ScriptedBank, holder: Holder, keeper: FakeKeeper
) -> None:
    choice = await saves(shop, teller, holder, keeper)
    _, payer = await pays(shop, teller, holder, choice)
    assert payer
    page, removal = await holder.http.get(METHODS), f"{METHODS}/{choice[6:]}/removal"
    keeper.faults.order(payer.reference, Fault(Call.FORGET, Kind.LOST))
    silent = await holder.press(page, removal)
    assert silent.status_code == 503
    assert "UnionPay •••• 0005" in told(silent)
    keeper.faults.order(payer.reference, Fault(Call.METHODS, Kind.LOST))
    shown = told(await holder.http.get(METHODS))
    assert "does not answer at the moment" in shown
    assert "UnionPay •••• 0005" in shown


async def test_an_expired_card_is_shown_and_not_offered(
    shop: Shop, teller: ScriptedBank, holder: Holder, keeper: FakeKeeper
) -> None:
    _, payer = await pays(shop, teller, holder)
    assert payer
    keeper.keep(payer, "xu.jiu")
    assert "Expired" in told(await holder.http.get(METHODS))
    cashier = await Buyer(holder.http, await shop.create()).cashier()
    assert not CHOICE.search(cashier.text)


async def test_banks_forget_who_deletes_the_wallet_also_after_an_outage(
    shop: Shop, teller: ScriptedBank, holder: Holder, keeper: FakeKeeper, doors: Doors
) -> None:
    await saves(shop, teller, holder, keeper)
    _, payer = await pays(shop, teller, holder)
    assert payer
    keeper.faults.order(payer.reference, Fault(Call.METHODS, Kind.LOST))
    page = await holder.http.get("/wallet/account")
    left = await holder.press(page, "/wallet/account/deletion", typed=holder.email)
    assert left.headers["location"] == ENTRANCE
    async with asyncio.timeout(PATIENCE):
        while keeper.kept(payer.reference):
            await hurry(doors, payer)
    # Still asked about for a day: a payment that is under way may yet make the bank remember.
    keeper.keep(payer, "han.meimei")
    async with asyncio.timeout(PATIENCE):
        while keeper.kept(payer.reference):
            await hurry(doors, payer)
    assert await asked_about(doors, payer)
    async with asyncio.timeout(PATIENCE):
        while await asked_about(doors, payer):
            await hurry(doors, payer, "25 hours")


async def test_a_name_that_a_bank_is_told_meanwhile_is_forgotten_too(
    holder: Holder, doors: Doors
) -> None:
    account = await account_of(doors, holder)
    name = f"pyr_{uuid4().hex}"
    told = text("INSERT INTO wallet_payer (account_id, bank, reference) VALUES (:id, 'b', :name)")
    async with doors.engine.begin() as connection:
        await accounts.alone_with(connection, account.id)
        await connection.execute(told, {"id": account.id, "name": name})
        leaving = asyncio.create_task(accounts.close(doors.engine, account))
        async with doors.engine.connect() as other, asyncio.timeout(PATIENCE):
            while not await other.scalar(WAITING):
                await other.rollback()
    await leaving
    assert await asked_about(doors, Payer(name))
    assert doors.wallet
    with pytest.raises(Unauthenticated):
        await Purse(doors.engine, doors.wallet.keepers, account).newcomer("sandbox")


async def hurry(doors: Doors, payer: Payer, age: str = "0 hours") -> None:
    """The bank is asked again now, about a name that is so old."""
    update = text(
        "UPDATE wallet_forgetting SET next_try_at = now(),"
        " since = now() - CAST(CAST(:age AS text) AS interval) WHERE reference = :name"
    )
    async with doors.engine.begin() as connection:
        await connection.execute(update, {"name": payer.reference, "age": age})
    assert doors.wallet
    doors.wallet.leavers.ring()
    await asyncio.sleep(0.05)


async def asked_about(doors: Doors, payer: Payer) -> bool:
    query = text("SELECT 1 FROM wallet_forgetting WHERE reference = :name")
    async with doors.engine.connect() as connection:
        return bool(await connection.scalar(query, {"name": payer.reference}))


async def test_the_list_needs_an_account(browser: httpx2.AsyncClient) -> None:
    for path in (METHODS, "/wallet/account"):
        assert (await browser.get(path)).headers["location"] == ENTRANCE
