"""Names that Temporal stores: they outlive deployments, so they are written once, here."""

from datetime import date

from temporalio.common import SearchAttributeKey

#: Workflow tasks, local activities and the merchant's notices.
ESCROW_QUEUE = "escrow"
#: Everything that is said to a bank after the first quick try; fair between merchants.
BANK_QUEUE = "bank"

#: Looking after the ledger: belongs to no purchase, so nothing of it is sealed with a key.
UPKEEP_QUEUE = "upkeep"
#: Schedules, and the beginning of the ids of the workflows that they start.
HOURLY_UPKEEP = "upkeep:hourly"
NIGHTLY_UPKEEP = "upkeep:nightly"
HOURLY_AUDIT = "audit:hourly"
#: Looks every few minutes whether a clearing day is over.
CLEARING_ROUND = "clearing:round"
#: Looks every few minutes whether a bank has a new statement.
RECONCILIATION_ROUND = "reconciliation:round"

MERCHANT_ID = SearchAttributeKey.for_keyword("MerchantId")
ORDER_ID = SearchAttributeKey.for_keyword("OrderId")
CURRENCY = SearchAttributeKey.for_keyword("Currency")
AMOUNT_MINOR = SearchAttributeKey.for_int("AmountMinor")
#: Coarse on purpose, because each change costs: `unpaid`, then `paid`; `disputed` while a merchant
#: must answer, `arbitration` while operators must decide, `review` when a person must look.
ESCROW_STAGE = SearchAttributeKey.for_keyword("EscrowStage")


def late_payment_id(reference: str) -> str:
    """The workflow that gives back what was paid after its purchase could take it."""
    return f"late:{reference}"


def after_sale_id(escrow_id: str, command: str) -> str:
    """A refund after the purchase has ended, by the command that asked for it."""
    return f"after_sale:{escrow_id}:{command}"


def payout_id(payout: str) -> str:
    """The workflow that follows a payout to its end."""
    return f"payout:{payout}"


def batch_workflow_id(batch: str) -> str:
    """The workflow that sends a file of payouts."""
    return f"batch:{batch}"


def clearing_id(bank: str, currency: str, day: date) -> str:
    """A bank's clearing day in one currency: it runs once."""
    return f"clearing:{bank}:{currency}:{day.isoformat()}"


def reconciliation_id(bank: str, currency: str, day: date) -> str:
    """The reading of a bank's statement of one day."""
    return f"reconciliation:{bank}:{currency}:{day.isoformat()}"


def notice_id(escrow_id: str, sequence: int, endpoint: str = "") -> str:
    """The workflow that keeps telling an endpoint what it did not hear at the first try.

    `endpoint` "": when nobody knows yet which of a merchant's did not hear.
    """
    return ":".join(filter(None, ("notice", escrow_id, str(sequence), endpoint)))
