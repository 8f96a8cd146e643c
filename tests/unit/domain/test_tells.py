"""What the merchant hears of each step."""

import pytest

from domain import events
from domain.escrow import Escrow
from domain.events import Event
from domain.states import Party
from domain.transitions import PUBLIC_EVENTS
from tests.builders import (
    DAY,
    NOON,
    PRICE,
    after,
    capturing,
    closed,
    completed,
    disputed,
    frozen,
    opened,
    paid,
    paying,
    refund,
    refunded,
    securing,
    shipped,
    split,
    started,
    succeeded,
)
from tests.unit.domain.exploration import reachable

CONTEST = events.DisputeContested()
OVER = events.ReceiptConfirmed()


def heard(escrow: Escrow, *happened: Event) -> list[str]:
    """The public events of these steps, in order."""
    names: list[str] = []
    for event in happened:
        moved = escrow.after(event, NOON)
        names += moved.tells
        escrow = moved.escrow
    return names


def test_the_happy_path_tells_four_things_after_created() -> None:
    happy = (started(), succeeded(paying()), events.Shipped(), events.ReceiptConfirmed())
    assert opened().told == 1
    assert heard(opened(), *happy) == ["paid", "shipped", "confirmed", "released"]


def test_out_of_a_freeze_shipped_is_told_when_the_money_is_ours() -> None:
    assert heard(frozen(), events.Shipped()) == []
    assert heard(capturing(), events.Captured(amount=PRICE)) == ["shipped"]


@pytest.mark.parametrize(
    ("escrow", "event", "told"),
    [
        (opened(), events.PaymentLapsed(), ["closed"]),
        (paying(), events.PaymentDeclined(attempt=1, code="limit"), []),
        (paying(), events.PaymentMismatched(attempt=1, amount=1), []),
        (paid(), events.ShipmentLapsed(), ["refunded"]),
        (paid(), refund(1), ["refunded"]),
        (frozen(), refund(PRICE), ["closed"]),
        (frozen(), events.HoldEnding(of=NOON), ["hold_ending"]),
        (securing(), events.Captured(amount=PRICE), ["deducted"]),
        (securing(), events.CaptureRefused(code="x"), ["hold_ending"]),
        (frozen(), events.HoldLapsed(), ["closed"]),
        (capturing(), events.CaptureRefused(code="x"), []),
        (capturing(), events.CaptureMismatched(amount=1), ["closed"]),
        (shipped(), events.Delivered(), ["delivered"]),
        (shipped(), events.Reminded(of=NOON), ["reminder"]),
        (
            shipped(),
            events.InspectionExtended(extension=3 * DAY, by=Party.BUYER),
            ["extended"],
        ),
        (shipped(), events.InspectionLapsed(), ["released"]),
        (shipped(), disputed(1), ["disputed"]),
        (after(shipped(), disputed(1)), CONTEST, ["dispute.updated"]),
        (
            after(shipped(), disputed(2), CONTEST),
            split(1, 1),
            ["dispute.updated", "refunded", "released"],
        ),
        (
            after(shipped(), disputed(1), OVER),
            events.DisputeWithdrawn(),
            ["dispute.updated", "released"],
        ),
        (
            after(shipped(), disputed(1), OVER),
            events.DisputeAccepted(),
            ["dispute.updated", "refunded", "completed"],
        ),
        (refunded(), events.ReturnSucceeded(reference="esc_1:refund:1"), []),
        (refunded(), events.ReturnRefused(reference="esc_1:refund:1", code="x"), []),
        (completed(), events.ReviewNeeded(reason="x"), []),
    ],
)
def test_a_step_tells_what_changed_for_the_merchant(
    escrow: Escrow, event: Event, told: list[str]
) -> None:
    assert heard(escrow, event) == told


def test_every_end_is_told_once() -> None:
    """`completed` is left out where `released` says it, `refunded` names both."""
    ends = {"released", "refunded", "closed", "completed"}
    for escrow, moved in reachable().steps:
        if moved.escrow.ended and not escrow.ended:
            assert ends & set(moved.tells)
        if escrow.ended:
            later = isinstance(moved.event, events.RefundedAfterRelease)
            assert moved.tells == (("refunded",) if later else ())


def test_only_public_events_are_told_and_all_of_them_are() -> None:
    told = {name for _, moved in reachable().steps for name in moved.tells}
    assert told | {"created"} == set(PUBLIC_EVENTS)
    assert len(set(PUBLIC_EVENTS)) == len(PUBLIC_EVENTS)


def test_nothing_is_told_twice_in_one_step() -> None:
    for _, moved in reachable().steps:
        assert len(set(moved.tells)) == len(moved.tells)


def test_an_ended_purchase_is_closed_refunded_or_completed() -> None:
    assert [escrow.status for escrow in (closed(), refunded(), completed())] == [
        "closed",
        "refunded",
        "completed",
    ]
