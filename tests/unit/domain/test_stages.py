"""What each stage's commands and facts do to the purchase and its money."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain import errors, events
from domain.accounts import Code
from domain.escrow import Escrow
from domain.states import Dispute, Return, Stage, Way
from domain.terms import FeePolicy, Funding
from tests.builders import (
    DAY,
    HOLD,
    NOON,
    PRICE,
    after,
    capturing,
    disputed,
    frozen,
    opened,
    paid,
    paying,
    refund,
    securing,
    shipped,
    split,
    started,
    succeeded,
)


def codes(escrow: Escrow, event: events.Event) -> list[tuple[int, int, int]]:
    """The legs of one step as (debit, credit, amount)."""
    legs = escrow.after(event, NOON).legs
    return [(leg.debit.code, leg.credit.code, leg.amount) for leg in legs]


def test_each_attempt_has_its_number_and_its_reference() -> None:
    first = paying()
    second = after(first, events.PaymentDeclined(attempt=1, code="limit"), started("bank_b"))
    assert (first.payment, second.payment) == ("esc_1:payment:1", "esc_1:payment:2")
    assert (second.bank, second.declined) == ("bank_b", "")


def test_a_decline_names_its_reason_and_leaves_the_window_running() -> None:
    declined = after(paying(), events.PaymentDeclined(attempt=1, code="limit"), at=NOON + DAY / 100)
    assert (declined.stage, declined.declined) == (Stage.AWAITING_PAYMENT, "limit")
    assert declined.deadline == opened().deadline


def test_only_the_current_attempt_counts() -> None:
    second = after(paying(), events.PaymentDeclined(attempt=1, code="limit"), started())
    late = events.PaymentSucceeded(attempt=1, amount=PRICE)
    with pytest.raises(errors.WrongStage, match="not the current one"):
        second.after(late, NOON)


def test_a_payment_holds_exactly_its_price() -> None:
    assert codes(paying(), succeeded(paying())) == [(1100, 2100, PRICE)]
    assert (paid().amounts.funded, paid().amounts.held) == (PRICE, PRICE)
    with pytest.raises(errors.WrongStage, match="exactly its price"):
        paying().after(events.PaymentSucceeded(attempt=1, amount=PRICE - 1), NOON)


def test_an_underpaid_purchase_gives_the_money_back_and_can_be_paid_again() -> None:
    underpaid = events.PaymentMismatched(attempt=1, amount=40)
    assert codes(paying(), underpaid) == [(1100, 2900, 40), (2900, 2310, 40)]
    waiting = after(paying(), underpaid)
    assert (waiting.stage, waiting.declined) == (Stage.AWAITING_PAYMENT, "amount_mismatch")
    assert waiting.returns == (Return(Way.REFUND, "esc_1:refund:1", "esc_1:payment:1", 40),)
    assert after(waiting, started()).returns == waiting.returns


def test_a_freeze_of_another_amount_is_given_back_unbooked() -> None:
    escrow = paying(funding=Funding.FREEZE)
    wrong = events.PaymentMismatched(attempt=1, amount=40, frozen=True)
    assert codes(escrow, wrong) == []
    [back] = after(escrow, wrong).returns
    assert (back.way, back.amount, back.of) == (Way.UNFREEZE, 40, "esc_1:payment:1")


def test_a_purchase_that_closes_while_money_goes_back_waits_for_the_bank() -> None:
    closed = after(paying(), events.PaymentMismatched(attempt=1, amount=40), events.PaymentLapsed())
    assert closed.ended
    assert not closed.settled
    assert after(closed, events.ReturnSucceeded(reference="esc_1:refund:1")).settled


def test_a_freeze_is_authorised_and_not_held() -> None:
    assert codes(paying(funding=Funding.FREEZE), succeeded(frozen())) == [(9100, 9200, PRICE)]
    assert (frozen().amounts.authorised, frozen().amounts.funded) == (PRICE, 0)
    assert frozen().capture_before == NOON + HOLD


def test_shipping_out_of_a_freeze_deducts_first() -> None:
    assert (capturing().stage, capturing().status) == (Stage.CAPTURING, "awaiting_shipment")
    assert capturing().capture == "esc_1:deduct:1"
    captured = events.Captured(amount=PRICE)
    assert codes(capturing(), captured) == [(9200, 9100, PRICE), (1100, 2100, PRICE)]
    waiting = after(capturing(), captured)
    assert (waiting.stage, waiting.capture_before) == (Stage.AWAITING_CONFIRMATION, None)


def test_a_refused_deduction_can_be_tried_again_under_a_new_reference() -> None:
    refused = after(capturing(), events.CaptureRefused(code="issuer_down"))
    assert (refused.stage, refused.declined) == (Stage.AWAITING_SHIPMENT, "issuer_down")
    assert refused.amounts.authorised == PRICE
    assert after(refused, events.Shipped()).capture == "esc_1:deduct:2"


def test_money_deducted_early_is_held_until_the_goods_are_sent() -> None:
    captured = events.Captured(capture=1, amount=PRICE)
    assert codes(securing(), captured) == [(9200, 9100, PRICE), (1100, 2100, PRICE)]
    held = after(securing(), captured)
    assert (held.stage, held.amounts.held, held.capture_before) == (
        Stage.AWAITING_SHIPMENT,
        PRICE,
        None,
    )
    assert after(held, events.Shipped()).stage is Stage.AWAITING_CONFIRMATION


def test_after_an_early_deduction_was_refused_shipping_deducts() -> None:
    refused = after(securing(), events.CaptureRefused(capture=1, code="issuer_down"))
    assert (refused.amounts.authorised, refused.declined) == (PRICE, "issuer_down")
    shipping = after(refused, events.Shipped())
    assert (shipping.stage, shipping.capture) == (Stage.CAPTURING, "esc_1:deduct:2")
    waiting = after(shipping, events.Captured(capture=2, amount=PRICE))
    assert waiting.stage is Stage.AWAITING_CONFIRMATION


def test_frozen_money_is_deducted_early_by_the_terms_only_and_once() -> None:
    refused = after(securing(), events.CaptureRefused(capture=1, code="issuer_down"))
    for escrow in (frozen(), refused):
        with pytest.raises(errors.WrongStage, match="early once"):
            escrow.after(events.EarlyDeduction(), NOON)


def test_nothing_is_sent_when_the_hold_has_ended() -> None:
    with pytest.raises(errors.HoldExpired):
        frozen().after(events.Shipped(), NOON + HOLD)
    after(frozen(), events.Shipped(), at=NOON + HOLD - timedelta(seconds=1))
    after(after(securing(), events.Captured(amount=PRICE)), events.Shipped(), at=NOON + HOLD)


def test_only_the_current_deduction_counts() -> None:
    again = after(after(capturing(), events.CaptureRefused(capture=1, code="x")), events.Shipped())
    for event in (
        events.Captured(capture=1, amount=PRICE),
        events.CaptureRefused(capture=1, code="x"),
        events.CaptureMismatched(capture=1, amount=40),
    ):
        with pytest.raises(errors.WrongStage, match="not the current one"):
            again.after(event, NOON)
    assert after(again, events.Captured(capture=2, amount=PRICE)).amounts.held == PRICE


def test_what_was_stored_before_deductions_were_numbered_can_be_followed() -> None:
    assert after(capturing(), events.Captured(amount=PRICE)).amounts.held == PRICE


def test_a_deduction_of_another_amount_gives_everything_back() -> None:
    partial = events.CaptureMismatched(amount=40)
    assert codes(capturing(), partial) == [
        (9200, 9100, PRICE),
        (1100, 2900, 40),
        (2900, 2310, 40),
    ]
    shut = after(capturing(), partial)
    assert (shut.stage, shut.declined) == (Stage.CLOSED, "amount_mismatch")
    assert [back.amount for back in shut.returns] == [40]


def test_what_the_bank_did_decides_whether_the_money_is_frozen() -> None:
    """A bank that took the money though a freeze was agreed is not told to deduct it again."""
    taken = paying(funding=Funding.FREEZE)
    taken = after(taken, events.PaymentSucceeded(attempt=1, amount=PRICE), events.Shipped())
    assert (taken.stage, taken.amounts.held) == (Stage.AWAITING_CONFIRMATION, PRICE)


def test_a_bank_that_froze_what_it_should_have_taken_has_not_paid() -> None:
    held = events.PaymentSucceeded(attempt=1, amount=PRICE, capture_before=NOON + HOLD)
    only_frozen = after(paying(), held)
    assert after(only_frozen, events.Shipped()).stage is Stage.CAPTURING
    assert after(only_frozen, events.ShipmentLapsed()).stage is Stage.CLOSED


@pytest.mark.parametrize(
    ("event", "sent_to_bank"),
    [(events.ShipmentLapsed(), 1), (refund(PRICE), 1), (events.HoldLapsed(), 0)],
)
def test_a_freeze_given_back_closes_the_purchase(event: events.Event, sent_to_bank: int) -> None:
    """The issuer lets go of an expired freeze by itself: nothing is sent to the bank."""
    assert codes(frozen(), event) == [(9200, 9100, PRICE)]
    shut = after(frozen(), event)
    assert (shut.stage, shut.amounts.authorised) == (Stage.CLOSED, 0)
    assert [back.way for back in shut.returns] == [Way.UNFREEZE] * sent_to_bank


def test_a_freeze_goes_back_whole_or_not_at_all() -> None:
    with pytest.raises(errors.WholeAmountOnly):
        frozen().after(refund(PRICE - 1), NOON)


def test_frozen_money_cannot_be_disputed() -> None:
    with pytest.raises(errors.WrongStage, match="only frozen"):
        frozen().after(disputed(1), NOON)


def test_nothing_can_be_done_while_the_bank_deducts() -> None:
    for command in (events.Shipped(), refund(PRICE), disputed(1), events.ReceiptConfirmed()):
        with pytest.raises(errors.WrongStage):
            capturing().after(command, NOON)


def test_a_merchant_that_does_not_ship_refunds_everything() -> None:
    assert codes(paid(), events.ShipmentLapsed()) == [(2100, 2310, PRICE)]
    back = after(paid(), events.ShipmentLapsed())
    assert (back.stage, back.amounts.refunded) == (Stage.REFUNDED, PRICE)


def test_shipping_that_lapses_after_a_partial_release_completes_the_purchase() -> None:
    """Two disputes can release a part before anything was shipped."""
    part = after(paid(), disputed(100), events.DisputeContested(), split(0, 100))
    lapsed = after(part, events.ShipmentLapsed())
    assert lapsed.stage is Stage.COMPLETED
    assert (lapsed.amounts.released, lapsed.amounts.refunded) == (100, PRICE - 100)


def test_confirming_releases_everything_less_the_fee() -> None:
    sold = shipped(fee=FeePolicy(fixed=30, bps=100), reserve_bps=1_000)
    fee, reserve = 130, 987
    assert codes(sold, events.ReceiptConfirmed()) == [
        (2100, 2200, PRICE - fee - reserve),
        (2100, 4100, fee),
        (2100, 2210, reserve),
    ]
    done = after(sold, events.ReceiptConfirmed())
    assert (done.stage, done.amounts.released) == (Stage.COMPLETED, PRICE)


def test_silence_until_the_end_of_the_inspection_releases_too() -> None:
    assert after(shipped(), events.InspectionLapsed()).stage is Stage.COMPLETED


@pytest.mark.parametrize("amount", [0, PRICE + 1, -1])
def test_only_what_is_held_can_be_refunded(amount: int) -> None:
    with pytest.raises(errors.AmountExceedsHeld):
        shipped().after(refund(amount), NOON)


def test_a_refund_in_parts_ends_refunded() -> None:
    half = after(shipped(), refund(PRICE // 2))
    assert (half.stage, half.amounts.held) == (Stage.AWAITING_CONFIRMATION, PRICE // 2)
    whole = after(half, refund(PRICE // 2))
    assert whole.stage is Stage.REFUNDED
    assert [back.reference for back in whole.returns] == ["esc_1:refund:1", "esc_1:refund:2"]


def test_a_refund_the_bank_refuses_waits_for_a_person() -> None:
    back = after(shipped(), refund(PRICE))
    no = events.ReturnRefused(reference="esc_1:refund:1", code="account_closed")
    assert codes(back, no) == [(Code.REFUND_IN_TRANSIT, Code.SUSPENSE, PRICE)]
    stranded = after(back, no)
    assert (stranded.review, stranded.settled) == ("refund_refused", True)


def test_the_first_reason_for_a_review_stays() -> None:
    stranded = replace(shipped(), review="refund_refused")
    again = after(stranded, events.ReviewNeeded(reason="bank_silent"))
    assert again.review == "refund_refused"


def test_an_answer_about_no_return_is_refused() -> None:
    for answer in (
        events.ReturnSucceeded(reference="esc_1:refund:1"),
        events.ReturnRefused(reference="esc_1:refund:1", code="x"),
    ):
        with pytest.raises(errors.WrongStage, match="no such return"):
            shipped().after(answer, NOON)


def test_the_public_label_hides_what_only_banks_know() -> None:
    assert paying().status == "awaiting_payment"
    in_dispute = after(shipped(), disputed(1))
    assert (in_dispute.status, in_dispute.dispute) == ("disputed", Dispute.OPEN)
