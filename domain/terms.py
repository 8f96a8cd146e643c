"""What buyer and merchant agreed to when the purchase was created; never changed afterwards.

Windows and their ranges: docs/concepts/escrow.md.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from domain.errors import WindowOutOfRange
from domain.money import price, round_half_up


class Funding(StrEnum):
    """How the bank secures the money: taken at once, or held at the issuer until shipment."""

    DEDUCT = "deduct"
    FREEZE = "freeze"


class HoldExpiry(StrEnum):
    """What becomes of frozen money when the issuer's hold runs out before the goods are sent."""

    LAPSE = "lapse"
    DEDUCT = "deduct"


SECOND = timedelta(seconds=1)

#: window → (default, shortest, longest). Seconds are legal, so demo, tests and production
#: run the same code.
WINDOWS: dict[str, tuple[timedelta, timedelta, timedelta]] = {
    "payment": (timedelta(minutes=30), SECOND, timedelta(days=15)),
    "shipping": (timedelta(days=7), SECOND, timedelta(days=90)),
    "inspection": (timedelta(days=10), SECOND, timedelta(days=90)),
    "answer": (timedelta(days=5), SECOND, timedelta(days=30)),
    "arbitration": (timedelta(days=30), SECOND, timedelta(days=60)),
}


class Goods(StrEnum):
    """What is sold decides how long a buyer needs to inspect it."""

    GOODS = "goods"
    DIGITAL = "digital"
    SERVICE = "service"


INSPECTION = {
    Goods.GOODS: timedelta(days=10),
    Goods.DIGITAL: timedelta(days=3),
    Goods.SERVICE: timedelta(days=1),
}

BUYERS_EXTENSION = timedelta(days=3)
LONGEST_EXTENSION = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Windows:
    """How long each side has. Raises WindowOutOfRange."""

    payment: timedelta = WINDOWS["payment"][0]
    shipping: timedelta = WINDOWS["shipping"][0]
    inspection: timedelta = WINDOWS["inspection"][0]
    answer: timedelta = WINDOWS["answer"][0]
    arbitration: timedelta = WINDOWS["arbitration"][0]

    def __post_init__(self) -> None:
        for name, (_, shortest, longest) in WINDOWS.items():
            if not shortest <= getattr(self, name) <= longest:
                raise WindowOutOfRange(f"{name} window must be from {shortest} to {longest}")


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """Our fee: `fixed` minor units plus `bps` hundredths of a percent of what is released."""

    fixed: int = 0
    bps: int = 0

    def __post_init__(self) -> None:
        if self.fixed < 0 or not 0 <= self.bps <= 10_000:
            raise ValueError("a fee is fixed ≥ 0 and bps from 0 to 10,000")

    def of(self, released: int) -> int:
        """The whole fee for `released` minor units; never more than they are."""
        return min(released, self.fixed + round_half_up(released * self.bps, 10_000))

    def of_next(self, before: int, release: int) -> int:
        """The fee of one more release: many small ones cost what one big one costs."""
        return self.of(before + release) - self.of(before)


@dataclass(frozen=True, slots=True)
class Terms:
    """One purchase as agreed. Amounts in minor units; no personal data."""

    escrow_id: str
    merchant_id: str
    order_id: str
    amount: int
    currency: str
    opened_at: datetime
    funding: Funding = Funding.DEDUCT
    windows: Windows = field(default_factory=Windows)
    fee: FeePolicy = field(default_factory=FeePolicy)
    #: Part of every release that is kept back, in hundredths of a percent.
    reserve_bps: int = 0
    #: Of frozen money only.
    hold_expiry: HoldExpiry = HoldExpiry.LAPSE

    def __post_init__(self) -> None:
        price(self.amount, self.currency)
        if self.opened_at.tzinfo is None:
            raise ValueError("opened_at must say its time zone")
        if not 0 <= self.reserve_bps <= 10_000:
            raise ValueError("reserve_bps goes from 0 to 10,000")
