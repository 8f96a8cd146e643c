"""The front page is true: what it prints works as printed."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from runtime.cli import app
from runtime.demo.browser import Browser
from runtime.demo.merchant import NewMerchant, new_merchant
from runtime.demo.purchase import Buyer
from runtime.demo.shop import Escrow, Shop
from runtime.stack import ROOT, Stack

README = (ROOT / "README.md").read_text()


def walk_through() -> list[str]:
    """The shell of the section about curl, block by block."""
    section = README.split("## A purchase by curl")[1].split("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", section, flags=re.S)


def shell(script: str, folder: Path) -> list[str]:
    """Lines that `script` prints, run as somebody would who pasted it."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


async def pay(stack: Stack, merchant: NewMerchant, escrow: Escrow) -> None:
    """What the page between the two blocks asks a person to do."""
    async with Browser() as browser, Shop(stack.at.api_url, merchant.api_key) as shop:
        await Buyer(shop, browser).pay(escrow)
        await shop.until(escrow["id"], "awaiting_shipment")


@pytest.mark.parametrize("command", re.findall(r"`\./dev (\w+)`", README))
def test_every_command_it_names_exists(command: str) -> None:
    commands = [registered.callback for registered in app.registered_commands]
    assert command in {found.__name__ for found in commands if found}


async def test_the_walk_through_works_as_printed(tmp_path: Path) -> None:
    first, second = walk_through()
    stack = Stack(tmp_path / "home", environ={})
    async with stack.running():
        merchant = await new_merchant(stack, "Curl & Sons", "http://127.0.0.1:1/")
        given = first.replace("http://127.0.0.1:8800", stack.at.api_url)
        given = given.replace("ek_test_...", merchant.api_key)
        [link] = shell(given, tmp_path)
        assert link.startswith(f"{stack.at.api_url}/pay/")
        await pay(stack, merchant, json.loads((tmp_path / "purchase.json").read_text()))
        said = shell(f"{given}{second}", tmp_path)
    stack.remove()
    assert said[1] == "awaiting_confirmation"
    assert said[-1] == "completed"
