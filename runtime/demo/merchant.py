"""A new merchant, made as an operator makes one."""

import asyncio
import json
import sys
from dataclasses import dataclass

from runtime.stack import ROOT, Stack


@dataclass(frozen=True, slots=True)
class NewMerchant:
    id: str
    api_key: str
    webhook_secret: str


class NotOnboarded(Exception):
    """The command that makes merchants failed; the message is its own."""


async def new_merchant(stack: Stack, name: str, webhook_url: str) -> NewMerchant:
    """Run `python -m api.merchant create` beside the API, with what the API is told."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.merchant", "create", name, "--webhook", webhook_url, "--json"),
        cwd=ROOT,
        env=dict(stack.parts["api"].process.env),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await child.communicate()
    if child.returncode != 0:
        raise NotOnboarded(complaint.decode() or said.decode())
    return NewMerchant(**json.loads(said))
