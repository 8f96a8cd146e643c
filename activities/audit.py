"""The daily truths as metrics: a loud word when one does not hold."""

from collections.abc import Awaitable, Callable
from functools import partial

from temporalio import activity

from activities.measures import gauge
from ledger.port import Breach, Inspection

#: A workflow fails with so many; `./dev audit` names all of them.
NAMED = 20

untrue = partial(gauge, "danbao_untrue", "Breaches of a daily truth in the last look.")
apart = partial(gauge, "danbao_trial_balance", "Debits less credits, in minor units: 0.")
cash = partial(gauge, "danbao_cash_at_banks", "What banks have for us, in minor units.")
owed = partial(gauge, "danbao_owed_to_others", "What we owe to others, in minor units.")


class Audit:
    def __init__(self, inspect: Callable[[], Awaitable[Inspection]]) -> None:
        self._inspect = inspect

    @activity.defn
    async def inspect_books(self) -> list[Breach]:
        """What does not hold, the first `NAMED` of it. Some is an alarm: the books are wrong."""
        seen = await self._inspect()
        found = [one.truth for one in seen.breaches]
        for truth in seen.truths:
            untrue(found.count(truth), truth=truth)
        for currency, difference in seen.balance.items():
            apart(difference, currency=currency)
        for currency, (held, others) in seen.cover.items():
            cash(held, currency=currency)
            owed(others, currency=currency)
        if seen.breaches:
            activity.logger.error("THE BOOKS ARE WRONG", extra={"truths": sorted(set(found))})
        return seen.breaches[:NAMED]
