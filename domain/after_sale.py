"""Refunds after the release: who bears them (docs/guides/refunds.md)."""

from dataclasses import dataclass

from domain.clearing import PayoutTerms
from domain.errors import DebtLimitReached
from domain.escrow import Escrow
from domain.events import RefundedAfterRelease
from domain.states import Party


@dataclass(frozen=True, slots=True)
class Standing:
    """What a merchant has with us in a currency, and what it `owed` us already. Minor units."""

    payable: int
    reserve: int
    owed: int


def refund_after_release(
    escrow: Escrow, number: int, amount: int, there: Standing, terms: PayoutTerms
) -> RefundedAfterRelease:
    """The `number`-th: out of the balance, then the reserve, then debt. Raises Refusal.

    With `terms.fee_back` the merchant pays for what it keeps, as if no more had ever been released;
    otherwise our fee stays ours, and the merchant bears the whole amount.
    """
    asked = RefundedAfterRelease(number=number, amount=amount, by=Party.MERCHANT)
    # Before the fee is counted: there is none of more than was released.
    escrow.allows(asked)
    kept = escrow.amounts.released - amount
    fee_back = escrow.terms.fee.of_next(kept, amount) if terms.fee_back else 0
    payable = min(amount - fee_back, there.payable)
    reserve = min(amount - fee_back - payable, there.reserve)
    short = amount - fee_back - payable - reserve
    if short and there.owed + short > terms.debt_limit:
        may_owe = max(0, terms.debt_limit - there.owed)
        raise DebtLimitReached(
            f"your balance and reserve are {short - may_owe} short of it; it can be refunded when "
            "more has been released to you"
        )
    return RefundedAfterRelease(
        number=number, amount=amount, payable=payable, reserve=reserve, fee_back=fee_back
    )
