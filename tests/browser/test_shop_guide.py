"""The guide of the example shop is true: a merchant who follows it has a shop."""

import asyncio
import json
import os
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

from runtime.embedded.places import free_ports, inherited
from runtime.embedded.process import Process
from runtime.stack import ROOT, Stack, healthy

GUIDE = (ROOT / "docs/guides/shop.md").read_text()
[SHELL] = re.findall(r"```sh\n(.*?)```", GUIDE, flags=re.S)


def onboarded(stack: Stack, line: str) -> dict[str, str]:
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=ROOT,
        env=dict(stack.parts["api"].process.env),
        capture_output=True,
        text=True,
        check=True,
    )
    made: dict[str, str] = json.loads(done.stdout)
    return made


async def test_a_shop_opens_as_printed(stack: Stack, tmp_path: Path) -> None:
    onboard, start = SHELL.replace("python ", f"{sys.executable} ").split("\n", 1)
    [port] = free_ports(0)
    merchant = await asyncio.to_thread(onboarded, stack, onboard.replace(":8820", f":{port}"))
    start = start.replace("ek_test_...", merchant["api_key"])
    start = start.replace("whsec_...", merchant["webhook_secret"])
    start = start.replace("http://127.0.0.1:8800", stack.at.api_url)
    shop = Process(
        name="shop",
        argv=["/bin/sh", "-c", f"exec env {start}"],
        env={
            **inherited(os.environ),
            "SHOP_PORT": str(port),
            "SHOP_DATABASE": str(tmp_path / "shop.sqlite"),
        },
        cwd=ROOT,
        log=tmp_path / "shop.log",
    )
    shop.start()
    try:
        await shop.ready(partial(healthy, f"http://127.0.0.1:{port}"))
    finally:
        await shop.stop()
