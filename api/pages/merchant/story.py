"""What happened to a purchase, in a merchant's words. The transitions are the ledger's."""

from api.languages import N_, gettext
from api.pages.timeline import DECLINES, Line, note, sentence
from ledger.port import Stored

#: Transition → what the merchant reads; "" is not the merchant's business.
SENTENCES: dict[str, str] = {
    "created": N_("You created it"),
    "payment_started": N_("The buyer was sent to the bank to pay"),
    "payment_succeeded": N_("Paid. We hold the money"),
    "payment_declined": N_("The payment did not go through"),
    "payment_mismatched": N_("The bank took another amount: it goes back to the buyer"),
    "cancelled": N_("Cancelled"),
    "payment_lapsed": N_("Closed: nobody paid in time"),
    "shipped": N_("You shipped it"),
    "captured": N_("The frozen money was deducted"),
    "capture_refused": N_("The bank refused to deduct the frozen money"),
    "capture_mismatched": N_("The bank took another amount: it goes back to the buyer"),
    "shipment_lapsed": N_("Not shipped in time: the money goes back to the buyer"),
    "hold_ending": N_("The bank's hold ends soon"),
    "early_deduction": N_("The bank is told to deduct before its hold ends"),
    "hold_lapsed": N_("The bank's hold has ended: nothing was taken"),
    "delivered": N_("Delivered"),
    "receipt_confirmed": N_("The buyer confirmed receipt. What was held came to you"),
    "inspection_lapsed": N_("Inspection time over. What was held came to you"),
    "inspection_extended": N_("Inspection time extended"),
    "refund_granted": N_("You gave money back"),
    "refunded_after_release": N_("You gave money back that had been released to you"),
    "return_succeeded": N_("The bank has given the money back to the buyer"),
    "return_refused": N_("The bank could not give the money back: we are looking into it"),
    "review_needed": N_("We are looking into this ourselves"),
    "reminded": "",
    "dispute_opened": N_("The buyer reported a problem"),
    "dispute_withdrawn": N_("The buyer withdrew the problem"),
    "dispute_accepted": N_("You accepted: the disputed money goes back to the buyer"),
    "dispute_contested": N_("You contested: we decide"),
    "answer_lapsed": N_("You did not answer in time"),
    "dispute_resolved": N_("We decided the dispute"),
    "arbitration_lapsed": N_(
        "Nothing was decided in time: the disputed money goes back to the buyer"
    ),
}


#: Of a bank's reasons those that a buyer is told otherwise.
DECLINED: dict[str, str] = {
    **DECLINES,
    "risk": N_("The bank stopped it for safety."),
    "cancelled": N_("The buyer cancelled at the bank."),
    "unknown_method": N_("The buyer's bank does not keep this way to pay any more."),
    "given_back": N_("The bank has given the money back to the buyer."),
    "amount_mismatch": N_(
        "The bank took another amount than the price; it goes back to the buyer."
    ),
    "expired": N_("The freeze has ended: the money is the buyer's again."),
    "issuer_refused": N_("The buyer's bank says no."),
}


def lines(steps: list[Stored], currency: str) -> list[Line]:
    """Oldest first."""
    told = ((step, SENTENCES[step.name]) for step in steps)
    return [
        Line(step.at, gettext(sentence(step, text)), note(step, currency, DECLINED))
        for step, text in told
        if text
    ]
