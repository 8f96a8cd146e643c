"""The operators' desk as a browser without JavaScript sees it."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
import pytest_asyncio
from sqlalchemy import text

from api.app import create_app
from api.doors import Doors
from api.operators import accounts
from api.operators.roles import Role
from api.sessions import id_of
from runtime.settings import Settings
from tests.conftest import Temporal
from tests.integration.api.buyer import HIDDEN, told
from tests.integration.api.operators.conftest import NewPerson, Person
from tests.integration.api.shop import Shop, token_of

ENTRANCE = "/operator/sign-in"
HIDDEN_FIELDS = re.compile(r'<input type="hidden" name="(version|refund|release)" value="(\d+)"')


async def sign_in(http: httpx2.AsyncClient, login: str, password: str) -> httpx2.Response:
    entrance = await http.get(ENTRANCE)
    form = dict(HIDDEN.findall(entrance.text))[ENTRANCE]
    said = {"form": form, "login": login, "password": password}
    return await http.post(ENTRANCE, data=said)


@pytest_asyncio.fixture
async def browsers(served: str) -> AsyncIterator[list[httpx2.AsyncClient]]:
    """Of three people: each keeps cookies and follows no redirect."""
    clients = [httpx2.AsyncClient(base_url=served, timeout=40, trust_env=False) for _ in range(3)]
    yield clients
    for client in clients:
        await client.aclose()


@pytest_asyncio.fixture
async def desk(browsers: list[httpx2.AsyncClient], mei: Person) -> httpx2.AsyncClient:
    """Mei's, who proposes."""
    let_in = await sign_in(browsers[0], mei.login, mei.password)
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/operator")
    return browsers[0]


@pytest_asyncio.fixture
async def second(browsers: list[httpx2.AsyncClient], tomas: Person) -> httpx2.AsyncClient:
    """Tomas's, who approves."""
    assert (await sign_in(browsers[1], tomas.login, tomas.password)).status_code == 303
    return browsers[1]


@pytest.fixture
def here(contested: dict[str, Any]) -> str:
    return f"/operator/disputes/{contested['dispute']['id']}"


async def send(
    http: httpx2.AsyncClient, page: httpx2.Response, action: str, **said: str
) -> httpx2.Response:
    """Fill in the form of `page` that goes to `action`, its hidden fields as they are."""
    part = page.text[page.text.index(f'action="{action}"') :]
    part = part[: part.index("</form>")]
    hidden = dict(HIDDEN_FIELDS.findall(part))
    form = dict(HIDDEN.findall(page.text))[action]
    return await http.post(action, data={"form": form, **hidden, **said})


async def money(shop: Shop, contested: dict[str, Any]) -> tuple[int, ...]:
    now = (await shop.get(f"/v1/escrows/{contested['id']}")).json()
    return tuple(now[name] for name in ("held", "disputed", "released", "refunded"))


async def test_four_eyes_at_the_desk(
    shop: Shop,
    contested: dict[str, Any],
    here: str,
    desk: httpx2.AsyncClient,
    second: httpx2.AsyncClient,
) -> None:
    inbox = await desk.get("/operator?state=arbitration")
    assert f'href="{here}"' in inbox.text
    page = await desk.get(here)
    assert "40.00 CNY disputed: It is damaged" in told(page)
    assert f'action="{here}/approval"' not in page.text

    split = {"refund": "30.00", "release": "10", "note": "A scratch."}
    proposed = await send(desk, page, f"{here}/resolution", **split)
    assert (proposed.status_code, proposed.headers["location"]) == (303, here)
    again = await send(desk, page, f"{here}/resolution", **split)
    assert again.status_code == 303
    waiting = await desk.get(here)
    assert "Somebody else has to approve it." in told(waiting)
    assert f'action="{here}/approval"' not in waiting.text
    assert await money(shop, contested) == (8900, 4000, 0, 0)

    theirs = await second.get(here)
    approved = await send(second, theirs, f"{here}/approval")
    assert (approved.status_code, approved.headers["location"]) == (303, here)
    assert await money(shop, contested) == (8900, 0, 1000, 3000)
    assert (await send(second, theirs, f"{here}/approval")).status_code == 303
    assert await money(shop, contested) == (8900, 0, 1000, 3000)
    done = told(await desk.get(here))
    assert "dispute resolved" in done
    log = told(await desk.get("/operator/audit"))
    assert "The log is whole" in log
    assert log.count("resolution proposed") >= 1
    assert "resolution approved" in log


async def test_nobody_approves_their_own_by_a_form_that_was_made_up(
    shop: Shop, contested: dict[str, Any], here: str, second: httpx2.AsyncClient
) -> None:
    page = await second.get(here)
    split = {"refund": "40.00", "release": "0", "note": "Broken."}
    assert (await send(second, page, f"{here}/resolution", **split)).status_code == 303
    form = dict(HIDDEN.findall(page.text))[f"{here}/resolution"]
    numbers = {"version": str(contested["version"]), "refund": "4000", "release": "0"}
    stale = await second.post(f"{here}/approval", data={"form": form, **numbers})
    assert stale.status_code == 403
    assert "This page was open for too long" in told(stale)
    assert await money(shop, contested) == (8900, 4000, 0, 0)


@pytest.mark.parametrize(
    "split",
    [
        {"refund": "30.00", "release": "9.99"},
        {"refund": "-1", "release": "41"},
        {"refund": "1e1", "release": "30"},
        {"refund": "39.999", "release": "0.001"},
        {"refund": "much", "release": ""},
    ],
    ids=lambda split: split["refund"],
)
async def test_amounts_that_do_not_add_up_are_said(
    shop: Shop,
    contested: dict[str, Any],
    here: str,
    desk: httpx2.AsyncClient,
    split: dict[str, str],
) -> None:
    page = await desk.get(here)
    wrong = await send(desk, page, f"{here}/resolution", note="Broken.", **split)
    assert wrong.status_code == 422
    assert await money(shop, contested) == (8900, 4000, 0, 0)
    assert "Proposal" not in told(await desk.get(here))


async def test_what_moved_in_between_is_shown_before_it_is_decided(
    shop: Shop, contested: dict[str, Any], here: str, desk: httpx2.AsyncClient
) -> None:
    page = await desk.get(here)
    path = f"/v1/escrows/{contested['id']}/dispute/withdrawal"
    assert (await shop.post(path, token=token_of(contested))).status_code == 200
    split = {"refund": "30.00", "release": "10.00", "note": "A scratch."}
    late = await send(desk, page, f"{here}/resolution", **split)
    assert late.status_code == 412
    over = await desk.get(here)
    assert "dispute withdrawn" in told(over)
    assert f'action="{here}/resolution"' not in over.text


async def test_a_viewer_only_looks(
    browsers: list[httpx2.AsyncClient], new_person: NewPerson, here: str, doors: Doors
) -> None:
    """Even with a form that was made for this very session."""
    viewer = await new_person(Role.VIEWER)
    http = browsers[2]
    assert (await sign_in(http, viewer.login, viewer.password)).status_code == 303
    page = await http.get(here)
    assert page.status_code == 200
    assert f'action="{here}/resolution"' not in page.text
    session = id_of(http.cookies["operator"])
    dispute = here.rpartition("/")[2]
    said = {"version": "1", "refund": "40", "release": "0", "note": "x"}
    for action, amounts in (("resolution", said), ("approval", said | {"refund": "4000"})):
        form = doors.links.form(session, f"{action} {dispute}", "nonce")
        refused = await http.post(f"{here}/{action}", data={"form": form, **amounts})
        assert refused.status_code == 403
        assert "Your role does not allow this" in told(refused)


async def test_whoever_is_not_signed_in_is_led_to_the_entrance(
    browsers: list[httpx2.AsyncClient], here: str
) -> None:
    http = browsers[2]
    for path in ("/operator", "/operator/audit", here):
        away = await http.get(path)
        assert (away.status_code, away.headers["location"]) == (303, ENTRANCE)
    for path in (f"{here}/resolution", f"{here}/approval", "/operator/sign-out"):
        away = await http.post(path, data={"form": "x"})
        assert away.status_code in (303, 422)
        assert away.headers.get("location", ENTRANCE) == ENTRANCE
    http.cookies.set("operator", "forged")
    assert (await http.get("/operator")).status_code == 303


async def test_a_wrong_password_and_an_unknown_login_are_told_the_same(
    browsers: list[httpx2.AsyncClient], mei: Person
) -> None:
    said = [
        told(await sign_in(browsers[2], login, "wrong")) for login in (mei.login, "nobody-at-all")
    ]
    assert said[0] == said[1]
    assert "let nobody in" in said[0]
    assert not browsers[2].cookies


async def test_passwords_are_tried_only_so_often(
    settings: Settings, doors: Doors, temporal: Temporal, mei: Person
) -> None:
    """By anybody at one address, and the right one no more than wrong ones."""
    strict = settings.model_copy(update={"failures_per_minute": 2})
    app = create_app(strict, doors.engine, temporal.client)
    transport = httpx2.ASGITransport(app, client=("192.0.2.7", 1))
    async with httpx2.AsyncClient(transport=transport, base_url=settings.public_url) as http:
        tried = [await sign_in(http, mei.login, word) for word in ("a", "b", mei.password)]
    assert [one.status_code for one in tried] == [403, 403, 429]
    assert int(tried[-1].headers["Retry-After"]) > 0


async def test_a_session_ends_by_signing_out_by_idling_and_with_the_account(
    browsers: list[httpx2.AsyncClient], mei: Person, doors: Doors
) -> None:
    async def end(how: str, http: httpx2.AsyncClient) -> None:
        if how == "out":
            page = await http.get("/operator")
            assert (await send(http, page, "/operator/sign-out")).headers["location"] == ENTRANCE
            return
        async with doors.engine.begin() as connection:
            if how == "idle":
                past = text("UPDATE operator_session SET ends_at = now() WHERE operator_id = :me")
                await connection.execute(past, {"me": mei.id})
            else:
                await accounts.disable(connection, mei.login)

    for how in ("out", "idle", "disabled"):
        http = browsers[2]
        assert (await sign_in(http, mei.login, mei.password)).status_code == 303
        kept = {"Cookie": f"operator={http.cookies['operator']}"}
        assert (await http.get("/operator")).status_code == 200
        await end(how, http)
        http.cookies.clear()
        assert (await http.get("/operator", headers=kept)).status_code == 303, how
