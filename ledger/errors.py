"""What the database refuses, as types of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import IntegrityError

from ledger.port import LedgerConflict

_OVERDRAWN = {"account_credit_guard", "account_debit_guard", "account_summed_guard"}
_TAKEN = {"transfer_pkey", "transfer_subject", "transfer_journal_whole"}


class InsufficientFunds(Exception):
    """A guarded account does not hold as much as was to be taken from it; nothing stored."""


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Raise InsufficientFunds or LedgerConflict for what breaks a rule of the ledger."""
    try:
        yield
    except IntegrityError as error:
        violated = _constraint(error)
        if violated in _OVERDRAWN:
            raise InsufficientFunds(f"{what} would overdraw an account ({violated})") from error
        if violated in _TAKEN:
            raise LedgerConflict(f"{what}: the journal's id has other legs already") from error
        raise


def _constraint(error: IntegrityError) -> str | None:
    """The name of the violated constraint, which only the driver's own error says."""
    cause = error.orig.__cause__ if error.orig else None
    return getattr(cause, "constraint_name", None)
