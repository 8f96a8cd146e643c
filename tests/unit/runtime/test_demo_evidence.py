from dataclasses import replace
from typing import Any

import pytest

from runtime.demo.evidence import NOTICES, OF_PAYOUT, Evidence

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
    bank_journal=[
        {"debit": "payer:li.lei", "credit": "custody", "amount": 12_900},
        {"debit": "custody", "credit": "other_banks", "amount": 12_900},
    ],
    payout={"id": "pay_1", "status": "settled", "amount": 12_900},
    payout_lines=[12_900],
    statement={"reconciled": True, "lines": 2, "closing": 0, "breaks": []},
    notices=[*NOTICES, *OF_PAYOUT],
    forged_notices=0,
)
IN = GOOD.bank_journal[0]
BACK = {"debit": "custody", "credit": "payer:li.lei", "amount": 12_900}


def test_a_purchase_that_went_well_has_no_problems() -> None:
    assert GOOD.problems() == []
    assert GOOD.as_json()["ok"] is True


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"status": "awaiting_confirmation"}, "the purchase is awaiting_confirmation"),
        ({"workflow_status": "RUNNING"}, "the workflow is RUNNING"),
        ({"ledger_left": 5}, "5 is left on the purchase's accounts"),
        ({"notices": NOTICES}, "the merchant heard"),
        ({"forged_notices": 1}, "1 notices had a wrong signature"),
        ({"payout": {**GOOD.payout, "status": "failed"}}, "the payout is failed"),
        ({"payout_lines": [12_000]}, "12900 of 12900 was paid out, its lines are [12000]"),
        ({"statement": {**GOOD.statement, "reconciled": False}}, "the bank's statement is {"),
        ({"statement": {**GOOD.statement, "lines": 3}}, "the bank's statement is {"),
        ({"statement": {**GOOD.statement, "closing": 5}}, "the bank's statement is {"),
        ({"statement": {**GOOD.statement, "breaks": [{}]}}, "the bank's statement is {"),
        ({"bank_journal": GOOD.bank_journal[1:]}, "the bank took []"),
        ({"bank_journal": [IN, *GOOD.bank_journal]}, "the bank took [12900, 12900]"),
        ({"bank_journal": [*GOOD.bank_journal, BACK]}, "the bank paid [12900, 12900]"),
    ],
)
def test_what_is_not_as_it_should_be_is_said(wrong: dict[str, Any], says: str) -> None:
    [problem] = replace(GOOD, **wrong).problems()
    assert problem.startswith(says)


def test_less_than_the_price_is_wrong_everywhere() -> None:
    problems = replace(GOOD, released=12_000).problems()
    assert [problem.split()[:4] for problem in problems] == [
        ["12000", "of", "12900", "was"],
        ["12900", "of", "12000", "was"],
        ["the", "bank's", "statement", "is"],
        ["the", "bank", "paid", "[12900],"],
    ]
