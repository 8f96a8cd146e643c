"""docs/guides/webhooks.md: its commands do what it says."""

import asyncio
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from tests.integration.api.shop import Shop

GUIDE = (Path(__file__).parents[4] / "docs/guides/webhooks.md").read_text()
ADD, AGAIN = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.M | re.S)


async def run(command: str, shop: Shop, **more: str) -> dict[str, Any]:
    """What a merchant's shell shows after it."""
    url = str(shop.http.base_url).rstrip("/")
    done = await asyncio.create_subprocess_exec(
        *("sh", "-euc", command.replace("curl ", "curl --silent --noproxy '*' ")),
        env={**os.environ, "API": url, "KEY": shop.key, **more},
        stdout=subprocess.PIPE,
    )
    said, _ = await done.communicate()
    assert done.returncode == 0
    answer: dict[str, Any] = json.loads(said)
    return answer


async def test_the_guides_commands_add_an_endpoint_and_ask_for_what_it_missed(shop: Shop) -> None:
    made = await run(ADD, shop)
    again = await run(AGAIN, shop, ENDPOINT=made["id"])

    (kept,) = (await shop.get("/v1/webhook_endpoints")).json()["data"]
    assert kept["id"] == made["id"]
    assert made["secret"].startswith("whsec_")
    assert again == {"endpoint": made["id"], "events": [], "has_more": False}
