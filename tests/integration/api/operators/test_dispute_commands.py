"""`./dev disputes …` as an operator types it, against the API; and docs/operating/disputes.md."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from runtime.engineer.access import Access, NobodyThere
from runtime.engineer.disputes import APPROVER, PROPOSER, Desk, app
from tests.conftest import ROOT
from tests.integration.api.operators.conftest import Person

PAGE = (ROOT / "docs/operating/disputes.md").read_text()
TYPED = re.compile(r"^\./dev disputes (.*)$", re.M)


@pytest.fixture
def dispute(contested: dict[str, Any]) -> str:
    return str(contested["dispute"]["id"])


async def typed(person: Person, *words: str) -> Result:
    """In a thread, as the command waits for the API, which is served by this one."""
    at = str(person.http.base_url).rstrip("/")
    environment = {"DANBAO_URL": at, "DANBAO_OPERATOR_KEY": person.key}
    return await asyncio.to_thread(CliRunner().invoke, app, words, env=environment)


async def test_two_operators_decide_as_the_page_says(
    mei: Person, tomas: Person, dispute: str
) -> None:
    """Every command of the page, with this dispute's id and version in place of its own."""
    version = str((await mei.read(dispute))["version"])
    told = []
    for line in TYPED.findall(PAGE):
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', line)]
        words = [dispute if word.startswith("dsp_") else word for word in words]
        if "--version" in words:
            words[words.index("--version") + 1] = version
        person = tomas if words[0] == "approve" else mei
        done = await typed(person, *words)
        assert done.exit_code == 0, done.stderr
        told.append((words[0], done.stdout))
    assert [command for command, _ in told] == ["list", "show", "resolve", "approve"]
    listed, shown, proposed, approved = (said for _, said in told)
    assert any(line.startswith(f"{dispute}  arbitration") for line in listed.splitlines())
    assert f"{dispute}, version {version}" in shown
    assert "somebody else has to approve it" in proposed
    assert f"approved by {tomas.login}: carried out" in approved
    after = await typed(mei, "show", dispute)
    assert "dispute resolved" in after.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "dsp_nothing"), "not_found"),
        (("approve", "{}", "--refund", "3000", "--release", "1000"), "no_proposal"),
        (("resolve", "{}", "--refund", "1", "--release", "1", "--note", "x"), "split_mismatch"),
    ],
)
async def test_a_refusal_is_one_line_and_exit_code_one(
    tomas: Person, dispute: str, words: tuple[str, ...], code: str
) -> None:
    at = () if words[0] == "show" else ("--version", str((await tomas.read(dispute))["version"]))
    refused = await typed(tomas, *(word.format(dispute) for word in words), *at)
    assert refused.exit_code == 1
    assert refused.stderr.startswith(f"{code}: ")
    assert refused.stderr.count("\n") == 1


async def test_an_older_version_is_refused(mei: Person, dispute: str) -> None:
    version = (await mei.read(dispute))["version"]
    split = ("--refund", "4000", "--release", "0", "--note", "Broken.")
    refused = await typed(mei, "resolve", dispute, *split, "--version", str(version - 1))
    assert (refused.exit_code, refused.stderr.split(":")[0]) == (1, "version_moved")


async def test_nobody_there_is_said_in_one_line() -> None:
    nobody = {"DANBAO_URL": "http://127.0.0.1:1", "DANBAO_OPERATOR_KEY": "ok_test_x"}
    refused = await asyncio.to_thread(CliRunner().invoke, app, ["list"], env=nobody)
    assert (refused.exit_code, refused.stderr) == (1, "nobody answers at http://127.0.0.1:1\n")


def test_the_demos_operators_are_found(tmp_path: Path) -> None:
    with pytest.raises(NobodyThere, match="DANBAO_OPERATOR_KEY"):
        Desk.found(PROPOSER, {"DANBAO_URL": "http://there"})
    with pytest.raises(NobodyThere, match="no demo"):
        Desk.found(PROPOSER, {}, tmp_path)
    access = Access("http://here", "ek_test_1", "", {PROPOSER: "ok_1", APPROVER: "ok_2"})
    access.leave_at(tmp_path)
    assert Desk.found(PROPOSER, {}, tmp_path) == Desk("http://here", "ok_1")
    assert Desk.found(APPROVER, {}, tmp_path) == Desk("http://here", "ok_2")
    (tmp_path / "access.json").write_text(
        json.dumps({"api_url": "http://here", "api_key": "ek_test_1", "temporal_ui": ""})
    )
    with pytest.raises(NobodyThere, match="no operators"):
        Desk.found(PROPOSER, {}, tmp_path)
