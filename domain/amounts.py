"""Where a purchase's money is, read off its legs and nothing else."""

from dataclasses import dataclass

from domain.accounts import Code, Journal


@dataclass(frozen=True, slots=True)
class Amounts:
    """funded = held + disputed + released +
    refunded, all ≥ 0. `authorised` stands outside until it is deducted."""

    funded: int = 0
    held: int = 0
    disputed: int = 0
    released: int = 0
    refunded: int = 0
    authorised: int = 0

    def posted(self, legs: Journal) -> "Amounts":
        """These amounts after `legs`; legs of suspense and clearing alone change nothing."""
        moved = dict.fromkeys(("funded", "held", "disputed", "released", "refunded"), 0)
        authorised = self.authorised
        for leg in legs:
            taken, given = _PLACE.get(leg.debit.code), _PLACE.get(leg.credit.code)
            if leg.credit.code is Code.HOLD:
                authorised += leg.amount
            elif leg.debit.code is Code.HOLD:
                authorised -= leg.amount
            elif taken in _OURS and given == "back":
                moved[taken] -= leg.amount
                moved["refunded"] += leg.amount
            elif taken in _OURS and given is not None:
                moved[taken] -= leg.amount
                moved[given] += leg.amount
            elif taken == "back" and given == "held":
                moved["funded"] += leg.amount
                moved["held"] += leg.amount
        return Amounts(
            **{name: getattr(self, name) + change for name, change in moved.items()},
            authorised=authorised,
        )

    def balanced(self) -> bool:
        parts = (self.held, self.disputed, self.released, self.refunded)
        return self.funded == sum(parts) and min(*parts, self.authorised) >= 0


_OURS = ("held", "disputed")
_PLACE = {
    Code.ESCROW: "held",
    Code.ESCROW_DISPUTED: "disputed",
    Code.MERCHANT_PAYABLE: "released",
    Code.MERCHANT_RESERVE: "released",
    Code.FEE: "released",
    Code.REFUND_IN_TRANSIT: "back",
    Code.BANK_CLEARING: "back",
}
