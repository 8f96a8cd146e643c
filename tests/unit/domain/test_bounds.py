"""Nobody can use a purchase up: what could be repeated for ever has an end."""

from datetime import timedelta

import pytest

from domain import errors, events
from domain.guards import (
    MOST_CAPTURES,
    MOST_DISPUTES,
    MOST_EXTENSIONS,
    MOST_PAYMENTS,
    MOST_RETURNS,
)
from domain.states import Party, Stage
from domain.terms import BUYERS_EXTENSION
from tests.builders import (
    NOON,
    PRICE,
    after,
    disputed,
    frozen,
    opened,
    paid,
    refund,
    shipped,
    started,
)
from workflows.paying import MOST_UNDECIDED

#: Temporal's own: after so many updates a workflow takes none any more.
UPDATES_OF_A_WORKFLOW = 2_000
SECOND = events.InspectionExtended(extension=timedelta(seconds=1), by=Party.MERCHANT)


def test_payments_come_to_an_end() -> None:
    tried = after(opened(), *[started() for _ in range(MOST_PAYMENTS)])
    with pytest.raises(errors.TooOften):
        tried.after(started(), NOON)
    assert after(tried, events.PaymentLapsed()).stage is Stage.CLOSED


def test_deductions_come_to_an_end() -> None:
    refused = frozen()
    for number in range(1, MOST_CAPTURES + 1):
        failure = events.CaptureRefused(capture=number, code="issuer_down")
        refused = after(refused, events.Shipped(), failure)
    with pytest.raises(errors.TooOften):
        refused.after(events.Shipped(), NOON)
    assert after(refused, events.ShipmentLapsed()).stage is Stage.CLOSED


def test_a_merchant_that_extends_for_ever_leaves_the_buyer_its_rights() -> None:
    stretched = after(shipped(), *[SECOND] * MOST_EXTENSIONS)
    with pytest.raises(errors.TooOften):
        stretched.after(SECOND, NOON)
    longer = events.InspectionExtended(extension=BUYERS_EXTENSION, by=Party.BUYER)
    assert after(stretched, longer, disputed(1)).status == "disputed"


def test_after_many_refunds_the_rest_goes_back_at_once() -> None:
    small = after(paid(), *[refund(1) for _ in range(MOST_RETURNS)])
    with pytest.raises(errors.TooOften):
        small.after(refund(1), NOON)
    assert after(small, refund(PRICE - MOST_RETURNS)).stage is Stage.REFUNDED


def test_all_of_it_together_is_far_from_what_temporal_takes() -> None:
    repeated = MOST_PAYMENTS + MOST_CAPTURES + MOST_EXTENSIONS + MOST_RETURNS + 4 * MOST_DISPUTES
    assert repeated + 2 * MOST_UNDECIDED < UPDATES_OF_A_WORKFLOW / 3
