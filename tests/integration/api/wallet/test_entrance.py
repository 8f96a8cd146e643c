"""In by a link that comes by e-mail: once, the newest, by a button."""

import httpx2
import pytest
from sqlalchemy import text

from api.app import create_app
from api.doors import Doors
from runtime.settings import Settings
from tests.conftest import Temporal
from tests.integration.api.buyer import HIDDEN, told
from tests.integration.api.wallet.conftest import ENTRANCE, Holder, NewHolder


async def test_the_link_that_comes_by_mail_opens_the_wallet(new_holder: NewHolder) -> None:
    mei = await new_holder()
    asked = await mei.ask()
    assert (asked.status_code, asked.headers["location"]) == (303, f"{ENTRANCE}?sent=true")
    assert "Look into your mailbox" in told(await mei.http.get(asked.headers["location"]))
    link = await mei.link()
    assert mei.email in told(await mei.http.get(link))
    opened = await mei.open(link)
    assert "HttpOnly; Path=/; SameSite=lax" in opened.headers["set-cookie"]
    assert mei.email in told(await mei.http.get("/wallet"))


async def test_looking_at_a_link_opens_nothing_and_uses_nothing_up(new_holder: NewHolder) -> None:
    mei = await new_holder()
    await mei.ask()
    link = await mei.link()
    for method in ("GET", "HEAD", "GET"):
        looked = await mei.http.request(method, link)
        assert looked.status_code == 200
        assert "set-cookie" not in looked.headers
    assert (await mei.http.get("/wallet")).headers["location"] == ENTRANCE
    assert (await mei.open(link)).status_code == 303


async def test_a_link_works_once_and_only_the_newest(new_holder: NewHolder) -> None:
    mei = await new_holder()
    await mei.ask()
    older = await mei.link()
    page = await mei.http.get(older)
    await mei.ask()
    newer = await mei.link(2)
    assert older != newer
    late = await mei.press(page, older)
    assert late.status_code == 410
    again = await mei.http.get(newer)
    assert (await mei.press(again, newer)).status_code == 303
    used = await mei.press(again, newer)
    assert used.status_code == 410
    assert "works once" in told(used)
    assert (await mei.http.get(newer)).status_code == 410


async def test_a_link_is_open_for_a_quarter_of_an_hour(new_holder: NewHolder, doors: Doors) -> None:
    mei = await new_holder()
    await mei.ask()
    page = await mei.http.get(link := await mei.link())
    left = (
        "SELECT ends_at - now() FROM wallet_entrance WHERE email = :email AND next_try_at IS NULL"
    )
    past = "UPDATE wallet_entrance SET ends_at = now() WHERE email = :email"
    async with doors.engine.begin() as connection:
        seconds = await connection.scalar(text(left), {"email": mei.email})
        assert 0 < seconds.total_seconds() <= 15 * 60
        await connection.execute(text(past), {"email": mei.email})
    assert (await mei.press(page, link)).status_code == 410


async def test_who_has_a_wallet_can_t_be_told_from_who_has_none(
    holder: Holder, new_holder: NewHolder
) -> None:
    stranger = await new_holder()
    first = await stranger.ask(holder.email)
    second = await stranger.ask()
    assert (first.status_code, first.headers["location"]) == (303, second.headers["location"])
    assert set(first.headers) == set(second.headers)


@pytest.mark.parametrize(
    "typed",
    ["", "mei", "mei@", "@x.example", "mei@localhost", "a b@x.example", "a@x..example",
     "mei@x.example\nBcc: all@x.example", '"a"@x.example', "a@[127.0.0.1]", f"{'a' * 65}@x.example",
     f"a@{'x' * 64}.example", "a@x.example,b@x.example", "<a@x.example>"],
)  # fmt: skip
async def test_what_is_no_address_gets_no_mail(new_holder: NewHolder, typed: str) -> None:
    mei = await new_holder()
    page = await mei.http.get(ENTRANCE)
    refused = await mei.press(page, ENTRANCE, email=typed)
    assert refused.status_code == 422
    assert "not an e-mail address" in told(refused)


async def test_a_link_that_is_not_ours_is_none(new_holder: NewHolder) -> None:
    mei = await new_holder()
    await mei.ask()
    link = await mei.link()
    form = dict(HIDDEN.findall((await mei.http.get(link)).text))[link]
    body, _, signature = link.rpartition(".")
    for forged in (body, f"{body[:-1]}{'1' if body[-1] == '0' else '0'}.{signature}", link + "x"):
        assert (await mei.http.get(forged)).status_code == 410
        assert (await mei.http.post(forged, data={"form": form})).status_code == 410
    for answer in (
        await mei.http.post(link, data={"form": "x"}),
        await mei.http.post(link, data={"form": form}, headers={"Sec-Fetch-Site": "cross-site"}),
    ):
        assert answer.status_code == 403
    assert (await mei.open(link)).status_code == 303


async def test_mails_are_asked_for_only_so_often(
    settings: Settings, doors: Doors, temporal: Temporal, new_holder: NewHolder
) -> None:
    """By one address, and for one mailbox, whoever asks."""
    strict = create_app(
        settings.model_copy(update={"mails_per_minute": 2}), doors.engine, temporal.client
    )
    transport = httpx2.ASGITransport(strict, client=("192.0.2.9", 1))
    async with httpx2.AsyncClient(transport=transport, base_url=settings.public_url) as http:
        page = await http.get(ENTRANCE)
        form = dict(HIDDEN.findall(page.text))[ENTRANCE]
        sent = [
            await http.post(ENTRANCE, data={"form": form, "email": f"{n}@flood.example"})
            for n in range(3)
        ]
    assert [one.status_code for one in sent] == [303, 303, 429]
    assert int(sent[-1].headers["Retry-After"]) > 0
    mei = await new_holder()
    asked = [await mei.ask() for _ in range(6)]
    assert [one.status_code for one in asked] == [303] * 5 + [429]


async def test_a_wallet_is_left_here_everywhere_and_by_idling(
    new_holder: NewHolder, doors: Doors
) -> None:
    mei, phone = await new_holder(), await new_holder()
    same = Holder(phone.http, mei.box, mei.email)
    await mei.sign_in()
    await same.ask()
    await same.open(await same.link(2))
    kept = {"Cookie": f"wallet={mei.http.cookies['wallet']}"}
    out = await mei.press(await mei.http.get("/wallet"), "/wallet/sign-out")
    assert out.headers["location"] == ENTRANCE
    assert (await phone.http.get("/wallet", headers=kept)).status_code == 303
    await same.ask()
    await mei.open(await same.link(3))
    page = await mei.http.get("/wallet/account")
    await mei.press(page, "/wallet/sign-out-everywhere")
    assert (await same.http.get("/wallet")).status_code == 303
    await mei.ask()
    await mei.open(await mei.link(4))
    past = "UPDATE wallet_session SET ends_at = now() WHERE account_id ="
    whose = "(SELECT id FROM wallet_account WHERE email = :email)"
    async with doors.engine.begin() as connection:
        await connection.execute(text(f"{past} {whose}"), {"email": mei.email})
    assert (await mei.http.get("/wallet")).headers["location"] == ENTRANCE


async def test_a_form_of_one_buyer_is_not_another_s(holder: Holder, new_holder: NewHolder) -> None:
    other = await new_holder()
    await other.sign_in()
    page = await holder.http.get("/wallet/account")
    form = dict(HIDDEN.findall(page.text))["/wallet/account/deletion"]
    data = {"form": form, "typed": other.email}
    assert (await other.http.post("/wallet/account/deletion", data=data)).status_code == 403
    assert (await other.http.get("/wallet")).status_code == 200


async def test_without_a_mail_server_there_is_no_wallet(
    settings: Settings, doors: Doors, temporal: Temporal
) -> None:
    off = settings.model_copy(update={"smtp_url": type(settings.smtp_url)("")})
    transport = httpx2.ASGITransport(create_app(off, doors.engine, temporal.client))
    async with httpx2.AsyncClient(transport=transport, base_url=settings.public_url) as http:
        for path in ("/wallet", ENTRANCE, "/wallet/account", "/wallet/link/x"):
            assert (await http.get(path)).status_code == 404
        assert (await http.get("/healthz")).status_code == 200
