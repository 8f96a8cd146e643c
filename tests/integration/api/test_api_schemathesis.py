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

from api.dispute_ids import dispute_id
from api.documents import openapi_json
from api.operators import accounts
from api.operators.roles import Role
from tests.conftest import ROOT, Temporal
from tests.integration.api.course import paid
from tests.integration.api.shop import Shop, token_of
from tests.integration.clearing.till import Till
from tests.workflows.parts import ScriptedBank

HOOKS = "tests.integration.api.schemathesis_hooks"
CONFIG = Path(__file__).with_name("schemathesis.toml")
SEED = "20261123"
SYSTEMATIC = ("--phases", "examples,coverage")
#: What only a buyer may ask.
BUYERS = "/(payment|receipt)$"
#: What only operators ask.
OPERATORS = "^/v1/disputes"
PASSED = re.compile(r"✅ +(\d+) passed")


async def tried(shop: Shop, folder: Path, token: str, *options: str, **ids: str) -> list[int]:
    """How many operations or chains passed in each phase, when `ids` stand in the addresses.

    Knocks with `token` as a buyer or an operator, without one as the merchant.
    """
    scheme, secret = ("BuyerLink", token) if token else ("ApiKey", shop.key)
    if token.startswith("ok_"):
        scheme = "OperatorKey"
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
    disputed = await paid(shop, teller, temporal)
    complaint = {"amount": 100, "reason": "other"}
    path = f"/v1/escrows/{disputed['id']}/dispute"
    assert (await shop.post(path, complaint, token=token_of(disputed))).status_code == 200
    async with shop.doors.engine.begin() as connection:
        login = f"op-{uuid4().hex}"
        person = (await accounts.create(connection, login, "", Role.APPROVER, "test")).key
    event = (await shop.get(f"/v1/escrows/{escrow['id']}/events")).json()["data"][1]["data"]["id"]
    payout = (await Till(shop.doors.engine).paid_out(shop.id)).id
    ids = {"escrow_id": escrow["id"], "event_id": event, "bank": "sandbox", "payout_id": payout}
    purchases = ("--include-path-regex", "^/v1/escrows")
    buyers = ("--include-path-regex", BUYERS)
    others = ("--exclude-path-regex", f"^/v1/escrows|{OPERATORS}")
    operators = ("--include-path-regex", OPERATORS)
    dispute = dispute_id(disputed["id"], 1)
    merchant, program, buyer, operator, (fuzzed, chains) = await asyncio.gather(
        tried(shop, tmp_path, "", *purchases, "--exclude-path-regex", BUYERS, *SYSTEMATIC, **ids),
        tried(shop, tmp_path, "", *others, *SYSTEMATIC, **ids),
        tried(shop, tmp_path, token_of(unpaid), *buyers, *SYSTEMATIC, escrow_id=unpaid["id"]),
        tried(shop, tmp_path, person, *operators, *SYSTEMATIC, dispute_id=dispute),
        tried(shop, tmp_path, "", "--phases", "fuzzing,stateful"),
    )
    routes = sum(len(methods) for methods in json.loads(openapi_json())["paths"].values())
    assert merchant[-1] + program[-1] + buyer[-1] + operator[-1] == fuzzed == routes
    assert chains > 1
