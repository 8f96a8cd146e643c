"""`python -m runtime.rewrap` as an operator runs it."""

import os
import subprocess
import sys

import pytest_asyncio

from runtime.embedded.places import inherited
from tests.conftest import ROOT, Database
from tests.integration.vault.conftest import K1, K2, NewPurchase
from vault.keys import Keys
from vault.ring import Ring


@pytest_asyncio.fixture
async def wrapped_keys(keys: Keys, new_purchase: NewPurchase) -> None:
    for _ in range(3):
        await keys.current(await new_purchase())


def rewrap(database: Database, ring: str) -> subprocess.CompletedProcess[str]:
    told = {"DANBAO_MIGRATION_URL": database.owner_url, "DANBAO_VAULT_KEYS": ring}
    return subprocess.run(
        [sys.executable, "-m", "runtime.rewrap"],
        env=inherited(os.environ) | told,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_says_when_the_old_key_can_go(database: Database, wrapped_keys: None) -> None:
    first = Ring.parse(K2).first
    done = rewrap(database, f"{K2},{K1}")
    assert done.returncode == 0, done.stderr
    wrapped_anew, left = done.stdout.splitlines()
    assert int(wrapped_anew.removeprefix("wrapped anew: ")) >= 3
    assert left.startswith(f"wrapped by {first} (the first): ")
    assert rewrap(database, f"{K2},{K1}").stdout.startswith("wrapped anew: 0\n")
    # Other tests go on with the first master key.
    assert rewrap(database, f"{K1},{K2}").returncode == 0


def test_without_the_key_that_wraps_it_changes_nothing_and_says_which(
    database: Database, wrapped_keys: None
) -> None:
    refused = rewrap(database, K2)
    assert refused.returncode == 1
    assert (
        refused.stderr == f"master_key_missing: no master key {Ring.parse(K1).first} in the ring\n"
    )
    assert rewrap(database, K1).stdout.startswith("wrapped anew: 0\n")
