"""What an operator reads in the Temporal UI: what a purchase waits for, who acts, until when."""

from datetime import datetime

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from domain.clock import wake_ups
    from domain.escrow import Escrow
    from domain.guards import shipped_already
    from domain.money import Money
    from domain.states import Dispute, Stage

WAITS = {
    Stage.AWAITING_PAYMENT: "waiting for the buyer to pay",
    Stage.PAYING: "waiting for the bank's word on the payment",
    Stage.AWAITING_SHIPMENT: "waiting for the merchant to ship",
    Stage.CAPTURING: "waiting for the bank to deduct the frozen money",
    Stage.AWAITING_CONFIRMATION: "waiting for the buyer to confirm receipt",
    Stage.COMPLETED: "completed",
    Stage.REFUNDED: "refunded",
    Stage.CLOSED: "closed",
}

#: What happens by itself when nobody does anything.
DEFAULTS = {
    Stage.AWAITING_PAYMENT: "closes",
    Stage.PAYING: "is closed at the bank",
    Stage.AWAITING_SHIPMENT: "goes back to the buyer",
    Stage.AWAITING_CONFIRMATION: "is released to the merchant",
}

#: Who must act in a dispute.
TURNS = {
    Dispute.OPEN: "waiting for the merchant to answer the dispute",
    Dispute.ARBITRATION: "waiting for operators to decide the dispute",
}


def waiting_for(escrow: Escrow) -> str:
    """One line: "waiting for the buyer to confirm receipt until 2026-11-03 09:00 UTC"."""
    wait = WAITS[escrow.stage]
    return f"{wait} until {_moment(escrow.deadline)}" if escrow.deadline else wait


def next_ring(escrow: Escrow) -> str:
    """What the purchase's timer is for, in a word: it stands in the history twice."""
    calls = wake_ups(escrow)
    return "ask the bank" if escrow.stage is Stage.PAYING or not calls else calls[0][1].name


def current_details(escrow: Escrow) -> str:
    """Markdown for the workflow's page."""
    return "\n".join(f"- {line}" for line in _lines(escrow))


def _lines(escrow: Escrow) -> list[str]:
    amounts, currency = escrow.amounts, escrow.terms.currency
    lines = []
    if escrow.dispute is not Dispute.NONE:
        turn = TURNS[escrow.dispute]
        lines.append(f"**{turn} until {_moment(escrow.dispute_deadline)}**")
        lines.append(f"if nobody acts, {_default(escrow)}")
    if escrow.amounts.held or not lines:
        lines.append(f"**{waiting_for(escrow)}**")
    if escrow.deadline and escrow.stage in DEFAULTS:
        lines.append(f"if nobody acts, it then {DEFAULTS[escrow.stage]}")
    for name in ("authorised", "held", "disputed", "released", "refunded"):
        amount = getattr(amounts, name)
        if amount:
            lines.append(f"{name} {Money(amount, currency)}")
    for back in escrow.returns:
        lines.append(f"at the bank: {back.way} of {Money(back.amount, currency)} {back.reference}")
    if escrow.declined:
        lines.append(f"the bank last said no: {escrow.declined}")
    if escrow.review:
        lines.append(f"**a person must look: {escrow.review}**")
    return lines


def _default(escrow: Escrow) -> str:
    """What becomes of a dispute at its deadline."""
    if escrow.dispute is Dispute.OPEN and shipped_already(escrow):
        return "operators decide"
    return "the disputed money goes back to the buyer"


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "no deadline"
