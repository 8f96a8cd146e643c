"""Every code of ours that a room's page shows has words."""

import re
from pathlib import Path

import pytest

from api.languages import CHINESE, speak
from api.operators.roles import Role
from api.pages.codes import KINDS, called
from api.pages.merchant.story import SENTENCES
from banks.port import Operation
from clearing.port import PayoutState
from domain.accounts import CHART
from domain.states import BANK_SILENT, PUBLIC, Party, Stage
from webhooks.courier import Trouble

API = Path(__file__).resolve().parents[3] / "api"
#: What is written into the operators' log stands behind its subject, or before it.
NOTED = re.compile(r'"((?:[a-z]+_)*[a-z]+ed(?:_alone)?|signed_in|signed_out|evidence_read)"')

OURS = {
    "stage": {stage.value for stage in Stage if stage not in PUBLIC} | {"disputed"},
    "party": set(Party),
    "step": set(SENTENCES),
    "review": {BANK_SILENT, "refund_refused", "return_mismatch"},
    "operation": set(Operation),
    "answer": {"sending", "pending", "yes", "no"},
    "payout": set(PayoutState),
    "trouble": set(Trouble) - {Trouble.NONE} | {"broke_off"},
    "account": {name for name, _kind, _guard in CHART.values()},
    "role": set(Role),
}


@pytest.mark.parametrize("kind", OURS)
def test_every_code_of_ours_has_words_and_nothing_else(kind: str) -> None:
    assert set(KINDS[kind]) == OURS[kind]


def test_everything_that_operators_do_has_words() -> None:
    files = [API / "pages/operator", API / "operators", API / "disputes.py"]
    code = [path for one in files for path in ([one] if one.is_file() else one.rglob("*.py"))]
    noted = {
        action
        for path in code
        for call in re.findall(r"(?s)(?:note|_noted|_note|_change)\((.*?)\)\n", path.read_text())
        for action in NOTED.findall(call)
    }
    noted |= {"resolution_proposed", "dispute_decided_alone"}
    assert noted == set(KINDS["action"])


def test_what_is_not_ours_is_shown_as_it_came() -> None:
    assert called("no_such_word", "trouble") == "no such word"
    assert called("503", "trouble") == "503"


def test_a_code_is_read_in_the_readers_language() -> None:
    speak(CHINESE)
    try:
        assert called("dispute_opened", "step") == "发起争议"
    finally:
        speak(None)
