"""Where a purchase's money is, read off its legs and nothing else."""

from dataclasses import dataclass

from domain.accounts import Code, Journal


@dataclass(frozen=True, slots=True)
class Amounts:
    """funded = held + disputed + released + refunded, all ≥ 0.

    `authorised` stands outside until it is deducted.
    """

    funded: int = 0
    held: int = 0
    disputed: int = 0
    released: int = 0
    refunded: int = 0
    authorised: int = 0

    def posted(self, legs: Journal) -> "Amounts":
        """These amounts after `legs`; those of suspense, cash and payouts change nothing here."""
        if not legs:
            return self
        moved = dict.fromkeys(("funded", "held", "disputed", "released", "refunded"), 0)
        authorised = self.authorised
        for leg in legs:
            taken, given = _PLACE.get(leg.debit.code), _PLACE.get(leg.credit.code)
            if leg.credit.code is Code.HOLD:
                authorised += leg.amount
            elif leg.debit.code is Code.HOLD:
                authorised -= leg.amount
            elif (taken, given) == ("refunded", "held"):
                moved["funded"] += leg.amount
                moved["held"] += leg.amount
            elif taken and given:
                moved[taken] -= leg.amount
                moved[given] += leg.amount
        return Amounts(
            **{name: getattr(self, name) + change for name, change in moved.items()},
            authorised=authorised,
        )

    def balanced(self) -> bool:
        parts = (self.held, self.disputed, self.released, self.refunded)
        return self.funded == sum(parts) and min(*parts, self.authorised) >= 0


#: Where money of this purchase is while it stands in an account. A merchant's debt and our loss
#: count against what was released; the bank's side is where a refund leaves to, and where the
#: buyer's money comes from.
_PLACE = {
    Code.ESCROW: "held",
    Code.ESCROW_DISPUTED: "disputed",
    Code.MERCHANT_PAYABLE: "released",
    Code.MERCHANT_RESERVE: "released",
    Code.MERCHANT_RECEIVABLE: "released",
    Code.FEE: "released",
    Code.CHARGEBACK_LOSS: "released",
    Code.REFUND_IN_TRANSIT: "refunded",
    Code.BANK_CLEARING: "refunded",
}
