"""Ids that follow from what they name: fixed before the first try, the same after any crash."""

from uuid import UUID, uuid5

from domain.accounts import Account

_ACCOUNTS = UUID("5d0c6a37-3a52-4c0e-9a77-7a4a0f3c6b11")
_JOURNALS = UUID("c2f5d6f4-0d5e-4c43-8f0a-1f6a0e9b7d25")
_EVENTS = UUID("8b1f4e02-77d3-4b8e-b6c5-2d9a4c1e5f63")


def account_id(account: Account, currency: str) -> UUID:
    return uuid5(_ACCOUNTS, f"{account.code.value}:{account.owner}:{currency}")


def journal_id(subject: str, sequence: int) -> UUID:
    """The journal of step `sequence` of a purchase, payment, clearing run …"""
    return uuid5(_JOURNALS, f"{subject}:{sequence}")


def event_id(escrow_id: str, sequence: int) -> str:
    """`evt_…` of a purchase's public event number `sequence`."""
    return f"evt_{uuid5(_EVENTS, f'{escrow_id}:{sequence}').hex}"
