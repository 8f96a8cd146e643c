"""Names that Temporal stores: they outlive deployments, so they are written once, here."""

#: Workflow tasks, local activities and the merchant's notices.
ESCROW_QUEUE = "escrow"
#: Everything that is said to a bank after the first quick try; fair between merchants.
BANK_QUEUE = "bank"


def late_payment_id(reference: str) -> str:
    """The workflow that gives back what was paid after its purchase could take it."""
    return f"late:{reference}"


def notice_id(event_id: str) -> str:
    """The workflow that keeps telling a merchant what it did not hear at the first try."""
    return f"notice:{event_id}"
