"""What a buyer has bought, wherever; and that nobody else sees it there."""

import json
from typing import Any

from sqlalchemy import text

from api.doors import Doors
from api.wallet import purchases as wallets
from api.wallet.accounts import Account
from api.wallet.purchases import Which
from tests.conftest import Temporal
from tests.integration.api.buyer import Buyer, told
from tests.integration.api.course import paid, shipped, until
from tests.integration.api.shop import Shop
from tests.integration.api.wallet.conftest import ENTRANCE, Holder, NewHolder
from tests.workflows.parts import ScriptedBank


async def bought(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, email: str, **changes: Any
) -> dict[str, Any]:
    return await paid(shop, teller, temporal, buyer={"email": email}, **changes)


async def test_what_was_paid_for_with_the_same_address_is_there_however_it_is_written(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, holder: Holder
) -> None:
    name, domain = holder.email.split("@")
    await bought(shop, teller, temporal, f"{name.upper()}@{domain}", description="Warm socks")
    await bought(shop, teller, temporal, f"x{holder.email}", description="Somebody else's hat")
    page = told(await holder.http.get("/wallet"))
    assert "Warm socks" in page
    assert "Boots &amp; Co · A-1001" in page
    assert "hat" not in page


async def test_a_shop_is_not_believed_before_it_is_paid_for(shop: Shop, holder: Holder) -> None:
    escrow = await shop.create(buyer={"email": holder.email}, description="Unwanted advertising")
    assert "Unwanted" not in told(await holder.http.get("/wallet"))
    opened = await holder.http.get(f"/wallet/purchases/{escrow['id']}")
    assert opened.status_code == 404


async def test_a_purchase_is_opened_confirmed_and_complained_about_from_there(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, holder: Holder
) -> None:
    escrow = await bought(shop, teller, temporal, holder.email)
    await shop.post(f"/v1/escrows/{escrow['id']}/shipment", {"carrier": "SF"})
    opened = await holder.http.get(f"/wallet/purchases/{escrow['id']}")
    assert (opened.status_code, opened.headers["location"]) == (303, f"/orders/{escrow['id']}")
    page = await holder.http.get(opened.headers["location"])
    assert "Confirm receipt" in told(page)
    assert "Report a problem" in told(page)
    assert "It is in your wallet" in told(page)
    confirming = await holder.http.get(f"/orders/{escrow['id']}/receipt")
    sent = await Buyer(holder.http, escrow).send(confirming, "receipt", typed="1001")
    assert sent.status_code == 303
    await until(shop, escrow, "completed")
    assert "Complete" in told(await holder.http.get("/wallet"))


async def test_a_purchase_with_another_address_is_kept_by_a_button(
    shop: Shop, holder: Holder, new_holder: NewHolder
) -> None:
    escrow = await shop.create(description="A gift for Mei")
    buyer = Buyer(holder.http, escrow)
    page = await buyer.cashier()
    assert "Keep it in my wallet" in told(page)
    for _ in range(2):
        kept = await buyer.send(page, "wallet")
        assert (kept.status_code, kept.headers["location"]) == (303, f"/pay/{escrow['id']}")
    assert "It is in your wallet" in told(await buyer.order())
    assert told(await holder.http.get("/wallet")).count("A gift for Mei") == 1
    opened = await holder.http.get(f"/wallet/purchases/{escrow['id']}")
    assert opened.headers["location"] == f"/pay/{escrow['id']}"
    other = await new_holder()
    away = Buyer(other.http, escrow)
    shown = await away.order()
    assert "Your wallet: all purchases in one place" in told(shown)
    form = {"form": "x"}
    refused = await other.http.post(f"/orders/{escrow['id']}/wallet", data=form)
    assert (refused.status_code, refused.headers["location"]) == (303, ENTRANCE)
    without_link = await holder.http.post(f"/orders/esc_{'0' * 32}/wallet", data={"form": "x"})
    assert without_link.status_code == 401


async def test_nobody_opens_what_is_in_another_wallet(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, holder: Holder, new_holder: NewHolder
) -> None:
    escrow = await bought(shop, teller, temporal, holder.email)
    other = await new_holder()
    anonymous = await other.http.get(f"/wallet/purchases/{escrow['id']}")
    assert anonymous.headers["location"] == ENTRANCE
    await other.sign_in()
    for escrow_id in (escrow["id"], "esc_x", f"esc_{'0' * 32}"):
        answer = await other.http.get(f"/wallet/purchases/{escrow_id}")
        assert answer.status_code == 404
        assert "set-cookie" not in answer.headers


async def test_the_list_is_sorted_by_whose_turn_it_is_and_goes_on_page_by_page(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, holder: Holder, doors: Doors
) -> None:
    sent = await shipped(shop, teller, temporal)
    waiting = await paid(shop, teller, temporal)
    closed = await shop.create()
    await shop.post(f"/v1/escrows/{closed['id']}/cancellation")
    await until(shop, closed, "closed")
    for escrow in (sent, waiting, closed):
        buyer = Buyer(holder.http, escrow)
        await buyer.send(await buyer.order(), "wallet")
    assert doors.wallet
    shelf = doors.wallet.shelf(await account_of(doors, holder))

    async def ids(which: Which, before: str | None = None, limit: int = 9) -> list[str]:
        return [one.id for one in await shelf.page(which, before, limit)]

    assert await ids(Which.ALL) == [closed["id"], waiting["id"], sent["id"]]
    assert await ids(Which.WAITING) == [sent["id"]]
    assert await ids(Which.OPEN) == [waiting["id"], sent["id"]]
    assert await ids(Which.FINISHED) == [closed["id"]]
    assert await ids(Which.DISPUTED) == []
    assert await ids(Which.ALL, limit=1) == [closed["id"]]
    assert await ids(Which.ALL, before=closed["id"], limit=1) == [waiting["id"]]
    assert (await holder.http.get("/wallet", params={"show": "mine"})).status_code == 422
    assert (await holder.http.get("/wallet", params={"cursor": "x.y"})).status_code == 400


async def test_the_merchant_sees_nothing_of_the_wallet(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, holder: Holder
) -> None:
    escrow = await paid(shop, teller, temporal)
    before = (await shop.get(f"/v1/escrows/{escrow['id']}")).json()
    buyer = Buyer(holder.http, escrow)
    await buyer.send(await buyer.order(), "wallet")
    after = (await shop.get(f"/v1/escrows/{escrow['id']}")).json()
    events = (await shop.get("/v1/events")).json()
    assert after == before
    assert holder.email not in json.dumps(events)
    assert "wal_" not in json.dumps([after, events])


async def test_erasing_a_buyer_takes_the_purchase_out_of_wallets(
    shop: Shop, temporal: Temporal, holder: Holder, doors: Doors
) -> None:
    escrow = await shop.create(description="Forgotten slippers")
    buyer = Buyer(holder.http, escrow)
    await buyer.send(await buyer.cashier(), "wallet")
    await shop.post(f"/v1/escrows/{escrow['id']}/cancellation")
    await until(shop, escrow, "closed")
    async with doors.engine.begin() as connection:
        await wallets.forget(connection, escrow["id"])
        digest = "SELECT buyer_digest FROM checkout WHERE escrow_id = :id"
        assert await connection.scalar(text(digest), {"id": escrow["id"]}) is None
    assert "slippers" not in told(await holder.http.get("/wallet"))


async def test_purchases_from_before_the_wallet_get_their_digest(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, holder: Holder, doors: Doors
) -> None:
    escrow = await bought(shop, teller, temporal, holder.email, description="An old lamp")
    async with doors.engine.begin() as connection:
        this = {"id": escrow["id"]}
        undone = "UPDATE checkout SET buyer_digest = NULL WHERE escrow_id = :id"
        await connection.execute(text(undone), this)
    while await wallets.recognise(doors.engine, doors.recognition):
        pass
    assert "An old lamp" in told(await holder.http.get("/wallet"))


async def test_a_deleted_wallet_forgets_and_its_purchases_go_on(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, holder: Holder, doors: Doors
) -> None:
    escrow = await bought(shop, teller, temporal, holder.email)
    buyer = Buyer(holder.http, escrow)
    page = await holder.http.get("/wallet/account")
    wrong = await holder.press(page, "/wallet/account/deletion", typed="something else")
    assert wrong.status_code == 422
    assert (await holder.http.get("/wallet")).status_code == 200
    left = await holder.press(page, "/wallet/account/deletion", typed=f" {holder.email.upper()} ")
    assert left.headers["location"] == ENTRANCE
    assert (await holder.http.get("/wallet")).headers["location"] == ENTRANCE
    assert (await buyer.order()).status_code == 200
    counted = "SELECT count(*) FROM wallet_account WHERE email = :email"
    async with doors.engine.connect() as connection:
        assert await connection.scalar(text(counted), {"email": holder.email}) == 0


async def test_who_signs_out_leaves_no_purchase_open_behind(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, holder: Holder
) -> None:
    escrow = await bought(shop, teller, temporal, holder.email)
    opened = await holder.http.get(f"/wallet/purchases/{escrow['id']}")
    page = opened.headers["location"]
    assert (await holder.http.get(page)).status_code == 200
    await holder.press(await holder.http.get("/wallet"), "/wallet/sign-out")
    assert (await holder.http.get(page)).status_code != 200


async def account_of(doors: Doors, holder: Holder) -> Account:
    query = text("SELECT id FROM wallet_account WHERE email = :email")
    async with doors.engine.connect() as connection:
        return Account(str(await connection.scalar(query, {"email": holder.email})), holder.email)
