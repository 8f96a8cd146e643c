"""Every rule that can be broken, as a type.

DomainError
├── BadTerms                what was asked for can't be agreed to at all
│   ├── UnknownCurrency
│   ├── AmountOutOfRange
│   └── WindowOutOfRange
└── Refusal                 a command that this purchase can't obey now; nothing changed
    ├── NotYourCommand      this party may never give this command
    ├── WrongStage          not in this stage
    ├── EscrowEnded         the purchase is over
    ├── PaidAlready         the bank has taken the money
    ├── BankUndecided       the bank has not said whether it was paid
    ├── AmountExceedsHeld   more than is held undisputed
    ├── AmountExceedsReleased   more than the merchant still has of this purchase
    ├── DebtLimitReached    the merchant's balance does not cover it, nor may it owe us so much
    ├── WholeAmountOnly     a freeze can only be given back whole
    ├── HoldExpired         the issuer's hold has ended: no money is behind the order any more
    ├── NothingHeld         nothing undisputed is left to decide about
    ├── ExtendedAlready     the buyer's one extension is used
    ├── ExtensionTooLong    the inspection was extended by 30 days already
    ├── DisputeOpenAlready  one dispute at a time
    ├── NoDisputeOpen       there is no dispute to answer
    ├── TooManyDisputes     two per purchase
    ├── TooOften            more payments, extensions or refunds than one purchase has room for
    └── SplitMismatch       a resolution must divide exactly what is disputed
"""


class DomainError(Exception):
    """A rule of the trade was broken. `code` is stable and public; the text is for people."""

    code = "domain_error"


class BadTerms(DomainError):
    code = "bad_terms"


class UnknownCurrency(BadTerms):
    code = "unknown_currency"


class AmountOutOfRange(BadTerms):
    code = "amount_out_of_range"


class WindowOutOfRange(BadTerms):
    code = "window_out_of_range"


class Refusal(DomainError):
    code = "refused"


class NotYourCommand(Refusal):
    code = "not_your_command"


class WrongStage(Refusal):
    code = "wrong_stage"


class EscrowEnded(Refusal):
    code = "escrow_ended"


class PaidAlready(Refusal):
    code = "paid_already"


class BankUndecided(Refusal):
    code = "bank_undecided"


class AmountExceedsHeld(Refusal):
    code = "amount_exceeds_held"


class AmountExceedsReleased(Refusal):
    code = "amount_exceeds_released"


class DebtLimitReached(Refusal):
    code = "debt_limit_reached"


class WholeAmountOnly(Refusal):
    code = "whole_amount_only"


class HoldExpired(Refusal):
    code = "hold_expired"


class NothingHeld(Refusal):
    code = "nothing_held"


class ExtendedAlready(Refusal):
    code = "extended_already"


class ExtensionTooLong(Refusal):
    code = "extension_too_long"


class DisputeOpenAlready(Refusal):
    code = "dispute_open_already"


class NoDisputeOpen(Refusal):
    code = "no_dispute_open"


class TooManyDisputes(Refusal):
    code = "too_many_disputes"


class TooOften(Refusal):
    code = "too_often"


class SplitMismatch(Refusal):
    code = "split_mismatch"


def refusals() -> dict[str, type[Refusal]]:
    """Every refusal by its public code, for doors that rebuild one from its code."""
    kinds: list[type[Refusal]] = [Refusal, *Refusal.__subclasses__()]
    return {kind.code: kind for kind in kinds}
