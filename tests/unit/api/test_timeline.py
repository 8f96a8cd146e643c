from datetime import UTC, datetime

import pytest

from api.pages.merchant import story
from api.pages.timeline import DECLINES, SENTENCES, lines, why_declined
from banks.sandbox.records import REASONS
from domain.transitions import RULES
from ledger.port import Detail, Stored

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_every_transition_has_a_sentence_for_the_buyer() -> None:
    assert set(SENTENCES) == {event.name for event in RULES} | {"created"}


def test_what_is_not_the_buyers_business_is_left_out() -> None:
    steps = [Stored("created", "merchant", NOW, {}), Stored("reminded", "clock", NOW, {})]
    assert [line.text for line in lines(steps, "EUR")] == ["Order placed"]


@pytest.mark.parametrize(
    ("name", "by", "detail", "text", "note"),
    [
        ("shipped", "merchant", {"carrier": "SF", "tracking": "1"}, "The shop has sent it", "SF 1"),
        ("cancelled", "merchant", {}, "Order cancelled by the shop", ""),
        ("cancelled", "buyer", {}, "Order cancelled", ""),
        ("refund_granted", "merchant", {"amount": 150}, "The shop gives money back to you",
         "1.50 EUR"),
        ("inspection_extended", "buyer", {"extension": "PT259200.0S"}, "Inspection time extended",
         "by 3 days"),
        ("inspection_extended", "merchant", {"extension": "PT90000.0S"},
         "Inspection time extended by the shop", "by 1 day, 1:00:00"),
    ],
)  # fmt: skip
def test_a_line_says_what_matters(name: str, by: str, detail: Detail, text: str, note: str) -> None:
    (line,) = lines([Stored(name, by, NOW, detail)], "EUR")
    assert (line.text, line.note) == (text, note)


def test_every_no_that_a_buyer_can_meet_is_said_in_words() -> None:
    refund_only = {"nothing_taken", "exceeds_payment", "account_closed"}
    merchants = {"no_such_account", "insufficient_custody", "rejected"}
    ours = {"given_back", "amount_mismatch"}
    assert set(DECLINES) == (set(REASONS) - refund_only - merchants) | ours


def test_a_code_that_nobody_foresaw_is_shown_as_it_is() -> None:
    assert why_declined("odd_reason") == "The bank's answer: odd reason."


def test_a_page_that_we_closed_is_no_failed_payment() -> None:
    """A buyer who takes another way to pay has not been refused anything."""
    closed = Stored("payment_declined", "bank", NOW, {"attempt": 1, "code": "closed"})
    refused = Stored("payment_declined", "bank", NOW, {"attempt": 1, "code": "risk"})
    for told in (lines([closed], "EUR"), story.lines([closed], "EUR")):
        assert [(line.text, line.note) for line in told] == [
            ("The bank's page was closed; nothing was paid there", "")
        ]
    for told in (lines([refused], "EUR"), story.lines([refused], "EUR")):
        assert [line.text for line in told] == ["The payment did not go through"]
        assert told[0].note


def test_a_merchant_reads_of_the_buyer_and_not_of_itself() -> None:
    step = Stored("payment_declined", "bank", NOW, {"attempt": 1, "code": "cancelled"})
    assert [line.note for line in story.lines([step], "EUR")] == [
        "The buyer cancelled at the bank."
    ]
    buyers = {"You ", "Your ", "you.", "yours", "you again"}
    assert [said for said in story.DECLINED.values() if any(word in said for word in buyers)] == []
