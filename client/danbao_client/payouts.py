"""`/v1/balance`, `/v1/payouts`, `/v1/statements`, to wait for and for asyncio."""

from collections.abc import AsyncIterator, Iterator
from datetime import date

from danbao_client import money_calls
from danbao_client.calls import AsyncSender, Sender
from danbao_client.money import Balance, Line, Payout, PayoutPage, StatementPage


class Payouts:
    """Money on its way to your bank."""

    def __init__(self, danbao: Sender) -> None:
        self._send = danbao.send

    def balance(self) -> tuple[Balance, ...]:
        """What stands to you, one for each currency."""
        return (self._send(money_calls.balance())).data

    def get(self, payout_id: str) -> Payout:
        return self._send(money_calls.get_payout(payout_id))

    def list(self, *, status: str | None = None) -> Iterator[Payout]:
        """All payments to your bank, newest first."""
        page = self.page(status=status)
        yield from page.data
        while page.has_more:
            page = self.page(status=status, cursor=page.next_cursor)
            yield from page.data

    def page(
        self, *, status: str | None = None, cursor: str | None = None, limit: int = 100
    ) -> PayoutPage:
        """One page of them."""
        return self._send(money_calls.list_payouts(status=status, cursor=cursor, limit=limit))

    def lines(self, payout_id: str) -> Iterator[Line]:
        """What a payout pays: their sum is its amount."""
        page = self._send(money_calls.payout_lines(payout_id))
        yield from page.data
        while page.has_more:
            page = self._send(money_calls.payout_lines(payout_id, cursor=page.next_cursor))
            yield from page.data

    def statement(
        self, day: date, currency: str, *, cursor: str | None = None, limit: int = 100
    ) -> StatementPage:
        """One UTC day of your balance, a page at a time: `opening`, its lines, `closing`."""
        return self._send(money_calls.statement(day, currency, cursor=cursor, limit=limit))


class AsyncPayouts:
    """Money on its way to your bank."""

    def __init__(self, danbao: AsyncSender) -> None:
        self._send = danbao.send

    async def balance(self) -> tuple[Balance, ...]:
        """What stands to you, one for each currency."""
        return (await self._send(money_calls.balance())).data

    async def get(self, payout_id: str) -> Payout:
        return await self._send(money_calls.get_payout(payout_id))

    async def list(self, *, status: str | None = None) -> AsyncIterator[Payout]:
        """All payments to your bank, newest first."""
        page = await self.page(status=status)
        for one in page.data:
            yield one
        while page.has_more:
            page = await self.page(status=status, cursor=page.next_cursor)
            for one in page.data:
                yield one

    async def page(
        self, *, status: str | None = None, cursor: str | None = None, limit: int = 100
    ) -> PayoutPage:
        """One page of them."""
        return await self._send(money_calls.list_payouts(status=status, cursor=cursor, limit=limit))

    async def lines(self, payout_id: str) -> AsyncIterator[Line]:
        """What a payout pays: their sum is its amount."""
        page = await self._send(money_calls.payout_lines(payout_id))
        for one in page.data:
            yield one
        while page.has_more:
            page = await self._send(money_calls.payout_lines(payout_id, cursor=page.next_cursor))
            for one in page.data:
                yield one

    async def statement(
        self, day: date, currency: str, *, cursor: str | None = None, limit: int = 100
    ) -> StatementPage:
        """One UTC day of your balance, a page at a time: `opening`, its lines, `closing`."""
        return await self._send(money_calls.statement(day, currency, cursor=cursor, limit=limit))
