"""Whose purchases a command looks at: the running demo's merchant, or whoever is named."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Self

import httpx2

from danbao_client import AsyncDanbao, NoAnswer, Problem, Retries

ROOT = Path(__file__).parents[2]
DEMO = ROOT / ".danbao" / "demo"
FILE = "access.json"


class NobodyThere(Exception):
    """No demo has run here, and none is named; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Access:
    """A merchant's door. `temporal_ui`: where its purchases' workflows are seen, "" for nowhere.

    `operators` are the demo's: login to key.
    """

    api_url: str
    api_key: str = field(repr=False)
    temporal_ui: str
    operators: dict[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def found(cls, environ: Mapping[str, str], home: Path = DEMO) -> Self:
        """`DANBAO_URL` and `DANBAO_API_KEY`, else the demo of this checkout. Raises NobodyThere."""
        if "DANBAO_URL" in environ:
            if not environ.get("DANBAO_API_KEY"):
                raise NobodyThere("DANBAO_URL is set, so DANBAO_API_KEY has to be set too")
            ui = environ.get("TEMPORAL_UI_URL", "")
            return cls(environ["DANBAO_URL"], environ["DANBAO_API_KEY"], ui)
        if not (home / FILE).exists():
            raise NobodyThere(
                "no demo has run here: start ./dev demo, or name DANBAO_URL and DANBAO_API_KEY"
            )
        return cls(**json.loads((home / FILE).read_text()))

    def danbao(self, http: httpx2.AsyncClient) -> AsyncDanbao:
        """A client for a person who waits: it gives up soon."""
        return AsyncDanbao(self.api_url, self.api_key, http=http, retries=Retries(most=1))

    def leave_at(self, home: Path) -> None:
        """For commands in other terminals of this account."""
        file = home / FILE
        file.touch(mode=0o600)
        file.write_text(json.dumps(asdict(self)))

    def workflow(self, escrow_id: str) -> str:
        """The purchase in the Temporal UI, "" where that is nowhere."""
        return f"{self.temporal_ui}/workflows/{escrow_id}" if self.temporal_ui else ""


class Impossible(Exception):
    """What was asked for can't be done; the message says why."""


def run(work: Callable[[Access], Coroutine[object, object, None]]) -> int:
    """Do `work` for whoever is found. Failures are one line for people; the exit code tells."""
    try:
        access = Access.found(os.environ)
    except NobodyThere as nobody:
        return _failed(str(nobody))
    try:
        asyncio.run(work(access))
    except NoAnswer:
        return _failed(f"nobody answers at {access.api_url}: does ./dev demo run?")
    except (Problem, Impossible) as refused:
        return _failed(str(refused))
    except KeyboardInterrupt:
        return 130
    return 0


def _failed(words: str) -> int:
    sys.stderr.write(f"{words}\n")
    return 1


async def purchase_id(danbao: AsyncDanbao, said: str) -> str:
    """The purchase that is meant: by its own id, or the newest of an order. Raises Impossible."""
    if said.startswith("esc_"):
        return said
    async for escrow in danbao.escrows.list(order_id=said, limit=1):
        return escrow.id
    raise Impossible(f"this merchant has no order {said}")
