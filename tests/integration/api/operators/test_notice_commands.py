"""`./dev notices …` as an operator types it at the installation; and docs/operating/disputes.md."""

import json
import os
import re
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from typer.testing import CliRunner, Result

from api.notices import app, key_of
from api.operators.roles import Role
from runtime.embedded.places import inherited
from runtime.engineer.access import Access, NobodyThere
from runtime.engineer.disputes import PROPOSER
from runtime.settings import Settings
from tests.conftest import ROOT, Database, Temporal
from tests.integration.api.operators.conftest import NewPerson, Person
from tests.integration.api.operators.test_desk_purchases import GIVEN_UP
from tests.integration.api.shop import Shop

PAGE = (ROOT / "docs/operating/disputes.md").read_text()
TYPED = re.compile(r"^\./dev notices (.*)$", re.M)


@pytest.fixture
def environment(database: Database, settings: Settings, temporal: Temporal) -> dict[str, str]:
    return {
        **inherited(os.environ),
        "DATABASE_URL": database.app_url,
        "TEMPORAL_ADDRESS": temporal.address,
        "DANBAO_PUBLIC_URL": settings.public_url,
        "DANBAO_LINK_SECRET": settings.link_secret.get_secret_value(),
        "DANBAO_BANK_URL": "http://127.0.0.1:1",
        "DANBAO_BANK_API_KEY": "nobody",
        "DANBAO_BANK_CALLBACK_SECRET": "c" * 32,
        "DANBAO_EVIDENCE_DIR": str(settings.evidence_dir),
        "DANBAO_VAULT_KEYS": settings.vault_keys.get_secret_value(),
        "COLUMNS": "200",
    }


def typed(environment: dict[str, str], key: str, *arguments: str) -> Result:
    """In a thread, as the command has an event loop of its own."""
    said = environment | {"DANBAO_OPERATOR_KEY": key}
    with ThreadPoolExecutor(1) as terminal:
        return terminal.submit(CliRunner().invoke, app, arguments, env=said).result()


@pytest_asyncio.fixture
async def hook(
    shop: Shop, contested: dict[str, Any], owner_engine: AsyncEngine
) -> AsyncIterator[str]:
    """An endpoint that one notice was given up for."""
    made = await shop.post("/v1/webhook_endpoints", {"url": "http://127.0.0.1:9/h"})
    endpoint: str = made.json()["id"]
    event = (await shop.get(f"/v1/escrows/{contested['id']}/events")).json()["data"][1]["data"]
    said = {"id": contested["id"], "event": event["id"], "hook": endpoint}
    async with owner_engine.begin() as connection:
        await connection.execute(GIVEN_UP, said | {"unheard": f"unh_{uuid4().hex}"})
    yield endpoint
    async with owner_engine.begin() as connection:
        gone = text("delete from unheard_notice where endpoint_id = :hook")
        await connection.execute(gone, {"hook": endpoint})


async def noted(engine: AsyncEngine, action: str, subject: str) -> list[str]:
    """Who did it, by the log."""
    query = text("select operator_id from audit_entry where action = :did and subject = :to")
    async with engine.connect() as connection:
        return list((await connection.execute(query, {"did": action, "to": subject})).scalars())


async def test_what_was_given_up_is_told_again_as_the_page_says(
    environment: dict[str, str], mei: Person, hook: str, shop: Shop, owner_engine: AsyncEngine
) -> None:
    told = []
    for line in TYPED.findall(PAGE):
        words = [hook if word.startswith("whe_") else word for word in line.split()]
        done = typed(environment, mei.key, *words)
        assert done.exit_code == 0, done.stderr
        told.append(done.stdout)
    listed, again = told
    assert re.search(rf"^{hook}      1  since \d", listed, re.M)
    assert again == "1 being told again\n"
    left = (await shop.get(f"/v1/webhook_endpoints/{hook}/unheard", state="parked")).json()
    assert left["data"] == []
    assert await noted(owner_engine, "redelivery_asked", hook) == [mei.id]
    nothing = json.loads(typed(environment, mei.key, "redeliver", hook, "--json").stdout)
    assert nothing == {"endpoint": hook, "events": [], "has_more": False}
    rest = json.loads(typed(environment, mei.key, "list", "--json").stdout)
    assert hook not in [one["endpoint"] for one in rest]


async def test_a_viewer_tells_nobody_again_and_that_is_noted(
    environment: dict[str, str], new_person: NewPerson, hook: str, owner_engine: AsyncEngine
) -> None:
    viewer = await new_person(Role.VIEWER)
    refused = typed(environment, viewer.key, "redeliver", hook)
    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "missing_role")
    assert await noted(owner_engine, "refused", hook) == [viewer.id]
    assert await noted(owner_engine, "redelivery_asked", hook) == []


async def test_a_refusal_is_one_line_and_exit_code_one(
    environment: dict[str, str], mei: Person, shop: Shop, hook: str
) -> None:
    off = {"url": "http://127.0.0.1:9/h", "enabled": False}
    await shop.http.put(f"/v1/webhook_endpoints/{hook}", json=off, headers=shop.headers())
    for key, endpoint, code in (
        ("ok_test_nobody", hook, "invalid_api_key"),
        (mei.key, "whe_nobody", "not_found"),
        (mei.key, hook, "endpoint_disabled"),
    ):
        refused = typed(environment, key, "redeliver", endpoint)
        assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, code)
        assert refused.stderr.count("\n") == 1


def test_the_demos_operator_is_found(tmp_path: Path) -> None:
    assert key_of({"DANBAO_OPERATOR_KEY": "ok_1"}, tmp_path) == "ok_1"
    Access("http://here", "ek_test_1", "", {PROPOSER: "ok_2"}).leave_at(tmp_path)
    assert key_of({}, tmp_path) == "ok_2"
    Access("http://here", "ek_test_1", "").leave_at(tmp_path)
    for home in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(NobodyThere, match="DANBAO_OPERATOR_KEY"):
            key_of({}, home)
