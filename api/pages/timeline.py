"""What happened to a purchase, in a buyer's words. The transitions are the ledger's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from api.languages import N_, _, gettext, ngettext
from api.pages.reasons import REASONS
from api.pages.rendering import money
from domain.clock import DAY
from domain.events import Event, InspectionExtended
from domain.states import Party, Reason
from ledger.port import Stored


@dataclass(frozen=True, slots=True)
class Line:
    at: datetime
    text: str
    note: str = ""


#: Transition → what the buyer reads; "" is only our and a bank's business.
SENTENCES: dict[str, str] = {
    "created": N_("Order placed"),
    "payment_started": N_("Sent to the bank to pay"),
    "payment_succeeded": N_("Paid. We hold the money for you"),
    "payment_declined": N_("The payment did not go through"),
    "payment_mismatched": N_("The bank took another amount: it goes back to you"),
    "cancelled": N_("Order cancelled"),
    "payment_lapsed": N_("Closed: nobody paid in time"),
    "shipped": N_("The shop has sent it"),
    "captured": N_("The bank has moved the frozen money to us"),
    "capture_refused": N_("The bank refused to move the frozen money"),
    "capture_mismatched": N_("The bank took another amount: it goes back to you"),
    "shipment_lapsed": N_("Not sent in time: your money goes back to you"),
    "hold_ending": "",
    "early_deduction": "",
    "hold_lapsed": N_("The bank's hold has ended: nothing was taken"),
    "delivered": N_("Delivered"),
    "receipt_confirmed": N_("You confirmed receipt. The money was released to the shop"),
    "inspection_lapsed": N_("Inspection time over. The money was released to the shop"),
    "inspection_extended": N_("Inspection time extended"),
    "refund_granted": N_("The shop gives money back to you"),
    "refunded_after_release": N_("The shop gives money back to you"),
    "return_succeeded": N_("The bank has given the money back to you"),
    "return_refused": N_("The bank could not give the money back: we are looking into it"),
    "review_needed": N_("We are looking into this ourselves"),
    "reminded": "",
    "dispute_opened": N_("You reported a problem"),
    "dispute_withdrawn": N_("You withdrew the problem"),
    "dispute_accepted": N_("The shop accepted: the disputed money goes back to you"),
    "dispute_contested": N_("The shop disagrees: we decide"),
    "answer_lapsed": N_("The shop did not answer in time"),
    "dispute_resolved": N_("We decided the dispute"),
    "arbitration_lapsed": N_("The dispute was decided in your favour"),
}

#: What both sides can do, in words for when the shop did it.
BY_SHOP: dict[str, str] = {
    "cancelled": N_("Order cancelled by the shop"),
    "inspection_extended": N_("Inspection time extended by the shop"),
}

#: We had the bank close its page: the buyer took another way to pay, or time was over.
PAGE_CLOSED = N_("The bank's page was closed; nothing was paid there")

#: Every code of docs/reference/banks.md that a buyer can meet, in a buyer's words.
DECLINES: dict[str, str] = {
    "insufficient_funds": N_("The account does not have enough money."),
    "expired_card": N_("The card has expired."),
    "limit_exceeded": N_("The amount is above the limit of this account or card."),
    "risk": N_("The bank stopped it for safety. Please ask the bank."),
    "cancelled": N_("You cancelled at the bank."),
    "authentication_failed": N_("The confirmation at the bank did not work."),
    "unknown_method": N_("Your bank does not keep this way to pay any more."),
    "closed": N_("The payment page at the bank was closed."),
    "given_back": N_("The bank has given the money back to you."),
    "amount_mismatch": N_("The bank took another amount than the price; it goes back to you."),
    "expired": N_("The freeze has ended: the money is yours again."),
    "not_frozen": N_("No money is frozen any more."),
    "deducted_already": N_("The bank had taken the frozen money before."),
    "exceeds_freeze": N_("Less money is frozen than the price."),
    "issuer_refused": N_("Your bank says no."),
}


def lines(steps: list[Stored], currency: str) -> list[Line]:
    """Oldest first."""
    told = ((step, SENTENCES[step.name]) for step in steps)
    return [Line(step.at, _text(step, text), note(step, currency)) for step, text in told if text]


def why_declined(code: str, declines: Mapping[str, str] = DECLINES) -> str:
    if code in declines:
        return gettext(declines[code])
    return _("The bank's answer: %(code)s.") % {"code": code.replace("_", " ")}


def note(step: Stored, currency: str, declines: Mapping[str, str] = DECLINES) -> str:
    """What is worth saying besides; `declines` are in the words of whoever reads it."""
    said = step.detail
    match step.name:
        case _ if closed_by_us(step):
            return ""
        case "shipped":
            return " ".join(str(said.get(name) or "") for name in ("carrier", "tracking")).strip()
        case "payment_declined" | "capture_refused":
            return why_declined(str(said.get("code", "")), declines)
        case "refund_granted" | "refunded_after_release":
            return money(int(said.get("amount") or 0), currency)
        case "dispute_opened":
            amount = money(int(said.get("amount") or 0), currency)
            why = gettext(REASONS[Reason(str(said.get("reason")))])
            return _("%(amount)s: %(why)s") % {"amount": amount, "why": why}
        case "dispute_resolved":
            back, on = (money(int(said.get(way) or 0), currency) for way in ("refund", "release"))
            return _("%(back)s to the buyer, %(on)s to the shop") % {"back": back, "on": on}
        case "inspection_extended":
            return _("by %(span)s") % {"span": _span(step.event())}
        case _:
            return ""


def _span(event: Event) -> str:
    """`3 days`; what is shorter than a day to the second."""
    longer = event.extension if isinstance(event, InspectionExtended) else timedelta(0)
    if longer % DAY:
        return str(longer)
    days = longer // DAY
    return ngettext("%(days)d day", "%(days)d days", days) % {"days": days}


def _text(step: Stored, text: str) -> str:
    if step.name == "payment_succeeded" and step.detail.get("capture_before"):
        return _("Frozen at your bank, taken when the shop sends the goods")
    by_shop = BY_SHOP.get(step.name) if step.by == Party.MERCHANT else None
    return gettext(by_shop or sentence(step, text))


def sentence(step: Stored, text: str) -> str:
    """`text`, unless it was no bank's refusal but we who closed the bank's page."""
    return PAGE_CLOSED if closed_by_us(step) else text


def closed_by_us(step: Stored) -> bool:
    return step.name == "payment_declined" and step.detail.get("code") == "closed"
