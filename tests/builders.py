"""Purchases as tests need them: a test says only what it is about.

`terms()` is a plain purchase of `PRICE`; every other builder walks from there to a stage by the
domain's own table, so no test can start from a state that can't exist.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain import events
from domain.accounts import Accounts
from domain.escrow import Escrow
from domain.events import Event
from domain.states import Reason
from domain.terms import Funding, HoldExpiry, Terms, Windows

#: The moment when everything happens unless a test says otherwise.
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PRICE = 10_000
#: How long a bank holds a freeze for us, in these purchases.
HOLD = 5 * DAY

ON = Accounts("esc_1", "mer_1", "sandbox")


def terms(**said: Any) -> Terms:
    """Terms of a purchase of `PRICE` EUR; `windows` may be a dict of durations."""
    windows = said.pop("windows", {})
    plain: dict[str, Any] = {
        "escrow_id": "esc_1",
        "merchant_id": "mer_1",
        "order_id": "order-1",
        "amount": PRICE,
        "currency": "EUR",
        "opened_at": NOON,
        "windows": Windows(**windows) if isinstance(windows, dict) else windows,
    }
    return Terms(**(plain | said))


def after(escrow: Escrow, *happened: Event, at: datetime = NOON) -> Escrow:
    """`escrow` after all of these at `at`. Raises the Refusal of the first that is refused."""
    for event in happened:
        escrow = escrow.after(event, at).escrow
    return escrow


def opened(**said: Any) -> Escrow:
    return Escrow.opened(terms(**said))


def paying(**said: Any) -> Escrow:
    return after(opened(**said), started())


def paid(**said: Any) -> Escrow:
    """Deducted, waiting for the merchant to ship."""
    escrow = paying(**said)
    return after(escrow, succeeded(escrow))


def frozen(**said: Any) -> Escrow:
    """Freeze mode: on hold at the issuer for `HOLD`, waiting for the merchant to ship."""
    return paid(funding=Funding.FREEZE, **said)


def capturing(**said: Any) -> Escrow:
    return after(frozen(**said), events.Shipped())


def securing(**said: Any) -> Escrow:
    """Freeze mode: the hold runs out, and the bank is told to deduct before it does."""
    said["hold_expiry"] = HoldExpiry.DEDUCT
    return after(frozen(**said), events.EarlyDeduction(), at=NOON + HOLD - DAY)


def shipped(**said: Any) -> Escrow:
    """Deducted and shipped, waiting for the buyer."""
    return after(paid(**said), events.Shipped())


def completed(**said: Any) -> Escrow:
    return after(shipped(**said), events.ReceiptConfirmed())


def refunded(**said: Any) -> Escrow:
    escrow = paid(**said)
    return after(escrow, events.RefundGranted(amount=escrow.terms.amount))


def closed(**said: Any) -> Escrow:
    return after(opened(**said), events.PaymentLapsed())


def started(bank: str = "sandbox", method: str = "online_banking") -> events.PaymentStarted:
    return events.PaymentStarted(bank=bank, method=method)


def succeeded(escrow: Escrow, until: datetime | None = None) -> events.PaymentSucceeded:
    """The bank's yes to the current attempt, in the terms' own way of funding."""
    if escrow.terms.funding is Funding.FREEZE:
        until = until or NOON + HOLD
    return events.PaymentSucceeded(
        attempt=escrow.attempt, amount=escrow.terms.amount, capture_before=until
    )


def disputed(amount: int, reason: Reason = Reason.DAMAGED) -> events.DisputeOpened:
    return events.DisputeOpened(amount=amount, reason=reason)


def split(refund: int, release: int, dispute: int = 1) -> events.DisputeResolved:
    return events.DisputeResolved(dispute=dispute, refund=refund, release=release)


def refund(amount: int) -> events.RefundGranted:
    return events.RefundGranted(amount=amount)
