"""Four eyes: one proposes, another approves, and the money moves once, or not at all."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from api.doors import Doors
from api.operators import accounts, audit, decisions
from api.operators.roles import Role
from tests.integration.api.course import until
from tests.integration.api.operators.conftest import PART, NewPerson, Person
from tests.integration.api.shop import Shop, token_of
from tests.integration.api.test_api_bad_input import is_problem

BACK, REST = 3000, 1000
ACTIONS = text("select action from audit_entry where subject = :subject order by no")
LEGS = text("select count(*) from transfer where subject = :id and name = 'dispute_resolved'")


def money(escrow: dict[str, Any]) -> tuple[int, ...]:
    return tuple(escrow[name] for name in ("held", "disputed", "released", "refunded"))


async def now(shop: Shop, escrow: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = (await shop.get(f"/v1/escrows/{escrow['id']}")).json()
    return found


async def until_released(shop: Shop, escrow: dict[str, Any]) -> dict[str, Any]:
    """The purchase once nothing undisputed is held any more."""
    while escrow["held"]:
        escrow = await until(shop, escrow | {"status": ""}, "disputed")
    return escrow


async def actions(engine: AsyncEngine, dispute: str) -> list[str]:
    async with engine.connect() as connection:
        return list((await connection.execute(ACTIONS, {"subject": dispute})).scalars())


async def test_one_proposes_another_approves_and_the_money_is_divided(
    shop: Shop, contested: dict[str, Any], mei: Person, tomas: Person
) -> None:
    dispute, version = contested["dispute"]["id"], contested["version"]
    proposed = await mei.propose(dispute, version, BACK, REST)
    assert proposed.status_code == 202, proposed.text
    assert (proposed.json()["approved_by"], proposed.json()["carried_out"]) == (None, False)
    assert await now(shop, contested) == contested
    read = await tomas.read(dispute)
    assert (read["proposal"]["proposed_by"], read["proposal"]["refund"]) == (mei.login, BACK)

    done = await tomas.approve(dispute, version, BACK, REST)
    assert done.status_code == 200, done.text
    assert (done.json()["approved_by"], done.json()["carried_out"]) == (tomas.login, True)
    divided = await now(shop, contested)
    assert money(divided) == (8900, 0, REST, BACK)
    assert divided["dispute"] is None
    ended = await tomas.read(dispute)
    assert (ended["state"], ended["ended_by"], ended["deadline"]) == (
        "ended",
        "dispute_resolved",
        None,
    )
    assert await actions(shop.doors.engine, dispute) == [
        "resolution_proposed",
        "resolution_approved",
    ]


async def test_who_proposes_does_not_approve(
    shop: Shop, contested: dict[str, Any], tomas: Person
) -> None:
    dispute, version = contested["dispute"]["id"], contested["version"]
    await tomas.propose(dispute, version, BACK, REST)
    is_problem(await tomas.approve(dispute, version, BACK, REST), 403, "own_proposal")
    assert await now(shop, contested) == contested
    assert "own_proposal_refused" in await actions(shop.doors.engine, dispute)


async def test_each_role_has_its_own_part(
    shop: Shop, contested: dict[str, Any], mei: Person, new_person: NewPerson
) -> None:
    viewer = await new_person(Role.VIEWER)
    dispute, version = contested["dispute"]["id"], contested["version"]
    is_problem(await viewer.propose(dispute, version, BACK, REST), 403, "missing_role")
    await mei.propose(dispute, version, BACK, REST)
    other = await new_person(Role.OPERATOR)
    for person in (viewer, other):
        is_problem(await person.approve(dispute, version, BACK, REST), 403, "missing_role")
    assert (await viewer.read(dispute))["proposal"]["approved_by"] is None
    assert await actions(shop.doors.engine, dispute) == [
        "refused",
        "resolution_proposed",
        "refused",
        "refused",
    ]


async def test_a_decision_is_about_what_was_read(
    shop: Shop, contested: dict[str, Any], mei: Person, tomas: Person
) -> None:
    dispute, version = contested["dispute"]["id"], contested["version"]
    is_problem(await mei.propose(dispute, None, BACK, REST), 428, "precondition_required")
    is_problem(await mei.propose(dispute, version - 1, BACK, REST), 412, "version_moved")
    is_problem(await mei.propose(dispute, version, BACK, 0), 409, "split_mismatch")
    is_problem(await mei.propose(dispute, version, -1, PART + 1), 422, "invalid_request")
    is_problem(await tomas.approve(dispute, version, BACK, REST), 409, "no_proposal")
    await mei.propose(dispute, version, BACK, REST)
    is_problem(await tomas.approve(dispute, version, REST, BACK), 409, "proposal_differs")
    is_problem(await tomas.approve(dispute, None, BACK, REST), 428, "precondition_required")
    star = tomas.headers(**{"Idempotency-Key": uuid4().hex, "If-Match": "*"})
    any_version = await tomas.http.post(
        f"/v1/disputes/{dispute}/approval", json={"refund": BACK, "release": REST}, headers=star
    )
    is_problem(any_version, 422, "invalid_request")
    assert await now(shop, contested) == contested


async def test_what_is_proposed_counts_while_its_proposer_may_propose(
    shop: Shop, contested: dict[str, Any], tomas: Person, new_person: NewPerson
) -> None:
    dispute, version = contested["dispute"]["id"], contested["version"]
    disabled, demoted = await new_person(Role.OPERATOR), await new_person(Role.OPERATOR)
    await disabled.propose(dispute, version, BACK, REST)
    async with shop.doors.engine.begin() as connection:
        await accounts.disable(connection, disabled.login)
    is_problem(await tomas.approve(dispute, version, BACK, REST), 409, "no_proposal")
    await demoted.propose(dispute, version, BACK, REST)
    async with shop.doors.engine.begin() as connection:
        await accounts.change_role(connection, demoted.login, Role.VIEWER)
    is_problem(await tomas.approve(dispute, version, BACK, REST), 409, "no_proposal")
    assert await now(shop, contested) == contested


async def test_what_moved_in_between_is_looked_at_anew(
    shop: Shop, contested: dict[str, Any], mei: Person, tomas: Person
) -> None:
    """The undisputed rest is confirmed between proposal and approval."""
    dispute, version = contested["dispute"]["id"], contested["version"]
    await mei.propose(dispute, version, BACK, REST)
    await shop.post(f"/v1/escrows/{contested['id']}/receipt", token=token_of(contested))
    moved = await until_released(shop, contested)
    is_problem(await tomas.approve(dispute, version, BACK, REST), 412, "version_moved")
    is_problem(await tomas.approve(dispute, moved["version"], BACK, REST), 412, "version_moved")

    await mei.propose(dispute, moved["version"], BACK, REST)
    done = await tomas.approve(dispute, moved["version"], BACK, REST)
    assert done.status_code == 200, done.text
    assert money(await now(shop, contested)) == (0, 0, 8900 + REST, BACK)


async def test_a_dispute_that_was_given_up_is_not_decided(
    shop: Shop, contested: dict[str, Any], mei: Person, tomas: Person
) -> None:
    dispute, version = contested["dispute"]["id"], contested["version"]
    await mei.propose(dispute, version, BACK, REST)
    path = f"/v1/escrows/{contested['id']}/dispute/withdrawal"
    given_up = (await shop.post(path, token=token_of(contested))).json()
    is_problem(await tomas.approve(dispute, version, BACK, REST), 412, "version_moved")
    late = await mei.propose(dispute, given_up["version"], BACK, REST)
    is_problem(late, 409, "no_dispute_open")
    assert money(await now(shop, contested)) == (12900, 0, 0, 0)


async def test_a_decision_is_never_about_another_dispute(
    shop: Shop, contested: dict[str, Any], mei: Person, tomas: Person
) -> None:
    """The second dispute has the first one's amounts; the first one's proposal is not for it."""
    first = contested["dispute"]["id"]
    await mei.propose(first, contested["version"], BACK, REST)
    path, buyer = f"/v1/escrows/{contested['id']}/dispute", token_of(contested)
    await shop.post(f"{path}/withdrawal", token=buyer)
    await shop.post(path, {"amount": PART, "reason": "other"}, token=buyer)
    again = (await shop.post(f"{path}/answer", {"answer": "contest"})).json()
    second, version = again["dispute"]["id"], again["version"]
    is_problem(await tomas.approve(second, version, BACK, REST), 409, "no_proposal")
    is_problem(await mei.propose(first, version, BACK, REST), 409, "wrong_stage")
    assert (await mei.read(first))["ended_by"] == "dispute_withdrawn"
    assert (await mei.read(second))["state"] == "arbitration"


async def test_two_who_approve_at_once_divide_once(
    shop: Shop, contested: dict[str, Any], mei: Person, new_person: NewPerson
) -> None:
    dispute, version = contested["dispute"]["id"], contested["version"]
    await mei.propose(dispute, version, BACK, REST)
    approvers = [await new_person(Role.APPROVER) for _ in range(4)]
    answers = await asyncio.gather(
        *(person.approve(dispute, version, BACK, REST) for person in approvers)
    )
    assert {answer.status_code for answer in answers} <= {200, 412}
    assert money(await now(shop, contested)) == (8900, 0, REST, BACK)
    assert (await actions(shop.doors.engine, dispute)).count("resolution_approved") == 1
    async with shop.doors.engine.connect() as connection:
        legs = await connection.scalar(LEGS, {"id": contested["id"]})
    once = await shop.get(f"/v1/escrows/{contested['id']}/events")
    told = [event["type"] for event in once.json()["data"]]
    assert legs is not None
    assert told.count("escrow.released") == 1


async def test_what_was_approved_before_a_crash_is_carried_out_by_whoever_repeats_it(
    shop: Shop,
    contested: dict[str, Any],
    mei: Person,
    tomas: Person,
    without_temporal: httpx2.AsyncClient,
) -> None:
    """Approved and written down, but Temporal was away: nothing has moved yet."""
    dispute, version = contested["dispute"]["id"], contested["version"]
    await mei.propose(dispute, version, BACK, REST)
    key = uuid4().hex
    headers = tomas.headers(**{"Idempotency-Key": key, "If-Match": f'"{version}"'})
    split = {"refund": BACK, "release": REST}
    path = f"/v1/disputes/{dispute}/approval"
    away = await without_temporal.post(path, json=split, headers=headers)
    is_problem(away, 503, "unavailable")
    half = (await mei.read(dispute))["proposal"]
    assert (half["approved_by"], half["carried_out"]) == (tomas.login, False)

    done = await tomas.approve(dispute, version, BACK, REST, key=key)
    assert (done.status_code, done.json()["carried_out"]) == (200, True)
    again = await tomas.approve(dispute, version, BACK, REST, key=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    another = await tomas.approve(dispute, version, BACK, REST)
    assert another.json() == done.json()
    assert money(await now(shop, contested)) == (8900, 0, REST, BACK)


async def test_what_was_approved_can_not_be_proposed_away(
    shop: Shop,
    contested: dict[str, Any],
    mei: Person,
    tomas: Person,
    new_person: NewPerson,
    without_temporal: httpx2.AsyncClient,
    doors: Doors,
) -> None:
    """And is carried out in the end, though nobody repeats it."""
    dispute, version = contested["dispute"]["id"], contested["version"]
    await mei.propose(dispute, version, BACK, REST)
    headers = tomas.headers(**{"Idempotency-Key": uuid4().hex, "If-Match": f'"{version}"'})
    split = {"refund": BACK, "release": REST}
    await without_temporal.post(f"/v1/disputes/{dispute}/approval", json=split, headers=headers)
    is_problem(await mei.propose(dispute, version, 0, PART), 409, "proposal_differs")
    other = await new_person(Role.APPROVER)
    is_problem(await other.approve(dispute, version, 0, PART), 409, "proposal_differs")
    assert await now(shop, contested) == contested

    await decisions.finish(doors, contested["id"], 1)
    assert (await mei.read(dispute))["proposal"]["carried_out"] is True
    assert money(await now(shop, contested)) == (8900, 0, REST, BACK)


async def test_a_small_amount_needs_one_operator(
    shop: Shop,
    contested: dict[str, Any],
    mei: Person,
    doors: Doors,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(doors.settings.four_eyes_above, "CNY", PART)
    dispute, version, key = contested["dispute"]["id"], contested["version"], uuid4().hex
    done = await mei.propose(dispute, version, BACK, REST, key=key)
    assert (done.status_code, done.json()["approved_by"]) == (200, mei.login)
    assert done.json()["carried_out"] is True
    again = await mei.propose(dispute, version, BACK, REST, key=key)
    assert again.json() == done.json()
    assert money(await now(shop, contested)) == (8900, 0, REST, BACK)
    assert await actions(doors.engine, dispute) == ["dispute_decided_alone"]


async def test_one_unit_more_needs_two(
    contested: dict[str, Any], mei: Person, doors: Doors, monkeypatch: pytest.MonkeyPatch
) -> None:
    for currency, amount in (("CNY", PART - 1), ("EUR", 10**9)):
        monkeypatch.setitem(doors.settings.four_eyes_above, currency, amount)
    proposed = await mei.propose(contested["dispute"]["id"], contested["version"], BACK, REST)
    assert (proposed.status_code, proposed.json()["approved_by"]) == (202, None)


async def test_before_the_merchant_has_answered_nobody_decides(
    shop: Shop, disputed: dict[str, Any], mei: Person
) -> None:
    answer = await mei.propose(disputed["dispute"]["id"], disputed["version"], BACK, REST)
    is_problem(answer, 409, "wrong_stage")


async def test_the_inbox_is_by_deadline_and_goes_on(
    shop: Shop, disputed: dict[str, Any], contested: dict[str, Any], mei: Person
) -> None:
    seen: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await mei.get("/v1/disputes", limit=1, **cursor)).json()
        seen += page["data"]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
    ids = [case["id"] for case in seen]
    assert contested["dispute"]["id"] in ids
    assert len(ids) == len(set(ids))
    deadlines = [case["deadline"] for case in seen]
    assert deadlines == sorted(deadlines)
    waiting = (await mei.get("/v1/disputes", state="arbitration", limit=100)).json()["data"]
    assert {case["state"] for case in waiting} == {"arbitration"}
    is_problem(await mei.get("/v1/disputes", cursor="x"), 400, "invalid_cursor")


@pytest.mark.parametrize("way", ["disabled", "changed"])
async def test_a_key_that_is_over_opens_nothing(mei: Person, doors: Doors, way: str) -> None:
    assert (await mei.get("/v1/disputes")).status_code == 200
    async with doors.engine.begin() as connection:
        if way == "disabled":
            await accounts.disable(connection, mei.login)
        else:
            await accounts.change_key(connection, mei.login, "test")
    is_problem(await mei.get("/v1/disputes"), 401, "invalid_api_key")


async def test_operators_keys_open_only_operators_doors(
    shop: Shop, contested: dict[str, Any], tomas: Person
) -> None:
    for path in (f"/v1/escrows/{contested['id']}", "/v1/escrows", "/v1/events"):
        answer = await tomas.get(path)
        assert answer.status_code == 401, (path, answer.text)
    assert (await shop.get("/v1/disputes")).status_code == 401
    assert (await shop.get(f"/v1/disputes/{contested['dispute']['id']}")).status_code == 401


async def test_no_dispute_is_not_found(contested: dict[str, Any], mei: Person) -> None:
    for name in (f"dsp_{contested['id'][4:]}_2", f"dsp_{'0' * 32}_1", "dsp_1", contested["id"]):
        is_problem(await mei.get(f"/v1/disputes/{name}"), 404, "not_found")
        is_problem(await mei.propose(name, 1, BACK, REST), 404, "not_found")


async def test_evidence_is_read_and_that_is_written_down(
    shop: Shop, disputed: dict[str, Any], mei: Person
) -> None:
    path = f"/v1/escrows/{disputed['id']}/dispute/evidence"
    headers = {**shop.headers(), "Authorization": f"Bearer {token_of(disputed)}"}
    words = {"statement": (None, "The left boot has a hole.")}
    said = await shop.http.post(path, files=words, headers=headers)
    assert said.status_code == 201, said.text
    dispute = disputed["dispute"]["id"]
    [entry] = (await mei.read(dispute))["evidence"]
    assert entry["text"] == "The left boot has a hole."
    saved = await mei.get(f"/v1/disputes/{dispute}/evidence/{entry['id']}")
    assert saved.content == b"The left boot has a hole."
    assert await actions(shop.doors.engine, dispute) == ["evidence_read"]


async def test_the_log_is_whole_and_a_change_is_found(
    owner_engine: AsyncEngine, contested: dict[str, Any], mei: Person
) -> None:
    await mei.propose(contested["dispute"]["id"], contested["version"], BACK, REST)
    async with owner_engine.connect() as connection:
        assert await audit.verify(connection) is None
    async with owner_engine.connect() as connection:
        await connection.execute(text("alter table audit_entry disable trigger audit_append_only"))
        await connection.execute(
            text("update audit_entry set detail = detail || '{\"refund\": 1}' where no = 2")
        )
        broken = await audit.verify(connection)
        await connection.rollback()
    assert broken is not None
    assert broken.no == 2
