"""What each transition does: the state after it, and its ledger legs. All pure.

An effect never checks whether it may: `domain/transitions.py` has done so.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from domain import events, postings
from domain.accounts import Account, Journal
from domain.clock import HOLD_WARNING, wound
from domain.guards import find_return
from domain.states import (
    BANK_SILENT,
    Early,
    Party,
    Return,
    Stage,
    State,
    Way,
    after_sale_reference,
)

S = TypeVar("S", bound=State)
NO_LEGS: Journal = ()


def start_payment(state: S, event: events.PaymentStarted, at: datetime) -> tuple[S, Journal]:
    started = replace(
        state,
        stage=Stage.PAYING,
        bank=event.bank,
        method=event.method,
        attempt=state.attempt + 1,
        declined="",
    )
    return started, NO_LEGS


def fund(state: S, event: events.PaymentSucceeded, at: datetime) -> tuple[S, Journal]:
    until = event.capture_before
    frozen = until is not None
    paid = replace(
        heard(state),
        stage=Stage.AWAITING_SHIPMENT,
        capture_before=until,
        hold_noted=until is not None and until - HOLD_WARNING <= at,
    )
    book = postings.freeze if frozen else postings.deduct
    return wound(paid, at, state.terms.windows.shipping), book(state.accounts, event.amount)


def decline(state: S, event: events.PaymentDeclined, at: datetime) -> tuple[S, Journal]:
    return replace(heard(state), stage=Stage.AWAITING_PAYMENT, declined=event.code), NO_LEGS


def mismatch(state: S, event: events.PaymentMismatched, at: datetime) -> tuple[S, Journal]:
    """A freeze of another amount is not ours to book: it is given back before it counts."""
    refused = replace(heard(state), stage=Stage.AWAITING_PAYMENT, declined="amount_mismatch")
    if event.frozen:
        return giving_back(refused, Way.UNFREEZE, event.amount), NO_LEGS
    legs = postings.give_back_unbooked(state.accounts, event.amount)
    return giving_back(refused, Way.REFUND, event.amount), legs


def close(state: S, event: events.Event, at: datetime) -> tuple[S, Journal]:
    return wound(replace(state, stage=Stage.CLOSED), at, None), NO_LEGS


def ship(state: S, event: events.Shipped, at: datetime) -> tuple[S, Journal]:
    if not state.frozen_only:
        shipped = replace(state, stage=Stage.AWAITING_CONFIRMATION)
        return wound(shipped, at, state.terms.windows.inspection), NO_LEGS
    return capturing(state, at), NO_LEGS


def deduct_early(state: S, event: events.EarlyDeduction, at: datetime) -> tuple[S, Journal]:
    return replace(capturing(state, at), early=Early.UNDER_WAY, hold_noted=True), NO_LEGS


def note_hold(state: S, event: events.HoldEnding, at: datetime) -> tuple[S, Journal]:
    return replace(state, hold_noted=True), NO_LEGS


def capturing(state: S, at: datetime) -> S:
    """The bank is asked to deduct out of the freeze; the shipping clock stands still."""
    left = None if state.deadline is None else max(state.deadline - at, timedelta(0))
    return replace(
        state,
        stage=Stage.CAPTURING,
        captures=state.captures + 1,
        deadline=None,
        remaining=left,
        declined="",
    )


def capture(state: S, event: events.Captured, at: datetime) -> tuple[S, Journal]:
    legs = postings.deduct_from_freeze(state.accounts, state.amounts.authorised, event.amount)
    if state.early is Early.UNDER_WAY:
        return replace(back_to_shipping(state, at), capture_before=None), legs
    captured = replace(heard(state), stage=Stage.AWAITING_CONFIRMATION, capture_before=None)
    return wound(captured, at, state.terms.windows.inspection), legs


def refuse_capture(state: S, event: events.CaptureRefused, at: datetime) -> tuple[S, Journal]:
    return replace(back_to_shipping(state, at), declined=event.code), NO_LEGS


def back_to_shipping(state: S, at: datetime) -> S:
    """The shipping clock goes on where it was stopped."""
    left = state.remaining if state.remaining is not None else timedelta(0)
    return replace(
        heard(state),
        stage=Stage.AWAITING_SHIPMENT,
        early=Early.NO if state.early is Early.NO else Early.TRIED,
        deadline=at + left,
        remaining=None,
        noted=at,
    )


def mismatch_capture(state: S, event: events.CaptureMismatched, at: datetime) -> tuple[S, Journal]:
    shut = replace(
        heard(state), stage=Stage.CLOSED, declined="amount_mismatch", capture_before=None
    )
    legs = postings.void_freeze(state.accounts, state.amounts.authorised)
    legs += postings.give_back_unbooked(state.accounts, event.amount)
    return giving_back(wound(shut, at, None), Way.REFUND, event.amount), legs


def lapse_shipment(state: S, event: events.ShipmentLapsed, at: datetime) -> tuple[S, Journal]:
    if state.frozen_only:
        return void(state, at)
    over = replace(state, over=True, deadline=None)
    return giving_back_held(over, state.amounts.held)


def lapse_hold(state: S, event: events.HoldLapsed, at: datetime) -> tuple[S, Journal]:
    """The issuer has let go by itself: nothing is sent to the bank."""
    shut = replace(state, stage=Stage.CLOSED, capture_before=None)
    legs = postings.void_freeze(state.accounts, state.amounts.authorised)
    return wound(shut, at, None), legs


def deliver(state: S, event: events.Delivered, at: datetime) -> tuple[S, Journal]:
    """The inspection starts anew at the door, if that ends it earlier than an extension does."""
    anew = at + state.terms.windows.inspection
    if state.deadline is None or anew >= state.deadline:
        return state, NO_LEGS
    return replace(state, deadline=anew, noted=at), NO_LEGS


def release_held(state: S, event: events.Event, at: datetime) -> tuple[S, Journal]:
    over = replace(state, over=True, deadline=None, remaining=None)
    return over, releasing(state, state.accounts.held, state.amounts.held)


def extend(state: S, event: events.InspectionExtended, at: datetime) -> tuple[S, Journal]:
    longer = replace(
        state,
        extended=state.extended + event.extension,
        extensions=state.extensions + 1,
        buyer_extended=state.buyer_extended or event.by is Party.BUYER,
    )
    if state.deadline is not None:
        return replace(longer, deadline=state.deadline + event.extension, noted=at), NO_LEGS
    left = (state.remaining or timedelta(0)) + event.extension
    return replace(longer, remaining=left), NO_LEGS


def grant_refund(state: S, event: events.RefundGranted, at: datetime) -> tuple[S, Journal]:
    if state.frozen_only:
        return void(state, at)
    return giving_back_held(state, event.amount)


def claw_back(state: S, event: events.RefundedAfterRelease, at: datetime) -> tuple[S, Journal]:
    """Money that was the merchant's already goes back, beside whatever goes back otherwise."""
    reference = after_sale_reference(state.terms.escrow_id, event.number)
    back = Return(Way.REFUND, reference, of=state.payment, amount=event.amount)
    legs = postings.refund_after_release(
        state.accounts, event.amount, event.payable, event.reserve, event.fee_back
    )
    return replace(state, returns=(*state.returns, back)), legs


def settle_return(state: S, event: events.ReturnSucceeded, at: datetime) -> tuple[S, Journal]:
    return without_return(state, event.reference), NO_LEGS


def refuse_return(state: S, event: events.ReturnRefused, at: datetime) -> tuple[S, Journal]:
    """The money stays with us, in suspense, until a person has found another way."""
    refused = find_return(state, event.reference)
    stranded = replace(without_return(state, event.reference), review="refund_refused")
    legs = postings.refund_refused(refused.amount) if refused.way is Way.REFUND else NO_LEGS
    return stranded, legs


def raise_review(state: S, event: events.ReviewNeeded, at: datetime) -> tuple[S, Journal]:
    """The first reason stays: money that a bank refused outranks a bank that is silent."""
    return replace(state, review=state.review or event.reason), NO_LEGS


def remind(state: S, event: events.Reminded, at: datetime) -> tuple[S, Journal]:
    return replace(state, noted=at), NO_LEGS


def void(state: S, at: datetime) -> tuple[S, Journal]:
    """Give the freeze back to the buyer; the purchase is over."""
    frozen = state.amounts.authorised
    shut = replace(state, stage=Stage.CLOSED, capture_before=None)
    legs = postings.void_freeze(state.accounts, frozen)
    return giving_back(wound(shut, at, None), Way.UNFREEZE, frozen), legs


def giving_back_held(state: S, amount: int) -> tuple[S, Journal]:
    legs = postings.refund(state.accounts.held, amount)
    return giving_back(state, Way.REFUND, amount), legs


def giving_back(state: S, way: Way, amount: int) -> S:
    """The return that the bank will now be told to make; no amount, no return."""
    if amount == 0:
        return state
    number = state.returned + 1
    reference = f"{state.terms.escrow_id}:{way}:{number}"
    back = Return(way, reference, of=state.payment, amount=amount)
    return replace(state, returned=number, returns=(*state.returns, back))


def without_return(state: S, reference: str) -> S:
    left = tuple(back for back in state.returns if back.reference != reference)
    return heard(replace(state, returns=left))


def heard(state: S) -> S:
    """The bank has spoken: nobody need look at its silence, unless it owes another answer."""
    silent = state.review == BANK_SILENT and not state.returns
    return replace(state, review="") if silent else state


def releasing(state: State, source: Account, amount: int) -> Journal:
    """The legs of one release: fee by the cumulative rule, reserve by the terms."""
    fee = state.terms.fee.of_next(state.amounts.released, amount)
    reserve = (amount - fee) * state.terms.reserve_bps // 10_000
    return postings.release(state.accounts, source, amount, fee, reserve)
