"""The guide and the README of the client are true: their programs run as printed."""

import asyncio
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from danbao_client import AsyncDanbao, disputes, endpoints, escrows, evidence, log
from tests.integration.api.shop import Shop
from tests.workflows.parts import ScriptedBank
from webhooks.signing import new_secret, signed_headers

ROOT = Path(__file__).parents[4]
GUIDE = (ROOT / "docs/guides/client.md").read_text()
README = (ROOT / "client/README.md").read_text()
SAID = re.findall(
    r"```json\n(\{\n  \"type\".*?)```", (ROOT / "docs/guides/webhooks.md").read_text(), re.S
)


def programs(page: str) -> str:
    return "\n".join(re.findall(r"```python\n(.*?)```", page, flags=re.S))


async def run(program: str, served: str, shop: Shop) -> dict[str, Any]:
    """The names that `program` leaves behind."""
    names: dict[str, Any] = {"base_url": served, "api_key": shop.key}
    try:
        await asyncio.to_thread(exec, program.replace('"https://pay.example"', "base_url"), names)
    finally:
        names["danbao"].close()
    return names


async def test_the_guide_runs_from_top_to_bottom(
    served: str, shop: Shop, teller: ScriptedBank, capsys: pytest.CaptureFixture[str]
) -> None:
    names = await run(programs(GUIDE), served, shop)
    assert names["open_orders"] == ["A-1001"]
    assert names["newer"] is None
    assert names["escrow"].status == "closed"
    assert names["last"].startswith("evt_")
    assert len(set(names["secrets"])) == 2
    assert re.search(r"^escrow_ended req_\w+$", capsys.readouterr().out, flags=re.M)
    secret, body = new_secret(), SAID[0].encode()
    headers = signed_headers("evt_1", body, [secret], datetime.now(UTC))
    assert names["hear"](body, headers, [secret]) == 204
    assert capsys.readouterr().out == "ship order-1\n"
    assert names["hear"](body, headers, [new_secret()]) == 401


async def test_the_readme_runs(
    served: str, shop: Shop, danbao: AsyncDanbao, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(programs(README), served, shop)
    [created] = [each async for each in danbao.escrows.list()]
    assert f"awaiting_payment {created.checkout_url}\n" in capsys.readouterr().out


def test_the_guide_names_every_method() -> None:
    named = set(re.findall(r"^\| `(\w+)\(", GUIDE, flags=re.M))
    kinds = (
        escrows.Escrows, disputes.Disputes, evidence.Evidence, log.Events,
        endpoints.WebhookEndpoints,
    )  # fmt: skip
    methods = {name for kind in kinds for name in vars(kind)}
    assert named == {name for name in methods if not name.startswith("_")}
