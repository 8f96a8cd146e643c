"""deploy/shop/merchant.sh, run by a real shell against a real database."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import Database
from tests.unit.deploy.compose import ROOT, assignments, new_env, services

SCRIPT = ROOT / "deploy/shop/merchant.sh"
COUNT = text("SELECT count(*) FROM merchant WHERE name = 'Tea & Boots'")


def run(environment: dict[str, str]) -> None:
    subprocess.run(["sh", str(SCRIPT)], cwd=ROOT, env=environment, check=True)


def told(keys: Path) -> list[str]:
    """What a shop finds in its environment after it has read `keys`."""
    script = f'. {keys}; echo "$DANBAO_API_KEY"; echo "$SHOP_WEBHOOK_SECRETS"'
    return subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=True
    ).stdout.splitlines()


async def test_a_merchant_is_made_once_and_the_shop_reads_its_keys(
    tmp_path: Path, database: Database, owner_engine: AsyncEngine
) -> None:
    composed = services(assignments(new_env(tmp_path).read_text()))
    python = Path(sys.executable).parent
    environment = {
        **composed["shop-merchant"]["environment"],
        "DATABASE_URL": database.app_url,
        "SHOP_KEYS": str(tmp_path / "keys"),
        "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
    }
    async with owner_engine.connect() as connection:
        before = (await connection.execute(COUNT)).scalar_one()
        for _ in range(2):
            await asyncio.to_thread(run, environment)
        assert (await connection.execute(COUNT)).scalar_one() == before + 1
    key, secret = told(tmp_path / "keys")
    assert key.startswith("ek_test_")
    assert secret.startswith("whsec_")
    assert (tmp_path / "keys").stat().st_mode & 0o077 == 0
    assert not (tmp_path / "keys.json").exists()
