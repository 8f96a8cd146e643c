"""Clearing's books in memory: what is due to whom, as a test says."""

from collections import defaultdict

from clearing.port import NEXT, Cleared, IllegalMove, Moved, Page, Payout, PayoutState, Run


class MemoryClearing:
    """Merchants by currency, each of them owed 100."""

    def __init__(self) -> None:
        self.merchants: dict[str, list[str]] = defaultdict(list)
        self.finished: list[Run] = []
        self.days: list[Run] = []
        self._states: dict[str, list[PayoutState]] = defaultdict(lambda: [PayoutState.OPENED])

    async def due(self) -> list[Run]:
        return self.days

    async def begin(self, run: Run) -> int:
        return len(self.merchants[run.currency])

    async def clear(self, page: Page) -> Cleared:
        everybody = self.merchants[page.run.currency][page.shard :: page.shards]
        left = [merchant for merchant in everybody if merchant > page.after]
        shown = left[: page.most]
        after = shown[-1] if len(left) > page.most else ""
        return Cleared(len(shown), tuple(payout(page.run, one) for one in shown), 0, after)

    async def move(self, payout_id: str, to: PayoutState, reason: str = "") -> Moved:
        states = self._states[payout_id]
        if to in states:
            return Moved(states.index(to), news=False)
        if to not in NEXT[states[-1]]:
            raise IllegalMove(f"{payout_id} is {states[-1]}")
        states.append(to)
        return Moved(len(states) - 1, news=True)

    async def finish(self, run: Run) -> None:
        self.finished.append(run)


def payout(run: Run, merchant: str) -> Payout:
    new = f"pay_{merchant}"
    return Payout(new, merchant, run.bank, run.currency, 100, f"{new}:remit:1", "Shop", "6222")
