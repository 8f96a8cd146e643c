"""A new merchant and new operators, made as they are made at an installation."""

import asyncio
import json
import sys
from dataclasses import dataclass
from typing import Any

from runtime.stack import ROOT, Stack


@dataclass(frozen=True, slots=True)
class NewMerchant:
    id: str
    api_key: str
    webhook_secret: str


@dataclass(frozen=True, slots=True)
class NewOperator:
    login: str
    password: str
    key: str


class NotOnboarded(Exception):
    """The command that makes them failed; the message is its own."""


async def new_merchant(stack: Stack, name: str, webhook_url: str) -> NewMerchant:
    """Raises NotOnboarded."""
    said = await typed(stack, "api.merchant", "create", name, "--webhook", webhook_url)
    return NewMerchant(**said)


async def new_operator(stack: Stack, login: str, role: str) -> NewOperator:
    """An operator; one whom an earlier demo made and forgot gets other secrets.

    Raises NotOnboarded.
    """
    try:
        made = await typed(stack, "api.operator", "create", login, "--role", role)
    except NotOnboarded as known:
        if not str(known).startswith("operator_exists"):
            raise
        made = await typed(stack, "api.operator", "password", login)
        made |= await typed(stack, "api.operator", "key", login)
    return NewOperator(login, made["password"], made["key"])


async def typed(stack: Stack, module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module` beside the API, with what the API is told. Raises NotOnboarded."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *arguments, "--json"),
        cwd=ROOT,
        env=dict(stack.parts["api"].process.env),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complaint = await child.communicate()
    if child.returncode != 0:
        raise NotOnboarded(complaint.decode() or said.decode())
    made: dict[str, Any] = json.loads(said)
    return made
