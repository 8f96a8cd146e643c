"""What is written down of a purchase after its end."""

from temporalio import activity

from clearing.port import AfterSale as Books
from clearing.port import BankHeard, RefundAsked, Ruling, Told


class AfterSale:
    def __init__(self, books: Books) -> None:
        self._books = books

    @activity.defn
    async def refund_after_sale(self, asked: RefundAsked) -> Ruling:
        """Book a refund after the release, or say why it can't be; again finds the same one."""
        return await self._books.refund(asked)

    @activity.defn
    async def hear_after_sale(self, fact: BankHeard) -> Told:
        """Write down what a bank did of it, once."""
        return await self._books.heard(fact)
