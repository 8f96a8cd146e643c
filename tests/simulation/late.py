"""What was paid after its purchase could take it goes straight back: the `late:` workflow."""

from banks.port import Declined, Deducted, Frozen, Truth
from domain import postings
from domain.accounts import Accounts
from tests.simulation.activities import Activities, Order
from tests.simulation.ledger import ModelLedger


class LatePayments:
    def __init__(self, activities: Activities, ledger: ModelLedger, on: Accounts) -> None:
        self._activities = activities
        self._ledger = ledger
        self._on = on
        self._running: set[str] = set()

    def start(self, reference: str) -> None:
        """Look into a payment nobody waits for; under way already is as good."""
        if reference not in self._running:
            self._running.add(reference)
            self._activities.start(
                lambda _: self._activities.decide(reference),
                lambda truth: self._decided(reference, truth),
            )

    def _decided(self, reference: str, truth: Truth) -> None:
        match truth:
            case Deducted(amount=amount):
                legs = postings.give_back_unbooked(self._on, amount)
                self._activities.start(
                    lambda _: self._ledger.post(reference, 1, legs),
                    lambda _: self._give_back("refund", reference, amount),
                )
            case Frozen(amount=amount):
                self._give_back("unfreeze", reference, amount)
            case _:
                self._running.discard(reference)

    def _give_back(self, call: str, reference: str, amount: int) -> None:
        order = Order(call, reference.replace(":payment:", f":late_{call}:"), reference, amount)
        self._activities.start(
            lambda number: self._activities.move_money(order, number),
            lambda truth: self._given_back(order, truth),
        )

    def _given_back(self, order: Order, truth: Truth) -> None:
        self._running.discard(order.of)
        if isinstance(truth, Declined) and order.call == "refund":
            legs = postings.refund_refused(order.amount)
            self._activities.start(lambda _: self._ledger.post(order.of, 2, legs), lambda _: None)
