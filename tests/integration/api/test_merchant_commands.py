"""`./dev merchant …` as an operator types it, on a real database."""

import asyncio
import json
import os
import subprocess
import sys
from typing import Any

import pytest

from api.errors import TooManyKeys
from api.merchants import Key, add_key, create_merchant, keys_of, merchants, say_where
from clearing.contracts import bank_account, payout_terms
from domain.clearing import PayoutTerms
from domain.errors import UnknownCurrency
from runtime.beside import leave_word, told
from runtime.embedded.places import inherited
from runtime.settings import Settings
from tests.conftest import ROOT, Database
from tests.integration.api.conftest import NewShop
from tests.integration.api.shop import Shop


@pytest.fixture(scope="session")
def environment(database: Database, settings: Settings) -> dict[str, str]:
    return {
        **inherited(os.environ),
        "DATABASE_URL": database.app_url,
        "DANBAO_PUBLIC_URL": settings.public_url,
        "DANBAO_LINK_SECRET": settings.link_secret.get_secret_value(),
        "DANBAO_BANK_URL": "http://127.0.0.1:1",
        "DANBAO_BANK_API_KEY": "nobody",
        "DANBAO_BANK_CALLBACK_SECRET": "c" * 32,
        "DANBAO_EVIDENCE_DIR": str(settings.evidence_dir),
        "DANBAO_VAULT_KEYS": settings.vault_keys.get_secret_value(),
        "COLUMNS": "200",
    }


def typed(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.merchant", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )


def said(environment: dict[str, str], *arguments: str) -> Any:
    done = typed(environment, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


#: Where a merchant wants to be paid.
WHERE = ("--holder", "Shop", "--account", "6217000000000018")


async def listed(shop: Shop, merchant: str) -> list[Key]:
    """The live ones."""
    async with shop.doors.engine.connect() as connection:
        return [key for key in await keys_of(connection, merchant) if key.revoked_at is None]


async def test_keys_are_changed_without_a_pause(environment: dict[str, str], shop: Shop) -> None:
    """Two live ones, a third refused, the old one revoked; each says when it was last used."""

    async def answers(key: str) -> int:
        headers = {"Authorization": f"Bearer {key}"}
        return (await shop.http.get("/v1/escrows", headers=headers)).status_code

    made = await asyncio.to_thread(said, environment, "create", "Rotating")
    assert made["webhook_secret"] == ""
    assert [key.last_used_at for key in await listed(shop, made["id"])] == [None]
    assert await answers(made["api_key"]) == 200

    second = said(environment, "rotate", made["id"])["api_key"]
    assert [await answers(key) for key in (made["api_key"], second)] == [200, 200]
    third = typed(environment, "rotate", made["id"])
    assert third.returncode == 1
    assert third.stderr.startswith("too_many_keys: ")
    live = {key.last4 for key in await listed(shop, made["id"])}
    assert live == {made["api_key"][-4:], second[-4:]}

    gone = said(environment, "revoke", made["id"], made["api_key"][-4:])
    assert [await answers(key) for key in (made["api_key"], second)] == [401, 200]
    again = typed(environment, "revoke", made["id"], gone["revoked"])
    assert (again.returncode, again.stderr.split(":")[0]) == (1, "not_found")
    (left,) = next(
        known["keys"] for known in said(environment, "list") if known["id"] == made["id"]
    )
    assert left["last_used_at"] is not None
    assert (left["mode"], left["last4"]) == ("test", second[-4:])


async def test_a_key_is_told_once_and_its_scopes_are_chosen(
    environment: dict[str, str], shop: Shop
) -> None:
    made = typed(environment, "create", "Reader", "--scope", "escrows:read", "--scope", "refunds")
    (key,) = [word for word in made.stdout.split() if word.startswith("ek_test_")]
    (merchant,) = [word for word in made.stdout.split() if word.startswith("mer_")]
    assert [key.scopes for key in await listed(shop, merchant)] == [{"escrows:read", "refunds"}]
    everyone = typed(environment, "list")
    assert "escrows:read, refunds" in everyone.stdout
    assert key not in everyone.stdout
    assert key[-4:] in everyone.stdout


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("create", "Broken", "--webhook", "ftp://127.0.0.1/hook"), "webhook"),
        (("create", "Broken", "--scope", "everything"), "choose among escrows:read"),
        (("create", "Broken", "--fee-bps", "10001"), ""),
        (("rotate", "mer_nobody"), "not_found"),
        (("revoke", "mer_nobody", "abcd"), "not_found"),
        (("pay-to", "mer_nobody", "--currency", "CNY", *WHERE), "not_found"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    environment: dict[str, str], shop: Shop, arguments: tuple[str, ...], complaint: str
) -> None:
    refused = typed(environment, *arguments)
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert complaint in refused.stderr
    assert "Traceback" not in refused.stderr
    async with shop.doors.engine.connect() as connection:
        assert "Broken" not in {known.name for known in await merchants(connection)}


async def test_a_merchant_is_paid_where_it_says(environment: dict[str, str], shop: Shop) -> None:
    made = said(environment, "pay-to", shop.id, "--currency", "CNY", *WHERE, "--days", "0")
    assert (made["holder"], made["ends_in"]) == ("Shop", "0018")
    async with shop.doors.engine.connect() as connection:
        assert (await payout_terms(connection, shop.id, "CNY")).days == 0
        account = await bank_account(connection, shop.id, "CNY")
    assert account is not None
    assert account.number == "6217000000000018"


@pytest.mark.parametrize(
    ("currency", "number", "days"), [("ABC", "1", 1), ("CNY", "1 2", 1), ("CNY", "1", 31)]
)
async def test_bank_details_that_no_bank_takes_change_nothing(
    shop: Shop, currency: str, number: str, days: int
) -> None:
    async def say() -> None:
        async with shop.doors.engine.begin() as connection:
            where = ("Shop", number)
            await say_where(connection, shop.id, currency, where, PayoutTerms(days))

    with pytest.raises((ValueError, UnknownCurrency)):
        await say()
    async with shop.doors.engine.connect() as connection:
        assert await bank_account(connection, shop.id, currency) is None
        assert (await payout_terms(connection, shop.id, currency)).days == 1


def test_without_a_database_it_says_so(environment: dict[str, str]) -> None:
    nobody = environment | {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"}
    refused = typed(nobody, "list")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "PostgreSQL does not answer" in refused.stderr
    assert "Traceback" not in refused.stderr


async def test_however_many_rotate_at_once_two_keys_are_live(shop: Shop) -> None:
    async def rotate() -> str:
        async with shop.doors.engine.begin() as connection:
            return await add_key(connection, shop.id, "test")

    done = await asyncio.gather(*(rotate() for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(made, str) for made in done) == 1
    assert sum(isinstance(made, TooManyKeys) for made in done) == 4


async def test_one_merchants_keys_are_not_anothers(new_shop: NewShop) -> None:
    ours, theirs = await new_shop("Ours"), await new_shop("Theirs")
    async with ours.doors.engine.begin() as connection:
        await add_key(connection, ours.id, "test")
    async with ours.doors.engine.begin() as connection:
        await add_key(connection, theirs.id, "test")
        made = await create_merchant(connection, "Third")
    assert made.key.startswith("ek_test_")


def test_commands_find_the_demo_that_runs_here(tmp_path: Any) -> None:
    assert told(tmp_path, {}) == {}
    leave_word(tmp_path, {"DATABASE_URL": "postgresql://demo", "DANBAO_MODE": "x", "PATH": "/bin"})
    assert told(tmp_path, {}) == {"DATABASE_URL": "postgresql://demo", "DANBAO_MODE": "x"}
    assert told(tmp_path, {"DATABASE_URL": "postgresql://mine"}) == {}
    assert (tmp_path / "environment.json").stat().st_mode & 0o077 == 0
