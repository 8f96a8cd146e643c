"""What happened to a purchase, in a buyer's words. The transitions are the ledger's."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.clock import DAY
from domain.events import Event, InspectionExtended
from domain.money import Money
from domain.states import Party
from ledger.port import Stored


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    text: str
    note: str = ""


#: Transition → what the buyer reads; "" is only our and a bank's business.
SENTENCES: dict[str, str] = {
    "created": "Order placed",
    "payment_started": "Sent to the bank to pay",
    "payment_succeeded": "Paid. We hold the money for you",
    "payment_declined": "The payment did not go through",
    "payment_mismatched": "The bank took another amount: it goes back to you",
    "cancelled": "Order cancelled",
    "payment_lapsed": "Closed: nobody paid in time",
    "shipped": "The shop has sent it",
    "captured": "The bank has moved the frozen money to us",
    "capture_refused": "The bank refused to move the frozen money",
    "capture_mismatched": "The bank took another amount: it goes back to you",
    "shipment_lapsed": "Not sent in time: your money goes back to you",
    "hold_lapsed": "The bank's hold has ended: nothing was taken",
    "delivered": "Delivered",
    "receipt_confirmed": "You confirmed receipt. The money was released to the shop",
    "inspection_lapsed": "Inspection time over. The money was released to the shop",
    "inspection_extended": "Inspection time extended",
    "refund_granted": "The shop gives money back to you",
    "return_succeeded": "The bank has given the money back to you",
    "return_refused": "The bank could not give the money back: we are looking into it",
    "review_needed": "We are looking into this ourselves",
    "reminded": "",
    "dispute_opened": "You reported a problem",
    "dispute_withdrawn": "You withdrew the problem",
    "dispute_accepted": "The shop accepted: the disputed money goes back to you",
    "dispute_contested": "The shop disagrees: we decide",
    "answer_lapsed": "The shop did not answer in time",
    "dispute_resolved": "We decided the dispute",
    "arbitration_lapsed": "The dispute was decided in your favour",
}

#: Every code of docs/reference/banks.md that a buyer can meet, in a buyer's words.
DECLINES: dict[str, str] = {
    "insufficient_funds": "The account does not have enough money.",
    "expired_card": "The card has expired.",
    "limit_exceeded": "The amount is above the limit of this account or card.",
    "risk": "The bank stopped it for safety. Please ask the bank.",
    "cancelled": "You cancelled at the bank.",
    "authentication_failed": "The confirmation at the bank did not work.",
    "closed": "The payment page at the bank was closed.",
    "given_back": "The bank has given the money back to you.",
    "amount_mismatch": "The bank took another amount than the price; it goes back to you.",
    "expired": "The freeze has ended: the money is yours again.",
    "not_frozen": "No money is frozen any more.",
    "deducted_already": "The bank had taken the frozen money before.",
    "exceeds_freeze": "Less money is frozen than the price.",
    "issuer_refused": "Your bank says no.",
}


def lines(steps: list[Stored], currency: str) -> list[Line]:
    """Oldest first."""
    told = ((step, SENTENCES[step.name]) for step in steps)
    return [Line(step.at, _text(step, text), note(step, currency)) for step, text in told if text]


def why_declined(code: str) -> str:
    return DECLINES.get(code, f"The bank's answer: {code.replace('_', ' ')}.")


def note(step: Stored, currency: str) -> str:
    """What is worth saying besides."""
    said = step.detail
    match step.name:
        case "shipped":
            return " ".join(str(said.get(name) or "") for name in ("carrier", "tracking")).strip()
        case "payment_declined" | "capture_refused":
            return why_declined(str(said.get("code", "")))
        case "refund_granted":
            return str(Money(int(said.get("amount") or 0), currency))
        case "inspection_extended":
            return f"by {_span(step.event())}"
        case _:
            return ""


def _span(event: Event) -> str:
    """`3 days`; what is shorter than a day to the second."""
    longer = event.extension if isinstance(event, InspectionExtended) else timedelta(0)
    if longer % DAY:
        return str(longer)
    days = longer // DAY
    return "1 day" if days == 1 else f"{days} days"


def _text(step: Stored, text: str) -> str:
    if step.name == "payment_succeeded" and step.detail.get("capture_before"):
        return "Frozen at your bank, taken when the shop sends the goods"
    by_shop = step.name in ("cancelled", "inspection_extended") and step.by == Party.MERCHANT
    return f"{text} by the shop" if by_shop else text
