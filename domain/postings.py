"""Every posting that a purchase can cause, as legs. The list: docs/concepts/ledger.md."""

from domain.accounts import (
    BANK_FEE,
    CHARGEBACK_LOSS,
    FEE,
    ISSUER_HOLD,
    PAYOUT_IN_TRANSIT,
    REFUND_IN_TRANSIT,
    SUSPENSE,
    Account,
    Accounts,
    Code,
    Journal,
    Leg,
)


def journal(*legs: tuple[Account, Account, int]) -> Journal:
    """(debit, credit, amount)…, without the legs of amount 0. Raises ValueError below 0."""
    if any(amount < 0 for _, _, amount in legs):
        raise ValueError("a leg's amount is positive; direction is debit and credit")
    return tuple(Leg(debit, credit, amount) for debit, credit, amount in legs if amount)


def freeze(on: Accounts, amount: int) -> Journal:
    return journal((ISSUER_HOLD, on.hold, amount))


def void_freeze(on: Accounts, amount: int) -> Journal:
    return journal((on.hold, ISSUER_HOLD, amount))


def deduct(on: Accounts, amount: int) -> Journal:
    return journal((on.clearing, on.held, amount))


def deduct_from_freeze(on: Accounts, frozen: int, amount: int) -> Journal:
    """The hold goes whole, whatever part of it was captured."""
    return void_freeze(on, frozen) + deduct(on, amount)


def give_back_unbooked(on: Accounts, amount: int) -> Journal:
    """Money that belongs to no live purchase: underpaid or late, straight back to the buyer."""
    return journal((on.clearing, SUSPENSE, amount), (SUSPENSE, REFUND_IN_TRANSIT, amount))


def release(on: Accounts, source: Account, amount: int, fee: int, reserve: int = 0) -> Journal:
    """`amount` of `source` (held or disputed) becomes the merchant's, less fee and reserve."""
    return journal(
        (source, on.payable, amount - fee - reserve),
        (source, FEE, fee),
        (source, on.reserve, reserve),
    )


def free_reserve(on: Accounts, amount: int) -> Journal:
    return journal((on.reserve, on.payable, amount))


def open_dispute(on: Accounts, amount: int) -> Journal:
    return journal((on.held, on.disputed, amount))


def withdraw_dispute(on: Accounts, amount: int) -> Journal:
    return journal((on.disputed, on.held, amount))


def refund(source: Account, amount: int) -> Journal:
    """Before release: out of `source` (held or disputed)."""
    return journal((source, REFUND_IN_TRANSIT, amount))


def refund_refused(amount: int) -> Journal:
    return journal((REFUND_IN_TRANSIT, SUSPENSE, amount))


def take_back(on: Accounts, source: Account, amount: int) -> Journal:
    """A capture the bank takes back, or a chargeback before release."""
    return journal((source, on.clearing, amount))


def refund_after_release(
    on: Accounts, amount: int, payable: int, reserve: int, fee_back: int = 0
) -> Journal:
    """Out of what the merchant has with us, in this order; the rest becomes its debt.

    `payable` and `reserve` are the balances read inside the same transaction.
    """
    own = amount - fee_back
    from_payable = min(own, payable)
    from_reserve = min(own - from_payable, reserve)
    return journal(
        (on.payable, REFUND_IN_TRANSIT, from_payable),
        (on.reserve, REFUND_IN_TRANSIT, from_reserve),
        (on.receivable, REFUND_IN_TRANSIT, own - from_payable - from_reserve),
        (FEE, REFUND_IN_TRANSIT, fee_back),
    )


def refund_on_statement(bank: str, amount: int, netted: bool = False) -> Journal:
    code = Code.BANK_CLEARING if netted else Code.BANK_CASH
    return journal((REFUND_IN_TRANSIT, Account(code, bank), amount))


def bank_settles(bank: str, gross: int, bank_fee: int) -> Journal:
    clearing = Account(Code.BANK_CLEARING, bank)
    return journal(
        (Account(Code.BANK_CASH, bank), clearing, gross - bank_fee),
        (BANK_FEE, clearing, bank_fee),
    )


def fees_leave_custody(bank: str, amount: int) -> Journal:
    return journal((FEE, Account(Code.BANK_CASH, bank), amount))


def chargeback_after_release(
    on: Accounts, amount: int, reserve: int, payable: int, may_owe: int
) -> Journal:
    """Reserve, then payable, then debt up to `may_owe`; what is left is our loss."""
    from_reserve = min(amount, reserve)
    from_payable = min(amount - from_reserve, payable)
    owed = min(amount - from_reserve - from_payable, may_owe)
    lost = amount - from_reserve - from_payable - owed
    return journal(
        (on.reserve, on.clearing, from_reserve),
        (on.payable, on.clearing, from_payable),
        (on.receivable, on.clearing, owed),
        (CHARGEBACK_LOSS, on.clearing, lost),
    )


def chargeback_won(on: Accounts, amount: int, was_loss: int) -> Journal:
    return journal(
        (on.clearing, on.payable, amount - was_loss), (on.clearing, CHARGEBACK_LOSS, was_loss)
    )


def payout_sent(on: Accounts, amount: int) -> Journal:
    return journal((on.payable, PAYOUT_IN_TRANSIT, amount))


def payout_on_statement(bank: str, amount: int) -> Journal:
    return journal((PAYOUT_IN_TRANSIT, Account(Code.BANK_CASH, bank), amount))


def payout_rejected(on: Accounts, amount: int) -> Journal:
    return journal((PAYOUT_IN_TRANSIT, on.payable, amount))


def payout_returned(bank: str, to: Account, amount: int) -> Journal:
    """Days later: back to the merchant's payable, or to suspense when nobody knows whose it is."""
    return journal((Account(Code.BANK_CASH, bank), to, amount))


def recover_debt(on: Accounts, payable: int, owed: int) -> Journal:
    return journal((on.payable, on.receivable, min(payable, owed)))
