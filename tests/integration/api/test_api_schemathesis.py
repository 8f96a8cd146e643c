"""Schemathesis, all checks, over real HTTP: no 5xx, and nothing but what openapi.json promises.

The whole document by examples and systematic coverage, by random requests, and by chains of
requests that use each other's answers; as a merchant's program and as a buyer. The seed is fixed.
schemathesis.toml, beside this file, says what the checks have to know.
"""

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from uuid import uuid4

from api.documents import openapi_json
from tests.conftest import ROOT, Temporal
from tests.integration.api.course import paid
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank

HOOKS = "tests.integration.api.schemathesis_hooks"
CONFIG = Path(__file__).with_name("schemathesis.toml")
SEED = "20261123"
SYSTEMATIC = ("--phases", "examples,coverage")
#: What only a buyer may ask.
BUYERS = "/(payment|receipt)$"
PASSED = re.compile(r"✅ +(\d+) passed")


async def tried(shop: Shop, folder: Path, token: str, *options: str, **ids: str) -> list[int]:
    """How many operations or chains passed in each phase, when `ids` stand in the addresses.

    Knocks with `token` as a buyer, without one as the merchant.
    """
    scheme, secret = ("BuyerLink", token) if token else ("ApiKey", shop.key)
    config = folder / f"{uuid4().hex}.toml"
    known = "".join(f"{name} = {json.dumps(value)}\n" for name, value in ids.items())
    auth = f"[auth.openapi.{scheme}]\nbearer = {json.dumps(secret)}\n"
    # It does not wait longer than 10 seconds for an answer; a long poll may take 25.
    config.write_text(f"{CONFIG.read_text()}\n{auth}\n[parameters]\nwait = 1\n{known}")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
        *("run", f"{shop.doors.settings.public_url}/openapi.json", "--no-color"),
        *("--seed", SEED, *options),
        cwd=folder,
        env={**os.environ, "NO_PROXY": "*", "SCHEMATHESIS_HOOKS": HOOKS, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    return [int(number) for number in PASSED.findall(said)]


async def test_nothing_but_what_the_document_promises(
    shop: Shop, teller: ScriptedBank, temporal: Temporal, tmp_path: Path
) -> None:
    """Each of these is a process of its own; they share our one application."""
    escrow, unpaid = await paid(shop, teller, temporal), await shop.create()
    event = (await shop.get(f"/v1/escrows/{escrow['id']}/events")).json()["data"][1]["data"]["id"]
    ids = {"escrow_id": escrow["id"], "event_id": event, "bank": "sandbox"}
    purchases = ("--include-path-regex", "^/v1/escrows")
    buyers = ("--include-path-regex", BUYERS)
    merchant, program, buyer, (fuzzed, chains) = await asyncio.gather(
        tried(shop, tmp_path, "", *purchases, "--exclude-path-regex", BUYERS, *SYSTEMATIC, **ids),
        tried(shop, tmp_path, "", "--exclude-path-regex", "^/v1/escrows", *SYSTEMATIC, **ids),
        tried(shop, tmp_path, token_of(unpaid), *buyers, *SYSTEMATIC, escrow_id=unpaid["id"]),
        tried(shop, tmp_path, "", "--phases", "fuzzing,stateful"),
    )
    routes = sum(len(methods) for methods in json.loads(openapi_json())["paths"].values())
    assert merchant[-1] + program[-1] + buyer[-1] == fuzzed == routes
    assert chains > 1
