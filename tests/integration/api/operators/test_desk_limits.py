"""What nobody gets done at an operators' door, however it is asked for."""

from typing import Any

import httpx2
import pytest
import pytest_asyncio

from api.doors import Doors
from api.errors import MissingRole
from api.operators import accounts, decisions
from api.operators.accounts import Account
from api.operators.decisions import Case
from api.operators.proposals import Split
from api.operators.roles import Role
from api.sessions import id_of
from tests.integration.api.buyer import HIDDEN
from tests.integration.api.complaint import complain, say
from tests.integration.api.operators.conftest import Person
from tests.integration.api.operators.test_decisions import actions
from tests.integration.api.operators.test_desk import ENTRANCE, money, send, sign_in
from tests.integration.api.shop import Shop, token_of
from tests.integration.api.test_api_bad_input import is_problem


@pytest_asyncio.fixture
async def desk(browser: httpx2.AsyncClient, mei: Person) -> httpx2.AsyncClient:
    """Mei's."""
    assert (await sign_in(browser, mei.login, mei.password)).status_code == 303
    return browser


@pytest.fixture
def here(contested: dict[str, Any]) -> str:
    return f"/operator/disputes/{contested['dispute']['id']}"


async def test_a_decision_says_why_and_a_blank_is_no_reason(
    shop: Shop, contested: dict[str, Any], here: str, desk: httpx2.AsyncClient, mei: Person
) -> None:
    page = await desk.get(here)
    split = {"refund": "40.00", "release": "0"}
    for blank in ("   ", "\u3000", "a\x00b", "a\u2028b", "\u202e4000", "\u2067x", ""):
        refused = await send(desk, page, f"{here}/resolution", note=blank, **split)
        assert refused.status_code == 422, repr(blank)
    turned: dict[str, Any] = {"refund": 4000, "release": 0, "note": "\u202e0004=esaeler"}
    said = await mei.post(here.rsplit("/", 1)[1], "resolution", contested["version"], **turned)
    is_problem(said, 422, "invalid_request")
    assert (await mei.read(contested["dispute"]["id"]))["proposal"] is None

    taken = await send(desk, page, f"{here}/resolution", note=" 左靴　破了 ", **split)
    assert taken.status_code == 303
    proposal = (await mei.read(contested["dispute"]["id"]))["proposal"]
    assert proposal["note"] == "左靴　破了"
    assert await money(shop, contested) == (8900, 4000, 0, 0)


async def test_nothing_has_a_nul_in_it_and_whoever_asks_for_it_finds_no_bug_of_ours(
    shop: Shop, here: str, desk: httpx2.AsyncClient, mei: Person, doors: Doors
) -> None:
    form = doors.links.form(id_of(desk.cookies["operator"]), "redelivery", "once")
    endpoint = "/operator/attention/redelivery/%00"
    answers = [
        await desk.get("/operator/purchases?q=%00"),
        await desk.get(f"{here}/evidence/%00"),
        await desk.post(endpoint, data={"form": form}),
        await mei.get(f"/v1/disputes/{here.rsplit('/', 1)[1]}/evidence/%00"),
        await sign_in(desk, "a\x00", "b"),
    ]
    assert [answer.status_code for answer in answers] == [422] * 5
    is_problem(answers[3], 422, "invalid_request")


async def test_evidence_of_one_dispute_is_not_read_as_the_others(
    shop: Shop, disputed: dict[str, Any], mei: Person, desk: httpx2.AsyncClient
) -> None:
    """The log would name the wrong one."""
    buyer, first = token_of(disputed), disputed["dispute"]["id"]
    said = (await say(shop, disputed, "The left boot has a hole.", token=buyer)).json()
    await shop.post(f"/v1/escrows/{disputed['id']}/dispute/withdrawal", token=buyer)
    other = (await complain(shop, disputed))["dispute"]["id"]
    assert (await mei.read(other))["evidence"] == []
    theirs = await mei.get(f"/v1/disputes/{other}/evidence/{said['id']}")
    is_problem(theirs, 404, "not_found")
    assert (await desk.get(f"/operator/disputes/{other}/evidence/{said['id']}")).status_code == 404
    assert (await mei.get(f"/v1/disputes/{first}/evidence/{said['id']}")).status_code == 200


async def known(doors: Doors, person: Person) -> Account:
    async with doors.engine.connect() as connection:
        account = await accounts.with_key(connection, person.key)
    assert account is not None
    return account


@pytest.mark.parametrize("gone", ["role", "account"])
async def test_who_may_not_any_more_decides_nothing_that_was_asked_before(
    shop: Shop, contested: dict[str, Any], mei: Person, tomas: Person, doors: Doors, gone: str
) -> None:
    """The request was let in, and is about to be written down."""
    split = Split(4000, 0)
    case = Case(contested["id"], 1, contested["version"])
    await mei.propose(case.id, case.version, split.refund, split.release)
    account = await known(doors, tomas)
    async with doors.engine.begin() as connection:
        if gone == "role":
            await accounts.change_role(connection, tomas.login, Role.OPERATOR)
        else:
            await accounts.disable(connection, tomas.login)
    with pytest.raises(MissingRole):
        await decisions.approve(doors, account, case, split)
    assert await money(shop, contested) == (8900, 4000, 0, 0)
    assert (await mei.read(case.id))["proposal"]["approved_by"] is None


@pytest.mark.parametrize("changed", ["role", "password"])
async def test_a_session_ends_with_the_role_and_with_the_password(
    desk: httpx2.AsyncClient, mei: Person, doors: Doors, changed: str
) -> None:
    assert (await desk.get("/operator")).status_code == 200
    async with doors.engine.begin() as connection:
        if changed == "role":
            await accounts.change_role(connection, mei.login, Role.APPROVER)
        else:
            await accounts.change_password(connection, mei.login)
    away = await desk.get("/operator")
    assert (away.status_code, away.headers["location"]) == (303, ENTRANCE)


async def test_the_entrance_takes_its_own_form_and_gives_a_cookie_for_this_site_only(
    browser: httpx2.AsyncClient, mei: Person, doors: Doors
) -> None:
    entrance = await browser.get(ENTRANCE)
    mine = dict(HIDDEN.findall(entrance.text))[ENTRANCE]
    other = doors.links.form("nobody", "/merchant/sign-in", "once")
    who = {"login": mei.login, "password": mei.password}
    for form, site in ((other, "same-origin"), ("x", "same-origin"), (mine, "cross-site")):
        headers = {"Sec-Fetch-Site": site}
        refused = await browser.post(ENTRANCE, data={"form": form, **who}, headers=headers)
        assert (refused.status_code, dict(browser.cookies)) == (403, {})
    let_in = await browser.post(ENTRANCE, data={"form": mine, **who})
    assert let_in.status_code == 303
    assert let_in.headers["set-cookie"].endswith("; HttpOnly; Path=/; SameSite=strict")


async def test_signing_out_is_written_down(
    desk: httpx2.AsyncClient, mei: Person, doors: Doors
) -> None:
    out = await send(desk, await desk.get("/operator"), "/operator/sign-out")
    assert out.headers["location"] == ENTRANCE
    assert await actions(doors.engine, mei.id) == ["operator_created", "signed_in", "signed_out"]


async def test_a_purchase_is_found_by_what_the_log_calls_its_parts(
    shop: Shop, contested: dict[str, Any], mei: Person, desk: httpx2.AsyncClient
) -> None:
    said = (await say(shop, contested, "It was whole.")).json()["id"]
    dispute = contested["dispute"]["id"]
    proposal = (await mei.propose(dispute, contested["version"], 4000, 0)).json()["id"]
    for known_as in (said, proposal):
        answer = await desk.get("/operator/purchases", params={"q": known_as})
        assert answer.headers.get("location") == f"/operator/purchases/{contested['id']}", known_as
