"""Where a purchase stands, in words: who must act, and what the clock does otherwise."""

from datetime import datetime, timedelta

from danbao_client import DisputeState, Escrow, Funding, PaymentState, Status
from domain.money import Money

#: Whose turn it is, by public status; a payment under way and a review come before it.
TURNS: dict[str, str] = {
    Status.AWAITING_PAYMENT: "the buyer: pay",
    Status.AWAITING_SHIPMENT: "the merchant: send the goods",
    Status.AWAITING_CONFIRMATION: "the buyer: confirm receipt",
}
#: In a dispute, by its state.
DISPUTE_TURNS: dict[str, str] = {
    DisputeState.OPEN: "the merchant: answer the dispute",
    DisputeState.ARBITRATION: "the operators: decide the dispute",
}
GOES_BACK = "what is disputed goes back to the buyer"
UNDER_WAY: dict[str, str] = {
    PaymentState.PROCESSING: "the buyer, at the bank's page",
    PaymentState.CAPTURING: "the bank: deduct what is frozen",
}
#: What happens by itself when the deadline comes.
OTHERWISE: dict[str, str] = {
    Status.AWAITING_PAYMENT: "the purchase closes",
    Status.AWAITING_SHIPMENT: "the money goes back to the buyer",
    Status.AWAITING_CONFIRMATION: "the money is released to the merchant",
}


def turn(escrow: Escrow) -> str:
    """Who must act next."""
    if escrow.needs_review:
        return "an operator: look at it"
    if escrow.payment.state in UNDER_WAY:
        return UNDER_WAY[escrow.payment.state]
    if escrow.ended:
        return "the bank: confirm what goes back" if escrow.returning else "nobody: it is over"
    if escrow.dispute:
        return DISPUTE_TURNS.get(escrow.dispute.state, "nobody knows")
    return TURNS.get(escrow.status, "nobody knows")


def otherwise(escrow: Escrow) -> str:
    """What the clock does if nobody acts: to what is disputed, or else to what is held."""
    if escrow.dispute:
        sent = escrow.progress != Status.AWAITING_SHIPMENT
        answering = escrow.dispute.state == DisputeState.OPEN
        return "operators decide" if sent and answering else GOES_BACK
    frozen = escrow.terms.funding == Funding.FREEZE
    if escrow.status == Status.AWAITING_SHIPMENT and frozen:
        return "the bank's hold ends and nothing is taken"
    return OTHERWISE.get(escrow.status, "")


def deadline(escrow: Escrow) -> datetime | None:
    """When that is; None while the clock is stopped, or nothing is left to come."""
    return escrow.dispute.deadline if escrow.dispute else escrow.deadline


def in_words(left: timedelta) -> str:
    """`in 6 days 23 h`, `in 29 min`, `now`: two units at most."""
    seconds = int(left.total_seconds())
    if seconds <= 0:
        return "now"
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"in {days} days {hours} h" if days > 1 else f"in 1 day {hours} h"
    if hours:
        return f"in {hours} h {minutes} min"
    return f"in {minutes} min" if minutes else f"in {seconds} s"


def money(amount: int, currency: str) -> str:
    """`129.00 CNY`, of minor units."""
    return str(Money(amount, currency))


def moment(at: datetime) -> str:
    """UTC, to the second."""
    return at.strftime("%Y-%m-%d %H:%M:%S UTC")
