"""`python -m api` and `python -m api.merchant` as an operator runs them."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
import pytest_asyncio

from runtime.embedded.places import LOOPBACK, free_ports, inherited
from runtime.embedded.process import Process
from runtime.settings import Settings
from tests.conftest import ROOT, Database, Temporal, answers
from tests.integration.api.listener import STREAM
from tests.integration.api.shop import order, token_of

LINK_SECRET = "canary-link-secret-0123456789abcdef"
CALLBACK_SECRET = "canary-callback-secret-0123456789"
BANK_KEY = "canary-bank-key"


@dataclass(frozen=True, slots=True)
class Running:
    process: Process
    url: str
    merchant: dict[str, str]

    @property
    def log(self) -> str:
        return self.process.log.read_text()

    @property
    def vault_key(self) -> str:
        return self.process.env["DANBAO_VAULT_KEYS"]


@pytest_asyncio.fixture
async def running(
    database: Database, temporal: Temporal, settings: Settings, tmp_path: Path
) -> AsyncIterator[Running]:
    (port,) = free_ports(0)
    url = f"http://{LOOPBACK}:{port}"
    environment = {
        **inherited(os.environ),
        "DATABASE_URL": database.app_url,
        "TEMPORAL_ADDRESS": temporal.address,
        "DANBAO_PUBLIC_URL": url,
        "DANBAO_API_PORT": str(port),
        "DANBAO_LINK_SECRET": LINK_SECRET,
        "DANBAO_EVIDENCE_DIR": str(settings.evidence_dir),
        "DANBAO_VAULT_KEYS": settings.vault_keys.get_secret_value(),
        "DANBAO_BANK_URL": "http://127.0.0.1:1",
        "DANBAO_BANK_API_KEY": BANK_KEY,
        "DANBAO_BANK_CALLBACK_SECRET": CALLBACK_SECRET,
        "DANBAO_LOG_LEVEL": "debug",
    }
    process = Process(
        name="api",
        argv=[sys.executable, "-m", "api"],
        env=environment,
        cwd=ROOT,
        log=tmp_path / "api.log",
    )
    process.start()
    await process.ready(lambda: answers(f"{url}/healthz"))
    yield Running(process, url, onboarded(environment, "Canary & Sons"))
    await process.stop()


def onboarded(environment: dict[str, str], *arguments: str) -> dict[str, str]:
    said = subprocess.run(
        [sys.executable, "-m", "api.merchant", "create", *arguments, "--json"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    made: dict[str, str] = json.loads(said.stdout)
    return made


async def test_a_process_that_is_told_to_leave_lets_everybody_finish(running: Running) -> None:
    headers = {"Authorization": f"Bearer {running.merchant['api_key']}", "Idempotency-Key": "1"}
    async with httpx2.AsyncClient(base_url=running.url, headers=headers, timeout=40) as http:
        escrow = (await http.post("/v1/escrows", json=order())).json()
        path = f"/v1/escrows/{escrow['id']}"
        waiting = asyncio.create_task(http.get(path, params={"wait": 25}))
        async with http.stream("GET", f"{path}/events", headers={"Accept": STREAM}) as stream:
            lines = stream.aiter_lines()
            assert await anext(lines) == "retry: 2000"
            await asyncio.sleep(0.5)
            began = time.monotonic()
            await running.process.stop()
            told = [line for line in [line async for line in lines] if line.startswith("id")]
        answer = await waiting
    assert answer.json() == escrow
    assert told == ["id: 1"]
    assert time.monotonic() - began < 8
    assert running.process.child is not None
    assert running.process.child.returncode == 0


async def test_nothing_secret_is_logged(running: Running) -> None:
    """Every door once, with everything secret that a caller can send, right and wrong."""
    key = running.merchant["api_key"]
    headers = {"Authorization": f"Bearer {key}", "Idempotency-Key": "canary-idempotency-key"}
    email = "canary-buyer@example.com"
    async with httpx2.AsyncClient(base_url=running.url, timeout=40) as http:
        created = await http.post(
            "/v1/escrows", json=order(buyer={"email": email}), headers=headers
        )
        escrow = created.json()
        token = token_of(escrow)
        for path in (escrow["checkout_url"], escrow["order_url"]):
            clean = (await http.get(urlsplit(path).path)).headers["location"]
            assert (await http.get(clean)).status_code == 200
        await http.get(f"/pay/{token}x")
        await http.get("/v1/escrows", headers={"Authorization": f"Bearer {key}x"})
        await http.post("/v1/escrows", json=order(buyer={"email": f"{email}\x00"}), headers=headers)
        await http.post(
            f"/v1/escrows/{escrow['id']}/receipt",
            headers={"Authorization": f"Bearer {token}", "Idempotency-Key": "k"},
        )
        await http.post(
            "/v1/banks/sandbox/callbacks", content=email, headers={"Bank-Signature": "t=1,v1=x"}
        )
    assert running.log.count('"event": "request"') >= 9
    for secret in (key, token, email, LINK_SECRET, CALLBACK_SECRET, BANK_KEY, running.vault_key):
        assert secret not in running.log
    assert f"/pay/{escrow['id']}" not in running.log


def test_a_merchant_needs_a_usable_webhook_address(running: Running) -> None:
    environment = dict(running.process.env)
    made = onboarded(environment, "Told", "--webhook", "http://127.0.0.1:9/hook")
    assert made["webhook_secret"].startswith("whsec_")
    assert running.merchant["webhook_secret"] == ""
    with pytest.raises(subprocess.CalledProcessError) as refused:
        onboarded(environment, "Told", "--webhook", "ftp://127.0.0.1/hook")
    assert "webhook address" in refused.value.stderr
