"""Names that Temporal stores: they outlive deployments, so they are written once, here."""

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

MERCHANT_ID = SearchAttributeKey.for_keyword("MerchantId")
ORDER_ID = SearchAttributeKey.for_keyword("OrderId")
CURRENCY = SearchAttributeKey.for_keyword("Currency")
AMOUNT_MINOR = SearchAttributeKey.for_int("AmountMinor")
#: Coarse on purpose, because each change costs: `unpaid`, then `paid`; `review` when a person
#: must look.
ESCROW_STAGE = SearchAttributeKey.for_keyword("EscrowStage")


def late_payment_id(reference: str) -> str:
    """The workflow that gives back what was paid after its purchase could take it."""
    return f"late:{reference}"


def notice_id(escrow_id: str, sequence: int, endpoint: str = "") -> str:
    """The workflow that keeps telling an endpoint what it did not hear at the first try.

    `endpoint` "": when nobody knows yet which of a merchant's did not hear.
    """
    return ":".join(filter(None, ("notice", escrow_id, str(sequence), endpoint)))
