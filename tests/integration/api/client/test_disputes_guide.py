"""docs/guides/disputes.md: its programs run one after the other, at a purchase in dispute."""

import asyncio
import io
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from danbao_client import Danbao
from tests.conftest import ROOT, Temporal
from tests.integration.api.complaint import complain, png, say, show
from tests.integration.api.course import shipped
from tests.integration.api.shop import Shop, token_of
from tests.workflows.parts import ScriptedBank

PAGE = (ROOT / "docs/guides/disputes.md").read_text()
BLOCK = re.compile(r"^```python\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?", re.M | re.S)


def run(program: str, names: dict[str, Any]) -> str:
    """What it prints, without what the server logs meanwhile."""
    said = io.StringIO()
    names["print"] = partial(print, file=said)
    exec(compile(program, "docs/guides/disputes.md", "exec"), names)  # noqa: S102
    return said.getvalue()


async def test_the_programs_do_what_the_page_says(
    shop: Shop,
    teller: ScriptedBank,
    temporal: Temporal,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    escrow = await complain(shop, await shipped(shop, teller, temporal))
    await say(shop, escrow, "It has a hole.", token=token_of(escrow))
    await show(shop, escrow, png(), "hole.png", token=token_of(escrow))
    (tmp_path / "before.png").write_bytes(png(1))
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE)
    assert len(blocks) == PAGE.count("```python")
    with Danbao(str(shop.http.base_url), shop.key) as danbao:
        names: dict[str, Any] = {"danbao": danbao, "escrow_id": escrow["id"]}
        for program, printed in blocks:
            assert await asyncio.to_thread(run, program, names) == printed
        assert names["content"] == png()
        last = names["one"].id
        shown = await asyncio.to_thread(danbao.evidence.download, escrow["id"], last)
        assert shown == png(1)
