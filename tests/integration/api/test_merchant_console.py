"""The merchant's console as a browser without JavaScript sees it."""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.app import create_app
from api.keys import digest, key_id
from api.merchants import keys_of, revoke_key
from api.pages.merchant.sessions import CONSOLE
from api.scopes import EVERYTHING, Scope
from clearing.port import PayoutState
from runtime.settings import Settings
from tests.conftest import Temporal
from tests.integration.api.buyer import HIDDEN, told
from tests.integration.api.conftest import NewShop
from tests.integration.api.course import shipped
from tests.integration.api.shop import Shop
from tests.integration.clearing.till import Till
from tests.workflows.parts import ScriptedBank

EVERY_PAGE = ("/merchant", "/merchant/events", "/merchant/keys")
KEY = re.compile(r"ek_test_[0-9A-Za-z]{49}")
#: It sets clocks and follows changes; nothing of it stands in a page.
OUR_SCRIPT = '<script src="/static/danbao.js" defer></script>'


@dataclass(frozen=True, slots=True)
class Clerk:
    """Somebody of a shop at a browser."""

    http: httpx2.AsyncClient

    async def sign_in(self, key: str) -> httpx2.Response:
        return await self.send("/merchant/sign-in", "/merchant/sign-in", key=key)

    async def send(self, page: str, action: str, **typed: Any) -> httpx2.Response:
        """Fill in the form that goes to `action` on `page`."""
        seen = await self.http.get(page)
        assert seen.status_code == 200, seen.text
        return await self.http.post(action, data={"form": forms(seen)[action], **typed})


def forms(page: httpx2.Response) -> dict[str, str]:
    return dict(HIDDEN.findall(page.text))


@pytest_asyncio.fixture
async def clerk(browser: httpx2.AsyncClient, shop: Shop) -> Clerk:
    """Signed in."""
    clerk = Clerk(browser)
    assert (await clerk.sign_in(shop.key)).headers["location"] == "/merchant"
    return clerk


async def test_whoever_is_not_signed_in_is_led_to_the_entrance(
    browser: httpx2.AsyncClient,
) -> None:
    for path in EVERY_PAGE:
        away = await browser.get(path)
        assert (away.status_code, away.headers["location"]) == (303, "/merchant/sign-in")
    for path in (
        "/merchant/keys",
        "/merchant/sign-out",
        f"/merchant/keys/key_{'0' * 24}/revocation",
    ):
        sent = await browser.post(path, data={"form": "x"})
        assert (sent.status_code, sent.headers["location"]) == (303, "/merchant/sign-in")
    browser.cookies.set("merchant", "forged")
    assert (await browser.get("/merchant")).status_code == 303


async def test_a_key_lets_in_and_is_not_kept(clerk: Clerk, shop: Shop) -> None:
    for path in EVERY_PAGE:
        page = await clerk.http.get(path)
        assert page.status_code == 200
        assert "Boots & Co" in page.text.replace("&amp;", "&")
        assert page.headers["cache-control"] == "no-store"
        assert "script-src 'self'" in page.headers["content-security-policy"]
        assert set(re.findall(r"<script[^>]*>.*", page.text)) <= {OUR_SCRIPT}
    assert shop.key not in str(clerk.http.cookies)
    async with shop.doors.engine.connect() as connection:
        stored = (
            (await connection.execute(text("select s::text from console_session s")))
            .scalars()
            .all()
        )
    assert not any(clerk.http.cookies["merchant"] in row for row in stored)


async def test_over_https_the_cookie_belongs_to_this_host_alone(
    settings: Settings, engine: AsyncEngine, temporal: Temporal, shop: Shop
) -> None:
    public = settings.model_copy(update={"public_url": "https://pay.example"})
    transport = httpx2.ASGITransport(create_app(public, engine, temporal.client))
    async with httpx2.AsyncClient(transport=transport, base_url="https://pay.example") as http:
        cookie = (await Clerk(http).sign_in(shop.key)).headers["set-cookie"]
        assert (await http.get("/merchant")).status_code == 200
    assert cookie.startswith("__Host-merchant=")
    for attribute in ("HttpOnly", "Secure", "SameSite=lax", "Path=/"):
        assert attribute in cookie
    assert "Domain" not in cookie


@pytest.mark.parametrize("key", ["", "nonsense", "ek_test_" + "0" * 49, "ek_live_x"])
async def test_what_is_no_key_lets_nobody_in(browser: httpx2.AsyncClient, key: str) -> None:
    refused = await Clerk(browser).sign_in(key or " ")
    assert refused.status_code == 403
    assert "This key opens nothing here" in told(refused)
    assert "set-cookie" not in refused.headers


async def test_a_key_without_the_scope_lets_nobody_in(
    browser: httpx2.AsyncClient, new_shop: NewShop
) -> None:
    till = await new_shop("Till", EVERYTHING - {Scope.KEYS})
    refused = await Clerk(browser).sign_in(till.key)
    assert (refused.status_code, "no scope" in told(refused)) == (403, True)
    assert "set-cookie" not in refused.headers


async def test_guessing_ends_with_429(
    settings: Settings, engine: AsyncEngine, temporal: Temporal
) -> None:
    strict = settings.model_copy(update={"failures_per_minute": 2})
    transport = httpx2.ASGITransport(
        create_app(strict, engine, temporal.client), client=("192.0.2.77", 1)
    )
    async with httpx2.AsyncClient(transport=transport, base_url=settings.public_url) as http:
        answers = [await Clerk(http).sign_in("nonsense") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [403, 403, 429]
    assert int(answers[2].headers["retry-after"]) > 0
    assert answers[2].headers["content-type"].startswith("text/html")


async def test_signing_out_ends_the_session_itself(clerk: Clerk) -> None:
    cookie = clerk.http.cookies["merchant"]
    out = await clerk.send("/merchant", "/merchant/sign-out")
    assert out.headers["location"] == "/merchant/sign-in"
    clerk.http.cookies.set("merchant", cookie)
    assert (await clerk.http.get("/merchant")).status_code == 303


async def test_a_session_ends_with_its_key(clerk: Clerk, shop: Shop) -> None:
    async with shop.doors.engine.begin() as connection:
        await revoke_key(connection, shop.id, shop.key[-4:])
    assert (await clerk.http.get("/merchant")).status_code == 303


AGED = """
    update console_session
    set created_at = now() - aged.age, seen_at = now() - aged.idle,
        ends_at = now() + least(interval '1 hour' - aged.idle, interval '12 hours' - aged.age)
    from (select cast(:age as interval) age, cast(:idle as interval) idle) aged
    where key_hash = :key
"""


@pytest.mark.parametrize(
    ("age", "idle", "status"),
    [
        (timedelta(hours=11, minutes=30), timedelta(minutes=59), 200),
        (timedelta(hours=2), timedelta(minutes=61), 303),
        (timedelta(hours=12, minutes=1), timedelta(minutes=2), 303),
    ],
    ids=["in use", "idle", "old"],
)
async def test_a_session_ends_by_itself_however_it_is_used(
    clerk: Clerk,
    shop: Shop,
    owner_engine: AsyncEngine,
    age: timedelta,
    idle: timedelta,
    status: int,
) -> None:
    """As if it had begun `age` ago and was last used `idle` ago."""
    async with owner_engine.begin() as connection:
        aged = {"age": age, "idle": idle, "key": digest(shop.key)}
        await connection.execute(text(AGED), aged)
    assert (await clerk.http.get("/merchant")).status_code == status
    async with shop.doors.engine.connect() as connection:
        longest = text("select ends_at - created_at from console_session where key_hash = :key")
        lasts = (await connection.execute(longest, {"key": digest(shop.key)})).scalar_one()
    assert lasts <= CONSOLE.longest
    await CONSOLE.forget(shop.doors.engine)
    async with shop.doors.engine.connect() as connection:
        kept = text("select count(*) from console_session where key_hash = :key")
        found = (await connection.execute(kept, {"key": digest(shop.key)})).scalar_one()
    assert found == (status == 200)


async def test_orders_stand_in_their_stages(
    clerk: Clerk, shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    await shop.create(order_id="UNPAID-1", description="<b>Boots</b>")
    await shipped(shop, teller, temporal)
    everything = await clerk.http.get("/merchant")
    assert "UNPAID-1" in told(everything)
    assert "<b>Boots" not in everything.text
    assert "To be paid 1" in told(everything)
    assert "129.00 CNY comes to you on" in told(everything)
    unpaid = told(await clerk.http.get("/merchant?stage=awaiting_payment"))
    assert "UNPAID-1" in unpaid
    assert "A-1001" not in unpaid
    assert "Nothing here" in told(await clerk.http.get("/merchant?stage=completed"))


async def test_many_orders_come_a_page_at_a_time(clerk: Clerk, shop: Shop) -> None:
    for number in range(26):
        await shop.create(order_id=f"N-{number:02}")
    first = await clerk.http.get("/merchant")
    assert "N-25" in told(first)
    assert "N-00" not in told(first)
    (older,) = re.findall(r'href="([^"]+)">Older', first.text)
    second = await clerk.http.get(older.replace("&amp;", "&"))
    assert "N-00" in told(second)
    assert "Older" not in told(second)


async def test_orders_of_others_are_not_shown(clerk: Clerk, new_shop: NewShop) -> None:
    theirs = await new_shop("Theirs")
    await theirs.create(order_id="FOREIGN-1")
    for path in EVERY_PAGE:
        assert "FOREIGN-1" not in (await clerk.http.get(path)).text


async def test_keys_are_changed_on_the_page(clerk: Clerk, shop: Shop) -> None:
    """A new one shown once, both live, a third refused, the old one revoked in a second step."""
    path = "/merchant/keys"
    made = await clerk.send(path, path, scope=["escrows:read", "keys"])
    assert made.headers["cache-control"] == "no-store"
    (new,) = KEY.findall(made.text)
    assert KEY.findall((await clerk.http.get(path)).text) == []
    assert new[-4:] in (await clerk.http.get(path)).text
    for key in (new, shop.key):
        headers = {"Authorization": f"Bearer {key}"}
        assert (await shop.http.get("/v1/escrows", headers=headers)).status_code == 200

    old_form = forms(made).get(path)
    assert old_form is None, "nobody is offered a third"
    third = await clerk.http.post(
        path, data={"form": doors_form(shop, clerk, "keys"), "scope": ["keys"]}
    )
    assert (third.status_code, KEY.findall(third.text)) == (409, [])

    revocation = f"{path}/{key_id(digest(shop.key))}/revocation"
    asked = await clerk.http.get(revocation)
    assert "you will be signed out" in told(asked)
    assert (await shop.get("/v1/escrows")).status_code == 200, "looking revokes nothing"
    gone = await clerk.send(revocation, revocation)
    assert gone.headers["location"] == "/merchant/sign-in"
    assert (await shop.get("/v1/escrows")).status_code == 401
    assert (await clerk.sign_in(new)).status_code == 303
    page = told(await clerk.http.get(path))
    assert "revoked" in page
    assert "escrows:read, keys" in page


def doors_form(shop: Shop, clerk: Clerk, action: str) -> str:
    """A form of this very session, as a page would have rendered it."""
    session = hashlib.sha256(clerk.http.cookies["merchant"].encode()).hexdigest()
    return shop.doors.links.form(session, action, "nonce")


async def test_nobody_makes_a_key_that_can_do_more_than_their_own(
    browser: httpx2.AsyncClient, new_shop: NewShop
) -> None:
    few = await new_shop("Few", {Scope.KEYS, Scope.ESCROWS_READ})
    clerk = Clerk(browser)
    await clerk.sign_in(few.key)
    page = await browser.get("/merchant/keys")
    assert 'value="refunds"' not in page.text
    refused = await clerk.send("/merchant/keys", "/merchant/keys", scope=["keys", "refunds"])
    assert (refused.status_code, KEY.findall(refused.text)) == (403, [])
    none = await clerk.send("/merchant/keys", "/merchant/keys")
    assert (none.status_code, KEY.findall(none.text)) == (422, [])
    nonsense = await clerk.send("/merchant/keys", "/merchant/keys", scope=["everything"])
    assert nonsense.status_code == 422
    async with few.doors.engine.connect() as connection:
        assert len(await keys_of(connection, few.id)) == 1


async def test_a_shops_keys_are_not_anothers_to_revoke(clerk: Clerk, new_shop: NewShop) -> None:
    theirs = await new_shop("Theirs")
    name = key_id(digest(theirs.key))
    path = f"/merchant/keys/{name}/revocation"
    assert (await clerk.http.get(path)).status_code == 404
    form = doors_form(theirs, clerk, f"revoke {name}")
    assert (await clerk.http.post(path, data={"form": form})).status_code == 404
    assert (await theirs.get("/v1/escrows")).status_code == 200


async def test_a_form_is_good_for_its_session_its_action_and_our_own_site(
    clerk: Clerk, shop: Shop
) -> None:
    path = "/merchant/keys"
    good = forms(await clerk.http.get(path))[path]
    other = forms(await clerk.http.get(path))["/merchant/sign-out"]
    tries = [
        await clerk.http.post(path, data={"form": form, "scope": ["keys"]})
        for form in ("", "forged", other, shop.doors.links.form("nobody", "keys", "n"))
    ]
    tries.append(
        await clerk.http.post(
            path,
            data={"form": good, "scope": ["keys"]},
            headers={"Sec-Fetch-Site": "cross-site"},
        )
    )
    assert {(answer.status_code, KEY.findall(answer.text) == []) for answer in tries} <= {
        (403, True),
        (422, True),
    }
    async with shop.doors.engine.connect() as connection:
        assert len(await keys_of(connection, shop.id)) == 1


async def test_an_event_can_be_told_again(
    clerk: Clerk, shop: Shop, teller: ScriptedBank, temporal: Temporal
) -> None:
    escrow = await shipped(shop, teller, temporal)
    page = await clerk.http.get("/merchant/events")
    assert "escrow.shipped" in told(page)
    assert "Not told" in told(page)
    newest = (await shop.get(f"/v1/escrows/{escrow['id']}/events")).json()["data"][-1]
    action = f"/merchant/events/{newest['data']['id']}/redelivery"
    nobody = await clerk.send("/merchant/events", action)
    assert (nobody.status_code, "No webhook endpoint" in told(nobody)) == (409, True)
    await shop.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/hooks"})
    again = await clerk.send("/merchant/events", action)
    assert again.status_code == 303
    shown = await clerk.http.get(again.headers["location"])
    assert shown.status_code == 200
    assert "Being told again" in told(shown) or "Not heard in" in told(shown)


async def test_payouts_stand_in_the_log_too(clerk: Clerk, shop: Shop, engine: AsyncEngine) -> None:
    till = Till(engine)
    payout = await till.paid_out(shop.id)
    await till.move(payout, PayoutState.SENT)
    page = told(await clerk.http.get("/merchant/events"))
    assert "payout.sent" in page
    assert "Payout of 2026-03-02" in page


async def test_who_may_not_see_orders_or_tell_again_does_not(
    browser: httpx2.AsyncClient, new_shop: NewShop
) -> None:
    keeper = await new_shop("Keeper", {Scope.KEYS})
    clerk = Clerk(browser)
    await clerk.sign_in(keeper.key)
    for path in ("/merchant", "/merchant/events"):
        refused = await browser.get(path)
        assert (refused.status_code, "no scope" in told(refused)) == (403, True)
    assert (await browser.get("/merchant/keys")).status_code == 200


async def test_cursors_and_names_that_are_none_change_nothing(clerk: Clerk) -> None:
    for path, status in (
        ("/merchant?cursor=forged", 400),
        ("/merchant/events?cursor=forged", 400),
        ("/merchant/events?again=x", 422),
        ("/merchant/keys/key_x/revocation", 404),
        ("/merchant/nothing", 404),
    ):
        answer = await clerk.http.get(path)
        assert answer.status_code == status
        assert answer.headers["content-type"].startswith("text/html")


async def test_looking_never_acts(clerk: Clerk, shop: Shop) -> None:
    for path in (*EVERY_PAGE, "/merchant/sign-in", "/merchant/sign-out"):
        for method in ("GET", "HEAD"):
            assert (await clerk.http.request(method, path)).status_code in (200, 405)
    assert (await clerk.http.get("/merchant")).status_code == 200
