"""`./dev disputes …`: what operators have to decide, over the API, with an operator's own key.

`DANBAO_URL` and `DANBAO_OPERATOR_KEY` say where and as whom; else it is the demo of this checkout,
as the operator who proposes there or the one who approves.
"""

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Self
from uuid import uuid4

import httpx2
import typer
from rich.console import Console

from runtime.engineer.access import DEMO, Access, NobodyThere
from runtime.engineer.standing import moment, money

#: A person waits. What had no answer is asked again, under the same key.
TRIES, PATIENCE, PAUSE = 3, 30, 2
BUSY = (429, 503)
#: Who does what in the demo: four eyes need two people.
PROPOSER, APPROVER = "mei", "tomas"

app = typer.Typer(
    help="Disputes that operators have to decide.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
out = Console(highlight=False, soft_wrap=True)
Dispute = Annotated[str, typer.Argument(metavar="DISPUTE", help="Its id, `dsp_…`.")]
Back = Annotated[int, typer.Option(min=0, help="Minor units that go back to the buyer.")]
On = Annotated[int, typer.Option(min=0, help="Minor units that the merchant gets.")]
Version = Annotated[
    int, typer.Option("--version", min=1, help="The one that `show` said: 412 when it moved.")
]


class Refused(Exception):
    """What the API refused, or that nobody answers, in one line."""


@dataclass(frozen=True, slots=True)
class Desk:
    """The API as one operator reaches it."""

    url: str
    key: str = field(repr=False)

    @classmethod
    def found(cls, login: str, environ: Mapping[str, str], home: Path = DEMO) -> Self:
        """`login` is the demo's operator who does such a thing. Raises NobodyThere."""
        if "DANBAO_URL" in environ:
            if not environ.get("DANBAO_OPERATOR_KEY"):
                raise NobodyThere("DANBAO_URL is set, so DANBAO_OPERATOR_KEY has to be set too")
            return cls(environ["DANBAO_URL"], environ["DANBAO_OPERATOR_KEY"])
        access = Access.found({}, home)
        key = environ.get("DANBAO_OPERATOR_KEY") or access.operators.get(login)
        if not key:
            raise NobodyThere("the demo here has no operators yet: start ./dev demo again")
        return cls(access.api_url, key)

    def ask(
        self,
        path: str,
        body: dict[str, Any] | None = None,
        *,
        version: int = 0,
        params: dict[str, str] | None = None,
    ) -> httpx2.Response:
        """GET, or POST of a decision at `version`. Raises Refused."""
        headers = {"Authorization": f"Bearer {self.key}"}
        if body is not None:
            headers |= {"Idempotency-Key": uuid4().hex, "If-Match": f'"{version}"'}
        method, url = "GET" if body is None else "POST", f"{self.url}{path}"
        for left in reversed(range(TRIES)):
            try:
                with httpx2.Client(trust_env=False, timeout=PATIENCE) as http:
                    answer = http.request(method, url, headers=headers, json=body, params=params)
            except httpx2.TransportError as silence:
                if not left:
                    raise Refused(f"nobody answers at {self.url}") from silence
            else:
                if answer.is_success:
                    return answer
                if answer.status_code not in BUSY or not left:
                    raise Refused(_said(answer))
            time.sleep(PAUSE)
        raise AssertionError("the last try returns or raises")


@app.command("list")
def list_disputes(
    state: Annotated[str, typer.Option(help="open or arbitration; else both.")] = "",
) -> None:
    """Every dispute that is under way, the nearest deadline first."""
    desk, cursor, found = _desk(PROPOSER), "", False
    while True:
        params = {name: said for name, said in (("state", state), ("cursor", cursor)) if said}
        page = _asked(desk, "/v1/disputes", params=params).json()
        for one in page["data"]:
            found = True
            # Not a table, which would fold ids where a terminal is narrow.
            out.print("  ".join(_row(one)), markup=False)
        if not page["has_more"]:
            break
        cursor = page["next_cursor"]
    if not found:
        out.print("Nothing is disputed.")


def _row(one: dict[str, Any]) -> Iterator[str]:
    yield one["id"]
    yield f"{one['state']:<11}"
    yield f"until {_when(one['deadline'])}"
    yield f"{money(one['amount'], one['currency']):>16}"
    yield one["reason"].replace("_", " ")
    yield f"{one['order_id']} of {one['shop']}"


@app.command()
def show(dispute: Dispute) -> None:
    """One dispute: what is asked for, what is proposed, and what happens by itself."""
    _show(_asked(_desk(PROPOSER), f"/v1/disputes/{dispute}").json())


@app.command()
def resolve(
    dispute: Dispute,
    refund: Back,
    release: On,
    version: Version,
    note: Annotated[str, typer.Option(help="Why; it stands in the log.")],
) -> None:
    """Propose how to divide what is disputed; a small amount is divided at once."""
    body = {"refund": refund, "release": release, "note": note}
    _decided(_asked(_desk(PROPOSER), f"/v1/disputes/{dispute}/resolution", body, version=version))


@app.command()
def approve(dispute: Dispute, refund: Back, release: On, version: Version) -> None:
    """Agree to what somebody else proposed: the same version, the same amounts."""
    body = {"refund": refund, "release": release}
    _decided(_asked(_desk(APPROVER), f"/v1/disputes/{dispute}/approval", body, version=version))


def _desk(login: str) -> Desk:
    try:
        return Desk.found(login, os.environ)
    except NobodyThere as nobody:
        raise _failed(nobody) from nobody


def _asked(
    desk: Desk,
    path: str,
    body: dict[str, Any] | None = None,
    *,
    version: int = 0,
    params: dict[str, str] | None = None,
) -> httpx2.Response:
    try:
        return desk.ask(path, body, version=version, params=params)
    except Refused as refused:
        raise _failed(refused) from refused


def _failed(why: Exception) -> typer.Exit:
    sys.stderr.write(f"{why}\n")
    return typer.Exit(1)


def _said(answer: httpx2.Response) -> str:
    """A problem as one line."""
    try:
        problem = answer.json()
        return f"{problem['code']}: {problem['title']}. {problem['detail']}"
    except (json.JSONDecodeError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"


def _show(case: dict[str, Any]) -> None:
    facts = {
        "dispute": f"{case['id']}, version {case['version']}",
        "state": case["ended_by"].replace("_", " ") if case["ended_by"] else case["state"],
        "disputed": f"{money(case['amount'], case['currency'])} ({case['amount']} minor units)",
        "reason": case["reason"].replace("_", " "),
        "order": f"{case['order_id']} of {case['shop']}, {money(case['price'], case['currency'])}",
        "purchase": case["escrow_id"],
        "until": _when(case["deadline"]),
        "proposal": _proposal(case["proposal"]),
        "evidence": f"{len(case['evidence'])} statements and files",
    }
    for step in case["if_nobody_acts"][:1]:
        facts["otherwise"] = f"{step['name'].replace('_', ' ')} at {_when(step['at'])}"
    for name, fact in facts.items():
        out.print(f"{name:<12}{fact}", markup=False)


def _decided(answer: httpx2.Response) -> None:
    out.print(_proposal(answer.json()), markup=False)


def _proposal(said: dict[str, Any] | None) -> str:
    if said is None:
        return "none"
    split = f"refund {said['refund']}, release {said['release']} at version {said['version']}"
    by = f"proposed by {said['proposed_by']}"
    if said["approved_by"] is None:
        return f"{split}, {by}: somebody else has to approve it"
    end = "carried out" if said["carried_out"] else "being carried out"
    return f"{split}, {by}, approved by {said['approved_by']}: {end}"


def _when(at: str | None) -> str:
    return moment(datetime.fromisoformat(at)) if at else "over"


if __name__ == "__main__":
    app(prog_name="./dev disputes")
