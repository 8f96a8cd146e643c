"""What commands for merchants' engineers say of a purchase, and whom they ask."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from danbao_client import Escrow, Outlook, Status
from danbao_client.events import event
from runtime.bootstrap import python_path
from runtime.engineer import escrow as screen
from runtime.engineer.access import Access, NobodyThere, run
from runtime.engineer.standing import DISPUTE_TURNS, TURNS, in_words, otherwise, turn
from runtime.engineer.trigger import WAYS, cannot

ROOT = Path(__file__).parents[3]
DOCUMENT = json.loads((ROOT / "docs/reference/openapi.json").read_text())
SCHEMAS = DOCUMENT["components"]["schemas"]
[EXAMPLE] = SCHEMAS["EscrowOut"]["examples"]
DOOR = Access("http://127.0.0.1:1", "ek_test_secret", "http://127.0.0.1:2/namespaces/default")


def purchase(**changes: Any) -> Escrow:
    payment = EXAMPLE["payment"] | {"state": changes.pop("payment", "paid")}
    return Escrow.model_validate(EXAMPLE | changes | {"payment": payment})


DISPUTE = {
    "id": "dsp_0193c8a1b2c37d4e8f9a0b1c2d3e4f50_1",
    "state": "open",
    "amount": 4_000,
    "reason": "not_received",
    "opened_at": "2026-11-26T08:00:00Z",
    "deadline": "2099-12-01T08:00:00Z",
}


@pytest.mark.parametrize("status", Status)
def test_it_is_always_known_whose_turn_it_is(status: Status) -> None:
    escrow = purchase(status=status, dispute=DISPUTE if status == Status.DISPUTED else None)
    assert turn(escrow) in (TURNS | DISPUTE_TURNS).values() or escrow.ended
    assert bool(otherwise(escrow)) is not escrow.ended


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"needs_review": True}, "an operator: look at it"),
        ({"status": "awaiting_payment", "payment": "processing"}, "the buyer, at the bank's page"),
        ({"payment": "capturing"}, "the bank: deduct what is frozen"),
        ({"status": "refunded", "returning": 5}, "the bank: confirm what goes back"),
        ({"status": "polishing"}, "nobody knows"),
    ],
)
def test_some_things_come_before_the_status(changes: dict[str, Any], says: str) -> None:
    assert turn(purchase(**changes)) == says


@pytest.mark.parametrize(
    ("state", "progress", "acts", "happens"),
    [
        ("open", "awaiting_confirmation", "the merchant", "operators decide"),
        ("open", "awaiting_shipment", "the merchant", "goes back to the buyer"),
        ("arbitration", "awaiting_confirmation", "the operators", "goes back to the buyer"),
    ],
)
def test_a_dispute_has_a_turn_and_a_deadline_of_its_own(
    state: str, progress: str, acts: str, happens: str
) -> None:
    escrow = purchase(status="disputed", progress=progress, dispute=DISPUTE | {"state": state})
    assert turn(escrow).startswith(acts)
    said = dict(screen.facts(escrow, DOOR))
    assert said["dispute"] == f"{DISPUTE['id']} ({state}): not received, 40.00 CNY"
    assert said["deadline"].startswith("2099-12-01 08:00:00 UTC")
    assert said["deadline"].endswith(happens)


def test_an_unshipped_freeze_takes_nothing() -> None:
    frozen = EXAMPLE["terms"] | {"funding": "freeze"}
    assert otherwise(purchase(terms=frozen)) == "the bank's hold ends and nothing is taken"
    assert otherwise(purchase()) == "the money goes back to the buyer"


@pytest.mark.parametrize(
    ("left", "says"),
    [
        (timedelta(days=6, hours=23, minutes=59), "in 6 days 23 h"),
        (timedelta(days=1, minutes=1), "in 1 day 0 h"),
        (timedelta(hours=2, minutes=5), "in 2 h 5 min"),
        (timedelta(minutes=29, seconds=59), "in 29 min"),
        (timedelta(seconds=5), "in 5 s"),
        (timedelta(seconds=-5), "now"),
    ],
)
def test_what_is_left_is_said_in_two_units(left: timedelta, says: str) -> None:
    assert in_words(left) == says


def test_one_screen_has_timeline_balances_deadline_turn_and_link() -> None:
    console = Console(record=True, width=160)
    later = (datetime.now(UTC) + timedelta(days=2, minutes=5)).isoformat()
    escrow = purchase(deadline=later, description="A [bold]trick[/]")
    console.print(screen.heading(escrow))
    console.print(*(fact for _, fact in screen.facts(escrow, DOOR)), sep="\n")
    console.print(screen.balances(escrow))
    console.print(screen.timeline((event(SCHEMAS["EventOut"]["examples"][0]),)))
    said = console.export_text()
    for words in (
        "A [bold]trick[/]",
        "the merchant: send the goods",
        "(in 2 days 0 h): the money goes back to the buyer",
        "129.00 CNY",
        "escrow.paid",
        "amount 129.00 CNY, attempt 1",
        f"{DOOR.temporal_ui}/workflows/{escrow.id}",
    ):
        assert words in said
    assert "ek_test_secret" not in said
    assert escrow.checkout_url not in said


def test_what_comes_by_itself_stands_below() -> None:
    step = {"at": "2026-12-01T08:00:00Z", "name": "inspection_lapsed", "status": "completed"}
    amounts = {"held": 0, "disputed": 0, "released": 12_900, "refunded": 0}
    may: dict[str, tuple[str, ...]] = {"buyer": (), "merchant": (), "operator": ()}
    outlook = Outlook.model_validate(
        {"version": 4, "turn": "buyer", "may": may, "if_nobody_acts": [step | amounts]}
    )
    console = Console(record=True, width=160)
    console.print(screen.ahead(outlook, "CNY"))
    said = " ".join(console.export_text().split())
    assert "2026-12-01 08:00:00 inspection lapsed completed 129.00 CNY 0.00 CNY" in said


def test_a_door_is_left_for_this_account_only(tmp_path: Path) -> None:
    DOOR.leave_at(tmp_path)
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert Access.found({}, tmp_path) == DOOR
    assert "ek_test_secret" not in repr(DOOR)


def test_a_named_door_comes_before_the_demos(tmp_path: Path) -> None:
    DOOR.leave_at(tmp_path)
    named = {"DANBAO_URL": "https://pay.example", "DANBAO_API_KEY": "ek_test_2"}
    assert Access.found(named, tmp_path) == Access("https://pay.example", "ek_test_2", "")
    with pytest.raises(NobodyThere, match="so DANBAO_API_KEY has to be set too"):
        Access.found({"DANBAO_URL": "https://pay.example"}, tmp_path)


def test_without_a_demo_it_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NobodyThere, match=r"start \./dev demo"):
        Access.found({}, tmp_path)


def test_a_demo_that_is_over_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DANBAO_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("DANBAO_API_KEY", "ek_test_1")
    assert run(lambda access: screen.show(access, "esc_1", Console())) == 1
    said = capsys.readouterr().err
    assert said == "nobody answers at http://127.0.0.1:1: does ./dev demo run?\n"


def test_what_cannot_be_triggered_names_what_can() -> None:
    assert all(kind in cannot("escrow.delivered") for kind in WAYS)


def test_where_nobody_answers_one_line_says_so() -> None:
    """Also where something of ours runs already and has to be ended."""
    env = {**os.environ, "DANBAO_URL": "http://127.0.0.1:1", "DANBAO_API_KEY": "ek_test_x"}
    done = subprocess.run(
        [sys.executable, "-m", "runtime.engineer.listen", "", "0"],
        cwd=ROOT,
        env={**env, "PYTHONPATH": python_path("")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    said = (done.stdout + done.stderr).splitlines()
    assert said == ["nobody answers at http://127.0.0.1:1: does ./dev demo run?"]
