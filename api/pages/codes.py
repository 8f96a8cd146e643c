"""What people read for codes of ours that stand in a room's page.

What a bank or a merchant's server has said is not ours: a code that is not here is shown as it
came.
"""

from collections.abc import Mapping

from api.languages import N_, gettext

#: Public stage, in the order of a purchase's life.
STAGES = {
    "awaiting_payment": N_("To be paid"),
    "awaiting_shipment": N_("To be shipped"),
    "awaiting_confirmation": N_("On their way"),
    "disputed": N_("Disputed"),
    "completed": N_("Completed"),
    "refunded": N_("Refunded"),
    "closed": N_("Closed"),
}

#: Who did it.
PARTIES = {
    "buyer": N_("the buyer"),
    "merchant": N_("the merchant"),
    "operator": N_("operators"),
    "bank": N_("the bank"),
    "clock": N_("the clock"),
}

#: Transition of a purchase, as operators read it.
STEPS = {
    "created": N_("created"),
    "payment_started": N_("payment started"),
    "payment_succeeded": N_("payment succeeded"),
    "payment_declined": N_("payment declined"),
    "payment_mismatched": N_("payment of another amount"),
    "cancelled": N_("cancelled"),
    "payment_lapsed": N_("not paid in time"),
    "shipped": N_("shipped"),
    "captured": N_("frozen money deducted"),
    "capture_refused": N_("deduction refused"),
    "capture_mismatched": N_("deduction of another amount"),
    "shipment_lapsed": N_("not shipped in time"),
    "hold_ending": N_("freeze ends soon"),
    "early_deduction": N_("deduction before the freeze ends"),
    "hold_lapsed": N_("freeze ended"),
    "delivered": N_("delivered"),
    "receipt_confirmed": N_("receipt confirmed"),
    "inspection_lapsed": N_("inspection time over"),
    "inspection_extended": N_("inspection time extended"),
    "refund_granted": N_("refund granted"),
    "refunded_after_release": N_("refund after the release"),
    "return_succeeded": N_("money given back by the bank"),
    "return_refused": N_("giving back refused by the bank"),
    "review_needed": N_("a person must look"),
    "reminded": N_("reminded"),
    "dispute_opened": N_("dispute opened"),
    "dispute_withdrawn": N_("dispute withdrawn"),
    "dispute_accepted": N_("dispute accepted"),
    "dispute_contested": N_("dispute contested"),
    "answer_lapsed": N_("not answered in time"),
    "dispute_resolved": N_("dispute resolved"),
    "arbitration_lapsed": N_("not decided in time"),
}

#: Why a person must look at a purchase.
REVIEWS = {
    "bank_silent": N_("a bank does not answer"),
    "refund_refused": N_("a bank refused to give money back"),
    "return_mismatch": N_("a bank gave another amount back"),
}

#: What a bank was told to do.
OPERATIONS = {
    "payment": N_("payment"),
    "deduct": N_("deduction of frozen money"),
    "unfreeze": N_("unfreezing"),
    "refund": N_("refund"),
    "remit": N_("remittance"),
}

#: How it stands.
ANSWERS = {
    "sending": N_("being sent"),
    "pending": N_("not decided"),
    "yes": N_("done"),
    "no": N_("refused"),
}

PAYOUTS = {
    "opened": N_("Being sent"),
    "sent": N_("Being paid"),
    "settled": N_("Arrived"),
    "failed": N_("Refused"),
    "returned": N_("Came back"),
}

#: Why a payout did not arrive, as far as the codes are ours (docs/reference/banks.md).
UNPAID = {
    "account_closed": N_("account closed"),
    "no_such_account": N_("no such account"),
    "insufficient_custody": N_("not enough in our custody account"),
    "rejected": N_("refused by the other bank"),
}

#: Why a merchant's server did not hear us; else the reason is its HTTP status.
TROUBLES = {
    "timeout": N_("timeout"),
    "name_not_resolved": N_("name not resolved"),
    "address_forbidden": N_("address forbidden"),
    "not_connected": N_("not connected"),
    "tls_failed": N_("TLS failed"),
    "no_http_answer": N_("no HTTP answer"),
    "connection_lost": N_("connection lost"),
    "broke_off": N_("broke off"),
}

ACCOUNTS = {
    "bank_cash": N_("bank cash"),
    "bank_clearing": N_("bank clearing"),
    "merchant_receivable": N_("merchant receivable"),
    "escrow": N_("escrow"),
    "escrow_disputed": N_("escrow disputed"),
    "merchant_payable": N_("merchant payable"),
    "merchant_reserve": N_("merchant reserve"),
    "payout_in_transit": N_("payout in transit"),
    "refund_in_transit": N_("refund in transit"),
    "suspense": N_("suspense"),
    "fee": N_("fee"),
    "bank_fee": N_("bank fee"),
    "chargeback_loss": N_("chargeback loss"),
    "issuer_hold": N_("issuer hold"),
    "hold": N_("hold"),
}

ROLES = {
    "viewer": N_("viewer"),
    "operator": N_("operator"),
    "approver": N_("approver"),
}

#: What stands in the operators' log.
ACTIONS = {
    "signed_in": N_("signed in"),
    "signed_out": N_("signed out"),
    "refused": N_("refused to them"),
    "resolution_proposed": N_("resolution proposed"),
    "resolution_approved": N_("resolution approved"),
    "dispute_decided_alone": N_("dispute decided alone"),
    "own_proposal_refused": N_("own proposal not approved"),
    "evidence_read": N_("evidence read"),
    "ledger_exported": N_("ledger exported"),
    "redelivery_asked": N_("redelivery asked"),
    "break_claimed": N_("break claimed"),
    "operator_created": N_("operator created"),
    "operator_disabled": N_("operator disabled"),
    "role_changed": N_("role changed"),
    "key_changed": N_("key changed"),
    "password_changed": N_("password changed"),
}

KINDS: Mapping[str, Mapping[str, str]] = {
    "stage": STAGES,
    "party": PARTIES,
    "step": STEPS,
    "review": REVIEWS,
    "operation": OPERATIONS,
    "answer": ANSWERS,
    "payout": PAYOUTS,
    "unpaid": UNPAID,
    "trouble": TROUBLES,
    "account": ACCOUNTS,
    "role": ROLES,
    "action": ACTIONS,
}


def called(code: str, kind: str) -> str:
    """In the reader's language."""
    words = KINDS[kind].get(code)
    return gettext(words) if words else code.replace("_", " ")
