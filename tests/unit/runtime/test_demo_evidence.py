from dataclasses import replace
from typing import Any

import pytest

from runtime.demo.evidence import NOTICES, Evidence

GOOD = Evidence(
    escrow_id="esc_1",
    workflow_id="esc_1",
    status="completed",
    amount=12_900,
    released=12_900,
    workflow_status="COMPLETED",
    stages=[],
    history_events=30,
    history_bytes=7_000,
    workflow_tasks=5,
    ledger_legs=[],
    ledger_left=0,
    bank_journal=[{"debit": "payer:li.lei", "credit": "custody", "amount": 12_900}],
    notices=NOTICES,
    forged_notices=0,
)
BACK = {"debit": "custody", "credit": "payer:li.lei", "amount": 12_900}


def test_a_purchase_that_went_well_has_no_problems() -> None:
    assert GOOD.problems() == []
    assert GOOD.as_json()["ok"] is True


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"status": "awaiting_confirmation"}, "the purchase is awaiting_confirmation"),
        ({"released": 12_000}, "12000 of 12900 was released"),
        ({"workflow_status": "RUNNING"}, "the workflow is RUNNING"),
        ({"ledger_left": 5}, "5 is left on the purchase's accounts"),
        ({"notices": NOTICES[:3]}, "the merchant heard"),
        ({"forged_notices": 1}, "1 notices had a wrong signature"),
        ({"bank_journal": []}, "the bank took []"),
        ({"bank_journal": GOOD.bank_journal * 2}, "the bank took [12900, 12900]"),
        ({"bank_journal": [*GOOD.bank_journal, BACK]}, "the bank gave back [12900]"),
    ],
)
def test_what_is_not_as_it_should_be_is_said(wrong: dict[str, Any], says: str) -> None:
    [problem] = replace(GOOD, **wrong).problems()
    assert problem.startswith(says)
