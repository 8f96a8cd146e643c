"""The card form, checked as a bank checks it, and forgotten."""

import re
from datetime import datetime

from pydantic import BaseModel, Field

from banks.sandbox import people
from banks.sandbox.clock import now
from banks.sandbox.remembered import Means

EXPIRY = re.compile(r"(0[1-9]|1[0-2]) ?/ ?(\d\d)", re.ASCII)
CVC = re.compile(r"\d{3,4}", re.ASCII)


class CardForm(BaseModel):
    """As typed. Never printed: repr is off."""

    number: str = Field(max_length=40, repr=False)
    expiry: str = Field(max_length=10, repr=False)
    cvc: str = Field(max_length=10, repr=False)

    def payer(self) -> tuple[str | None, str]:
        """The payer's account; or None, and what is wrong."""
        expiry = EXPIRY.fullmatch(self.expiry.strip())
        if expiry is None:
            return None, "The expiry date is a month and a year, such as 04/30."
        if _over(month=int(expiry[1]), year=2000 + int(expiry[2]), at=now()):
            return None, "This card's date is over."
        if CVC.fullmatch(self.cvc.strip()) is None:
            return None, "The security code is the three or four digits on the card."
        account = people.card(self.number)
        return account, "" if account else "Only the sandbox's published cards are taken here."

    def means(self) -> Means:
        """Of a form whose payer is known: the last four digits and the date."""
        expiry = EXPIRY.fullmatch(self.expiry.strip())
        month = f"20{expiry[2]}-{expiry[1]}" if expiry else ""
        return Means("card", people.card_label(self.number), month)


def _over(month: int, year: int, at: datetime) -> bool:
    return (year, month) < (at.year, at.month)
