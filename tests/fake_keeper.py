"""What the fake bank keeps for payers: the sandbox bank's rules, in memory."""

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from itertools import count

from banks.port import Declined, Payer, SavedMethod
from banks.sandbox.magic import LAPSED, PAYERS, Call
from tests.fake_faults import Faults, after

#: What a buyer types as the date of a card.
EXPIRES = "2049-12"


class FakeKeeper:
    def __init__(self, faults: Faults, now: Callable[[], datetime]) -> None:
        self.faults, self._now, self._numbers = faults, now, count(1)
        #: payer → customer → what is kept.
        self._kept: dict[str, dict[str, SavedMethod]] = defaultdict(dict)

    async def saved_methods(self, payer: str) -> tuple[SavedMethod, ...]:
        after(self.faults.before(Call.METHODS, payer, 0))
        return self.kept(payer)

    async def forget_method(self, payer: str, token: str) -> None:
        met = self.faults.before(Call.FORGET, payer, 0)
        left = {who: one for who, one in self._kept[payer].items() if one.token != token}
        self._kept[payer] = left
        after(met)

    def kept(self, payer: str) -> tuple[SavedMethod, ...]:
        """What is there, without asking."""
        return tuple(self._kept[payer].values())

    def keep(self, payer: Payer, customer: str) -> None:
        known = next(one for one in PAYERS if one.customer == customer)
        kept = self._kept[payer.reference].get(customer)
        token = kept.token if kept else f"pm_{next(self._numbers)}"
        label = f"UnionPay •••• {known.card[-4:]}"
        expires = LAPSED if known.lapses else EXPIRES
        self._kept[payer.reference][customer] = SavedMethod(token, "card", label, expires)

    def refusal(self, payer: Payer | None) -> Declined | None:
        """Why nothing can be paid with the payer's token; None without one."""
        if payer is None or not payer.token:
            return None
        kept = self._kept[payer.reference].get(self.customer(payer))
        if kept is None:
            return Declined("unknown_method")
        over = kept.expires < f"{self._now():%Y-%m}"
        return Declined("expired_card") if over else None

    def customer(self, payer: Payer) -> str:
        """Whose the payer's token is; "" when it is nobody's."""
        kept = self._kept[payer.reference].items()
        return next((customer for customer, one in kept if one.token == payer.token), "")
